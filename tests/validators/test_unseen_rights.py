"""Missing permissions that were missed on the fourth held-out set, and each cause by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Finding, Json, Observation
from tests.validators.scripted import Duel, Service, owner
from validators.channels.role_controls import CHANGE, LABEL, MAKE, STEP, called, staffed, words
from validators.channels.roles import judge as judged
from validators.document.operations import Operation
from validators.document.parts import parts_of
from validators.document.reservations import MARKED, SAID, reservations
from validators.messages.calls import Call
from validators.roles.role_parts import kept_parts
from validators.roles.role_rights import rights_of
from validators.roles.role_trials import codes_in


def rules(*records: Sequence[Observation]) -> set[str]:
    seen = [each for record in records for each in record]
    return {each.rule for each in judged(seen) if isinstance(each, Finding)}


def said_of(text: str, path: str = "/exports") -> list[tuple[str, str]]:
    each = Operation(method="POST", path=path, prose={"summary": text})
    return [(found.key, found.how) for found in reservations(each)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Write a file; for those with the right to export", "permission export"),
        ("For users who have the permission to manage teams", "permission manage teams"),
        ("Requires the right to audit", "permission audit"),
        ("You must have the privilege to export.", "permission export"),
    ],
)
def test_a_right_is_named_by_what_it_lets_do(text: str, key: str) -> None:
    assert said_of(text) == [(key, SAID)]


@pytest.mark.parametrize(
    "text", ["Those with the right to export are told", "Gives a role the right to export"]
)
def test_a_right_that_is_only_mentioned_is_not_asked_for(text: str) -> None:
    assert not said_of(text)


def test_a_sentence_of_nothing_but_roles_is_a_mark() -> None:
    assert said_of("A new export. Operators and managers") == [("manager or operator", MARKED)]
    assert not said_of("Operators and managers", "/operators"), "it is what is asked for"
    assert not said_of("Operators and customers of theirs")
    assert not said_of("Members and managers")


EXPORT = words("said", "permission export", roles=[], quote="for those with the right to export")
LACKING = {**EXPORT, "excerpt": "Your role lacks the right to export."}
AGENT = staffed("agent", "owner")


def test_one_refusal_that_names_the_right_is_enough() -> None:
    granted = called("agent", LABEL, "granted", EXPORT)
    assert not rules(AGENT, granted, called("agent", MAKE, "refused", EXPORT))
    assert rules(AGENT, granted, called("agent", MAKE, "refused", LACKING)) == {
        "reserved-operation"
    }
    elsewhere = {**EXPORT, "excerpt": "nothing at /v1/export for you"}
    assert not rules(AGENT, granted, called("agent", MAKE, "refused", elsewhere))
    other = called("agent", STEP, "granted", EXPORT)
    assert not rules(AGENT, granted, other, called("agent", MAKE, "refused", LACKING))


def listed(**roles: Json) -> Sequence[Observation]:
    return (Observation(kind="listed-rights", subject="GET /v1/roles", data={"roles": roles}),)


def test_a_role_that_the_service_shows_without_a_right_does_not_have_it() -> None:
    granted = called("agent", LABEL, "granted", EXPORT)
    chief: Json = ["read", "export"]
    assert rules(AGENT, granted, listed(agent=["read"], chief=chief)) == {"reserved-operation"}
    for roles in (
        {"agent": ["export"], "chief": chief},
        {"agent": ["*"], "chief": chief},
        {"agent": ["read"], "chief": ["read"]},
        {"sales agent": ["read"], "chief": chief},
    ):
        assert not rules(AGENT, granted, listed(**roles)), roles


def answer(body: str, status: int = 200) -> Answer:
    return Answer(status=status, headers={}, body=body, seconds=0.0)


def test_rights_are_read_from_a_list_of_roles_that_shows_them_whole() -> None:
    roles = Operation(method="GET", path="/v1/roles")
    plain = '{"data": [{"id": 1, "name": "viewer", "permissions": ["Read"]}]}'
    assert rights_of(roles, answer(plain)) == {"viewer": ["read"]}
    parent = '[{"name": "viewer", "permissions": ["read"], "inherits": "guest"}]'
    assert not rights_of(roles, answer(parent))
    assert not rights_of(roles, answer('[{"name": "viewer", "permissions": [{"id": 1}]}]'))
    assert not rights_of(Operation(method="GET", path="/v1/keys"), answer(plain))


def test_a_mark_of_prose_binds_who_gets_nothing_else_under_it_and_was_told_so() -> None:
    mark = words("marked", "admin", quote="Admins")
    elsewhere = {**mark, "collection": "v1/report"}
    silent = {**elsewhere, "excerpt": "no"}

    def record(more: dict[str, Json], said: str = "refused") -> set[str]:
        refused = (called("agent", label, "refused", more) for label in (MAKE, STEP))
        third = called("agent", CHANGE, said, {**mark, "collection": "v1/bill"})
        return rules(AGENT, called("agent", LABEL, "granted", mark), *refused, third)

    assert record(elsewhere) == {"reserved-operation"}
    assert not record(silent)
    assert not record(elsewhere, "granted")


def test_an_answer_for_many_says_of_each_what_came_of_it() -> None:
    said = '{"code": 0, "results": [{"uid": "a", "code": 403}, {"uid": "b", "code": 404}]}'
    assert codes_in(answer(said, 207)) == {403, 404}
    assert not codes_in(answer(said))


FIELDS = {"name": "", "secret_key": "", "salary": "Visible to managers only."}


@pytest.mark.parametrize(
    ("text", "field", "query"),
    [
        ("A job; include=key shows the secret key to admins", "secret_key", ("include", "key")),
        ("Only admins and managers may see the name", "name", None),
        ("The `secret_key` field is only shown to admins.", "secret_key", None),
        ("A job. Names are common; the name is visible to admins only", "name", None),
    ],
)
def test_a_field_is_kept_by_whole_clauses(
    text: str, field: str, query: tuple[str, str] | None
) -> None:
    each = Operation(
        method="GET", path="/jobs/{id}", optional={"include": {}}, prose={"summary": text}
    )
    (first, *_) = parts_of(each, FIELDS, ())
    assert (first.field, first.query) == (field, query)


@pytest.mark.parametrize(
    "text",
    [
        "Shows the name to admins",
        "Only admins may see the address",
        "Only customers of theirs see the name",
        "fields=key shows the secret key to admins",
        "Tells admins only the name",
    ],
)
def test_what_is_not_said_of_a_field_keeps_none(text: str) -> None:
    each = Operation(method="GET", path="/jobs", optional={"include": {}}, prose={"summary": text})
    assert [part.field for part in parts_of(each, FIELDS, ())] == ["salary"]
    assert not list(parts_of(each, {"salary": "Admins only", "name": "For admins"}, ()))


def seen(rows: Json, role: str = "clerk", path: str = "/jobs") -> list[bool]:
    """Whether a role's answer with these rows counts as showing what its owner sees."""
    properties: Json = {"salary": {"type": "integer", "description": "Visible to managers only"}}
    operation = Operation(method="GET", path=path, replies={"properties": properties})
    whole: Json = [{"salary": 5100}, {"salary": 4700}]
    duel: Any = PartDuel(owner(lambda *_: (200, whole)), owner())
    actors: Any = {role: Service(lambda *_: (200, rows))}
    values = ("1",) if "{" in path else ()
    call = Call(operation=operation, path=values)
    return [bool(each["shown"]) for each in kept_parts(duel, call, ["clerk", "manager"], actors)]


class PartDuel(Duel):
    def note(self, _: str, __: Operation, **data: Json) -> dict[str, Json]:
        return data


def test_a_role_sees_what_is_kept_if_it_sees_what_the_owner_sees() -> None:
    assert seen([{"salary": 5100}, {"salary": 4700}]) == [True]
    assert seen([{"salary": 5100}, {"salary": None}]) == [False], "it may be his own"
    assert seen([{"salary": 0}, {"salary": 0}]) == [False]
    assert not seen([{"salary": 5100}, {"salary": 4700}], path="/users/{id}")
