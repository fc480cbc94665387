"""A service whose tenants are ordinary customers, and whose staff may more than they."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Result
from gate.run import gather, judge
from tests.targets.heldout_serving import heldout
from validators import CHECKS


def results_of(flaw: str, folder: Path, *names: str, hints: bool = True) -> list[Result]:
    asked = {f"isolation.{name}" for name in names}
    with heldout("garage", flaw, folder, hints) as testbed:
        return [
            judge(check, gather(check, testbed, lambda _: None))
            for check in CHECKS
            if check.id in asked
        ]


@pytest.mark.parametrize("hints", [True, False], ids=["with hints", "without"])
def test_what_customers_share_by_design_is_no_finding(hints: bool, tmp_path: Path) -> None:
    names = ("read-by-id", "list-leak", "mass-assignment", "write-by-id")
    results = results_of("", tmp_path, *names, hints=hints)
    assert not [each.failures for each in results if each.failures]
    assert not [each for result in results for each in result.findings]


def test_what_only_staff_is_granted_has_its_positive_control_with_them(tmp_path: Path) -> None:
    names = ("list-leak", "mass-assignment", "write-by-id", "roles")
    results = results_of("", tmp_path, *names)
    assert not [
        doubt for result in results for doubt in result.doubts if "with this right" in doubt.reason
    ]


def test_a_customer_who_makes_himself_staff_by_his_profile_is_found(tmp_path: Path) -> None:
    (result,) = results_of("profile-role", tmp_path, "mass-assignment")
    found = {(each.rule, each.subject) for each in result.findings}
    assert found == {("rank-assigned", "PUT /users/me")}
