"""What do a tenant's things say for themselves, by the credentials that the service gave them?

A device, a source or a hook is made with a token of its own, and what comes in by it (readings,
alerts, events) is seen in lists that show nothing otherwise. The tenant's own credential does not
open these operations, nor is any of them attacked: they only give both tenants something to lose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from gate.check import Client
from gate.model import Json
from validators.document.names import words_of
from validators.document.operations import Object, Operation, as_object, resolve
from validators.document.schemes import scheme_header
from validators.estates.estate import FULL, LINKED, Estate
from validators.estates.planting import browse
from validators.estates.things import MARKING, Thing
from validators.messages.calls import Call, leaves, like_type, send

SECRETS = frozenset({"token", "secret", "key", "apikey"})
MOST_SPEAKERS = 3


def feed(
    estate: Estate,
    nobody: Client,
    closed: Sequence[Operation],
    operations: Sequence[Operation],
) -> None:
    """Say something once by each operation that is `closed` to tenants and open to their things."""
    fed = [each for each in closed if says(each) and any(speak(estate, nobody, each))]
    if fed:
        browse(estate, operations)


def says(operation: Operation) -> bool:
    """Does it take something in, and nothing but what its body says?"""
    plain = operation.method == "POST" and not operation.names and bool(operation.media)
    return plain and operation.speakable and not (operation.ends or operation.signs_in)


def speak(estate: Estate, nobody: Client, operation: Operation) -> Iterator[bool]:
    """Was something taken in, tried by the credential of one new thing after the other?

    New ones, because those of the known ones may have been replaced since.
    """
    for header, thing in speakers(estate, operation):
        fresh = estate.renew(thing)
        secret = next(given_to(fresh.fields), "") if fresh else ""
        if fresh is None or not secret:
            continue
        call = estate.write(operation, (), fresh.chain, FULL)
        awaited = arrange(estate, call, thing, fresh)
        for name in as_object(call.body).keys() & awaited.keys():
            call = call.put(("body", name), awaited[name])
        proof = f"Bearer {secret}" if header == "authorization" else secret
        asked = replace(call, headers={**call.headers, header: proof})
        yield estate.accepts(send(nobody, asked))


def speakers(estate: Estate, operation: Operation) -> list[tuple[str, Thing]]:
    """Which header holds the credential of what, where the scheme is called as the thing is."""
    schemes = as_object(as_object(estate.author.document.get("components")).get("securitySchemes"))
    found = []
    for name in [each for option in operation.schemes if len(option) == 1 for each in option]:
        declared = resolve(estate.author.document, schemes.get(name))
        header = scheme_header(declared)
        called = {*words_of(name), *words_of(str(declared.get("name", "")))} - SECRETS
        things = [each for each in estate.ledger.things if each.origin]
        fitting = (each for each in things if called & set(words_of(each.resource)))
        found += [(header, each) for each in fitting if header and any(given_to(each.fields))]
    return found[:MOST_SPEAKERS]


def given_to(fields: Object) -> Iterator[str]:
    """The secrets that an object was shown with when it was made."""
    for name, value in fields.items():
        if SECRETS & set(words_of(name)[-1:]) and isinstance(value, str) and len(value) >= MARKING:
            yield value


def arrange(estate: Estate, call: Call, thing: Thing, fresh: Thing) -> dict[str, Json]:
    """Have something wait for what the new thing says; and the words that it waits for.

    As something waits for the known one: a rule on a device is about a metric, and above a number.
    Of the same field the same text is said, and a greater number than any.
    """
    said = as_object(call.body)
    for each in estate.ledger.things:
        old = each.origin
        waits = thing.id in map(str, each.fields.values()) and set(each.fields) & set(said)
        if old is None or each is thing or not waits:
            continue
        again = estate.write(old.operation, estate.place_for(old), fresh.chain, LINKED)
        for place, value in leaves(again.body):
            if value == thing.id:
                again = again.put(("body", *place), like_type(fresh.id, value))
        answer = estate.send(again)
        made = estate.note(again, answer, made=True) if estate.accepts(answer) else None
        if made is not None:
            numbers = [value for value in made.fields.values() if is_number(value)]
            most = max((float(value) for value in numbers), default=0.0)
            texts = {name: made.fields.get(name) for name in said}
            return {
                name: int(most) + 1 if is_number(value) else texts[name]
                for name, value in said.items()
                if is_number(value) or isinstance(texts[name], str)
            }
    return {}


def is_number(value: Json) -> TypeGuard[int | float]:
    """Is it a number, and no truth value?"""
    return isinstance(value, int | float) and not isinstance(value, bool)
