from __future__ import annotations

from datetime import date

import pytest

from gate.catalogue import CHECKS, GATES, MEASURES, find, select
from gate.check import Check
from gate.errors import UsageError
from gate.model import Record
from gate.policy import Policy, name_known, parse
from gate.run import judge, try_controls
from gate.session import ROOT

each_check = pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)


def policy() -> Policy:
    return parse((ROOT / "policy.toml").read_text(), today=date(2026, 1, 1))


@each_check
def test_the_judge_rejects_every_control(check: Check) -> None:
    assert check.controls
    assert [control.defect for control in try_controls(check) if not control.caught] == []


@each_check
def test_an_empty_record_is_no_pass(check: Check) -> None:
    assert judge(check, Record(check=check.id)).outcome.label not in {"pass", "skipped"}


@each_check
def test_a_reader_learns_how_it_looks_and_what_it_cannot_see(check: Check) -> None:
    assert check.claim.endswith(".")
    assert len(check.blind_to) > 40
    assert check.probe.__doc__
    assert check.judge.__doc__


@each_check
def test_the_release_profile_requires_every_check(check: Check) -> None:
    assert check.id in policy().required("release")


def test_the_policy_names_only_what_exists() -> None:
    name_known(policy(), checks=CHECKS, measures=MEASURES)


def test_each_profile_requires_what_the_one_before_it_does() -> None:
    smoke, standard, release = (
        set(policy().required(name)) for name in ("smoke", "standard", "release")
    )
    assert smoke <= standard <= release


def test_all_six_gates_have_a_check() -> None:
    assert {"isolation", "contract", "security", "load", "chaos", "recovery"} == GATES


def test_a_gate_s_name_means_all_its_checks() -> None:
    assert select(["isolation", "security.headers"]) == tuple(
        check for check in CHECKS if check.startswith("isolation.") or check == "security.headers"
    )


def test_an_unknown_check_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"did you mean security\.headers\?"):
        find("security.header")
