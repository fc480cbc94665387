"""What a service in the style of ASP.NET showed of links, and of objects that change their state."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gate.check import Answer
from gate.testbed.hints import Hints
from validators.crossing.bearers import lets_in_by_secret
from validators.document.operations import Operation
from validators.estates.things import Thing
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
