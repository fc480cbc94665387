"""What does each role of a tenant get from each operation?"""

from __future__ import annotations

from collections.abc import Iterator

from gate.check import Answer, Client, Testbed
from gate.model import Json, Observation
from validators.crossing.foreign_writes import is_write, survey
from validators.crossing.trials import kept
from validators.document.expressions import hierarchy_in
from validators.document.operations import Operation, as_object
from validators.document.reservations import reservations
from validators.estates.estate import LEAST
from validators.estates.ground import Duel, Ground, stand
from validators.estates.newcomers import takes_newcomers
from validators.estates.seniors import TOP, split
from validators.messages.calls import Call, send
from validators.roles.role_filters import filtered
from validators.roles.role_parts import kept_parts
from validators.roles.role_rights import rights_of
from validators.roles.role_sacrifices import sacrificed
from validators.roles.role_strangers import read_by_strangers, strangers_of, written_by_strangers
from validators.roles.role_strikes import (
    Crew,
    about,
    asked,
    is_reserved,
    nobody_gets,
    on_his_own,
    own,
    owned_write,
    strike,
)
from validators.roles.role_trials import (
    absent_path,
    is_same_count,
    is_shown,
    stage,
)

OTHERWISE = "no other role sends a credential of the kind that it asks for"


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Call every operation as every role of one tenant, on objects that the owner made for it.

    From the weakest role to the strongest: each answer is granted, refused or undecided (an error
    that says neither). Writes go to objects of the owner's, who looks before and after, so that a
    success without effect is not taken for one. The owner's own call is the positive control. With
    each answer goes what the document says of who may (`reservations`), and, where one is granted
    what is reserved, what nobody gets. What is reserved and not found is tried on an object of the
    role's own, and what ends what nobody has twice in a new tenant for each role. Two roles of the
    other tenant try the same objects. Where there is no other role, the owner tries what is
    reserved: he may be an ordinary user. So he is where the target file has roles above him: the
    strongest who is granted what he is refused is then the positive control.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    duel, _ = ground.duels()
    tenant = duel.victim.client.tenant
    below, above = split(ground, tenant)
    names = [*below, *above]
    whole = (*below, TOP, *above)
    said = () if ground.hints.roles else hierarchy_in(described(testbed), whole)
    crew = Crew(
        names=said or whole,
        above=tuple(above),
        actors={name: ground.client(testbed.actor(tenant, name)) for name in names},
        strangers=strangers_of(duel),
    )
    chosen = [each for each in asked_of(ground) if names or reservations(each, crew.names)]
    yield survey(ground, len(chosen))
    yield Observation(
        kind="staffed",
        subject=tenant,
        at=testbed.clock(),
        data={"roles": [*crew.names], "ordered": is_ordered(ground, names, said)},
    )
    for operation in sorted(chosen, key=lambda each: (not each.safe, each.ends)):
        asking = crew.asking(operation, duel.victim.author.document)
        if crew.actors and not asking.actors:
            yield duel.note("not-applicable", operation, reason=OTHERWISE)
        elif operation.safe:
            yield from read(duel, operation, asking)
        elif is_write(operation):
            yield from write(duel, operation, asking)
            yield from ground.after(operation)
    yield from ground.left_out(lambda each: not each.public and bool(names))


def asked_of(ground: Ground) -> list[Operation]:
    """What is not for everybody, by a document that says what is."""
    return [
        each
        for each in ground.operations
        if each.speakable and not (each.public and ground.secured)
    ]


def described(testbed: Testbed) -> str:
    """What the document says of the whole service."""
    return str(as_object(testbed.openapi().get("info")).get("description", ""))


def is_ordered(ground: Ground, names: list[str], said: tuple[str, ...]) -> bool:
    """Is the order of the roles known: by the target file, the document, or their names?"""
    return bool(ground.hints.roles or said) or is_known(names)


def is_known(names: list[str]) -> bool:
    """Is the order of these roles by their names beyond doubt?"""
    usual = ["viewer", "contributor", "maintainer", "admin"]
    return [name for name in usual if name in names] == names


def read(duel: Duel, operation: Operation, crew: Crew) -> Iterator[Observation]:
    """One read, as each role."""
    path = duel.victim.path_for(operation)
    if path is None and not crew.actors:
        path = absent_path(duel, operation)
    if path is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    call = duel.victim.write(operation, path, recipe=LEAST)
    answer = duel.victim.send(call)
    told = {role: send(actor, call) for role, actor in crew.actors.items()}
    best = next((role for role in reversed(crew.above) if duel.victim.accepts(told[role])), "")
    more = about(operation, crew) | shown(duel, call, answer, answer, crew)
    if best and not more.get("shown") and is_reserved(operation, crew):
        more["shown"] = is_same_count(call, told[best], answer)
    yield own(duel, call, answer, more, best)
    if rights := rights_of(operation, answer):
        yield Observation(kind="listed-rights", subject=operation.label, data={"roles": rights})
    blind = dict[str, Client]()
    for role, said in told.items():
        seen = shown(duel, call, answer, said, crew)
        yield asked(duel, call, said, (role, crew.actors[role]), about(operation, crew) | seen)
        if seen.get("shown") is False:
            blind[role] = crew.actors[role]
    yield from filtered(duel, call, blind, about(operation, crew))
    yield from kept_parts(duel, call, crew.names, crew.actors)
    yield from read_by_strangers(duel, call, crew.strangers)


def shown(duel: Duel, call: Call, owned: Answer, answer: Answer, crew: Crew) -> dict[str, Json]:
    """Whether an answer shows what the owner sees, and, of what is reserved, if nobody gets it."""
    if not duel.victim.accepts(answer):
        return {}
    open_to_all = is_reserved(call.operation, crew) and nobody_gets(duel, call)
    return {"shown": is_shown(duel, call, owned, answer), "nobody": open_to_all}


def write(duel: Duel, operation: Operation, crew: Crew) -> Iterator[Observation]:
    """One write, as each role, on objects that the owner made."""
    staged = stage(duel, operation, alone=not crew.actors)
    if isinstance(staged, Observation):
        if operation.ends and crew.actors and takes_newcomers(duel) and staged.kind == "unreached":
            yield from sacrificed(duel, operation, crew)
        else:
            yield staged
        return
    with kept(duel, operation, staged.things):
        scene, quiet, best = staged.fresh(), None, ""
        for role, actor in crew.actors.items():
            fact, quiet = strike(duel, operation, (staged, scene), (role, actor), crew, quiet)
            if fact.data.get("said") == "undecided" and not staged.makes:
                fact = on_his_own(duel, operation, (role, actor), crew) or fact
            yield fact
            granted = fact.data.get("said") == "granted"
            best = role if granted and role in crew.above else best
            if quiet is None:
                scene = staged.fresh()
        if not staged.makes:
            yield from written_by_strangers(duel, operation, staged, crew.strangers)
            scene = staged.fresh()
        yield owned_write(duel, (staged, scene), operation, crew, best)
