"""Which fields that a caller must not set can he set all the same?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from gate.check import Answer, Testbed
from gate.forms import TABLE, URLENCODED
from gate.model import Observation
from validators.crossing.foreign_writes import survey
from validators.crossing.trials import kept
from validators.document.names import UPDATING, resource_in
from validators.document.operations import Operation
from validators.estates.estate import FULL, LEAST, MOST_PATHS, Estate, Recipe
from validators.estates.ground import Duel, Ground, stand
from validators.estates.identities import counterparts
from validators.estates.own_fields import himself, place_in, undo
from validators.estates.principals import is_person
from validators.estates.seniors import vouched
from validators.estates.states import changes, look, telling, unrest, views_of
from validators.estates.things import Thing, chain_of, values_of
from validators.estates.wholes import fresh_things
from validators.fields.accounts import enrol
from validators.fields.admissions import admit
from validators.fields.injections import Fields, Names, guesses, injections
from validators.fields.kept_fields import Injection, Sent, comes_anyway, is_kept, object_of
from validators.fields.promotions import promote
from validators.messages.calls import Call, curl
from validators.messages.traces import EXCERPT, normalise

MOST_SHELVES = 2
ROUNDS = 2
# Whatever state the object is in (RFC 9110, section 13.1.1), where another one was refused.
WHATEVER, PRECONDITION = Recipe(match="*"), frozenset({412, 428})


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Add fields to creations and changes that the document does not let callers set.

    Candidates are what answers hold and the request's schema does not (or marks readOnly), and the
    usual names of tenant, owner and role. Owner-like fields, and ids of what an object is part of,
    get the other tenant's value, others another one of the document's choices or a value unlike
    their own; somebody of a weaker role asks for the owner's. What was kept is read back from the
    object itself, not from the answer to the write; and the other tenant looks whether the object
    has come to him, or whether his own with the injected id has changed. The same request without
    the field is the positive control, and what it makes must not come to hold the value as well.
    Sign-ups, what an invitation asks for, and one's own profile are tried on new accounts, which
    the owner makes where nobody signs up (`enrol`); invitations for those who have an account by
    somebody of elsewhere (`admit`). What is empty is filled as the operation that
    fills it would. An object that says that it is the other's now is asked for by him.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    _, duel = ground.duels()
    writes = [each for each in ground.operations if is_assignable(ground, each)]
    yield survey(ground, len(writes))
    theirs = counterparts(duel.victim, duel.attacker, ground.operations)
    # In this direction the caller is `victim` of nobody: he writes his own objects.
    for operation in writes:
        with kept(duel, operation, next(duel.victim.ledger.match(operation), ())):
            yield from fight(duel, operation, theirs)
        yield from ground.after(operation)
    yield from promote(duel)
    yield from enrol(duel)
    yield from admit(duel)


def is_assignable(ground: Ground, operation: Operation) -> bool:
    """Does it take named fields and make or change something of the caller's own that is read?"""
    if operation.method not in {"POST", "PUT", "PATCH"} or operation.safe or operation.ends:
        return False
    named = "json" in operation.media or operation.media.startswith((URLENCODED, TABLE))
    if not named or not operation.speakable:
        return False
    made = operation.label in ground.estates[0].created
    updates = operation.verb in UPDATING and not operation.names
    listed = operation.reads_one and not is_person(operation.resource)
    paths = {operation.path, operation.path.rpartition("/")[0] if listed else operation.path}
    read = any(
        (each.method == "GET" and each.path in paths)
        or (updates and each.safe and each.resource == operation.resource)
        for each in ground.operations
    )
    return made or read


def fight(duel: Duel, operation: Operation, theirs: Names) -> Iterator[Observation]:
    """The plain request, then each field. `theirs` has the other's name for each of one's own."""
    caller = duel.victim
    plain, answer, recipe = plain_call(caller, operation)
    if plain is None or answer is None:
        yield duel.note("unreached", operation, reason=duel.victim.ledger.lacking(operation))
        return
    granted = caller.accepts(answer)
    if by := vouched(duel, plain, answer)[0]:
        yield duel.note("not-applicable", operation, reason=f"the {by} alone is granted it")
        return
    yield duel.note(
        "owned-write",
        operation,
        status=answer.status,
        positive=granted,
        excerpt=normalise(answer.body, plain.sent)[:EXCERPT],
    )
    if not granted:
        return
    thing = object_of(operation, answer) or alike(caller, operation)
    for each in injections(duel, operation, thing, theirs):
        yield from twice(duel, operation, (each,), recipe)
    for group in guesses(duel, operation, thing):
        tried = list(twice(duel, operation, group, recipe))
        yield from tried
        # Which of the names it was is asked only where one of them reached somebody.
        for each in group if tried[-1].data.get("reached") else ():
            yield from twice(duel, operation, (each,), recipe)


def alike(estate: Estate, operation: Operation) -> Thing | None:
    """An object of the kind that an import makes, where its answer shows none."""
    made = (each for each in estate.ledger.things if each.origin and operation.makes)
    return next((each for each in made if each.resource == operation.makes), None)


def twice(
    duel: Duel, operation: Operation, fields: Fields, recipe: Recipe
) -> Iterator[Observation]:
    """The request with these fields; once more, with a new object, when it has an effect."""
    for turn in range(ROUNDS if fields else 0):
        fact = inject(duel, operation, fields, recipe, turn)
        yield fact
        if not (fact.data.get("kept") or fact.data.get("reached")):
            return


def plain_call(estate: Estate, operation: Operation) -> tuple[Call | None, Answer | None, Recipe]:
    """The caller's own request on an object of his that may be changed, and how it is written."""
    things = next(estate.ledger.match(operation), None)
    if things is None:
        return None, None, FULL
    if operation.method != "POST":
        things = fresh_things(estate, things, operation)
    call, answer, recipe = None, None, FULL
    for recipe in (FULL, LEAST, WHATEVER):
        if recipe == WHATEVER and answer is not None and answer.status not in PRECONDITION:
            break
        current = things[-1].fields if things else None
        chain = chain_of(operation, things)
        call = estate.write(operation, values_of(operation, things), chain, recipe, current)
        answer = estate.send(call)
        if estate.accepts(answer):
            break
        # What it belonged to may be gone by now.
        things = fresh_things(estate, things, operation)
    return call, answer, recipe


def inject(
    duel: Duel, operation: Operation, fields: Fields, recipe: Recipe, turn: int
) -> Observation:
    """The request with these fields, and who sees what afterwards."""
    caller, other, first = duel.victim, duel.attacker, fields[0]
    things = fresh_things(caller, next(caller.ledger.match(operation), ()), operation)
    former = things[-1].fields if things else himself(caller, duel.ground.operations, operation)
    watched = {operation.resource: str(first.value)} if first.kind == "id" else {}
    private = [each for each in duel.ground.private if not each.public or not duel.ground.secured]
    near = shelves(other, private, operation, first)
    shelved = {each.operation.label for each in near}
    far = views_of(other, private, watched)
    views = (*near, *(each for each in far if each.operation.label not in shelved))
    call = injected(caller, operation, things, fields, recipe)
    answer, moved = caller.send(call), list[str]()
    twin: Sent | None = None
    if caller.accepts(answer):
        # What is refused is not looked after; what is granted is done once more, and watched,
        # beside the same request without the fields.
        before = look(other, views)
        plain = injected(caller, operation, fresh_things(caller, things, operation), (), recipe)
        twin = plain, caller.send(plain)
        quiet = look(other, views)
        call = injected(caller, operation, fresh_things(caller, things, operation), fields, recipe)
        answer = caller.send(call)
        after = look(other, views)
        moving = unrest(other, views, before, quiet, after)
        moved = telling(changes(quiet, after), moving) if caller.accepts(twin[1]) else []
    kept = is_kept(duel, call, answer, first)
    if kept and twin is not None:
        kept = not comes_anyway(duel, (call, answer), twin, first)
    if twin is not None and not (kept or moved):
        moved = gone_over(duel, (call, answer), twin, first)
    undo(caller, call, [each.name for each in fields], former)
    return duel.note(
        "assigned",
        operation,
        field=", ".join(each.name for each in fields),
        group=first.kind,
        known=first.known,
        round=turn,
        status=answer.status,
        granted=caller.accepts(answer),
        kept=kept,
        reached=[*moved[:5]],
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(caller.client, call),
    )


def gone_over(duel: Duel, asked: Sent, twin: Sent, field: Injection) -> list[str]:
    """The reads by id that show the other tenant this object, and not its twin without the field.

    Asked where its answer says that it is his: its maker sees it no more, and a list of his may be
    too long to show it.
    """
    (call, answer), (_, said) = asked, twin
    thing, other = object_of(call.operation, answer), object_of(call.operation, said)
    if field.kind != "owner" or thing is None or other is None or other.id in {"", thing.id}:
        return []
    if thing.fields.get(field.name) != field.value or other.fields.get(field.name) == field.value:
        return []
    reads = [each for each in duel.ground.private if each.product == thing.resource]
    for view in views_of(duel.attacker, reads, thing.chain):
        known = thing.id in view.sent and duel.attacker.accepts(duel.attacker.send(view))
        if not known or duel.victim.accepts(duel.victim.send(view)):
            continue
        alike = next(iter(views_of(duel.attacker, [view.operation], other.chain)), None)
        if alike is not None and not duel.attacker.accepts(duel.attacker.send(alike)):
            return [f"{view.operation.label} status"]
    return []


def shelves(
    estate: Estate, reads: Sequence[Operation], operation: Operation, field: Injection
) -> list[Call]:
    """The lists of what an operation makes, also inside of what a tenant has (his workspace).

    Where the field says in which, that one's.
    """
    found = []
    for each in reads:
        inside = each.safe and each.speakable and not each.reads_one
        if not inside or each.resource != operation.product:
            continue
        paths = list(islice(estate.ledger.fill(each), MOST_PATHS))
        path = next((one for one in paths if str(field.value) in one), next(iter(paths), None))
        if path is not None:
            found.append(estate.write(each, path, recipe=LEAST))
    return found[:MOST_SHELVES]


def injected(
    caller: Estate,
    operation: Operation,
    things: tuple[Thing, ...],
    fields: Fields,
    recipe: Recipe,
) -> Call:
    """The caller's own request with these fields beside the others."""
    current = things[-1].fields if things else None
    chain = chain_of(operation, things) or asked_for(caller, operation)
    call = caller.write(operation, values_of(operation, things), chain, recipe, current)
    place = place_in(caller.author, call)
    for each in fields:
        call = call.put(("body", *place, each.name), each.value)
    return call


def asked_for(caller: Estate, operation: Operation) -> dict[str, str]:
    """A new object for a change that names one in its query (`PATCH /device?uid=`), by that name.

    What has gone over to somebody else cannot be changed a second time.
    """
    names = [each for each in operation.keys.get(operation.resource, ()) if each in operation.query]
    made = (each for each in caller.ledger.things if each.resource == operation.resource)
    known = next((each for each in made if each.origin is not None), None)
    fresh = caller.renew(known) if known is not None and names else None
    value = fresh.value_for(names[0]) if fresh is not None else None
    return {resource_in(names[0]): value} if value else {}
