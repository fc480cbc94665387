"""What the engine learns of services in styles that nobody has told it of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Json, Observation, Outcome
from gate.run import gather, judge
from tests.targets.heldout_measure import is_hit, measured
from tests.targets.heldout_serving import MODULES, heldout
from tests.validators.scripted import Duel, Ground, Service, owner
from validators import CHECKS
from validators.crossing.foreign_lists import seen
from validators.crossing.foreign_writes import aim_at, is_common, shapes
from validators.crossing.listing import ways
from validators.document.operations import Operation, list_operations
from validators.document.relations import related
from validators.document.wording import of_all
from validators.estates.envelope import Envelope, is_alike
from validators.estates.estate import LEAST, open_estate
from validators.estates.handles import handed, handles
from validators.estates.learned_reads import candidates, learn_reads
from validators.estates.states import parts_of
from validators.estates.things import Thing
from validators.fields.kept_fields import unlike
from validators.fields.promotions import flat, ranks_in
from validators.messages.calls import Call

BY_ID = {check.id: check for check in CHECKS}
SERVICES = ("helpdesk", "invoicing", "clinic", "warehouse")
# Another check, and another kind of attack, than those that these services are measured for here.
ELSEWHERE = {"function", "revoked"}
FLAWS = [
    (name, flaw)
    for name in SERVICES
    for flaw, planted in MODULES[name].FLAWS.items()
    if planted.kind not in ELSEWHERE
]


def operations(paths: Mapping[str, Json], **more: Json) -> dict[str, Operation]:
    document: dict[str, Json] = {"openapi": "3.1.0", "paths": dict(paths), **more}
    return {each.label: each for each in related(document, list_operations(document))}


def takes(**properties: Json) -> dict[str, Json]:
    schema: Json = {"type": "object", "properties": properties, "required": [*properties]}
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def gives(**properties: Json) -> dict[str, Json]:
    schema: Json = {"type": "object", "properties": properties}
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


TEXT: Json = {"type": "string"}
STORES = operations({
    "/stores": {"get": {}, "post": takes(code=TEXT)},
    "/stores/{code}": {"get": {}},
    "/moves": {"post": takes(code=TEXT, store=TEXT)},
    "/register": {"post": takes(store_name=TEXT, password=TEXT)},
})  # fmt: skip


def test_a_new_object_is_called_by_a_new_name_and_a_known_one_is_referred_to() -> None:
    estate = owner()
    known = {"code": "MAIN-0001", "store_name": "m"}
    estate.ledger.take(Thing(resource="store", fields=known, key="code"))
    written = {label: estate.write(each, ()) for label, each in STORES.items() if each.media}
    new: Any = written["POST /stores"].body
    assert new["code"].startswith(estate.canaries.token)
    moved: Any = written["POST /moves"].body
    assert moved["store"] == "MAIN-0001"
    account: Any = written["POST /register"].body
    assert account["store_name"].startswith(estate.canaries.token)


def test_another_one_has_a_name_of_its_own_too() -> None:
    estate = owner(lambda _, __, body: (201, body))
    first = estate.write(STORES["POST /stores"], ())
    made = estate.note(first, estate.send(first), made=True)
    # A part of it, seen elsewhere, makes its name one that is known.
    estate.ledger.take(Thing(resource="store", fields={"id": made.id if made else ""}))
    again = estate.renew(made) if made else None
    assert made is not None
    assert again is not None
    assert again.id != made.id


def test_an_answer_without_a_named_schema_makes_no_other_resource() -> None:
    found = operations({"/tickets": {"post": gives(id=TEXT)}, "/shared/{token}": {"get": {}}})
    assert found["POST /tickets"].makes == ""


def test_full_and_empty_lists_are_alike_and_a_refusal_is_not() -> None:
    def answer(said: Json) -> Answer:
        return Answer(status=200, headers={}, body=json.dumps(said), seconds=0.0)

    assert is_alike(answer({"busy": []}), answer({"busy": ["12:00"]}))
    assert not is_alike(answer({"success": False, "data": 0}), answer({"success": True, "data": 1}))
    assert not is_alike(answer({"problem": "none"}), answer({"busy": []}))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Shipments per carrier, of all customers together", True),
        ("Counts across all organizations", True),
        ("Open issues on the whole platform", True),
        ("List all customers", False),
        ("Returns the total of all customers", False),
        ("All users of your organization", False),
    ],
)
def test_only_plain_words_say_that_numbers_are_of_all_tenants(words: str, expected: bool) -> None:
    assert of_all(Operation(method="GET", path="/x", prose={"summary": words})) is expected


LINKS = operations({
    "/invoice.share": {"post": {**takes(invoiceId=TEXT), **gives(token=TEXT, url=TEXT)}},
    "/invoice.pay": {"post": {**takes(invoiceId=TEXT), **gives(state=TEXT)}},
    "/auth.refresh": {"post": gives(token=TEXT)},
    "/shared/{token}": {"get": {}},
})  # fmt: skip


def test_the_token_of_a_link_is_known_where_a_path_asks_for_it() -> None:
    estate, share = owner(), LINKS["POST /invoice.share"]
    assert handles(estate.author, share) == ("token",)
    assert handles(estate.author, LINKS["POST /invoice.pay"]) == ()
    # A trap: what gives out a credential may take the one that it is called with.
    assert handles(estate.author, LINKS["POST /auth.refresh"]) == ()
    call = Call(operation=share, body={"invoiceId": "7"})
    for each in handed(estate.author, call, {"result": {"token": "t-0123456789", "url": "/x"}}):
        estate.ledger.take(each)
    assert list(estate.ledger.fill(LINKS["GET /shared/{token}"])) == [("t-0123456789",)]


DOINGS = operations({
    "/items": {"get": {}},
    "/report.revenue": {"post": {}},
    "/user.self": {"post": {}},
    "/counter.next": {"post": {}},
    "/queue.drain": {"post": {}},
    "/server.shutdown": {"post": {}},
    "/session.refresh": {"post": {}},
    "/note.write": {"post": takes(text=TEXT)},
}, security=[{"key": []}])  # fmt: skip


def test_a_post_that_tells_the_same_twice_and_moves_nothing_is_a_read() -> None:
    items, drawn = ["a", "b"], [0]

    def say(_: str, path: str, __: Any) -> tuple[int, Json]:
        if path == "/counter.next":
            drawn[0] += 1
            return 200, {"number": drawn[0]}
        if path == "/queue.drain":
            items.clear()
            return 200, {"left": 0}
        return 200, {"items": [*items]} if path == "/items" else {"sum": 7}

    service = Service(say)
    estate = open_estate(service, {}, "s", Envelope(), {})
    found = learn_reads((estate,), tuple(DOINGS.values()))
    assert {each.label for each in found if each.reads} == {
        "POST /report.revenue",
        "POST /user.self",
    }
    assert all(each.safe for each in found if each.reads)
    called = {path for _, path, _ in service.asked}
    assert not called & {"/server.shutdown", "/session.refresh", "/note.write"}


def test_what_only_says_that_it_was_done_is_no_read() -> None:
    estate = owner(lambda *_: (200, {"success": True, "status": "ok"}))
    every = tuple(DOINGS.values())
    assert {each.label for each in candidates(estate, every)} >= {"POST /report.revenue"}
    assert not any(each.reads for each in learn_reads((estate,), every))


class Named(Duel):
    @property
    def marks(self) -> dict[str, str]:
        return dict.fromkeys(("user-0001", "note-0001"), "id")

    def note(self, kind: str, operation: Operation, **data: Json) -> Observation:
        return Observation(kind=kind, subject=operation.label, data={**data})


OPTIONS: Json = [
    {"name": name, "in": "query", "schema": schema}
    for name, schema in (
        ("page", {"type": "integer", "minimum": 1}),
        ("perPage", {"type": "integer", "maximum": 40}),
        ("filter[customer]", {"type": "string"}),
        ("ids", {"type": "array", "items": {"type": "integer"}}),
        ("ownerId", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("state", {"type": "string", "enum": ["open", "done"]}),
        ("all", {"type": "boolean"}),
        ("orderBy", {"type": "string"}),
        ("comment", {"type": "string"}),
    )
]


def test_a_list_is_asked_for_all_that_is_the_victims() -> None:
    listing = operations({"/orders": {"get": {"parameters": OPTIONS}}})["GET /orders"]
    duel: Any = Duel(victim=owner(seed="v"), attacker=owner(seed="a"))
    for estate, at in ((duel.victim, 100), (duel.attacker, 200)):
        for number, resource in enumerate(("customer", "order")):
            estate.ledger.take(Thing(resource=resource, fields={"id": at + number, "ownerId": at}))
        estate.ledger.take(Thing(resource="customer", fields={"id": 7}))  # both know it
    call = duel.attacker.write(listing, (), recipe=LEAST)
    asked = [(label, dict(each.query)) for label, each in ways(duel, call, call)]
    later = ("with page", {"page": 2})  # of a list in pages as large as may be there is no second
    assert later in asked
    large = [each for each in asked if each[0] != "plain" and each != later]
    assert all(query.get("perPage") == 40 for _, query in large)
    values = [(label, query[label.removeprefix("with ")]) for label, query in asked[1:]]
    assert ("with filter[customer]", "100") in values
    assert ("with ids", [101]) in values
    assert ("with ownerId", 100) in values
    assert {("with state", "open"), ("with state", "done"), ("with all", True)} <= {
        (label, value) for label, value in values if not isinstance(value, list)
    }
    assert "with comment" not in dict(values)
    assert ("with filter[customer]", "7") not in values


def people(*shown: str) -> str:
    """The kind of fact when a search for the victim by name shows him, and perhaps more."""
    victim, attacker = owner(seed="v"), owner(lambda *_: (200, {"users": [*shown]}), "a")
    listing = Operation(method="GET", path="/users")
    made = Call(operation=Operation(method="POST", path="/notes"))
    victim.ledger.take(Thing(resource="user", fields={"id": "user-0001", "user_name": "vera"}))
    victim.ledger.take(Thing(resource="note", fields={"id": "note-0001"}, origin=made))
    duel: Any = Named(victim=victim, attacker=attacker, ground=Ground(operations=(listing,)))
    asked = Call(operation=listing, query={"username": "vera"})
    return seen(duel, "foreign-list", "with username", asked, "").kind


def test_who_is_asked_for_by_name_may_be_shown_and_what_is_his_may_not() -> None:
    assert people() == "foreign-list"
    assert people("user-0001") == "suppressed"
    assert people("user-0001", "note-0001") == "foreign-list"


def test_the_header_that_numbers_a_list_is_looked_at() -> None:
    headers = {"x-total-count": "3", "content-range": "items 0-2/3", "date": "now"}
    answer = Answer(status=200, headers=headers, body="[]", seconds=0.0)
    assert {"x-total-count", "content-range"} <= dict(parts_of(answer)).keys()
    assert "date" not in dict(parts_of(answer))


def test_where_both_have_made_the_same_the_own_call_is_watched() -> None:
    put = operations({"/settings/{key}": {"put": takes(value=TEXT)}})["PUT /settings/{key}"]
    duel: Any = Duel(victim=owner(seed="v"), attacker=owner(seed="a"))
    duel.chance = Random(1)
    shared = Thing(resource="setting", fields={"key": "theme"}, origin=Call(operation=put))
    duel.victim.ledger.take(shared)
    assert not is_common(duel, put, (shared,))
    duel.attacker.ledger.take(shared)
    assert is_common(duel, put, (shared,))
    (shape,) = shapes(duel, put, (shared,))
    assert shape.foreign == (False,)
    aim = aim_at(duel, put, (shared,), shape, LEAST)
    assert aim.foreign.path == ("theme",)
    assert aim.chosen
    assert all(each.path != ("theme",) for each in aim.absent)


def test_a_profile_is_read_outside_of_its_lists() -> None:
    shown: Json = {"data": {"role": "clerk", "admin": False, "teams": [{"role": "lead"}]}}
    assert flat(shown) == {("data", "role"): "clerk", ("data", "admin"): False}


def test_what_somebody_is_stands_in_his_only_membership_where_nothing_else_says_it() -> None:
    teams: list[Json] = [{"name": "Red", "role": "clerk"}]
    assert ranks_in({"name": "Ann", "teams": teams}) == {("teams", 0, "role"): "clerk"}
    assert ranks_in({"role": "owner", "teams": teams}) == {("role",): "owner"}
    assert not ranks_in({"teams": [*teams, {"role": "owner"}]})


def test_another_number_is_a_whole_one_which_every_field_for_numbers_takes() -> None:
    assert unlike("price", 12.5) == 1012
    assert isinstance(unlike("price", 12.5), int)
    assert unlike("price", float("inf")) is None


def result_of(service: str, check: str, folder: Path, *, hints: bool = True) -> Any:
    with heldout(service, "", folder, hints) as testbed:
        return judge(BY_ID[check], gather(BY_ID[check], testbed, lambda _: None))


def test_a_path_that_a_template_covers_is_documented(tmp_path: Path) -> None:
    result = result_of("warehouse", "isolation.undocumented-routes", tmp_path)
    assert result.outcome is Outcome.PASS, result


def test_a_count_of_all_that_the_document_names_is_no_finding(tmp_path: Path) -> None:
    assert not result_of("warehouse", "isolation.list-leak", tmp_path, hints=False).findings


@pytest.mark.matrix
@pytest.mark.parametrize("hints", [True, False])
@pytest.mark.parametrize("service", SERVICES)
def test_a_clean_build_that_was_held_out_has_no_finding(service: str, hints: bool) -> None:
    row = measured(service, "", hints)
    assert not row["findings"] + row["failures"]
    assert not hints or set(row["outcomes"].values()) == {"PASS"}, row["doubts"]


@pytest.mark.parametrize(
    ("service", "flaw"), [("clinic", "etag-exists"), ("helpdesk", "filter-list")]
)
def test_some_flaws_that_were_held_out_are_found(
    service: str, flaw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BY_KIND", "1")
    assert is_hit(measured(service, flaw), {"findings": []})


@pytest.mark.matrix
@pytest.mark.parametrize(("service", "flaw"), FLAWS)
def test_a_flaw_that_was_held_out_is_found(
    service: str, flaw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BY_KIND", "1")
    assert is_hit(measured(service, flaw), {"findings": []})
