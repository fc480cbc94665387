"""Who has a part in something, what comes of it, and what things say for themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Json
from tests.validators.scripted import Duel, Ground, Service, owner
from validators.crossing.foreign_references import Place, may_take_part
from validators.document.names import names_people, verb_of
from validators.document.operations import Object, Operation
from validators.estates.byproducts import come_of, learn_sources
from validators.estates.estate import LINKED
from validators.estates.feeding import feed
from validators.estates.ledger import Ledger
from validators.estates.things import Thing
from validators.messages.bodies import refers
from validators.messages.calls import Call


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mentions", True),
        ("assigneeId", True),
        ("assigned_to", True),
        ("notify", True),
        ("participantCount", False),
        ("notifiedAt", False),
        ("title", False),
    ],
)
def test_who_has_a_part_in_something_is_a_person(name: str, expected: bool) -> None:
    assert names_people(name) is expected
    people = [
        Thing(resource="user", fields={"name": "Ann"}),
        Thing(resource="member", fields={"user": "u-1", "name": "Ann"}, key="user"),
        Thing(resource="account", fields={"id": "elm"}),
    ]
    assert Ledger(things=people).choices(name) == (["u-1"] if expected else [])


def test_an_address_of_whoever_has_a_part_in_something_is_no_id() -> None:
    assert refers({"type": "string"}, "reviewer")
    assert not refers({"type": "string", "format": "email"}, "reviewer")


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [("mentions", 200, True), ("mentions", 404, False), ("ownerId", 200, False)],
)
def test_whoever_anybody_may_look_up_may_have_a_part(
    name: str, status: int, expected: bool
) -> None:
    person = Thing(resource="user", fields={"id": "u-12345678"})
    read = Operation(method="GET", path="/users/{userId}")
    duel: Any = Duel(owner(), owner(lambda *_: (status, {}), "t"), Ground(operations=(read,)))
    place = Place(operation=COMMENT, pointer=("body", name, 0), thing=person, recipe=LINKED)
    assert may_take_part(duel, place) is expected


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        ("/notices/{id}/read", "mark"),
        ("/notices/read-all", "mark"),
        ("/notices.markRead", "mark"),
        ("/notices/{id}/mark-as-read", "mark"),
        ("/notices.read", "read"),
        ("/notices.readAll", "read"),
        ("/notices/read", "read"),
    ],
)
def test_to_mark_as_read_is_no_read(path: str, verb: str) -> None:
    assert verb_of(path) == verb
    assert Operation(method="POST", path=path).safe is (verb == "read")


COMMENTS = Operation(method="GET", path="/comments")
COMMENT = Operation(
    method="POST",
    path="/comments",
    media="application/json",
    body={
        "type": "object",
        "required": ["text"],
        "properties": {
            "text": {"type": "string"},
            "mentions": {"type": "array", "items": {"type": "integer"}},
        },
    },
)
NOTICES = Operation(method="GET", path="/notices", schemes=(frozenset({"token"}),))
MARK = replace(NOTICES, method="POST", path="/notices/{noticeId}/read")
ME = replace(NOTICES, path="/me")


@dataclass
class Board:
    """Comments, and a notice for whoever is mentioned in one; the caller is 7, Bob is 8."""

    notices: list[Json] = field(default_factory=list)
    comments: int = 0
    tells: bool = True

    def say(self, method: str, path: str, body: Any) -> tuple[int, Json]:
        if method == "POST":
            self.comments += 1
            if self.tells and 7 in (body.get("mentions") or []):
                self.notices.append({"id": 100 + self.comments, "read": False})
            return 201, {"id": self.comments, **body}
        own: dict[str, Json] = {"/me": {"id": 7, "name": "Ann"}, "/notices": [*self.notices]}
        return 200, own.get(path, [])

    def say_as_bob(self, method: str, path: str, body: Any) -> tuple[int, Json]:
        """The like by Bob, of whose comments the caller is told whoever is mentioned in them."""
        said = Board.say(self, method, path, {**(body or {}), "mentions": [7]})
        return said if self.tells else (403, {})


class Quiet(Board):
    """Nobody is told of what he does himself."""

    def say(self, method: str, path: str, body: Any) -> tuple[int, Json]:
        return super().say(method, path, {**(body or {}), "mentions": []})


def told(board: Board, colleagues: bool = False) -> Any:
    """A tenant of the board who knows two people and has said something."""
    estate = owner(board.say)
    if colleagues:
        estate = replace(estate, colleagues={"member": Service(board.say_as_bob, role="member")})
    estate.ledger.things.extend(
        Thing(resource="user", fields={"id": key, "name": name})
        for key, name in ((8, "Bob"), (7, "Ann"))
    )
    call = Call(operation=COMMENT, body={"text": "hi"})
    estate.note(call, estate.send(call), made=True)
    learn_sources(estate, [COMMENTS, COMMENT, NOTICES, MARK, ME])
    return estate


def test_a_notice_comes_of_what_names_the_caller() -> None:
    estate = told(Board())
    notices = [each for each in estate.ledger.things if each.resource == "notice"]
    assert estate.envelope.sources["notice"].maker == COMMENT.label
    again, once_more = come_of(estate, notices[0]), come_of(estate, notices[0])
    assert again
    assert once_more
    assert len({again.id, once_more.id, notices[0].id}) == len([again, once_more, notices])


def test_a_notice_of_what_a_colleague_does_is_had_by_his_doing_it() -> None:
    estate = told(Quiet(), colleagues=True)
    (notice,) = [each for each in estate.ledger.things if each.resource == "notice"]
    source = estate.envelope.sources["notice"]
    assert (source.maker, source.role) == (COMMENT.label, "member")
    again = come_of(estate, notice)
    assert again
    assert again.id != notice.id
    alone = replace(estate, colleagues={})
    assert come_of(alone, notice) is None, "it is nothing that he can have by himself"
    assert not told(Quiet()).envelope.sources
    assert not told(Quiet(tells=False), colleagues=True).envelope.sources


def test_what_comes_of_nothing_has_no_source() -> None:
    estate = told(Board(notices=[{"id": 100, "read": False}], tells=False))
    assert not estate.envelope.sources
    assert come_of(estate, Thing(resource="notice", fields={"id": 100})) is None


def posting(path: str, scheme: str, *names: str, **numbers: Json) -> Operation:
    """What takes texts of these names, and numbers."""
    fields: dict[str, Json] = {**{each: {"type": "string"} for each in names}, **numbers}
    body: Object = {"type": "object", "required": [*fields], "properties": fields}
    schemes = (frozenset({scheme}),)
    return Operation(method="POST", path=path, body=body, media="application/json", schemes=schemes)


METER = posting("/meters", "user", "name")
RULE = posting("/rules", "user", "meter_id", "metric")
READING = posting("/readings", "meter", "metric", value={"type": "number"})
ALERTS = Operation(method="GET", path="/alerts")


@dataclass
class Meters:
    """Meters that say by their own token what they measure, which may be an alert."""

    made: list[Any] = field(default_factory=list)
    alerts: list[Json] = field(default_factory=list)

    def say(self, method: str, path: str, body: Any) -> tuple[int, Json]:
        if method == "GET":
            return 200, [*self.alerts] if path == "/alerts" else []
        key = f"{path[1:3]}-{len(self.made):08d}"
        given = {"token": f"secret-{key}"} if path == "/meters" else {"above": 5}
        row = {**body, "id": key, "path": path, **given}
        self.made.append(row)
        return 201, {name: value for name, value in row.items() if name != "path"}

    def take(self, headers: Any, body: Any) -> tuple[int, Json]:
        """What a meter says; only the newest of its tokens counts."""
        newest = [each for each in self.made if each["path"] == "/meters"][-1]
        if headers.get("x-meter-token") != newest["token"]:
            return 401, {"message": "no meter"}
        for each in self.made:
            about = each.get("meter_id") == newest["id"] and each["metric"] == body["metric"]
            if about and body["value"] > each["above"]:
                self.alerts.append({"id": 901, "meter_id": newest["id"]})
        return 202, {"stored": 1}


@dataclass
class Stranger(Service):
    """Nobody, with whatever header is sent."""

    meters: Meters = field(default_factory=Meters)

    def request(self, method: str, path: str, *, body: Json = None, **more: Any) -> Answer:
        self.asked.append((method, path, body))
        status, said = self.meters.take(more["headers"], body)
        return Answer(status=status, headers={}, body=json.dumps(said), seconds=0.0)


def test_what_a_thing_says_by_its_own_credential_is_said_for_both_tenants() -> None:
    meters = Meters()
    header: Json = {"type": "apiKey", "in": "header", "name": "X-Meter-Token"}
    document: Object = {"components": {"securitySchemes": {"meter": header}}}
    estate = owner(meters.say)
    estate = replace(estate, author=replace(estate.author, document=document))
    for operation in (METER, RULE):
        call = estate.write(operation, ())
        estate.note(call, estate.send(call), made=True)
    nobody = Stranger(meters.say, meters=meters)
    feed(estate, nobody, [READING, posting("/tenants", "operator", "name")], [ALERTS])
    assert [path for _, path, _ in nobody.asked] == ["/readings"]
    assert [each.id for each in estate.ledger.things if each.resource == "alert"] == ["901"]
