"""What do writes by one tenant on the ids of another do?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.check import Testbed
from gate.model import Observation
from validators.calls import Call
from validators.estate import FULL, Recipe, chain_of
from validators.foreign_reads import mixes
from validators.ground import UNSPOKEN, Duel, Ground, stand
from validators.ledger import Thing, values_of
from validators.names import REVIVING, TAKING
from validators.operations import Operation
from validators.trials import (
    ROUNDS,
    Aim,
    attack,
    controlled,
    etag_of,
    fresh_things,
    is_chosen,
    kept,
    reason_to_spare,
    recipes_for,
    references,
)

Things = tuple[Thing, ...]


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Write on the other tenant's objects, and let their owner look before and after.

    Each PUT, PATCH, DELETE and POST with ids in its path is first done by the owner on an object
    made for it: what it then sees changed is the positive control. On another such object, the
    other tenant does the same: with the foreign ids, with every mix of own and foreign ids, and
    with ids that nobody has. The owner reads the object in all its views before, between and
    after. What shows an effect is done again with new objects. Changes come first, deletions last;
    nothing is ended that cannot be made again.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    writes = sorted(
        (each for each in ground.declared if not each.safe and each.names and is_write(each)),
        key=lambda each: each.ends,
    )
    yield survey(ground, len(writes))
    duel, _ = ground.duels()
    for operation in writes:
        reason = ground.skipped.get(operation.label)
        if reason is not None:
            yield duel.note("not-applicable", operation, reason=reason)
        else:
            yield from fight(duel, operation)


def survey(ground: Ground, applicable: int) -> Observation:
    """How many operations there are, and how many the question is about."""
    return Observation(
        kind="surveyed",
        subject="the document",
        at=ground.testbed.clock(),
        data={"operations": len(ground.declared), "applicable": applicable},
    )


def is_write(operation: Operation) -> bool:
    """Does the method change anything (RFC 9110, section 9.2.1)?"""
    return operation.method in {"PUT", "POST", "DELETE", "PATCH"}


def fight(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """Everything about one operation: the owner's success, then the attacks."""
    if not operation.speakable:
        yield duel.note("unreached", operation, reason=UNSPOKEN)
        return
    if operation.verb in TAKING:
        yield duel.note("suppressed", operation, reason=f"to {operation.verb} is for others")
        return
    things = next(duel.victim.ledger.match(operation), None)
    if things is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    if reason := reason_to_spare(duel, operation, things[-1]):
        yield duel.note("unreached", operation, reason=reason)
        return
    with kept(duel, operation, things):
        seen, recipe = control(duel, operation, things)
        yield from seen
        for turn in range(ROUNDS):
            facts, effect = rounds(duel, operation, things, recipe, turn)
            yield from facts
            if not effect:
                break


def control(duel: Duel, operation: Operation, things: Things) -> tuple[list[Observation], Recipe]:
    """The owner's own write in the first way that is granted; and that way."""
    own, seen = made_ready(duel, operation, things), []
    etag = etag_of(duel.victim, duel.ground.operations, path_call(operation, own))
    for recipe in recipes_for(etag):
        call = write(duel, operation, own, recipe)
        fact, granted = controlled(duel, call, chain_of(operation, own))
        seen = [fact]
        if granted:
            asked = operation.label in duel.ground.envelope.matching and not recipe.match
            return seen, Recipe(
                full=recipe.full, linked=recipe.linked, match=etag
            ) if asked else recipe
        if fact.data.get("status") in {404, 409}:
            own = made_ready(duel, operation, things)
    return seen, FULL


def made_ready(duel: Duel, operation: Operation, things: Things) -> Things:
    """The objects of a path, the last made anew; what is to be restored is deleted first."""
    fresh = fresh_things(duel.victim, things)
    above = operation.path.rpartition("/")[0]
    ending = [
        each for each in duel.ground.operations if each.method == "DELETE" and each.path == above
    ]
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


def rounds(
    duel: Duel, operation: Operation, things: Things, recipe: Recipe, turn: int
) -> tuple[list[Observation], bool]:
    """Every mix of ids once, each on an object that is still whole."""
    facts: list[Observation] = []
    effect, whole = False, made_ready(duel, operation, things)
    for each in shapes(duel, operation, whole):
        recent = renewed(duel, recipe, path_call(operation, whole))
        aim = aim_at(duel, operation, whole, each, recent)
        more, hit = attack(duel, aim, turn)
        facts.extend(more)
        if hit:
            effect, whole = True, made_ready(duel, operation, things)
            if whole[-1] is things[-1] and operation.ends:
                break
    return facts, effect


def renewed(duel: Duel, recipe: Recipe, call: Call) -> Recipe:
    """The same way of writing, with the tag of this object."""
    if recipe.match in {"", "*"}:
        return recipe
    etag = etag_of(duel.victim, duel.ground.operations, call)
    return Recipe(full=recipe.full, linked=recipe.linked, match=etag or "*")


@dataclass(frozen=True, slots=True)
class Shape:
    """Which places of the path are the victim's, and whose references are in the body."""

    label: str
    foreign: tuple[bool, ...]
    by_victim: bool = False


def shapes(duel: Duel, operation: Operation, things: Things) -> list[Shape]:
    """Every choice of own and foreign ids; the body with the attacker's or the victim's objects."""
    values = values_of(operation, things)
    mine = next(duel.attacker.ledger.fill(operation), None)
    found = [
        Shape(label, tuple(word == "foreign" for word in label.split("/")))
        for label, _, _ in mixes(values, mine, duel.chance)
    ]
    call = write(duel, operation, things, Recipe(linked=True))
    if references(call, duel.victim) and found:
        whole = Shape(
            "/".join(["foreign"] * len(values)) + " and body", (True,) * len(values), True
        )
        found.append(whole)
    return found


def aim_at(duel: Duel, operation: Operation, things: Things, wanted: Shape, recipe: Recipe) -> Aim:
    """The attack with its two absent twins; each call has a body of its own."""
    values = values_of(operation, things)
    mine = next(duel.attacker.ledger.fill(operation), values)
    labels = {label: (mixed, absent) for label, mixed, absent in mixes(values, mine, duel.chance)}
    plain = wanted.label.removesuffix(" and body")
    if plain not in labels:
        labels = {label: (m, a) for label, m, a in mixes(values, None, duel.chance)}
    mixed, absent = labels.get(plain) or next(iter(labels.values()))
    writer = duel.victim if wanted.by_victim else duel.attacker
    chain = chain_of(operation, things) if wanted.by_victim else {}

    def call(path: tuple[str, ...]) -> Call:
        return writer.write(operation, path, chain, recipe, things[-1].fields)

    return Aim(
        label=wanted.label,
        foreign=call(mixed),
        absent=tuple(map(call, absent)),
        watched=chain_of(operation, things),
        chosen=is_chosen(things[-1]),
    )
