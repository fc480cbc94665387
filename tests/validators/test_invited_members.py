"""Is somebody who has come in by an invitation no more than it says, and out when he is put out?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gate.model import Observation, Result
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.heldout_campus import campus
from tests.targets.heldout_serving import description
from tests.targets.invited import FLAWS, OPEN, PEOPLE, Clubs
from tests.targets.serving import running, wsgi
from validators import CHECKS
from validators.credentials.guest_stays import is_use
from validators.document.operations import Operation
from validators.document.wording import works_once
from validators.estates.members import key_of

BY_ID = {check.id.partition(".")[2]: check for check in CHECKS}
ACTOR = """
[[actors]]
tenant = "{club}"
role = "{role}"
headers = {{ Authorization = "Bearer ${{{variable}}}" }}
"""


@pytest.fixture(autouse=True)
def no_long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clubs take no time to put somebody out."""
    monkeypatch.setattr("validators.credentials.lasting.GRACE", 0.5)


def looked(flaw: str, check: str, folder: Path) -> tuple[Result, list[Observation]]:
    text, environment = '\n[hints]\nroles = ["player", "owner"]\n', {}
    for login, (token, club, role) in PEOPLE.items():
        variable = login.upper().replace("-", "_")
        environment[variable] = token
        text += ACTOR.format(club=club, role=role, variable=variable)
    with running(wsgi(Clubs(flaw))) as base_url:
        file = folder / "target.toml"
        file.write_text(f'name = "clubs"\nbase_url = "{base_url}"\n{text}', encoding="utf-8")
        with external(file, folder, 11, environment) as testbed:
            seen = gather(BY_ID[check], testbed, lambda _: None)
    return judge(BY_ID[check], seen), [*seen.observations]


@pytest.mark.parametrize("flaw", FLAWS)
def test_what_an_invited_stranger_gets_or_keeps_is_found(flaw: str, tmp_path: Path) -> None:
    check, operation = FLAWS[flaw]
    result, _ = looked(flaw, check, tmp_path)
    assert not result.failures
    assert {each.subject for each in result.findings} == {operation}


@pytest.mark.parametrize("check", ["issued-credentials", "mass-assignment"])
@pytest.mark.parametrize("build", ["", OPEN])
def test_what_is_right_is_no_finding(build: str, check: str, tmp_path: Path) -> None:
    result, seen = looked(build, check, tmp_path)
    assert not result.failures
    assert not result.findings
    assert not result.doubts
    about = {operation for _, operation in FLAWS.values()}
    tried = {each.subject for each in seen if each.kind in {"ended-call", "assigned"}} & about
    codes = [each for each in seen if each.data.get("credential") == "a used code"]
    assert tried
    assert len(codes) == (not build and check == "issued-credentials")


def test_a_withdrawn_invitation_that_anybody_comes_in_by_is_found(tmp_path: Path) -> None:
    school = campus("")

    def forgetful(environ: Any, start_response: Any) -> Any:
        """The school, which withdraws no invitation, and says that it has."""
        if environ["REQUEST_METHOD"] != "DELETE" or "/invitations/" not in environ["PATH_INFO"]:
            return school(environ, start_response)
        start_response("204 No Content", [])
        return []

    check = BY_ID["issued-credentials"]
    with running(wsgi(forgetful)) as base_url:
        text, environment = description("campus", base_url)
        file = tmp_path / "target.toml"
        file.write_text(text, encoding="utf-8")
        with external(file, tmp_path, 11, environment) as testbed:
            result = judge(check, gather(check, testbed, lambda _: None))
    assert not result.failures
    found = {each.subject for each in result.findings}
    assert found == {"DELETE /orgs/{orgId}/invitations/{invitationId}"}


@pytest.mark.parametrize(
    ("name", "before", "now", "used"),
    [
        ("status", "open", "accepted", True),
        ("used", False, True, True),
        ("acceptedAt", None, "2026-01-01T00:00:00Z", True),
        ("uses", 0, 1, False),
        ("lastUsedAt", None, "2026-01-01T00:00:00Z", False),
        ("status", "open", "sent", False),
        ("status", "accepted", "accepted", False),
    ],
)
def test_an_invitation_says_that_it_is_used(name: str, before: Any, now: Any, used: bool) -> None:
    assert is_use(name, before, now) is used


@pytest.mark.parametrize(
    ("row", "parameter", "key"),
    [
        ({"id": 5, "user": {"id": 7, "email": "a@b"}}, "memberId", "5"),
        ({"id": 5, "user": {"id": 7, "email": "a@b"}}, "userId", "7"),
        ({"user": "u-1", "email": "a@b"}, "user", "u-1"),
        ({"userId": "u-1", "orgId": "o-1"}, "userId", "u-1"),
        ({"orgId": "o-1", "email": "a@b"}, "memberId", ""),
    ],
)
def test_a_member_is_ended_by_what_the_row_calls_him(row: Any, parameter: str, key: str) -> None:
    assert key_of(row, parameter) == key


@pytest.mark.parametrize(
    ("words", "once"),
    [
        ("Whoever has the token can redeem it, once. We send no mail.", True),
        ("Use it once", True),
        ("Use it once you have signed up", False),
        ("Accept it once for all teams", False),
        ("Does not redeem it once", False),
    ],
)
def test_a_document_says_that_a_code_works_once(words: str, once: bool) -> None:
    operation = Operation(method="POST", path="/invites", prose={"description": words})
    assert bool(works_once(operation)) is once
