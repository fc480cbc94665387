"""What a service in the style of ASP.NET showed of links, and of objects that move on."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Json
from gate.testbed.hints import Hints
from tests.validators.scripted import Service, owner
from validators.credentials.guessed_links import guessed_links
from validators.crossing.bearers import lets_in_by_secret
from validators.document.operations import Operation
from validators.estates.order import next_of
from validators.estates.things import Thing, values_of
from validators.estates.wholes import fresh_things, own_values
from validators.messages.calls import Call
from validators.messages.traces import digest

PAY = Operation(method="POST", path="/public/invoices/{token}/pay")
LINK = Call(operation=Operation(method="POST", path="/invoices/{id}/link"), path=("7",))
GIVEN = "InHZz8dns8Gb6kcdwkd1WHyq5GQ"


@pytest.mark.parametrize("number", ["5", "15", "9110"])
def test_a_number_that_was_sent_is_no_part_of_a_section(number: str) -> None:
    def told(key: str) -> object:
        said = f'{{"type": "https://x.example/rfc9110#section-15.5.5", "detail": "No {key} here"}}'
        return digest(Answer(status=404, headers={}, body=said, seconds=0.0), [key])

    assert told(number) == told("873211")


def asked(operation: Operation, value: str, origin: Call = LINK, **hints: Any) -> bool:
    thing = Thing(resource="token", fields={"id": value, "token": value}, origin=origin)
    ground = SimpleNamespace(secured=True, hints=Hints(**hints))
    duel: Any = SimpleNamespace(ground=ground)
    return lets_in_by_secret(duel, operation, (thing,))


def test_whoever_was_given_a_secret_acts_by_right_and_nobody_else() -> None:
    closed = replace(PAY, schemes=(frozenset({"cookie"}),))
    numbered = replace(PAY, path="/public/invoices/{number}/pay")
    said = replace(LINK, body={"token": GIVEN})
    assert asked(PAY, GIVEN)
    assert asked(closed, GIVEN, public=("POST /public/*",))
    assert not asked(closed, GIVEN), "it asks for a credential"
    assert not asked(PAY, "INV-0001"), "anybody guesses it"
    assert not asked(numbered, GIVEN), "it is no secret"
    assert not asked(PAY, GIVEN, said), "its owner has thought of it"


LINES = Operation(method="POST", path="/invoices/{invoiceId}/lines")
LINE = Operation(method="PUT", path="/invoices/{invoiceId}/lines/{lineId}")


def test_a_part_of_what_has_moved_on_is_made_in_another_whole() -> None:
    made = count(1)

    def say(method: str, path: str, _: Any) -> tuple[int, Json]:
        if path == "/invoices/1/lines":
            return 409, {"detail": "Only drafts can be changed."}
        return (201, {"id": next(made)}) if method == "POST" else (200, {})

    estate = owner(say)
    whole = Call(operation=Operation(method="POST", path="/invoices"), path=())
    part = Call(operation=LINES, path=("1",))
    estate.note(whole, estate.send(whole), made=True)
    line = Thing(resource="line", fields={"id": 9}, parents={"invoice": "1"}, origin=part)
    estate.ledger.take(line)
    assert own_values(estate, LINE) == ("1", "9"), "nothing is known of the state it is in"
    things = next(estate.ledger.match(LINE))
    assert values_of(LINE, fresh_things(estate, things, LINE)) == ("2", "3")
    assert estate.envelope.worn == {LINE.label}
    assert own_values(estate, LINE) == ("4", "5"), "a new whole each time from then on"


SHOWN = Operation(method="GET", path="/public/invoices/{token}")
READ = Operation(method="GET", path="/invoices/{id}", schemes=(frozenset({"cookie"}),))


@pytest.mark.parametrize(
    ("opening", "shut", "found"),
    [
        ({GIVEN}, True, []),
        ({GIVEN, "INV-0007"}, True, ["INV-0007"]),
        ({GIVEN, "7"}, True, ["7"]),
        ({GIVEN, "7"}, False, []),
        ({"7"}, True, []),
    ],
)
def test_what_a_link_opens_is_not_opened_by_a_number(
    opening: set[str], shut: bool, found: list[str]
) -> None:
    def say(_: str, path: str, __: Any) -> tuple[int, Json]:
        *_, key = path.split("/")
        known = key in opening if path.startswith("/public/") else key == "7"
        return (200, {"number": "INV-0007", "total": 2}) if known else (404, {})

    def say_nobody(method: str, path: str, body: Any) -> tuple[int, Json]:
        return say(method, path, body) if "public" in path or not shut else (401, {})

    victim = owner(say)
    whole = Call(operation=Operation(method="POST", path="/invoices"))
    invoice = Thing(
        resource="invoice", fields={"id": 7, "number": "INV-0007", "notes": "x"}, origin=whole
    )
    link = Thing(resource="token", fields={"id": GIVEN, "token": GIVEN}, origin=LINK)
    victim.ledger.things.extend((invoice, link))
    ground = SimpleNamespace(
        operations=(READ, SHOWN), secured=True, hints=Hints(), nobody=Service(say_nobody)
    )
    asked_for: list[Any] = []

    def note(kind: str, operation: Operation, **data: Any) -> Any:
        asked_for.append((kind, operation.label, data["curl"].split()[3], data["granted"]))

    duel: Any = SimpleNamespace(victim=victim, ground=ground, chance=Random(3), note=note)
    list(guessed_links(duel))
    assert [path.rpartition("/")[2] for *_, path, granted in asked_for if granted] == found


def test_what_refers_to_another_object_is_made_after_it() -> None:
    def makes(path: str, *must: str) -> Operation:
        fields: dict[str, Json] = {name: {"type": "integer"} for name in must}
        body: dict[str, Json] = {"type": "object", "required": [*must], "properties": fields}
        return Operation(method="POST", path=path, body=body, media="application/json")

    estate = owner()
    note, invoice = makes("/notes", "invoiceId"), makes("/invoices", "customerId", "amount")
    customer = makes("/customers", "amount")
    assert next_of(estate, [note, invoice, customer]) == customer
    assert next_of(estate, [note, invoice]) == invoice, "nothing makes its customer"
    assert next_of(estate, [note]) == note
    assert next_of(estate, [makes("/a", "bId"), makes("/b", "aId")]) == makes("/a", "bId")
    assert next_of(estate, []) is None
    estate.ledger.take(Thing(resource="invoice", fields={"id": 4}))
    assert next_of(estate, [note, invoice, customer]) == note
