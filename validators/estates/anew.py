"""How is a request that made something sent once more, so that it makes something else?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gate.check import Answer
from validators.document.names import is_identity, words_of
from validators.document.operations import Operation
from validators.estates.estate import FULL, FULL_UP, LEAST, LINKED, Estate, Recipe
from validators.estates.naming import keep_references
from validators.estates.things import Thing
from validators.messages.calls import Call, Pointer, leaves
from validators.messages.traces import vary

NATURAL = frozenset({"name", "email", "mail", "slug", "code", "key", "handle", "number", "sku",
                     "label", "title", "alias", "identifier", "reference", "address",
                     "path"})  # fmt: skip
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A creation that was sent, how it was written, and what came of it.

    `thing` is what it is like, `varied` whether its natural keys were drawn by their shape.
    """

    thing: Thing
    call: Call
    recipe: Recipe
    varied: bool
    answer: Answer
    granted: bool


def made_by(estate: Estate, operation: Operation) -> Thing | None:
    """An object that this very operation made, if it can be made again."""
    made = (each for each in estate.ledger.things if each.origin and each.natural == 0)
    return next((each for each in made if each.origin and each.origin.operation == operation), None)


def make(estate: Estate, thing: Thing, headers: Mapping[str, str] = NO_HEADERS) -> Done | None:
    """Another object like this one; the last try where it is refused."""
    tried = None
    for recipe in (FULL, LINKED, LEAST):
        for varied in (False, True):
            call = write(estate, thing, recipe, varied=varied, headers=headers)
            if call is None:
                return None
            answer = estate.send(call)
            if answer.status in FULL_UP and estate.make_room(call.operation.product):
                answer = estate.send(call)
            granted = estate.accepts(answer)
            tried = Done(
                thing=thing,
                call=call,
                recipe=recipe,
                varied=varied,
                answer=answer,
                granted=granted,
            )
            if granted:
                return tried
    return tried


def again(estate: Estate, done: Done, headers: Mapping[str, str] = NO_HEADERS) -> Call:
    """A further request written like one that was granted, not yet sent."""
    call = write(estate, done.thing, done.recipe, varied=done.varied, headers=headers)
    return call or done.call


def write(
    estate: Estate, thing: Thing, recipe: Recipe, *, varied: bool, headers: Mapping[str, str]
) -> Call | None:
    """The call that made an object, with new words, on a new object where it needs one."""
    origin = thing.origin
    if origin is None:
        return None
    path = estate.place_for(origin)
    call = estate.write(origin.operation, path, thing.parents, recipe)
    call = keep_references(origin, call, estate.ledger)
    if varied:
        for pointer, text in natural_keys(estate, origin):
            call = call.put(pointer, "".join(vary(each, estate.author.chance) for each in text))
    return replace(call, headers={**call.headers, **headers}, exchanged=())


def natural_keys(estate: Estate, origin: Call) -> list[tuple[Pointer, str]]:
    """Where a creation says what the object is to be called, and what it says there.

    What is the name of something else, and refers to it, is none.
    """
    found: list[tuple[Pointer, str]] = []
    for place, text in leaves(origin.body):
        name = next((str(each) for each in reversed(place) if isinstance(each, str)), "")
        known = {each.resource for each in estate.ledger.things if each.id == text}
        refers = bool(known) and origin.operation.product not in known
        if NATURAL & set(words_of(name)) and not is_identity(name) and not refers:
            found.append((("body", *place), text))
    return found
