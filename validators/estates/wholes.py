"""What when an object has moved on, so that no part can be put into it any more?

An invoice that is paid takes no further lines. Then a part is made in another whole, which nothing
has been done to yet, and the operation is remembered: it wants a new whole each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.model import Json
from validators.document.names import RESERVED, is_identity, slots_of
from validators.document.operations import Operation
from validators.estates.byproducts import come_of
from validators.estates.estate import FULL, LEAST, LINKED, Estate
from validators.estates.ledger import Ledger
from validators.estates.things import Thing, values_of
from validators.messages.calls import like_type


def fresh_things(
    estate: Estate, things: Sequence[Thing], operation: Operation | None = None
) -> tuple[Thing, ...]:
    """The objects of a path with the last one made anew, if it can be.

    What it belongs to is another one where it was made as a part. For an operation it is also
    brought into the state in which that can be done.
    """
    if not things:
        return ()
    made = estate.renew(things[-1]) or come_of(estate, things[-1])
    made = made or in_another(estate, things[-1], operation)
    if made is None:
        return tuple(things)
    if operation is not None:
        estate.prepare(operation, made)
    return (*(whole_of(each, made) for each in things[:-1]), made)


def whole_of(thing: Thing, part: Thing) -> Thing:
    """The object of this kind that the part belongs to."""
    owner = part.parents.get(thing.resource, thing.place)
    return thing if owner == thing.place else replace(thing, fields=renamed(thing, owner))


def standing(estate: Estate, operation: Operation) -> tuple[Thing, ...] | None:
    """The objects for a path, new ones where those that are known have moved on too far."""
    things = next(estate.ledger.match(operation), None)
    worn = operation.label in estate.envelope.worn
    return fresh_things(estate, things, operation) if things and worn else things


def own_values(estate: Estate, operation: Operation) -> tuple[str, ...] | None:
    """The same as they stand in the path."""
    things = standing(estate, operation)
    return None if things is None else values_of(operation, things)


def in_another(estate: Estate, part: Thing, operation: Operation | None) -> Thing | None:
    """Another part like this one, in a new whole; None where there is none to be had."""
    origin = part.origin
    slots = slots_of(origin.operation.path) if origin is not None else ()
    if origin is None or not slots or len(slots) != len(origin.path):
        return None
    whole = estate.ledger.by_value(origin.path[-1], slots[-1][0])
    fresh = estate.renew(whole) or in_another(estate, whole, None) if whole is not None else None
    value = fresh.value_for(slots[-1][1]) if fresh is not None else None
    if fresh is None or value is None:
        return None
    for recipe in (FULL, LINKED, LEAST):
        call = estate.write(origin.operation, (*origin.path[:-1], value), fresh.chain, recipe)
        answer = estate.send(call)
        if estate.accepts(answer):
            found = Ledger()
            estate.record(found, call, answer, made=True)
            made = next((each for each in found.things if each.resource == part.resource), None)
            if made is not None and operation is not None:
                estate.envelope.worn.add(operation.label)
            return made
    return None


def renamed(thing: Thing, key: str) -> dict[str, Json]:
    """The fields of an object, with another id wherever its own stands: in text or as a number."""

    def now(name: str, value: Json) -> Json:
        number = isinstance(value, int) and not isinstance(value, bool)
        own = is_identity(name) or name.lower() in RESERVED or name in {thing.key, thing.called}
        same = value == thing.place or (number and own and str(value) == thing.place)
        return like_type(key, value) if same else value

    return {name: now(name, value) for name, value in thing.fields.items()}
