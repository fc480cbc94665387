"""Which fields that a caller must not set can he set all the same?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from gate.check import Answer, Testbed
from gate.forms import TABLE, URLENCODED
from gate.model import Json, Observation
from validators.account_fields import is_settled
from validators.accounts import enrol
from validators.calls import Call, curl
from validators.estate import FULL, LEAST, MOST_PATHS, Estate
from validators.foreign_writes import survey
from validators.ground import Duel, Ground, stand
from validators.identities import RANKS, counterpart, identities, is_owning, is_ranking
from validators.kept_fields import Injection, Sent, comes_anyway, is_kept, object_of, unlike
from validators.names import SELF, UPDATING, is_identity, resource_in
from validators.operations import Operation, as_list, as_object
from validators.own_fields import fields_in, free_fields, himself, place_of, undo
from validators.principals import is_person
from validators.promotions import promote
from validators.seniors import vouched
from validators.states import changes, look, telling, unrest, views_of
from validators.things import Thing, chain_of, values_of
from validators.traces import EXCERPT, normalise
from validators.trials import fresh_things, kept

WHOSE = (
    *("tenant", "owner", "user", "org", "organization", "organisation", "account"),
    *("workspace", "company", "team"),
)
GENERIC = (
    *(f"{word}{ending}" for word in WHOSE for ending in ("_id", "Id", "")),
    "created_by",
    "createdBy",
)
MOST_FIELDS, MOST_SHELVES = 12, 2
ROUNDS = 2


Fields = tuple[Injection, ...]


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Add fields to creations and changes that the document does not let callers set.

    Candidates are what answers hold and the request's schema does not (or marks readOnly), and the
    usual names of tenant, owner and role. Owner-like fields, and ids of what an object is part of,
    get the other tenant's value, others another one of the document's choices or a value unlike
    their own; somebody of a weaker role asks for the owner's. What was kept is read back from the
    object itself, not from the answer to the write; and the other tenant looks whether the object
    has come to him, or whether his own with the injected id has changed. The same request without
    the field is the positive control, and what it makes must not come to hold the value as well.
    Sign-ups and one's own profile are tried on new accounts (`enrol`).
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    _, duel = ground.duels()
    writes = [each for each in ground.operations if is_assignable(ground, each)]
    yield survey(ground, len(writes))
    # In this direction the caller is `victim` of nobody: he writes his own objects.
    for operation in writes:
        with kept(duel, operation, next(duel.victim.ledger.match(operation), ())):
            yield from fight(duel, operation)
        yield from ground.after(operation)
    yield from promote(duel)
    yield from enrol(duel)


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


def fight(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """The plain request, then each field."""
    caller = duel.victim
    plain, answer = plain_call(caller, operation)
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
    for each in injections(duel, operation, thing):
        yield from twice(duel, operation, (each,))
    for group in guesses(duel, operation, thing):
        tried = list(twice(duel, operation, group))
        yield from tried
        # Which of the names it was is asked only where one of them reached somebody.
        for each in group if tried[-1].data.get("reached") else ():
            yield from twice(duel, operation, (each,))


def alike(estate: Estate, operation: Operation) -> Thing | None:
    """An object of the kind that an import makes, where its answer shows none."""
    made = (each for each in estate.ledger.things if each.origin and operation.makes)
    return next((each for each in made if each.resource == operation.makes), None)


def twice(duel: Duel, operation: Operation, fields: Fields) -> Iterator[Observation]:
    """The request with these fields; once more, with a new object, when it has an effect."""
    for turn in range(ROUNDS if fields else 0):
        fact = inject(duel, operation, fields, turn)
        yield fact
        if not (fact.data.get("kept") or fact.data.get("reached")):
            return


def plain_call(estate: Estate, operation: Operation) -> tuple[Call | None, Answer | None]:
    """The caller's own request on an object of his that may be changed."""
    things = next(estate.ledger.match(operation), None)
    if things is None:
        return None, None
    if operation.method != "POST":
        things = fresh_things(estate, things, operation)
    call = answer = None
    for recipe in (FULL, LEAST):
        current = things[-1].fields if things else None
        chain = chain_of(operation, things)
        call = estate.write(operation, values_of(operation, things), chain, recipe, current)
        answer = estate.send(call)
        if estate.accepts(answer):
            break
        # What it belonged to may be gone by now.
        things = fresh_things(estate, things, operation)
    return call, answer


def injections(duel: Duel, operation: Operation, thing: Thing | None) -> list[Injection]:
    """The fields that answers are known to have and the request's schema does not offer."""
    free = free_fields(duel.victim.author, dict(operation.body))
    shown = dict(thing.fields) if thing else {}
    replies = as_object(duel.victim.author.simplify(dict(operation.replies)).get("properties"))
    names = [name for name in [*shown, *replies] if name not in free]
    if is_of_oneself(operation):
        names = [name for name in names if is_settled(name, shown.get(name))]
    found = [each for name in dict.fromkeys(names) if (each := known(duel, operation, name, thing))]
    return found[:MOST_FIELDS]


def is_of_oneself(operation: Operation) -> bool:
    """Is it the caller's own account that is changed, and nobody's else?"""
    about = operation.resource in SELF or is_person(operation.resource)
    return about and not operation.names and operation.method != "POST"


def guesses(duel: Duel, operation: Operation, thing: Thing | None) -> tuple[Fields, ...]:
    """The usual names of owners and of ranks that neither answers nor the request's schema have.

    Owners once with what their names ask for, and with each name that the other tenant goes by.
    """
    declared = fields_in(duel.victim.author, dict(operation.body))
    taken = {*declared, *(thing.fields if thing else ())}
    free = [name for name in GENERIC if name not in taken]
    by_name: dict[str, Json] = {name: foreign_value(duel, name, thing) for name in free}
    values: list[dict[str, Json]] = [by_name]
    values += (dict.fromkeys(free, each) for each in identities(duel.attacker, duel.victim))
    owners = [as_owners(each) for at, each in enumerate(values) if each not in values[:at]]
    ranks = [
        Injection(name=name, value=value, kind="rank", known=False)
        for name, value in RANKS.items()
        if name not in taken
    ]
    return (*owners, tuple(ranks))


def as_owners(values: Mapping[str, Json]) -> Fields:
    """Fields that say whose an object is."""
    return tuple(
        Injection(name=name, value=value, kind="owner", known=False)
        for name, value in values.items()
        if value is not None
    )


def known(duel: Duel, operation: Operation, name: str, thing: Thing | None) -> Injection | None:
    """What to put into a field that answers have."""
    shown = thing.fields if thing else {}
    now = shown.get(name)
    if called := counterpart(duel.victim, duel.attacker, now):
        return Injection(name=name, value=called, kind="owner", known=True)
    if is_owning(name) or (thing and is_part_of(duel, name, now, thing)):
        value = foreign_value(duel, name, thing)
        return (
            None if value is None else Injection(name=name, value=value, kind="owner", known=True)
        )
    if is_ranking(name):
        rank = RANKS.get(name, "admin")
        if now == rank:  # what he is already is no promotion
            return None
        return Injection(name=name, value=rank, kind="rank", known=name in shown)
    value = other_choice(duel, operation, name, now) or unlike(name, now)
    if thing and is_identity(name) and str(now) == thing.id:
        twin = foreign_twin(duel, thing)
        value = twin if isinstance(now, str) or twin is None else int(twin)
        return None if value is None else Injection(name=name, value=value, kind="id", known=True)
    return None if value is None else Injection(name=name, value=value, kind="other", known=True)


def foreign_value(duel: Duel, name: str, thing: Thing | None) -> Json:
    """The other tenant's value of an owner-like field: of the same kind of object if possible."""
    things = sorted(
        (each for each in duel.attacker.ledger.things if each.fields.get(name) is not None),
        key=lambda each: thing is None or each.resource != thing.resource,
    )
    own = {str(each.fields.get(name)) for each in duel.victim.ledger.things}
    for each in things:
        if str(each.fields[name]) not in own:
            return each.fields[name]
    wanted = resource_in(name)
    for each in duel.attacker.ledger.things:
        if each.resource == wanted and duel.victim.ledger.by_value(each.id) is None:
            return each.id
    names = identities(duel.attacker, duel.victim)
    return names[0] if names else None


def is_part_of(duel: Duel, name: str, now: Json, thing: Thing) -> bool:
    """Is it what the object belongs to, another one of which the other tenant has made?"""
    fitting = duel.victim.ledger.things_for(name) if is_identity(name) else []
    theirs = duel.attacker.ledger.by_value(str(foreign_value(duel, name, thing)))
    own = str(now) != thing.id and any(each.id == str(now) for each in fitting)
    return own and theirs is not None and theirs.origin is not None


def other_choice(duel: Duel, operation: Operation, name: str, now: Json) -> Json:
    """Another one of the choices that the document has for a field of the answer."""
    author = duel.victim.author
    declared = author.simplify(fields_in(author, dict(operation.replies)).get(name))
    choices = [each for each in as_list(declared.get("enum")) if isinstance(each, str)]
    return next((each for each in choices if isinstance(now, str) and each != now), None)


def foreign_twin(duel: Duel, thing: Thing) -> str | None:
    """The id of the other tenant's object of this kind."""
    found = [
        each
        for each in duel.attacker.ledger.things
        if each.resource == thing.resource and each.origin
    ]
    fresh = duel.attacker.renew(found[0]) if found else None
    return fresh.id if fresh else None


def inject(duel: Duel, operation: Operation, fields: Fields, turn: int) -> Observation:
    """The request with these fields, and who sees what afterwards."""
    caller, other, first = duel.victim, duel.attacker, fields[0]
    things = fresh_things(caller, next(caller.ledger.match(operation), ()), operation)
    former = things[-1].fields if things else himself(caller, duel.ground.operations, operation)
    watched = {operation.resource: str(first.value)} if first.kind == "id" else {}
    private = [each for each in duel.ground.private if not each.public or not duel.ground.secured]
    views = (*shelves(other, private, operation, first), *views_of(other, private, watched))
    call = injected(caller, operation, things, fields)
    answer, moved = caller.send(call), list[str]()
    twin: Sent | None = None
    if caller.accepts(answer):
        # What is refused is not looked after; what is granted is done once more, and watched,
        # beside the same request without the fields.
        before = look(other, views)
        plain = injected(caller, operation, fresh_things(caller, things, operation), ())
        twin = plain, caller.send(plain)
        quiet = look(other, views)
        call = injected(caller, operation, fresh_things(caller, things, operation), fields)
        answer = caller.send(call)
        after = look(other, views)
        moving = unrest(other, views, before, quiet, after)
        moved = telling(changes(quiet, after), moving) if caller.accepts(twin[1]) else []
    kept = is_kept(duel, call, answer, first)
    if kept and twin is not None:
        kept = not comes_anyway(duel, (call, answer), twin, first)
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


def shelves(
    estate: Estate, reads: Sequence[Operation], operation: Operation, field: Injection
) -> list[Call]:
    """The lists of what an operation makes inside of what a tenant has, such as his workspace.

    Where the field says in which, that one's.
    """
    found = []
    for each in reads:
        inside = each.safe and each.speakable and each.names and not each.reads_one
        if not inside or each.resource != operation.product:
            continue
        paths = list(islice(estate.ledger.fill(each), MOST_PATHS))
        path = next((one for one in paths if str(field.value) in one), next(iter(paths), None))
        if path is not None:
            found.append(estate.write(each, path, recipe=LEAST))
    return found[:MOST_SHELVES]


def injected(
    caller: Estate, operation: Operation, things: tuple[Thing, ...], fields: Fields
) -> Call:
    """The caller's own request with these fields beside the others."""
    current = things[-1].fields if things else None
    chain = chain_of(operation, things)
    call = caller.write(operation, values_of(operation, things), chain, FULL, current)
    place = place_of(call.body)
    for each in fields:
        call = call.put(("body", *place, each.name), each.value)
    return call
