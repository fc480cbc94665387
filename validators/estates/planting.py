"""How does a tenant come to own a complete tree of objects, known by the marks they carry?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from gate.check import Answer
from validators.document.names import CHANGING, MAKING, REVIVING, slots_of
from validators.document.operations import Operation
from validators.estates.envelope import GOOD, is_alike
from validators.estates.estate import FULL, LEAST, LINKED, Estate, Recipe
from validators.estates.handles import gives_id, handles, pays
from validators.estates.mending import learn_another, learn_demanded, mend
from validators.estates.order import in_turn, is_collection, is_personal, next_of
from validators.estates.remarking import remark
from validators.estates.things import Thing
from validators.messages.calls import Call, Pointer
from validators.messages.refusals import LACKING
from validators.messages.traces import like

REFUSED = {400, 422}
UNTIMELY = {400, 409, 412, 422, 423}
SAME_AGAIN = 3
MOST_RIVALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request that should have made an object."""

    operation: str
    status: int
    made: bool
    excerpt: str


def plant(estate: Estate, operations: Sequence[Operation]) -> Iterator[Step]:
    """Make two objects with every creating operation, parents first, then list what there is.

    Lists come last, so that a path is filled with marked objects before unmarked ones; what only a
    list shows (the first member, a default key) may allow further creations, so what failed is
    tried once more as long as the ledger grows. Two, because there are requests that compare two,
    go from one to the other, or list in pages. What a caller could make for himself alone waits
    for what his colleagues share, so that is looked for first.
    """
    estate.envelope.endings.update(endings(operations))
    left = in_turn([each for each in operations if creates(each, operations, estate)], operations)
    if any(is_personal(each, left) for each in left):
        browse(estate, operations)
    tried: set[str] = set()
    for _ in range(SAME_AGAIN):
        known = estate.knows
        steps = [*create_all(estate, list(left)), *name_all(estate, operations)]
        done = {step.operation for step in steps if step.made}
        left = [each for each in left if each.label not in done]
        # One that refers to others is what a filter for these finds.
        multiply(estate, done, (LINKED, FULL, LEAST))
        learn_changes(estate, operations, tried)
        learned = list(learn_steps(estate, operations, tried))
        yield from (*steps, *learned)
        if steps or learned:
            browse(estate, operations)
        if not (left or learned) or estate.knows == known:
            return


def endings(operations: Sequence[Operation]) -> dict[str, Operation]:
    """What ends one object of each kind; a deletion is preferred."""
    found: dict[str, Operation] = {}
    for each in sorted(operations, key=lambda each: (each.method != "DELETE", len(each.names))):
        if each.ends and each.names and each.speakable and not each.signs_in:
            found.setdefault(slots_of(each.path)[-1][0], each)
    return found


def multiply(
    estate: Estate,
    labels: Collection[str] | None = None,
    recipes: Sequence[Recipe] = (FULL, LINKED, LEAST),
) -> None:
    """Make another one of everything that can be made, or of what these operations made."""
    made: dict[str, Thing] = {}
    for each in sorted(estate.ledger.things, key=lambda each: each.natural):
        if each.origin is not None:
            made.setdefault(each.origin.operation.label, each)
    for label, thing in made.items():
        if (labels is None or label in labels) and estate.renew(thing, recipes) is None:
            learn_another(estate, thing)


def name_all(estate: Estate, operations: Sequence[Operation]) -> Iterator[Step]:
    """Bring into being what a PUT on a new name makes, where nothing else makes it."""
    others = {each.product for each in operations if creates(each, operations, estate)}
    for operation in operations:
        named = is_naming(estate, operation) and slots_of(operation.path)[-1][0] not in others
        path = estate.ledger.begin(operation) if named else None
        if path is None:
            continue
        call = estate.write(operation, (*path, estate.mint(operation)), recipe=FULL)
        answer = estate.send(call)
        made = estate.accepts(answer)
        if made:
            estate.note(call, answer, made=True)
        yield told(operation, answer, made=made)


def is_naming(estate: Estate, operation: Operation) -> bool:
    """Does it put something under a name that the caller chooses, and is none known?"""
    if operation.method != "PUT" or not operation.reads_one or not operation.speakable:
        return False
    kind = estate.author.simplify(operation.places.get(operation.names[-1], {})).get("type")
    known = any(True for _ in estate.ledger.fill(operation))
    return kind == "string" and not operation.signs_in and not known


def create_all(estate: Estate, left: list[Operation]) -> Iterator[Step]:
    """Create as long as a path can be filled; what was tried is removed from `left`."""
    while True:
        ready = next_of(estate, [each for each in left if is_ready(estate, each)])
        if ready is None:
            return
        left.remove(ready)
        yield create(estate, ready)


def is_ready(estate: Estate, operation: Operation) -> bool:
    """Is there an object for each of the path's parameters?"""
    return any(True for _ in estate.ledger.fill(operation))


def create(estate: Estate, operation: Operation) -> Step:
    """Make one object, with all marked fields, or with fewer or linked ones when refused."""
    path = next(estate.ledger.fill(operation))
    whole = call, answer = attempt(estate, operation, path, FULL)
    for recipe in (LINKED, LEAST):
        if answer.status in REFUSED or not estate.accepts(answer):
            call, answer = attempt(estate, operation, path, recipe)
    made = estate.accepts(answer)
    if made and not estate.accepts(whole[1]):
        call, answer = remark(estate, call, whole[1]) or (call, answer)
    if not made:
        # What the least request lacks, the whole one had: something else was wrong with it.
        lacking = whole[1].status in REFUSED and LACKING.search(answer.body)
        first, answer = whole if lacking else (None, answer)
        again = partial(estate.write, operation, path)
        mended, last = mend(estate, operation, again, answer, first)
        made, call, answer = mended is not None, mended or call, last if mended else answer
    if made:
        estate.envelope.learn_success(answer)
        estate.note(call, answer, made=True)
    return told(operation, answer, made=made)


def told(operation: Operation, answer: Answer, *, made: bool) -> Step:
    """One request, for the record."""
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
    dull = estate.envelope.dull
    reads = [each for each in operations if each.safe and each.speakable]
    for operation in sorted(reads, key=lambda each: each.reads_one):
        path = next(estate.ledger.fill(operation), None)
        if path is None:
            continue
        call = estate.write(operation, path, recipe=LEAST)
        answer = estate.send(call)
        if learn_demanded(estate, operation, answer):
            call = estate.write(operation, path, recipe=LEAST)
            answer = estate.send(call)
        marked = estate.canaries.token in answer.body
        if marked and estate.accepts(answer):
            estate.envelope.learn_success(answer)
        if not estate.accepts(answer) and (call.query or call.body):
            again = partial(estate.write, operation, path, recipe=LEAST)
            mended, last = mend(estate, operation, again, answer)
            call, answer = mended or call, last
        if is_open(operation, operations) and not marked:
            dull.add(operation.label)
            estate.record(estate.envelope.common, call, answer)
        elif estate.accepts(answer):
            estate.shown.setdefault(operation.label, path)
            estate.note(call, answer)


def is_open(operation: Operation, operations: Sequence[Operation]) -> bool:
    """Does the document let everybody in where it asks for a credential elsewhere?"""
    return operation.public and not operation.names and any(each.schemes for each in operations)


def learn_changes(estate: Estate, operations: Sequence[Operation], tried: set[str]) -> None:
    """Find out on new objects how the body of a change is written so that it is not refused."""
    for operation in operations:
        things = next(estate.ledger.match(operation), ())
        name = f"body of {operation.label}"
        if not things or things[-1].origin is None or not changes_one(operation) or name in tried:
            continue
        tried.add(name)
        fresh = estate.renew(things[-1])
        call = estate.upon(operation, fresh) if fresh else None
        answer = estate.send(call) if call else None
        if call and answer and answer.status in REFUSED:
            chain, current = (fresh.chain, fresh.fields) if fresh else ({}, {})
            again = partial(estate.write, operation, call.path, chain, FULL, current)
            mend(estate, operation, again, answer)


def changes_one(operation: Operation) -> bool:
    """Does it change an object that its path names, as its body says?"""
    body = bool(operation.media) and operation.speakable
    ends = operation.ends or operation.signs_in or operation.safe
    return body and bool(operation.names) and not ends


def learn_steps(estate: Estate, operations: Sequence[Operation], tried: set[str]) -> Iterator[Step]:
    """Find out what must be done to an object before a further step in its life can be done.

    A step is a POST on one object, such as `:complete` or `:rollback`. One that is refused on a new
    object is tried again after each other change of it (parts sent, a promotion) on another new
    one. What a step makes of it is an object like any other.
    """
    for operation in operations:
        things = next(estate.ledger.match(operation), ())
        if not things or things[-1].natural or not is_step(operation, operations, estate):
            continue
        if operation.label in tried:
            continue
        tried.add(operation.label)
        for before in (None, *rivals(operation, operations)):
            call, answer = try_step(estate, operation, things[-1], before)
            made = answer is not None and estate.accepts(answer)
            if call is not None and answer is not None and made:
                if before is not None:
                    estate.envelope.before[operation.label] = before
                if operation.makes:
                    estate.note(call, answer, made=True)
                    yield told(operation, answer, made=True)
                break
            if answer is None or answer.status not in UNTIMELY:
                break


def is_step(operation: Operation, operations: Sequence[Operation], estate: Estate) -> bool:
    """Does it take one object from one state to the next, or leave something when it ends it?"""
    if operation.method == "DELETE" and operation.makes:
        return operation.speakable
    if operation.method != "POST" or operation.safe or operation.ends or operation.signs_in:
        return False
    at_one = operation.speakable and not operation.reads_one
    return at_one and (bool(operation.makes) or not creates(operation, operations, estate))


def rivals(operation: Operation, operations: Sequence[Operation]) -> list[Operation]:
    """Other changes of the same object, which may have to come first; of a revival its deletion."""
    whole = operation.path.rpartition("}")[0] + "}"
    gone = [each for each in operations if each.label == f"DELETE {whole}"]
    dead = gone if operation.verb in REVIVING else []
    return (
        dead
        + [
            each
            for each in operations
            if each.path.startswith(whole)
            and each.label != operation.label
            and each.method in {"POST", "PUT", "PATCH"}
            and each.speakable
            and not (each.safe or each.ends or each.signs_in)
        ][:MOST_RIVALS]
    )


def try_step(
    estate: Estate, operation: Operation, thing: Thing, before: Operation | None
) -> tuple[Call | None, Answer | None]:
    """The step on a new object like this one, perhaps after another change of it."""
    fresh = estate.renew(thing)
    first = estate.upon(before, fresh) if before and fresh else None
    if fresh is None or (before is not None and first is None):
        return None, None
    if first is not None and not estate.accepts(estate.send(first)):
        return None, None
    call = estate.upon(operation, fresh)
    return call, estate.send(call) if call else None


def learn_refusals(estate: Estate, operations: Sequence[Operation]) -> None:
    """Ask for what nobody has, so that a refusal is known when it comes with a success status."""
    for operation in operations:
        path = next(estate.ledger.fill(operation), None)
        if not operation.safe or path is None or not operation.speakable:
            continue
        call = estate.write(operation, path, recipe=LEAST)
        absent = absent_call(estate, call)
        said = estate.send(absent) if absent else None
        if said is not None and said.status in GOOD and not is_alike(said, estate.send(call)):
            estate.envelope.learn_refusal(said)


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
    if operation.ends or operation.signs_in:
        return False
    if handles(estate.author, operation):
        return True
    if operation.verb in CHANGING and not (
        gives_id(estate.author, operation)
        or pays(estate.author, operation)
        or is_collection(operation, operations)  # of what is called so: `shareLinks`
    ):
        return False
    carries = bool(operation.media) and estate.author.carries(dict(operation.body))
    return carries or operation.verb in MAKING or is_collection(operation, operations)
