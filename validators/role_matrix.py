"""What does each role of a tenant get from each operation?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gate.check import Client, Testbed
from gate.model import Json, Observation
from gate.testbed.hints import roles_of
from validators.calls import Call, curl, send
from validators.estate import FULL, LEAST, chain_of
from validators.foreign_writes import is_write, survey
from validators.ground import Duel, stand
from validators.ledger import Thing, values_of
from validators.operations import Operation
from validators.states import State, as_data, changes, look, telling, unrest, views_of
from validators.traces import EXCERPT, normalise
from validators.trials import fresh_things, is_kept, kept, reason_to_spare

REFUSED = {401, 403}
TOP = "owner"


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Call every operation as every role of one tenant, on objects that the owner made for it.

    From the weakest role to the strongest: each answer is granted, refused or undecided (an error
    that says neither). Writes go to objects of the owner's, who looks before and after, so that a
    success without effect is not taken for one. The owner's own call is the positive control.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    duel, _ = ground.duels()
    tenant = duel.victim.client.tenant
    names = [name for name in roles_of(testbed, tenant) if name != TOP]
    chosen = [each for each in ground.operations if not each.public and each.speakable]
    yield survey(ground, len(chosen) if names else 0)
    yield Observation(
        kind="staffed",
        subject=tenant,
        at=testbed.clock(),
        data={"roles": [*names, TOP], "ordered": bool(ground.hints.roles) or is_known(names)},
    )
    actors = {name: ground.client(testbed.actor(tenant, name)) for name in names}
    for operation in sorted(chosen, key=lambda each: (not each.safe, each.ends)) if names else ():
        if operation.safe:
            yield from read(duel, operation, actors)
        elif is_write(operation) and operation.names:
            yield from write(duel, operation, actors)
        elif is_write(operation):
            yield from make(duel, operation, actors)
    yield from ground.left_out(lambda each: not each.public and bool(names))


def is_known(names: list[str]) -> bool:
    """Is the order of these roles by their names beyond doubt?"""
    usual = ["viewer", "contributor", "maintainer", "admin"]
    return [name for name in usual if name in names] == names


def read(duel: Duel, operation: Operation, actors: Mapping[str, Client]) -> Iterator[Observation]:
    """One read, as each role."""
    path = duel.victim.path_for(operation)
    if path is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    call = duel.victim.write(operation, path, recipe=LEAST)
    yield own(duel, call)
    for role, actor in actors.items():
        yield asked(duel, call, role, actor, {})


def own(duel: Duel, call: Call) -> Observation:
    """The owner's own call."""
    answer = duel.victim.send(call)
    return duel.note(
        "owned-call",
        call.operation,
        status=answer.status,
        positive=duel.victim.accepts(answer),
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
    )


def asked(duel: Duel, call: Call, role: str, actor: Client, more: dict[str, Json]) -> Observation:
    """What a role got."""
    answer = send(actor, call)
    granted = duel.victim.accepts(answer)
    return duel.note(
        "role-call",
        call.operation,
        role=role,
        status=answer.status,
        said="granted" if granted else "refused" if answer.status in REFUSED else "undecided",
        declared=[*call.operation.roles],
        safe=call.operation.safe,
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(actor, call),
        **more,
    )


def write(duel: Duel, operation: Operation, actors: Mapping[str, Client]) -> Iterator[Observation]:
    """One write, as each role, on objects that the owner made."""
    things = next(duel.victim.ledger.match(operation), None)
    if things is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    if reason := reason_to_spare(duel, operation, things[-1]):
        yield duel.note("unreached", operation, reason=reason)
        return
    with kept(duel, operation, things):
        fresh = fresh_things(duel.victim, things, operation)
        quiet = None
        for role, actor in actors.items():
            fact, quiet = strike(duel, operation, fresh, (role, actor), quiet)
            yield fact
            if quiet is None:
                fresh = fresh_things(duel.victim, things, operation)
        for recipe in (FULL, LEAST):
            chain = chain_of(operation, fresh)
            values = values_of(operation, fresh)
            call = duel.victim.write(operation, values, chain, recipe, fresh[-1].fields)
            fact = own(duel, call)
            if fact.data.get("positive"):
                break
        yield fact


def strike(
    duel: Duel,
    operation: Operation,
    things: tuple[Thing, ...],
    caller: tuple[str, Client],
    known: State | None,
) -> tuple[Observation, State | None]:
    """The write as this role, between looks of the owner; the owner's last look, which stays true.

    None when the object is another now. Whether views move by themselves is asked only of what
    the document does not allow.
    """
    chain = chain_of(operation, things)
    views = views_of(duel.victim, duel.ground.operations, chain)[:3]
    values = values_of(operation, things)
    call = duel.victim.write(operation, values, chain, FULL, things[-1].fields)
    quiet = known or look(duel.victim, views)
    fact = asked(duel, call, *caller, {})
    if fact.data.get("said") == "refused":
        return fact, quiet
    after = look(duel.victim, views)
    allowed = caller[0] in operation.roles
    moving = [] if allowed else unrest(duel.victim, views, quiet, quiet, after)
    effect = bool(telling(changes(quiet, after), moving))
    data = {**fact.data, **as_data(quiet, after, moving), "effect": effect}
    spent = effect or fact.data.get("said") == "granted"
    return duel.note("role-call", operation, **data), None if spent else after


def make(duel: Duel, operation: Operation, actors: Mapping[str, Client]) -> Iterator[Observation]:
    """One creation at the top, as each role."""
    if operation.label not in duel.victim.created and not is_kept(operation):
        yield duel.note("not-applicable", operation, reason="it acts on the caller, who is needed")
        return
    with kept(duel, operation, ()):
        for role, actor in actors.items():
            yield asked(duel, duel.victim.write(operation, (), {}, FULL), role, actor, {})
        yield own(duel, duel.victim.write(operation, (), {}, FULL))
