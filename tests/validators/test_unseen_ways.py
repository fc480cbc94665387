"""Ways to ask that were missed on a third set of services: each in a build that has the flaw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Finding, Json, Observation
from validators.channels import body_reference, read_by_id, write_by_id
from validators.crossing.aims import marks_of
from validators.crossing.directories import excused
from validators.crossing.owner_filters import by_owner, owners
from validators.crossing.tags import bare
from validators.crossing.unpublished import kept_back
from validators.document.filters import term_in
from validators.document.names import is_sibling
from validators.document.operations import Object, Operation, list_operations
from validators.estates.ledger import Ledger
from validators.estates.things import Thing
from validators.judging import judge_later
from validators.messages.calls import Call


@pytest.mark.parametrize(
    ("schema", "sign", "quote"),
    [
        ({"description": "`title eq 'x' and published eq true`"}, " eq ", "'"),
        ({"example": "status:open"}, ":", ""),
        ({"examples": ['name=="x"']}, "==", '"'),
        ({"description": "Only those that match"}, None, None),
        ({"description": "See https://example.org/?q=1 for more: much"}, None, None),
        ({"example": "2026-01-01T12:00:00"}, None, None),
    ],
)
def test_a_filter_is_written_as_the_document_shows_it(
    schema: Object, sign: str | None, quote: str | None
) -> None:
    found = term_in(schema)
    assert (found and found["sign"], found and found["quote"]) == (sign, quote)


def test_the_words_beside_a_parameter_are_kept_with_its_schema() -> None:
    parameter: Json = {"name": "q", "in": "query", "description": "a eq 'x'", "schema": {}}
    document: Object = {"paths": {"/notes": {"get": {"parameters": [parameter]}}}}
    (operation,) = list_operations(document)
    assert operation.optional == {"q": {"description": "a eq 'x'"}}


LISTING = Operation(method="GET", path="/notes")


def row(**fields: Json) -> Thing:
    return Thing(resource="note", fields=fields)


def duel_of(theirs: list[Thing], mine: list[Thing]) -> Any:
    said = {"client": SimpleNamespace(credentials={}), "author": SimpleNamespace(document={})}
    return SimpleNamespace(
        victim=SimpleNamespace(ledger=Ledger(things=theirs), **said),
        attacker=SimpleNamespace(ledger=Ledger(things=mine), **said),
    )


def test_a_list_is_asked_for_whose_the_rows_are_though_no_parameter_says_so() -> None:
    theirs = [row(id=1, org_id="elm", owner_id=7, title="x"), row(id=2, org_id="elm", owner_id=8)]
    duel = duel_of(theirs, [row(id=3, org_id="oak", owner_id=8)])
    assert owners(duel, LISTING) == {"org_id": "elm", "owner_id": 7}
    assert not owners(duel_of([row(org_id="elm")], [row(org_id="elm")]), LISTING)
    call = Call(operation=LISTING)
    places: Any = {("query", "filter"): {"example": "title eq 'x'"}, ("query", "owner_id"): {}}
    asked = [dict(each.query) for _, each in by_owner(duel, call, places)]
    assert asked == [
        {"org_id": "elm"},
        {"filter": "org_id eq 'elm'"},
        {"filter": "owner_id eq '7'"},
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": "x", "published": False}, "published: false"),
        ({"isPublic": False}, "isPublic: false"),
        ({"draft": True}, "draft: true"),
        ({"visibility": "private"}, 'visibility: "private"'),
        ({"status": "Draft"}, 'status: "Draft"'),
        ({"published_at": None}, "published_at: null"),
        ({"published": True, "draft": False, "visibility": "public", "status": "open"}, ""),
        ({"published_by": None, "publicName": "x", "state": "private", "active": False}, ""),
    ],
)
def test_an_object_says_itself_that_it_is_not_public(fields: Object, expected: str) -> None:
    assert kept_back(fields) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("replyTo", True),
        ("parent", True),
        ("parentName", False),
        ("in_reply_to_id", True),
        ("duplicateOf", True),
        ("clonedFromId", True),
        ("reply", False),
        ("repliesTotal", False),
        ("from", False),
        ("reply_to_address", False),
    ],
)
def test_a_name_may_refer_to_another_one_of_the_same_kind(name: str, expected: bool) -> None:
    assert is_sibling(name) is expected
    ledger = Ledger(things=[Thing(resource="message", fields={"id": 101})])
    assert ledger.refer(name, "message") == ("101" if expected else None)


@dataclass
class Victim:
    canaries: Any


def test_only_marks_of_an_object_made_for_the_attack_count_later() -> None:
    duel: Any = SimpleNamespace(victim=Victim(SimpleNamespace(token="kmark")))
    known, made = row(id=1, title="kmark001"), row(id=2, title="kmark002", text="kmark")
    assert marks_of(duel, known, made) == {"kmark002"}
    assert marks_of(duel, known, known) == frozenset()


def later(*, blind: bool) -> list[str]:
    record = write_by_id.spoil(granted=True, status=204, later=["GET /me/starred"])
    attacks = [(at, each) for at, each in enumerate(record) if each.kind == "foreign-write"]
    twin = replace(record[1], data={**record[1].data, "granted": blind})
    absent = [(1, twin)]
    found = judge_later(write_by_id.LABEL, attacks, write_by_id.LATER, absent)
    return [each.subject for each in found]


def test_the_read_is_to_blame_where_the_write_takes_any_id() -> None:
    assert later(blind=True) == ["GET /me/starred"]
    assert later(blind=False) == [write_by_id.LABEL]


def test_a_read_that_takes_a_foreign_id_only_tells_that_it_is_there() -> None:
    record = body_reference.spoil(status=200, granted=True)
    read = [
        replace(each, subject="GET /v1/days") if each.subject == body_reference.LABEL else each
        for each in record
    ]
    rules = [
        {each.rule for each in body_reference.judge(seen) if isinstance(each, Finding)}
        for seen in (record, read)
    ]
    assert rules == [{"foreign-reference"}, {"existence-oracle"}]


@pytest.mark.parametrize(("status", "told"), [(200, True), (403, True), (404, False)])
def test_what_is_not_there_for_its_owner_tells_nothing_of_him(status: int, told: bool) -> None:
    first, *others = read_by_id.spoil(2, status=403)
    owned = replace(first, data={**first.data, "status": status, "positive": status == 200})
    rules = {each.rule for each in read_by_id.judge((owned, *others)) if isinstance(each, Finding)}
    assert ("existence-oracle" in rules) is told


@dataclass
class Door:
    """A tenant who may read what he asks for, or not, and how often he has asked."""

    status: int
    asked: int = 0
    tenant: str = "globex"

    def request(self, *_: Any, **__: Any) -> Answer:
        self.asked += 1
        return Answer(status=self.status, headers={}, body="{}", seconds=0.0)


def told_apart(status: int, *, read: int, mine: str = "u-2") -> tuple[list[Json], int]:
    """Which answers are no secret, when absent ids get 404 and the object's read gets `read`.

    The attacker's own object of the kind goes by `mine`.
    """
    door = Door(read)
    operation = Operation(method="GET", path="/users/{userId}")
    owned = SimpleNamespace(things=[Thing(resource="user", fields={"userId": mine})])
    attacker = SimpleNamespace(
        client=door, accepts=lambda answer: answer.status == 200, ledger=owned
    )
    victim = SimpleNamespace(write=lambda *_, **__: Call(operation=operation, path=("u-1",)))
    nested = Operation(method="GET", path="/teams/{teamId}/users/{userId}")
    ground = SimpleNamespace(operations=(nested, operation))
    duel: Any = SimpleNamespace(ground=ground, attacker=attacker, victim=victim)
    facts = [
        Observation(kind=kind, subject="PUT /users/{userId}/follow", data={"status": each})
        for kind, each in (("absent-write", 404), ("foreign-write", status))
    ]
    thing = Thing(resource="user", fields={"userId": "u-1"})
    return [each.data.get("listed") for each in excused(duel, thing, facts)], door.asked


def test_that_somebody_is_there_is_no_secret_where_anybody_may_read_it() -> None:
    assert told_apart(204, read=200) == ([None, True], 1)
    assert told_apart(204, read=404) == ([None, None], 1)
    assert told_apart(404, read=200) == ([None, None], 0)


def test_what_the_attacker_reads_at_his_own_number_is_not_the_victims() -> None:
    assert told_apart(204, read=200, mine="u-1") == ([None, None], 0)


def test_a_request_without_a_tag_keeps_its_other_headers() -> None:
    call = Call(operation=LISTING, headers={"if-match": '"1"', "X-Other": "a"})
    assert bare(call).headers == {"X-Other": "a"}
