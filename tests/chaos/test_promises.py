from __future__ import annotations

from dataclasses import replace

import pytest

from chaos.controls import clean_history, defects, record_of
from chaos.drills.controls import DEFECTS, clean_drill, without
from chaos.drills.restore import CHECK as DRILL
from chaos.drills.rules import RULES as DRILL_RULES
from chaos.postgres_killed import CHECK
from chaos.rules import RULES
from gate.check import Check
from gate.exhibits import Cell, Matrix
from gate.model import Finding, Observation


def cells(check: Check, seen: tuple[Observation, ...]) -> dict[tuple[str, str], Cell]:
    (matrix,) = (each for each in check.judge(seen) if isinstance(each, Matrix))
    return {
        (name, column): cell
        for name, row in matrix.rows
        for column, cell in zip(matrix.columns, row, strict=True)
    }


def broken(check: Check, seen: tuple[Observation, ...]) -> set[str]:
    return {name for (name, _), cell in cells(check, seen).items() if cell == "broken"}


def test_a_clean_fault_keeps_every_promise_that_was_put_to_the_test() -> None:
    found = cells(CHECK, tuple(record_of(clean_history())))
    assert set(found.values()) <= {"kept", "not tried"}
    assert {name for (name, _), cell in found.items() if cell == "kept"} == {
        rule.promise for rule in RULES.values()
    }


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda control: control.defect)
def test_a_broken_promise_is_broken_in_the_table(control: object) -> None:
    record = control.record  # type: ignore[attr-defined]
    rules = {each.rule for each in CHECK.judge(record) if isinstance(each, Finding)}
    assert broken(CHECK, record) == {RULES[rule].promise for rule in rules}


def test_a_fault_that_may_not_have_bitten_keeps_nothing() -> None:
    history = clean_history()
    assert history.fault is not None
    blunt = replace(history, fault=replace(history.fault, proof={"gone": False}))
    assert "kept" not in cells(CHECK, tuple(record_of(blunt))).values()


def test_a_clean_drill_keeps_every_promise() -> None:
    assert set(cells(DRILL, tuple(clean_drill())).values()) == {"kept"}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_drill_s_broken_promise_is_broken_in_the_table(defect: str) -> None:
    record = tuple(DEFECTS[defect])
    rules = {each.rule for each in DRILL.judge(record) if isinstance(each, Finding)}
    assert broken(DRILL, record) == {DRILL_RULES[rule].promise for rule in rules}


def test_a_drill_without_its_evidence_keeps_nothing() -> None:
    record = tuple(without(lambda each: each.kind == "digest"))
    assert "kept" not in cells(DRILL, record).values()


def test_the_defects_reach_every_promise() -> None:
    assert len(defects()) >= len(RULES)
