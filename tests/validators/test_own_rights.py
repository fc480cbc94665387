"""Somebody who sets his own rights, what works once, and what a path calls by another's word."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Json
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.permits import TOKENS, Permits
from tests.targets.serving import actors, running, wsgi
from validators.channels.mass_assignment import CHECK
from validators.credentials.guest_stays import asks_for_one_use
from validators.document.operations import Operation
from validators.estates.ledger import Ledger
from validators.estates.things import Thing


@pytest.mark.parametrize(
    ("flaw", "expected"), [("", set()), ("permits-himself", {"PUT /permissions"})]
)
def test_a_member_asks_for_the_rights_of_the_owner_wherever_rights_are_set(
    flaw: str, expected: set[str], tmp_path: Path
) -> None:
    text, environment = actors(TOKENS, "Authorization", "Bearer ")
    with running(wsgi(Permits(flaw))) as base_url:
        file = tmp_path / "target.toml"
        hints = '[hints]\nroles = ["member", "owner"]\n'
        where = f'name = "permits"\nbase_url = "{base_url}"\n'
        file.write_text(where + text + hints, encoding="utf-8")
        with external(file, tmp_path, 11, environment) as testbed:
            result = judge(CHECK, gather(CHECK, testbed, lambda _: None))
            member = testbed.actor("red", "member").request("GET", "/me").json()
    assert not result.failures
    assert {each.subject for each in result.findings} == expected
    assert isinstance(member, dict)
    assert member["canManage"] is False


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"uses": 1}, True), ({"maxUses": 1}, True), ({"uses": 5}, False), ({"days": 1}, False)],
)
def test_an_invitation_for_one_use_works_once(body: dict[str, Json], expected: bool) -> None:
    assert asks_for_one_use(body) is expected


def test_a_path_is_filled_by_the_word_that_another_path_calls_an_object_by() -> None:
    recipe = Thing(resource="recipe", fields={"id": "r-1", "slug": "soup"}, called="slug")
    ledger = Ledger(things=[recipe])
    assert list(ledger.fill(Operation(method="POST", path="/ratings/{slug}"))) == [("soup",)]
    assert not list(ledger.fill(Operation(method="POST", path="/ratings/{rating_id}")))
