"""What services in the manner of other frameworks say, and what the engine once read into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import cast

import pytest

from gate.model import Json
from tests.validators.scripted import owner
from validators.crossing.listing import ways
from validators.crossing.trials import references
from validators.document.operations import Object, Operation
from validators.document.schemas import merge
from validators.estates.ground import Duel
from validators.estates.ledger import Ledger
from validators.estates.mending import mend
from validators.estates.naming import code_for, given_for
from validators.estates.things import Thing
from validators.messages.bodies import Author, draw_canaries
from validators.messages.calls import Call

UUID = "5f1c2b7e-90d4-4c1a-8a6e-2f7b61d0a3c5"


def thing(resource: str, made: str = "", **fields: Json) -> Thing:
    origin = Call(operation=Operation(method="POST", path=made)) if made else None
    return Thing(resource=resource, fields=fields, origin=origin)


def author(refer: Mapping[str, str]) -> Author:
    chance = Random(1)
    canaries = draw_canaries(chance)
    return Author(document={}, chance=chance, canaries=canaries, refer=refer.get)


def test_a_composed_text_is_no_object() -> None:
    assert "properties" not in merge({"allOf": []}, {"type": "string", "enum": ["a"]})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"project": 1}, ["project"]),
        ({"labels": [4]}, ["label"]),
        ({"project": 4}, []),
        ({"priority": 1}, []),
    ],
    ids=["a number", "a list", "another's number", "a count"],
)
def test_a_small_number_refers_where_the_field_is_named_after_what_has_it(
    body: Json, expected: list[str]
) -> None:
    tenant = owner()
    tenant.ledger.take(thing("project", id=1))
    tenant.ledger.take(thing("label", id=4))
    call = Call(operation=Operation(method="POST", path="/issues"), body=body)
    assert [found.resource for _, found in references(call, tenant)] == expected


def test_an_order_is_no_purchase_order_as_long_as_one_is_known() -> None:
    ledger = Ledger()
    ledger.take(thing("purchase_order", "/purchase-orders", id="p-1"))
    assert ledger.refer("order_id") == "p-1"
    ledger.take(thing("order", id="o-1"))
    assert ledger.refer("order_id") == "o-1"


def test_what_is_to_be_a_uuid_is_one_where_one_is_known() -> None:
    schema: Object = {"type": "string", "format": "uuid"}
    known = replace(author({"order_id": "1001"}), choices=lambda _: ["1001", UUID])
    assert known.write(schema, "order_id") == UUID
    assert author({"order_id": "1001"}).write(schema, "order_id") == "1001"


def test_an_object_that_can_only_say_which_one_is_meant_says_it() -> None:
    only: Json = {"type": "object", "properties": {"id": {"type": "string"}}}
    order: Json = {"type": "object", "properties": {"customer": only}, "required": ["customer"]}
    assert author({"customer_id": "c-1"}).write(order) == {"customer": {"id": "c-1"}}
    assert author({}).write(order) == {"customer": {}}


def test_a_hint_that_is_in_use_is_no_name_for_another() -> None:
    made, other = (Operation(method="POST", path=path) for path in ("/products", "/baskets"))
    given: dict[str, Json] = {"sku": "HAM-1", "shop_id": "s-1", "POST /products unit": "kg"}
    assert given_for(made, given)["sku"] == "HAM-1"
    assert given_for(made, given, {made.label}) == {"shop_id": "s-1", "unit": "kg"}
    assert given_for(other, given, {made.label})["sku"] == "HAM-1"


@pytest.mark.parametrize(
    ("path", "made", "expected"),
    [
        ("/carts/{id}/coupon", "/coupons", "SPRING"),
        ("/carts/{id}/coupon", "/carts/{id}/coupon", None),
        ("/carts/{id}/coupon", "", None),
        ("/coupons", "/sales/{id}/coupon", None),
        ("/carts/{id}/voucher", "/coupons", None),
    ],
    ids=["made elsewhere", "made by it", "only seen", "a creation", "something else"],
)
def test_the_code_of_what_was_made_is_put_to_use(
    path: str, made: str, expected: str | None
) -> None:
    ledger = Ledger()
    ledger.take(thing("coupon", made, id="c-1", code="SPRING"))
    assert code_for(Operation(method="POST", path=path), "code", ledger) == expected
    assert code_for(Operation(method="POST", path=path), "note", ledger) is None


def test_what_the_document_left_open_and_a_refusal_asks_for_is_written_as_declared() -> None:
    body: Object = {"type": "object", "properties": {"price": {"type": "number", "minimum": 3}}}
    operation = Operation(method="POST", path="/prices", body=body, media="application/json")

    def said(_: str, __: str, sent: Json) -> tuple[int, Json]:
        priced = "price" in json.dumps(sent)
        return (201, {"id": "p-1"}) if priced else (400, {"message": "price must not be empty"})

    tenant = owner(said)
    first = tenant.send(tenant.write(operation, ()))
    call, _ = mend(tenant, operation, lambda: tenant.write(operation, ()), first)
    assert call is not None
    assert call.body == {"price": 3}


def test_a_second_page_is_asked_for_where_the_first_is_as_usual() -> None:
    tenant = owner(lambda *_: (200, []))
    number: Json = {"type": "integer", "minimum": 0}
    listed = Operation(method="GET", path="/notes", optional={"page": number, "size": number})
    duel = cast(Duel, type("Two", (), {"attacker": tenant, "victim": tenant}))
    call = Call(operation=listed)
    asked = [dict(each.query) for label, each in ways(duel, call, call) if label == "with page"]
    assert asked == [{"size": 1000, "page": 0}, {"page": 1}, {"page": 2}]
