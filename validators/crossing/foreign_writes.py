"""What do writes by one tenant on the ids of another do?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gate.check import Testbed
from gate.model import Observation
from validators.crossing.aims import Aim, Sequel, marks_of
from validators.crossing.bearers import GIVEN, lets_in_by_secret
from validators.crossing.confirming import lessened, repeat
from validators.crossing.directories import excused
from validators.crossing.foreign_reads import mixes
from validators.crossing.other_names import other_names
from validators.crossing.owned_writes import Things, Way, control, made_ready, path_call, write
from validators.crossing.tags import mistagged, untagged
from validators.crossing.trials import (
    attack,
    etag_of,
    has_own,
    is_chosen,
    kept,
    meant_for_others,
    reason_to_spare,
    references,
)
from validators.document.operations import Operation
from validators.estates.estate import Recipe
from validators.estates.ground import UNSPOKEN, Duel, Ground, stand
from validators.estates.newcomers import is_sacrificed, newcomer
from validators.estates.things import chain_of, values_of
from validators.estates.wholes import fresh_things, own_values
from validators.messages.calls import Call
from validators.messages.traces import like

MOST_LESSENED = 4
SAME = "the same"
WRONG_TAG = "foreign (and a wrong ETag)"


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Write on the other tenant's objects, and let their owner look before and after.

    Each PUT, PATCH, DELETE and POST with ids in its path is first done by the owner on an object
    made for it: what it then sees changed is the positive control. On another such object, the
    other tenant does the same: with the foreign ids, with every mix of own and foreign ids, and
    with ids that nobody has. The owner reads the object in all its views before, between and
    after; what it cannot see ended, it tries to end itself. What shows an effect is done again with
    new objects, with the least body first, and in the other direction. Changes come first, ends
    last; nothing is ended that cannot be made again, and a tenant only if it was made for that.
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
        if (reason := ground.skipped.get(operation.label)) is None:
            yield from fight(duel, operation)
            yield from ground.after(operation)
        elif not ground.hints.leaves_out(operation.label):
            yield duel.note("not-applicable", operation, reason=reason)
    yield from ground.left_out(lambda each: each in writes)


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
    if reason := meant_for_others(duel, operation):
        yield duel.note("suppressed", operation, reason=reason)
        return
    things = next(duel.victim.ledger.match(operation), None)
    if things is None:
        yield duel.note("unreached", operation, reason=duel.victim.ledger.lacking(operation))
        return
    if lets_in_by_secret(duel, operation, things):
        yield duel.note("suppressed", operation, reason=GIVEN)
        return
    if things[-1].origin is None and is_common(duel, operation, things):
        yield duel.note("not-applicable", operation, reason="what it names is there for both")
        return
    if reason := reason_to_spare(duel, operation, things[-1]):
        if is_sacrificed(duel, operation):
            yield from sacrifice(duel, operation)
        else:
            yield duel.note("unreached", operation, reason=reason)
        return
    with kept(duel, operation, things):
        seen, way = control(duel, operation, things)
        yield from seen
        facts = list(repeat(lambda turn: rounds(duel, operation, things, way, turn)))
        yield from facts
    if any(each.data.get("effect") for each in facts):
        yield from turned(duel.turned(), operation, way)


def is_common(duel: Duel, operation: Operation, things: Things) -> bool:
    """Do both tenants have the very same ids, so that there are no foreign ones?"""
    return next(duel.attacker.ledger.fill(operation), None) == values_of(operation, things)


def turned(duel: Duel, operation: Operation, way: Way) -> Iterator[Observation]:
    """The same in the other direction, once an effect was seen in this one."""
    things = next(duel.victim.ledger.match(operation), None)
    if things is None or reason_to_spare(duel, operation, things[-1]):
        return
    with kept(duel, operation, things):
        yield from rounds(duel, operation, things, way, 0)[0]


def sacrifice(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """The operation on tenants that were made to be lost: one by its owner, one by a stranger."""
    with newcomer(duel, operation) as other:
        things = next(other.victim.ledger.match(operation), None) if other else None
        if other is None or things is None:
            yield duel.note("unreached", operation, reason="no known object fits into the path")
            return
        seen, way = control(other, operation, things)
        yield from seen

    def attempt(turn: int) -> tuple[list[Observation], bool]:
        with newcomer(duel, operation) as other:
            things = next(other.victim.ledger.match(operation), ()) if other else ()
            return rounds(other, operation, things, way, turn) if other and things else ([], False)

    yield from repeat(attempt)


def rounds(
    duel: Duel, operation: Operation, things: Things, way: Way, turn: int
) -> tuple[list[Observation], bool]:
    """Every mix of ids once, each on an object that is still whole.

    From the second round on, less is sent first: what still has the effect is the finding.
    """
    facts: list[Observation] = []
    effect, whole = False, made_ready(duel, operation, things)
    for each in shapes(duel, operation, whole):
        recent = renewed(duel, way.recipe, path_call(operation, whole))
        for size in (*(range(MOST_LESSENED) if turn else ()), None):
            aim = aim_at(duel, operation, whole, each, recent)
            aim = replace(aim, telling=way.telling) if all(each.foreign) else aim
            if each.is_mixed and has_own(duel, aim.foreign):
                break
            lesser = aim if size is None else lessened(duel.victim.author, aim, size)
            if lesser is None:
                continue
            more, hit = attack(
                duel, replace(lesser, marks=marks_of(duel, things[-1], whole[-1])), turn
            )
            facts.extend(excused(duel, whole[-1], more))
            if hit or operation.ends:
                whole = made_ready(duel, operation, things)
            effect = effect or hit
            if hit:
                break
        if each.is_plain and not effect:
            facts.extend(mistagged(duel, aim))
        if way.tag and each.is_plain and not effect:
            more, effect = attack(duel, by_wrong_tag(duel, operation, whole, each, way), turn)
            facts.extend(more)
            whole = made_ready(duel, operation, things) if effect else whole
            whole_aim = aim_at(duel, operation, whole, each, recent) if operation.ends else aim
            facts.extend(untagged(duel, whole_aim))
        if effect and whole[-1] is things[-1] and operation.ends:
            break
    return facts, effect


def by_wrong_tag(duel: Duel, operation: Operation, things: Things, shape: Shape, way: Way) -> Aim:
    """The write with a tag that the object has not: is a stranger told so (RFC 9110, 13.1.1)?"""
    recipe = replace(way.recipe, match=like(way.tag, duel.chance))
    aim = aim_at(duel, operation, things, shape, recipe)
    return replace(aim, label=WRONG_TAG, sequel=None, anew=None)


def renewed(duel: Duel, recipe: Recipe, call: Call) -> Recipe:
    """The same way of writing, with the tag of this object."""
    if recipe.match in {"", "*"}:
        return recipe
    etag = etag_of(duel.victim, duel.ground.operations, call)
    return Recipe(full=recipe.full, linked=recipe.linked, match=etag or "*")


@dataclass(frozen=True, slots=True)
class Shape:
    """Which places of the path are the victim's, and whose references are in the body.

    `named`: the field by which the last object is called, where paths call it by another one.
    """

    label: str
    foreign: tuple[bool, ...]
    by_victim: bool = False
    named: str = ""

    @property
    def is_plain(self) -> bool:
        """Are it the victim's ids as he uses them, and nothing else?"""
        return all(self.foreign) and not (self.by_victim or self.named)

    @property
    def is_mixed(self) -> bool:
        """Are there own ids beside foreign ones?"""
        return any(self.foreign) and not all(self.foreign)


def shapes(duel: Duel, operation: Operation, things: Things) -> list[Shape]:
    """Every choice of own and foreign ids; the body with the attacker's or the victim's objects.

    Where both tenants have made what has the same ids, the caller's own call may still change what
    the victim has there.
    """
    values = values_of(operation, things)
    if is_common(duel, operation, things):
        return [Shape(SAME, (False,) * len(values))]
    mine = own_values(duel.attacker, operation)
    found = [
        Shape(label, tuple(word == "foreign" for word in label.split("/")))
        for label, _, _ in mixes(values, mine, duel.chance)
    ]
    call = write(duel, operation, things, Recipe(linked=True))
    if references(call, duel.victim) and found:
        label, every = "/".join(["foreign"] * len(values)), (True,) * len(values)
        found.append(Shape(f"{label} and body", every, by_victim=True))
    for name, _ in other_names(duel.victim, duel.ground.operations, operation, things):
        label = "/".join(["foreign"] * len(values))
        found.append(Shape(f"{label} (by its {name})", (True,) * len(values), named=name))
    return found


def aim_at(duel: Duel, operation: Operation, things: Things, wanted: Shape, recipe: Recipe) -> Aim:
    """The attack with its two absent twins; each call has a body of its own."""
    values = values_of(operation, things)
    if wanted.named:
        values = (*values[:-1], str(things[-1].fields.get(wanted.named, values[-1])))
    mine = own_values(duel.attacker, operation) or values
    labels = {label: (mixed, absent) for label, mixed, absent in mixes(values, mine, duel.chance)}
    plain = SAME if wanted.label == SAME else wanted.label.partition(" ")[0]
    if plain not in labels:
        labels = {label: (m, a) for label, m, a in mixes(values, None, duel.chance)}
    mixed, absent = labels.get(plain) or next(iter(labels.values()))
    if plain == SAME:
        mixed = values
    writer = duel.victim if wanted.by_victim else duel.attacker
    chain = chain_of(operation, things) if wanted.by_victim else {}

    def call(path: tuple[str, ...]) -> Call:
        return writer.write(operation, path, chain, recipe, things[-1].fields)

    return Aim(
        label=wanted.label,
        foreign=call(mixed),
        absent=tuple(map(call, absent)),
        watched=chain_of(operation, things),
        sequel=sequel_of(duel, operation, things, recipe) if operation.ends else None,
        anew=lambda: chain_of(operation, made_ready(duel, operation, things)),
        own=lambda: own_write(duel, operation, recipe),
        chosen=is_chosen(things[-1]) or plain == SAME,
    )


def own_write(duel: Duel, operation: Operation, recipe: Recipe) -> Call | None:
    """The attacker's like call on an object of his own that was made for it."""
    things = next(duel.attacker.ledger.match(operation), None)
    if things is None or things[-1].origin is None:
        return None
    own = fresh_things(duel.attacker, things, operation)
    values, chain = values_of(operation, own), chain_of(operation, own)
    return duel.attacker.write(operation, values, chain, recipe, own[-1].fields)


def sequel_of(duel: Duel, operation: Operation, things: Things, recipe: Recipe) -> Sequel:
    """What the owner can do with an object that nobody has ended: end it himself."""

    def twin() -> Call | None:
        fresh = made_ready(duel, operation, things)
        return None if fresh[-1] is things[-1] else write(duel, operation, fresh, recipe)

    return Sequel(write(duel, operation, things, recipe), twin)
