from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg2
import pytest

from chaos.controls import FAULT, clean_history, defects, record_of
from chaos.history import Exchange, History, Write, read_history
from chaos.judgement import LIMITS
from chaos.postgres_killed import CHECK
from chaos.rules import RULES
from gate.check import Control
from gate.exhibits import Timeline
from gate.model import Doubt, Finding, Observation, Record
from gate.run import gather, judge
from gate.testbed.embedded import Embedded

RULE_OF = {
    "one acknowledged write is gone": {"lost"},
    "a refused write is there": {"contradicted"},
    "an element that nobody wrote": {"phantom"},
    "one write is there twice": {"duplicated"},
    "500 during the outage": {"server-error"},
    "503 without Retry-After": {"no-retry-after"},
    "liveness does not answer during the outage": {"not-alive"},
    "readiness stays true during the outage": {"ready-while-down"},
    "readiness never comes back": {"stays-unready"},
    "no write succeeds after the outage": {"no-recovery"},
    "the first write succeeds six seconds after the outage": {"limit"},
}


def result_of(record: Sequence[Observation]) -> Any:
    return judge(CHECK, Record(check=CHECK.id, observations=tuple(record)))


def doubts_of(history: History) -> set[str]:
    return {said.subject for said in CHECK.judge(record_of(history)) if isinstance(said, Doubt)}


def test_a_clean_record_passes() -> None:
    result = result_of(record_of(clean_history()))
    assert (result.findings, result.doubts, result.failures) == ((), (), ())
    assert {measure.estimate.name for measure in result.measures} == set(LIMITS)


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda control: control.defect)
def test_each_control_breaks_its_own_rule_and_no_other(control: Control) -> None:
    rules = {finding.rule for finding in result_of(control.record).findings}
    assert rules == RULE_OF[control.defect]


def test_every_rule_has_a_control() -> None:
    assert set().union(*RULE_OF.values()) == {*RULES, "limit"}
    assert set(RULE_OF) == set(defects())


def test_the_record_tells_the_history_that_made_it() -> None:
    history = replace(clean_history(), commands={"GET /": "curl"})
    assert read_history(record_of(history)) == history


@pytest.mark.parametrize(
    ("proof", "subject"),
    [
        ({"gone": False, "connect": "refused"}, "postgres-killed"),
        ({"gone": True, "connect": "accepted"}, "postgres-killed"),
        ({}, "postgres-killed"),
    ],
)
def test_a_fault_that_did_not_bite_is_no_pass(proof: dict[str, Any], subject: str) -> None:
    assert subject in doubts_of(replace(clean_history(), fault=replace(FAULT, proof=proof)))


def test_a_fault_that_no_write_felt_is_no_pass() -> None:
    clean = clean_history()
    good = [replace(each, exchange=as_good(each.exchange)) for each in clean.writes]
    history = replace(clean, writes=good, present=[each.name for each in good])
    assert "postgres-killed" in doubts_of(history)


def as_good(exchange: Exchange) -> Exchange:
    return replace(exchange, status=201, retry_after=False)


def test_a_fault_that_was_never_injected_is_no_pass() -> None:
    assert doubts_of(replace(clean_history(), fault=None)) == {"fault"}


def test_nothing_at_risk_is_no_pass() -> None:
    clean = clean_history()
    late = [each for each in clean.writes if each.exchange.called >= FAULT.began - 0.1]
    kept = [each.name for each in late if each.exchange.good]
    assert "at-risk" in doubts_of(replace(clean, writes=late, present=kept))


def test_too_few_writes_are_no_pass_and_no_finding() -> None:
    clean = clean_history()
    few = clean.writes[200:330]
    result = result_of(record_of(replace(clean, writes=few, present=names_of(few))))
    assert not [finding for finding in result.findings if finding.rule != "no-recovery"]
    assert {"lost_rate", "write"} <= {doubt.subject for doubt in result.doubts}


def names_of(writes: Sequence[Write]) -> list[str]:
    return [each.name for each in writes if each.exchange.good]


def test_lists_that_cannot_be_read_to_the_end_are_no_pass_and_no_loss() -> None:
    said = list(CHECK.judge(record_of(replace(clean_history(), present=None))))
    assert not [each for each in said if isinstance(each, Finding)]
    assert [each for each in said if isinstance(each, Doubt)]


def test_it_shows_the_writes_with_the_fault_marked() -> None:
    history = clean_history()
    shown, _ = result_of(record_of(history)).exhibits
    assert isinstance(shown, Timeline)
    assert [span.name for span in shown.spans] == [FAULT.name, "repair"]
    assert "acknowledged" in {curve.name for curve in shown.curves}
    times = [at for at, _ in shown.curves[0].points]
    step = times[1] - times[0]
    drawn = sum(value * step for curve in shown.curves for _, value in curve.points)
    assert drawn == pytest.approx(len(history.writes), rel=0.02)


def test_the_running_service_loses_nothing_and_comes_back(testbed: Embedded) -> None:
    result = judge(CHECK, gather(CHECK, testbed, lambda _: None))
    assert {finding.key: finding.detail for finding in result.findings} == {}
    assert (result.failures, result.doubts) == ((), ())


def test_commits_that_are_not_flushed_are_noticed_as_lost(testbed: Embedded) -> None:
    """A real loss: PostgreSQL acknowledges what is still in memory when it is killed."""
    settings = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
    try:
        tell(testbed, *(f"ALTER SYSTEM SET {name} = '{to}'" for name, to in settings.items()))
        found = judge(CHECK, gather(CHECK, testbed, lambda _: None)).findings
    finally:
        tell(testbed, *(f"ALTER SYSTEM RESET {name}" for name in settings))
    assert {"lost"} <= {finding.rule for finding in found}


def tell(testbed: Embedded, *statements: str) -> None:
    connection = psycopg2.connect(testbed.database().url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in (*statements, "SELECT pg_reload_conf()"):
                cursor.execute(statement)
    finally:
        connection.close()
