"""Somebody whose account the staff has switched off opens nothing any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Json
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.desk import STAFF, TOKENS, Desk
from tests.targets.documents import BEARER, document, operation, record
from tests.targets.serving import actors, running, wsgi
from tests.validators.scripted import Duel, owner
from validators.channels.issued_credentials import CHECK
from validators.credentials.dismissals import switch_of
from validators.document.operations import list_operations

PEOPLE = {**TOKENS, STAFF: ("ann", "staff")}
SWITCH = "PATCH /users/{user_id}"


@pytest.mark.parametrize(
    ("flaw", "expected"), [("", set()), ("undead", {("outlives-its-end", SWITCH)})]
)
def test_the_token_of_an_account_that_was_switched_off_is_tried(
    flaw: str, expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    text, environment = actors(PEOPLE, "Authorization", "Bearer ")
    hints = '[hints]\nroles = ["owner", "staff"]\n'
    with running(wsgi(Desk(flaw))) as base_url:
        file = tmp_path / "target.toml"
        file.write_text(f'name = "desk"\nbase_url = "{base_url}"\n{text}{hints}', encoding="utf-8")
        with external(file, tmp_path, 11, environment) as testbed:
            seen = gather(CHECK, testbed, lambda _: None)
    result = judge(CHECK, seen)
    assert not result.failures
    assert {(each.rule, each.subject) for each in result.findings} == expected
    asked = [
        each for each in seen.observations if (each.kind, each.subject) == ("owned-call", SWITCH)
    ]
    assert [each.data["positive"] for each in asked] == [True]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"is_active": {"type": "boolean"}}, {"is_active": False}),
        ({"accountDisabled": {"type": "boolean"}}, {"accountDisabled": True}),
        ({"status": {"enum": ["active", "suspended"]}}, {"status": "suspended"}),
        ({"status": {"enum": ["open", "closed"]}, "active_hours": {"type": "boolean"}}, {}),
        ({"is_active": {"type": "string"}}, {}),
    ],
)
def test_what_switches_somebody_off_is_known_by_its_name_and_kind(
    fields: dict[str, Json], expected: dict[str, Json]
) -> None:
    paths = {"/users/{user_id}": {"patch": operation(record(**fields))}}
    (change,) = list_operations(document("Desk", paths, BEARER))
    assert switch_of(Duel(owner(), owner()), change) == expected
