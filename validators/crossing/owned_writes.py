"""How does an owner change what is his, so that the same by another tenant would show?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.model import Observation
from validators.crossing.trials import controlled, etag_of, recipes_for
from validators.document.names import REVIVING
from validators.document.operations import Operation
from validators.estates.estate import FULL, Recipe
from validators.estates.ground import Duel
from validators.estates.things import Thing, chain_of, values_of
from validators.estates.wholes import fresh_things
from validators.judging import texts
from validators.messages.calls import Call

Things = tuple[Thing, ...]
UNTIMELY = frozenset({404, 409})


@dataclass(frozen=True, slots=True)
class Way:
    """How the owner's own write was granted, in which reads it showed, and the object's tag."""

    recipe: Recipe
    telling: frozenset[str] = frozenset()
    tag: str = ""


def control(duel: Duel, operation: Operation, things: Things) -> tuple[list[Observation], Way]:
    """The owner's own write in the first way that is granted; and that way."""
    own, seen = made_ready(duel, operation, things), []
    etag = etag_of(duel.victim, duel.ground.operations, path_call(operation, own))
    for recipe in recipes_for(etag):
        call = write(duel, operation, own, recipe)
        fact, granted = controlled(duel, call, chain_of(operation, own))
        seen = [fact]
        if granted:
            asked = operation.label in duel.ground.envelope.matching and not recipe.match
            tagged = replace(recipe, match=etag) if asked else recipe
            return seen, Way(tagged, frozenset(texts(fact.data.get("views"))), etag)
        if is_late(seen):
            own = made_ready(duel, operation, things)
    # What ends by itself (a job) may do so while its owner looks: once more, at once.
    if is_late(seen):
        own = made_ready(duel, operation, things)
        seen = [controlled(duel, write(duel, operation, own, FULL), None)[0]]
    return seen, Way(FULL, tag=etag)


def is_late(seen: list[Observation]) -> bool:
    """Was the last call refused because its object is in another state, or gone?"""
    return bool(seen) and seen[-1].data.get("status") in UNTIMELY


def made_ready(duel: Duel, operation: Operation, things: Things) -> Things:
    """The objects of a path, the last made anew; what is to be restored is deleted first."""
    fresh = fresh_things(duel.victim, things, operation)
    above = operation.path.rpartition("}")[0] + "}"  # of `{id}/restore` and of `{id}:undelete`
    deletions = (each for each in duel.ground.operations if each.method == "DELETE")
    ending = [each for each in deletions if each.path.rstrip("/") == above]
    if operation.verb in REVIVING and ending and fresh[-1] is not things[-1]:
        duel.victim.send(Call(operation=ending[0], path=values_of(operation, fresh)))
    return fresh


def path_call(operation: Operation, things: Things) -> Call:
    """The bare path."""
    return Call(operation=operation, path=values_of(operation, things))


def write(duel: Duel, operation: Operation, things: Things, recipe: Recipe) -> Call:
    """The owner's call on his own objects."""
    chain = chain_of(operation, things)
    current = things[-1].fields
    return duel.victim.write(operation, values_of(operation, things), chain, recipe, current)
