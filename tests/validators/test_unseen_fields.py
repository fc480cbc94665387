"""What was missed, or wrongly found, on the held-out sets since the third, each in its build."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.run import gather, judge
from tests.targets.heldout_serving import SERVED, heldout
from validators import CHECKS

BY_ID = {check.id.partition(".")[2]: check for check in CHECKS}
MISSED = [
    ("campus", "course-org", "mass-assignment"),
    ("campus", "submission-grade", "mass-assignment"),
    ("campus", "join-role", "mass-assignment"),
    ("payroll", "me-role", "mass-assignment"),
    ("payroll", "me-salary", "mass-assignment"),
    ("payroll", "employee-company", "mass-assignment"),
    ("campus", "removed-member", "issued-credentials"),
    ("campus", "invitation-reused", "issued-credentials"),
    ("campus", "grade-by-student", "roles"),
    ("campus", "role-by-teacher", "roles"),
    ("payroll", "employee-by-manager", "roles"),
    ("payroll", "expense-approve", "roles"),
    ("payroll", "signout-refresh", "issued-credentials"),
    ("payroll", "refresh-reuse", "issued-credentials"),
    ("payroll", "password-sessions", "issued-credentials"),
    ("payroll", "deactivated-token", "issued-credentials"),
    ("campus", "link-undead", "issued-credentials"),
    ("payroll", "share-undead", "issued-credentials"),
    ("fleet", "device-read", "body-reference"),
    ("fleet", "command-cancel", "write-by-id"),
    ("fleet", "device-account", "mass-assignment"),
    ("fleet", "account-limit", "mass-assignment"),
    ("fleet", "redeem-role", "mass-assignment"),
    ("deals", "accept-role", "mass-assignment"),
    ("fleet", "rule-device", "body-reference"),
    ("fleet", "export-read", "read-by-id"),
    ("fleet", "key-undead", "issued-credentials"),
    ("fleet", "member-undead", "issued-credentials"),
    ("fleet", "redeem-again", "issued-credentials"),
    ("deals", "removed-user", "issued-credentials"),
    ("deals", "invitation-reused", "issued-credentials"),
    ("deals", "contacts-filter", "list-leak"),
    ("deals", "skiptoken-foreign", "list-leak"),
    ("deals", "search-deals", "list-leak"),
    ("campus", "notifications-of", "list-leak"),
    ("folio", "space-organization", "mass-assignment"),
]
# One of each check and cause in every run; the others with the matrix.
ALWAYS = {
    "course-org",
    "me-role",
    "removed-member",
    "share-undead",
    "signout-refresh",
    "expense-approve",
    "device-read",
    "device-account",
    "member-undead",
    "redeem-role",
    "invitation-reused",
    "contacts-filter",
    "notifications-of",
}
CASES = [
    each if each[1] in ALWAYS else pytest.param(*each, marks=pytest.mark.matrix) for each in MISSED
]
# Where the flaws were, and where something was found that is none.
CLEAN = {(service, check) for service, _, check in MISSED} | {
    ("fleet", "credentials"),
    ("fleet", "undocumented-routes"),
}


@pytest.fixture(autouse=True)
def no_long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these services takes time to end a credential."""
    monkeypatch.setattr("validators.credentials.ended_credentials.GRACE", 0.5)
    monkeypatch.setattr("validators.credentials.guest_stays.GRACE", 0.5)


@pytest.mark.parametrize(("service", "flaw", "check"), CASES)
def test_what_was_missed_is_found(service: str, flaw: str, check: str, tmp_path: Path) -> None:
    with heldout(service, flaw, tmp_path) as testbed:
        result = judge(BY_ID[check], gather(BY_ID[check], testbed, lambda _: None))
    assert not result.failures
    assert {each.subject for each in result.findings} == {SERVED[service].FLAWS[flaw].operation}


@pytest.mark.parametrize(("service", "check"), sorted(CLEAN))
def test_the_clean_build_has_no_finding(service: str, check: str, tmp_path: Path) -> None:
    with heldout(service, "", tmp_path) as testbed:
        result = judge(BY_ID[check], gather(BY_ID[check], testbed, lambda _: None))
    assert not result.failures
    assert not result.findings
