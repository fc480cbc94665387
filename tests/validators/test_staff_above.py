"""A service whose tenants are ordinary customers, and whose staff may more than they."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Result
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.heldout_serving import description, heldout, server
from tests.targets.serving import running
from validators import CHECKS
from validators.channels.mass_assignment import CHECK


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


@pytest.mark.parametrize(
    ("flaw", "expected"),
    [("", set()), ("profile-admin", {("rank-assigned", "PUT /users/v1/{username}/profile")})],
)
def test_who_is_named_in_the_path_of_his_profile_needs_no_sign_up_to_be_tried(
    flaw: str, expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    with running(server("bazaar", flaw)) as base_url:
        text, environment = description("bazaar", base_url)
        file = tmp_path / "target.toml"
        closed = 'leave_out = ["POST /users/v1/register"]\n'
        file.write_text(text + closed, encoding="utf-8")
        with external(file, tmp_path, 11, environment) as testbed:
            result = judge(CHECK, gather(CHECK, testbed, lambda _: None))
            profile = testbed.actor("bob").request("GET", "/users/v1/bob").json()
    assert not result.failures
    assert {(each.rule, each.subject) for each in result.findings} == expected
    assert isinstance(profile, dict)
    assert profile["data"]["admin"] is False
