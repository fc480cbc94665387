"""On which object is a role's call tried, and what shows that it got through?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gate.check import Answer
from gate.model import Observation
from validators.crossing.owned_writes import made_ready
from validators.crossing.trials import at_pointer, is_kept, reason_to_spare, references
from validators.document.operations import Operation
from validators.document.reservations import act_of, collection_of
from validators.estates.estate import FULL, LEAST, LINKED, Recipe
from validators.estates.ground import Duel
from validators.estates.members import member_for
from validators.estates.states import views_of
from validators.estates.things import Thing, chain_of, find_things, values_of
from validators.messages.calls import Call, like_type
from validators.messages.traces import digest, find_marks, like, scalars

MOST_LOOKS = 3
NO_ONE = "00000000-0000-4000-8000-000000000000"
TELLING = 3
REFUSED = frozenset({401, 403})
MULTI, ERROR = 207, 400
CODES = frozenset({"code", "status", "status_code", "statusCode"})
DENIED = re.compile(
    r"(?i)forbidden|denied|unauthori[sz]ed|permission|privilege|not.{0,4}(allowed|permitted|authori[sz]ed)"
)
FORMAL = frozenset({"success", "successful", "error", "none", "null", "true", "false"})


@dataclass(frozen=True, slots=True)
class Stage:
    """An object made for one call, by the ids around it, and the call on it."""

    chain: Mapping[str, str]
    call: Callable[[Recipe], Call]
    views: tuple[Call, ...]
    born: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Staging:
    """How an operation is tried: on new objects, or, when `things` is empty, making new ones."""

    things: tuple[Thing, ...]
    fresh: Callable[[], Stage]
    makes: bool = False


def stage(duel: Duel, operation: Operation, *, alone: bool) -> Staging | Observation:
    """How a write is tried: on what its path or body names, or by making; or why it is not.

    A caller who is `alone` may know no object; then it is one that nobody has, which tells at least
    whether he is refused.
    """
    if alone and operation.names and next(duel.victim.ledger.match(operation), None) is None:
        return Staging((), lambda: nowhere(duel, operation))
    if operation.names:
        return by_path(duel, operation)
    planted = {each.subject for each in duel.ground.facts if each.kind == "planted"}
    if operation.label in {*planted, *duel.victim.created} or is_kept(operation):
        return Staging((), lambda: making(duel, operation), makes=True)
    return by_body(duel, operation)


def by_path(duel: Duel, operation: Operation) -> Staging | Observation:
    """On what the path names, the last of it made anew; on a new member what is about somebody."""
    things = next(duel.victim.ledger.match(operation), None)
    lasting = things is None or things[-1].origin is None
    member = member_for(duel, operation) if lasting else None
    things = member or things
    if things is None:
        return duel.note("unreached", operation, reason=duel.victim.ledger.lacking(operation))
    if member is None and (reason := reason_to_spare(duel, operation, things[-1])):
        return duel.note("unreached", operation, reason=reason)

    def fresh() -> Stage:
        again = member_for(duel, operation) if member is not None else None
        return stage_on(duel, operation, again or made_ready(duel, operation, things))

    return Staging(things, fresh)


def stage_on(duel: Duel, operation: Operation, things: tuple[Thing, ...]) -> Stage:
    """On these objects, which its path names."""
    chain, path = chain_of(operation, things), values_of(operation, things)
    near = views_of(duel.victim, duel.ground.operations, chain)
    return Stage(
        chain,
        lambda recipe: duel.victim.write(operation, path, chain, recipe, things[-1].fields),
        (*lists_of(duel, operation, path, chain), *near)[:MOST_LOOKS],
    )


def lists_of(
    duel: Duel, operation: Operation, path: tuple[str, ...], chain: Mapping[str, str]
) -> tuple[Call, ...]:
    """The list of what a creation makes, which may be one of many about what it belongs to."""
    makes = act_of(operation) == "make"
    found = [
        each
        for each in duel.ground.operations
        if makes and each.safe and each.speakable and each.path == operation.path
    ]
    return tuple(duel.victim.write(each, path, chain, LEAST) for each in found)


def nowhere(duel: Duel, operation: Operation) -> Stage:
    """On ids that nobody has."""
    path = absent_path(duel, operation)
    return Stage({}, lambda recipe: duel.victim.write(operation, path, {}, recipe), ())


def absent_path(duel: Duel, operation: Operation) -> tuple[str, ...]:
    """Ids that nobody has, of the types that the document says."""
    simple = duel.victim.author.simplify
    kinds = [simple(operation.places.get(name, {})).get("type") for name in operation.names]
    return tuple(like("1" if kind == "integer" else NO_ONE, duel.chance) for kind in kinds)


def by_body(duel: Duel, operation: Operation) -> Staging | Observation:
    """On what the body refers to, made anew."""
    call = duel.victim.write(operation, (), {}, LINKED)
    found = references(call, duel.victim)
    if not found:
        return duel.note("not-applicable", operation, reason="it acts on the caller, who is needed")
    for _, thing in found:
        if reason := reason_to_spare(duel, operation, thing):
            return duel.note("unreached", operation, reason=reason)

    def fresh() -> Stage:
        new = {thing.id: duel.victim.renew(thing) or thing for _, thing in found}
        chain: dict[str, str] = {}
        for thing in new.values():
            chain |= thing.chain

        def written(recipe: Recipe) -> Call:
            asked = duel.victim.write(operation, (), chain, recipe)
            for pointer, thing in found:
                now = at_pointer(asked, pointer)
                if now is not None:
                    asked = asked.put(pointer, like_type(new[thing.id].id, now))
            return asked

        views = views_of(duel.victim, duel.ground.operations, chain)[:MOST_LOOKS]
        return Stage(chain, written, views)

    return Staging((), fresh)


def making(duel: Duel, operation: Operation) -> Stage:
    """A creation at the top, or a change of what there is once; its owner looks at the like."""
    about = (operation.resource, collection_of(operation))
    near = [
        each
        for each in duel.ground.operations
        if each.resource == about[0] or collection_of(each) == about[1]
    ]
    return Stage(
        {},
        lambda recipe: duel.victim.write(operation, (), {}, recipe),
        views_of(duel.victim, near, {})[:MOST_LOOKS],
    )


WAYS = (FULL, LEAST)


def verdict(duel: Duel, answer: Answer) -> str:
    """Granted, refused for want of a right, or undecided: an error that says neither."""
    if duel.victim.accepts(answer):
        parts = codes_in(answer)
        if not parts or min(parts) < ERROR:
            return "granted"
        return "refused" if parts <= REFUSED else "undecided"
    denied = answer.status < min(REFUSED) and DENIED.search(answer.body) is not None
    return "refused" if answer.status in REFUSED or denied else "undecided"


def codes_in(answer: Answer) -> set[int]:
    """What an answer for many at once says of each (RFC 4918, section 13)."""
    said = scalars(answer.json()) if answer.status == MULTI else ()
    return {
        value
        for place, value in said
        if isinstance(value, int) and "[" in place and place.rpartition(".")[2] in CODES
    }


def is_shown(duel: Duel, call: Call, owned: Answer, answer: Answer) -> bool:
    """Does a granted read show what its owner sees: his marks, or all the same and not nothing?"""
    if any(find_marks(answer, duel.marks, call.sent).values()):
        return True
    same = digest(answer, call.sent) == digest(owned, call.sent)
    return same and any(is_telling(part) for _, part in scalars(answer.json()))


def is_same_count(call: Call, best: Answer, answer: Answer) -> bool:
    """Does the owner see the very numbers that a stronger one sees, some of them above one?"""
    same = digest(answer, call.sent) == digest(best, call.sent)
    return same and any(
        isinstance(part, int) and part > 1 and part != answer.status
        for _, part in scalars(answer.json())
    )


def is_made(operation: Operation, call: Call, answer: Answer) -> bool:
    """Does an answer name a new object that the request did not?"""
    named = (operation.product, operation.resource)
    found = [
        thing
        for resource in dict.fromkeys(named)
        for thing in find_things(resource, answer.json(), {}, operation.keys)
    ]
    new = any(thing.id and thing.id not in call.sent for thing in found)
    return new and act_of(operation) == "make"


def is_telling(part: object) -> bool:
    """Is it a text that says more than that all went well?"""
    return isinstance(part, str) and len(part) >= TELLING and part.lower() not in FORMAL
