"""Services that call objects by resource names, `projects/p-7/assets/a-1` (AIP-122)."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any, cast

from gate.check import Answer
from gate.model import Json
from tests.validators.scripted import Duel, owner
from validators.crossing.named_lists import by_names
from validators.document.operations import Object, Operation
from validators.document.resource_names import renames
from validators.estates.estate import LINKED
from validators.estates.ground import Duel as Real
from validators.estates.ledger import Ledger
from validators.estates.mending import learn_demanded, quoted
from validators.estates.named_fields import by_name, names_new
from validators.estates.planting import create
from validators.messages.calls import Call, Pointer, expand
from validators.messages.traces import like

KEYS = {"rack": ("rack",), "book": ("book",), "user": ("user",)}
BOOKS = "/v1/racks/{rack}/books"
TEXT: Json = {"type": "string"}


def get(path: str) -> Operation:
    return Operation(method="GET", path=path, keys=KEYS)


def library() -> Ledger:
    ledger = Ledger()
    for name in ("racks/s-1/books/b-1", "racks/s-1/books/b-2"):
        ledger.note("book", {"name": name, "author": "users/7"}, {}, keys=KEYS)
    return ledger


def test_a_name_stands_in_a_path_by_its_last_part() -> None:
    path = ("racks/s-1", "racks/s-1/books/b-1")
    assert expand(f"{BOOKS}/{{book}}:move", path) == "/v1/racks/s-1/books/b-1:move"
    assert expand("/files/{path}", ("racks/s-1",)) == "/files/racks%2Fs-1"


def test_objects_belong_to_what_their_names_say() -> None:
    ledger = library()
    assert next(ledger.fill(get(f"{BOOKS}/{{book}}")))[-1] == "racks/s-1/books/b-1"
    assert next(ledger.fill(get("/v1/users/{user}"))) == ("users/7",)


def test_what_a_search_shows_is_what_its_name_says() -> None:
    ledger = Ledger()
    ledger.note("rack", {"results": [{"name": "racks/s-1/books/b-1"}]}, {}, keys=KEYS)
    assert {(each.resource, each.id) for each in ledger.things} == {
        ("book", "racks/s-1/books/b-1"),
        ("rack", "racks/s-1"),
    }
    ledger.note("rack", {"name": "text/html"}, {}, keys=KEYS)
    assert ledger.things[-1].resource == "rack"


def test_of_an_absent_name_only_the_last_part_is_another() -> None:
    name = like("racks/s-1/books/b-1", Random(1))
    assert name.startswith("racks/s-1/books/")
    assert name != "racks/s-1/books/b-1"


def test_a_caller_has_said_the_name_that_his_path_makes() -> None:
    call = Call(operation=get(f"{BOOKS}/{{book}}"), path=("racks/s-1", "racks/s-2/books/b-9"))
    assert {"racks/s-1/books/b-9", "b-9", "racks/s-2/books/b-9"} <= set(call.sent)


def test_fields_that_want_a_name_get_one_of_what_they_mean() -> None:
    ledger = library()
    ledger.note("rack", {"name": "racks/s-2"}, {}, keys=KEYS)
    path = ("racks/s-1", "racks/s-1/books/b-1")
    move = Operation(method="POST", path=f"{BOOKS}/{{book}}:move", keys=KEYS)
    assert by_name(ledger, move, "destinationParent", path) == "racks/s-2"
    many = Operation(method="POST", path=f"{BOOKS}:batchDelete", keys=KEYS)
    assert by_name(ledger, many, "names", path[:1]) == "racks/s-1/books/b-1"
    new = Operation(method="POST", path=BOOKS, keys=KEYS)
    assert by_name(ledger, new, "name", path[:1]) is None
    assert names_new(ledger, new, "bookId")
    plain = Ledger()
    plain.note("book", {"id": "b-1", "name": "Emma"}, {}, keys=KEYS)
    assert by_name(plain, many, "names", ()) is None
    assert not names_new(plain, new, "bookId")


def test_what_a_refusal_quotes_is_to_blame_and_is_not_made_up_again() -> None:
    schema: Json = {"properties": {"title": TEXT, "original": TEXT, "etag": TEXT}}
    operation = Operation(method="POST", path="/books", body=schema, media="application/json")

    def say(_: str, __: str, body: Any) -> tuple[int, Json]:
        if "title" not in body:
            return 400, {"message": "title is required"}
        if "etag" in body:
            return 409, {"message": "The etag does not match."}
        if "original" in body:
            return 400, {"message": f"Invalid resource reference: '{body['original']}'."}
        return 200, {"id": "book-1"}

    estate = owner(say)
    assert create(estate, operation).made
    assert [*estate.envelope.taught[operation.label]] == ["original"]
    refused = Answer(status=400, headers={}, body=json.dumps({"m": "bad 'abcdefgh'"}), seconds=0.0)
    call = Call(operation=operation, body={"a": "abcdefgh", "b": "abcdefg"})
    assert [*quoted(refused, call)] == ["a"]


def test_a_parameter_that_a_refusal_asks_for_is_given_from_then_on() -> None:
    operation = Operation(method="GET", path="/books:search", optional={"query": TEXT})
    estate = owner(lambda *_: (400, {"message": "query is required"}))
    answer = estate.send(estate.write(operation, ()))
    assert learn_demanded(estate, operation, answer)
    assert estate.write(operation, ()).query == {"query": estate.canaries.token}
    assert not learn_demanded(estate, operation, answer)


def test_a_change_says_the_name_of_what_it_changes_where_it_refers() -> None:
    schema: Json = {"properties": {"name": {"type": "string", "readOnly": True}, "title": TEXT}}
    change = Operation(
        method="PATCH", path=f"{BOOKS}/{{book}}", body=schema, media="application/json", keys=KEYS
    )
    estate = owner()
    path = ("racks/s-1", "racks/s-1/books/b-1")
    linked = estate.write(change, path, recipe=LINKED).body
    assert isinstance(linked, dict)
    assert linked["name"] == path[-1]
    plain = estate.write(change, path).body
    assert isinstance(plain, dict)
    assert "name" not in plain


def test_lists_are_asked_over_all_parents_and_with_a_filter_for_a_mark() -> None:
    victim, attacker = owner(seed="v"), owner(seed="a")
    token = victim.canaries.token
    named: dict[str, Json] = {"name": "racks/s-1/books/b-1", "title": f"{token}001"}
    victim.ledger.note("book", named, {}, keys=KEYS)
    listing = replace(get(BOOKS), optional={"filter": TEXT})
    duel = cast(Real, Duel(victim, attacker))
    places: dict[Pointer, Object] = {("query", "filter"): {"type": "string"}}
    asked = dict(by_names(duel, Call(operation=listing, path=("racks/s-2",)), places))
    assert asked["over all of rack"].target == "/v1/racks/-/books"
    assert asked["with filter by title"].query == {"filter": f'title:"{token}"'}
    assert not dict(by_names(duel, Call(operation=listing, path=("s-2",)), places))


def test_what_is_done_to_an_object_makes_no_other_one() -> None:
    ledger, name = library(), "racks/s-1/books/b-1"
    known = len(ledger.things)
    step = Operation(method="POST", path=f"{BOOKS}/{{book}}:addTags", keys=KEYS)
    call = Call(operation=step, path=("racks/s-1", name))
    ledger.note("book", {"name": name}, {"rack": "racks/s-1", "book": name}, call, keys=KEYS)
    assert len(ledger.things) == known


def test_a_move_takes_the_name_of_what_it_moves() -> None:
    assert renames("move", ("racks/s-1", "racks/s-1/books/b-1"))
    assert not renames("move", ("s-1", "b-1"))
    assert not renames("archive", ("racks/s-1",))
