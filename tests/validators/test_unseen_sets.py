"""Lists, counts and what is related, missed on a fourth set of services: each in a flawed build."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gate.model import Json
from tests.validators.scripted import owner
from validators.crossing.date_ranges import bound
from validators.crossing.foreign_lists import asks_for_tenant
from validators.crossing.fuller_reads import fuller
from validators.crossing.listing import counted, cursors, is_size, ways, whole_texts
from validators.crossing.owner_filters import by_owner
from validators.document.filters import written
from validators.document.operations import Object, Operation
from validators.estates.kept_filters import kept_filters
from validators.estates.ledger import Ledger
from validators.estates.naming import looked_for
from validators.estates.things import Thing
from validators.messages.calls import Call

NOTES = Operation(
    method="GET",
    path="/notes",
    optional={"$top": {"type": "integer"}, "$count": {"type": "string"}, "total": {}},
)


def say(_: str, path: str, __: Json) -> tuple[int, Json]:
    rows: Json = [{"title": "x"}]
    return 200, {"rows": rows, "count": 1} if "%24count=true" in path else {"rows": rows}


def test_a_list_is_asked_how_many_there_are_where_that_shows_more() -> None:
    assert counted(owner(say), Call(operation=NOTES)).query == {"$count": True}
    plain = Call(operation=replace(NOTES, optional={"total": {}, "$top": {}}))
    assert counted(owner(say), plain) == plain
    assert is_size(("query", "count"))
    assert not is_size(("query", "$count"))


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("start_date", {"type": "string", "format": "date"}, "2000-01-01"),
        ("createdBefore", {"type": "string", "format": "date-time"}, "2100-01-01T00:00:00Z"),
        ("since", {"type": "string"}, None),
        ("to_day", {"type": "string"}, "2100-01-01"),
        ("date", {"type": "string", "format": "date"}, None),
        ("from", {"type": "integer"}, None),
    ],
)
def test_a_range_begins_and_ends_as_far_away_as_may_be(
    name: str, schema: Object, expected: str | None
) -> None:
    assert bound(name, schema) == expected


def test_a_list_is_asked_for_all_that_there_ever_was() -> None:
    day: Json = {"type": "string", "format": "date"}
    call = Call(operation=replace(NOTES, optional={"start_date": day, "end_date": day}))
    duel: Any = SimpleNamespace(victim=owner(), attacker=owner(seed="t"))
    asked = [dict(each.query) for _, each in ways(duel, call, call)]
    begins, ends = {"start_date": "2000-01-01"}, {"end_date": "2100-01-01"}
    assert [each for each in asked if each] == [begins, ends, {**begins, **ends}]


def test_a_list_is_asked_how_many_there_are_by_a_choice_of_what_it_may_include() -> None:
    def told(_: str, path: str, __: Json) -> tuple[int, Json]:
        return 200, {"rows": [], "more": {"total": 1}} if "total_count" in path else {"rows": []}

    choices: Json = {"type": "string", "enum": ["author", "total_count"]}
    included: Object = {"include[]": {"type": "array", "items": choices}}
    operation = replace(NOTES, optional=included)
    assert counted(owner(told), Call(operation=operation)).query == {"include[]": ["total_count"]}
    assert "author" not in str(counted(owner(told), Call(operation=operation)).query)
    texts: Object = {"include[]": {"type": "array", "items": {"type": "string"}}}
    plain = Call(operation=replace(NOTES, optional=texts))
    assert counted(owner(told), plain) == plain


@pytest.mark.parametrize(
    ("name", "kind", "shown", "expected"),
    [
        ("starting_after", "string", {"rows": [{"id": "n-0042"}]}, ["n-0042"]),
        ("starting_after", "string", {"rows": [{"id": "n-9999"}]}, []),
        ("page", "string", {"rows": [], "next_page": "b64"}, ["b64"]),
        ("page", "integer", {"rows": [], "next_page": "2"}, []),
        ("cursor", "string", {"rows": [{"id": "n-0042"}]}, []),
    ],
    ids=["after an object", "after an unknown one", "by a page's text", "by number", "no id"],
)
def test_a_list_goes_on_where_the_victim_s_page_ends(
    name: str, kind: str, shown: Json, expected: list[Json]
) -> None:
    victim, attacker = owner(lambda *_: (200, shown)), owner(lambda *_: (200, {}), "t")
    victim.ledger.take(note(None, id="n-0042"))
    call = Call(operation=replace(NOTES, optional={name: {"type": kind}}))
    duel: Any = SimpleNamespace(victim=victim, attacker=attacker)
    assert [each.query[name] for _, each in cursors(duel, call, call, None)] == expected


def test_what_is_merged_and_what_stays_are_two() -> None:
    body: Object = {
        "type": "object",
        "required": ["into", "ids"],
        "properties": {
            "into": {"type": "string", "description": "The note that stays"},
            "ids": {"type": "array", "items": {"type": "string"}},
        },
    }
    estate = owner()
    for key in ("n-0001", "n-0002"):
        estate.ledger.take(note(None, id=key))
    merge = Operation(method="POST", path="/notes/merge", body=body, media="application/json")
    assert estate.write(merge, ()).body == {"into": "n-0001", "ids": ["n-0002"]}
    move = replace(merge, path="/notes/bulk_update")
    told = estate.write(move, ()).body
    assert isinstance(told, dict)
    assert told["ids"] == ["n-0001"]
    assert told["into"] not in {"n-0001", "n-0002"}


def note(origin: Call | None, **fields: Json) -> Thing:
    return Thing(resource="note", fields=fields, origin=origin)


def test_a_search_is_for_whole_texts_that_the_document_speaks_of_first() -> None:
    made = Call(operation=Operation(method="POST", path="/notes"))
    mark = "kabcdefghijk"
    things = [
        note(made, id=1, title=f"{mark}001", body=f"{mark}002 and more", serial=f"{mark}003"),
        note(None, id=2, code=f"{mark}004"),
        Thing(resource="user", fields={"email": f"{mark}005@example.org"}, origin=made),
    ]
    victim = SimpleNamespace(
        canaries=SimpleNamespace(token=mark), ledger=SimpleNamespace(things=things)
    )
    duel: Any = SimpleNamespace(victim=victim)
    operation = replace(NOTES, prose={"summary": "Notes by their title, or serial"})
    assert list(whole_texts(duel, operation)) == ["title", "serial"]
    operation = replace(NOTES, prose={"summary": "Notes by their serial"})
    assert list(whole_texts(duel, operation)) == ["serial", "title"]


DOCUMENT: Object = {
    "components": {
        "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    }
}


@dataclass
class Tenant:
    """Who asks for an account that a header names."""

    account: str
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def client(self) -> Any:
        sent = {"Authorization": f"Token {self.account}", "X-Account": self.account}
        return SimpleNamespace(credentials=sent, tenant=self.account)

    @property
    def author(self) -> Any:
        return SimpleNamespace(document=DOCUMENT)


def test_what_a_header_says_of_whom_one_asks_for_is_tried_as_a_parameter() -> None:
    duel: Any = SimpleNamespace(victim=Tenant("elm"), attacker=Tenant("oak"))
    asked = [dict(each.query) for _, each in by_owner(duel, Call(operation=NOTES), {})]
    assert asked == [{"account": "elm"}]
    same: Any = SimpleNamespace(victim=Tenant("elm"), attacker=Tenant("elm"))
    assert not list(by_owner(same, Call(operation=NOTES), {}))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("account", "elm", True),
        ("user", "elm", False),
        ("account", "oak", False),
        ("account", "ann", False),
    ],
)
def test_people_are_the_tenant_s_where_one_asks_for_a_tenant(
    name: str, value: str, expected: bool
) -> None:
    victim = Tenant("elm", Ledger(names={"username": "ann"}))
    duel: Any = SimpleNamespace(victim=victim, attacker=Tenant("oak"))
    call = Call(operation=NOTES, query={name: value})
    assert asks_for_tenant(duel, call) is expected


def fuller_ways(**optional: Json) -> list[Json]:
    """What one note is asked for, where these are optional and it refers to an author."""
    prose = {"summary": "A note; expand=author,tags shows these too"}
    read = Operation(method="GET", path="/notes/{id}", optional=optional, prose=prose)
    shown: Json = {"id": 1, "authorId": 7, "_links": {}}

    def tell(_: str, path: str, __: Json) -> tuple[int, Json]:
        return (400 if "wrong" in path else 200), shown

    ways = fuller(owner(tell), Call(operation=read, path=("1",)), shown)
    return [dict(each.query) for each in ways]


def test_one_object_is_read_in_each_way_that_may_show_more_of_it() -> None:
    assert fuller_ways(expand={"type": "string"}) == [
        {"expand": "author,tags"},
        {"expand": "author"},
    ]
    assert fuller_ways(include={"type": "string", "example": "tags"}) == [
        {"include": "tags"},
        {"include": "author"},
    ]
    assert fuller_ways(view={"enum": ["full", "wrong"]}, raw={"type": "boolean"}) == [
        {"view": "full"},
        {"raw": True},
    ]
    assert not fuller_ways(locale={"type": "string", "example": "en"}, page={"type": "integer"})


@pytest.mark.parametrize(
    ("parameter", "schema", "equal", "expected"),
    [
        ("$filter", {}, True, "name eq 'x'"),
        ("$filter", {}, False, "name ne 'x'"),
        ("filter", {"example": 'title=="a"'}, False, 'name!="x"'),
        ("filter", {"example": "status:open"}, True, "name:x"),
        ("filter", {"example": "status:open"}, False, ""),
        ("filter", {}, False, ""),
    ],
)
def test_a_filter_may_say_what_is_not_to_be(
    parameter: str, schema: Object, equal: bool, expected: str
) -> None:
    assert written(parameter, schema, "name", "x", equal=equal) == expected


def test_a_search_is_for_what_all_marks_begin_with() -> None:
    estate = owner()
    fields: dict[str, Json] = {
        "name": {"type": "string"},
        "query": {"type": "string"},
        "term": {"type": "string"},
    }
    body: Object = {"type": "object", "required": ["name", "query"], "properties": fields}
    asked: Object = {"q": {"type": "string"}, "search": {"type": "string", "enum": ["a"]}}
    saved = Operation(
        method="POST", path="/searches", body=body, media="application/json", query=asked
    )
    token = estate.canaries.token
    assert looked_for(estate.author, saved) == {"query": token, "q": token}
    call = estate.write(saved, ())
    assert call.query == {"q": token, "search": "a"}
    assert isinstance(call.body, dict)
    assert call.body["query"] == token
    assert call.body["name"] != token
    estate.envelope.taught[saved.label] = {"query": {"const": "x"}}
    assert cast("Any", estate.write(saved, ()).body)["query"] == "x"


def kept(parameter: str, **schema: Json) -> list[Json]:
    """How a saved filter is tried to be written where a list of contacts has this parameter."""
    given: Json = {"name": parameter, "in": "query", "schema": {"type": "string", **schema}}
    document: Object = {"paths": {"/contacts": {"get": {"parameters": [given]}}}}
    estate = replace(owner(), author=replace(owner().author, document=document))
    mark = estate.canaries.draw()
    contact = {"id": mark, "name": mark, "stage": "new"}
    estate.ledger.things.append(Thing(resource="contact", fields=contact))
    estate.ledger.things.append(Thing(resource="deal", fields={"title": mark}))
    assert not list(kept_filters(estate, "name"))
    return [each["const"] for each in kept_filters(estate, "filter")]


def test_a_filter_that_is_kept_is_written_as_lists_take_them_and_fits_every_tenant() -> None:
    odata = ["name ne 'none-has-this'", "name eq 'none-has-this'"]
    assert kept("$filter") == odata
    assert kept("filter", example="stage:new") == ["name:none-has-this"]
    assert kept("q")[:2] == ["name ne 'none-has-this'", "title ne 'none-has-this'"]
