"""How does a tenant come to own a complete tree of objects, known by the marks they carry?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gate.check import Answer
from gate.model import Json
from validators.calls import Call, Pointer
from validators.estate import FULL, LEAST, LINKED, Estate, Recipe
from validators.names import CHANGING, MAKING, is_identity, resource_in
from validators.operations import Operation, as_object
from validators.traces import like

REFUSED = {400, 422}
SAME_AGAIN = 3
ATTEMPTS = 4
DEEP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request that should have made an object."""

    operation: str
    status: int
    made: bool
    excerpt: str


def plant(estate: Estate, operations: Sequence[Operation]) -> Iterator[Step]:
    """Make one object with every creating operation, parents first, then list what there is.

    Lists come last, so that a path is filled with marked objects before unmarked ones; what only a
    list shows (the first member, a default key) may allow further creations, so what failed is
    tried once more as long as the ledger grows.
    """
    left = [
        each
        for each in operations
        if creates(each, operations, estate) or is_named_by_caller(each, operations)
    ]
    left.sort(key=lambda each: (len(each.names), not is_collection(each, operations)))
    for _ in range(SAME_AGAIN):
        known = len(estate.ledger.things)
        steps = list(create_all(estate, list(left)))
        done = {step.operation for step in steps if step.made}
        yield from steps
        left = [each for each in left if each.label not in done]
        browse(estate, operations)
        if not left or len(estate.ledger.things) == known:
            return


def create_all(estate: Estate, left: list[Operation]) -> Iterator[Step]:
    """Create as long as a path can be filled; what was tried is removed from `left`."""
    while True:
        ready = next((each for each in left if is_ready(estate, each)), None)
        if ready is None:
            return
        left.remove(ready)
        yield create(estate, ready)


def is_ready(estate: Estate, operation: Operation) -> bool:
    """Is there an object for each of the path's parameters?"""
    return any(True for _ in places_for(estate, operation))


def places_for(estate: Estate, operation: Operation) -> Iterator[tuple[str, ...]]:
    """The paths to create at; what is put there is named with a mark, as its caller chooses."""
    if operation.method != "PUT":
        yield from estate.ledger.fill(operation)
        return
    above = replace(operation, path=operation.path.rpartition("/")[0])
    for values in estate.ledger.fill(above):
        yield (*values, estate.canaries.draw())


def is_named_by_caller(operation: Operation, operations: Sequence[Operation]) -> bool:
    """Does a PUT make what it names (RFC 9110, section 9.3.4), because no POST does?"""
    if operation.method != "PUT" or not operation.reads_one or not operation.speakable:
        return False
    above = operation.path.rpartition("/")[0]
    return not any(each.method == "POST" and each.path == above for each in operations)


def create(estate: Estate, operation: Operation) -> Step:
    """Make one object, with all marked fields, or with fewer or linked ones when refused."""
    path = next(places_for(estate, operation))
    call, answer = attempt(estate, operation, path, FULL)
    for recipe in (LINKED, LEAST):
        if answer.status in REFUSED or not estate.accepts(answer):
            call, answer = attempt(estate, operation, path, recipe)
    made = estate.accepts(answer)
    if made:
        estate.envelope.learn_success(answer)
        estate.note(call, answer, made=True)
    return Step(
        operation=operation.label, status=answer.status, made=made, excerpt=answer.body[:200]
    )


def attempt(
    estate: Estate, operation: Operation, path: tuple[str, ...], recipe: Recipe
) -> tuple[Call, Answer]:
    """Call the operation with a body written in this way."""
    call = estate.write(operation, path, recipe=recipe)
    return call, estate.send(call)


def browse(estate: Estate, operations: Sequence[Operation]) -> None:
    """Read everything that can be reached, lists first, and note the objects in it."""
    reads = [each for each in operations if each.safe and each.speakable]
    for operation in sorted(reads, key=lambda each: each.reads_one):
        path = next(estate.ledger.fill(operation), None)
        if path is not None:
            call = estate.write(operation, path, recipe=LEAST)
            answer = estate.send(call)
            if estate.accepts(answer):
                if estate.canaries.token in answer.body:
                    estate.envelope.learn_success(answer)
                estate.note(call, answer)


def learn_refusals(estate: Estate, operations: Sequence[Operation]) -> None:
    """Ask for what nobody has, so that a refusal is known when it comes with a success status."""
    for operation in operations:
        path = next(estate.ledger.fill(operation), None)
        if not operation.safe or path is None or not operation.speakable:
            continue
        call = estate.write(operation, path, recipe=LEAST)
        absent = absent_call(estate, call)
        if absent is not None:
            estate.envelope.learn_refusal(estate.send(absent))


def absent_call(estate: Estate, call: Call) -> Call | None:
    """The call with ids that nobody has in the place of known ones; None when it has no ids."""
    chance, known = estate.author.chance, {thing.id for thing in estate.ledger.things}
    found = [(("path", at), value) for at, value in enumerate(call.path)]
    body = call.body if isinstance(call.body, dict) else {}
    pointers = [(("body", name), str(value)) for name, value in body.items() if str(value) in known]
    changed = call
    every: list[tuple[Pointer, str]] = [*found[-1:], *pointers]
    for pointer, value in every:
        old = body.get(str(pointer[1]))
        fake = like(value, chance)
        changed = changed.put(pointer, int(fake) if isinstance(old, int) else fake)
    return changed if changed != call else None


def creates(operation: Operation, operations: Sequence[Operation], estate: Estate) -> bool:
    """Does the operation make objects, or give an object content of its own?

    A POST on a collection does, and a POST whose body can carry a mark; other POSTs are actions
    (finish, revoke, rotate …) that may end what they act on.
    """
    if operation.method != "POST" or operation.safe or not operation.speakable:
        return False
    changes = operation.verb in CHANGING and not gives_id(estate, operation)
    if operation.ends or operation.signs_in or changes:
        return False
    carries = bool(operation.media) and estate.author.carries(dict(operation.body))
    return carries or operation.verb in MAKING or is_collection(operation, operations)


def gives_id(estate: Estate, operation: Operation) -> bool:
    """Does a success name an object that the request did not (`report.start` gives `reportId`)?"""

    def names(schema: Json, depth: int = 0) -> set[str]:
        properties = as_object(estate.author.simplify(schema).get("properties"))
        inner = [names(each, depth + 1) for each in properties.values() if depth < DEEP]
        return {*properties, *(name for found in inner for name in found)}

    new = names(dict(operation.replies)) - names(dict(operation.body))
    return any(is_identity(name) and resource_in(name) == operation.resource for name in new)


def is_collection(operation: Operation, operations: Sequence[Operation]) -> bool:
    """Can what is posted here be read here, or below?"""
    return any(
        each.method == "GET"
        and (each.path == operation.path or each.path.startswith(f"{operation.path}/{{"))
        for each in operations
    )
