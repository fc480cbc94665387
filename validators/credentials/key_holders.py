"""Whom does a key stand for that a member may have made?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.check import Answer, Client
from gate.model import Observation
from gate.testbed.hints import roles_of
from validators.document.names import resource_in
from validators.document.operations import Operation
from validators.estates.estate import LEAST, Estate
from validators.estates.ground import Duel
from validators.estates.holders import introductions, person_in, staff
from validators.estates.throwaways import Pass, hidden, makers, taken, with_fields
from validators.messages.calls import Call, curl, send
from validators.messages.traces import EXCERPT, normalise, scalars
from validators.roles.role_matrix import is_known

REFUSED = {401, 403}


def impersonate(duel: Duel) -> Iterator[Observation]:
    """Each role that may make keys asks for one that stands for somebody else.

    For stronger members, and for anybody by a role that may not make members, which shows that
    members are not its business. Where the order of roles is not known, nothing is tried.
    """
    testbed, tenant = duel.ground.testbed, duel.victim.client.tenant
    roles = roles_of(testbed, tenant)
    if not (duel.ground.hints.roles or is_known([*roles[:-1]])):
        return
    for maker in makers(duel):
        name = person_in(duel.victim, maker)
        people = {**known_people(duel.victim, name), **staff(duel, name)} if name else {}
        for role in roles[:-1] if name and people else ():
            actor = duel.ground.client(testbed.actor(tenant, role))
            yield from stand_for(duel, maker, name, people, actor, roles)


def known_people(estate: Estate, name: str) -> dict[str, str]:
    """The members that such a field may name, each with its role as the service shows it."""
    found: dict[str, str] = {}
    for thing in estate.ledger.things_for(name):
        if thing.resource == resource_in(name) and thing.fields.get("role"):
            found.setdefault(thing.id, str(thing.fields["role"]))
    return found


def stand_for(  # noqa: PLR0913, PLR0917 - the parts of one attempt
    duel: Duel,
    maker: Operation,
    name: str,
    people: dict[str, str],
    actor: Client,
    roles: tuple[str, ...],
) -> Iterator[Observation]:
    """One role's attempts, after it made a key for itself (the positive control)."""
    path = next(duel.victim.ledger.fill(maker), ())
    plain = duel.victim.write(maker, path, recipe=LEAST)
    if not duel.victim.accepts(send(actor, plain)):
        return
    own = selves(duel, actor)
    managing = not own & people.keys() or may_manage(duel, actor, resource_in(name))
    tried: set[str] = set()
    for person, role in people.items():
        stronger = role in roles and roles.index(role) > roles.index(actor.role)
        if person in own or (managing and not stronger) or role in tried:
            continue
        tried.add(role)
        call = with_fields(plain, {name: person})
        answer = send(actor, call)
        made = taken(duel.victim, call, answer) if duel.victim.accepts(answer) else []
        yield stood(duel, call, answer, made, actor, person=person, stronger=stronger, theirs=role)


def stood(  # noqa: PLR0913 - the parts of one attempt
    duel: Duel,
    call: Call,
    answer: Answer,
    made: Sequence[Pass],
    actor: Client,
    *,
    person: str,
    stronger: bool,
    theirs: str,
) -> Observation:
    """Whom the new key signs in as: what it says, or what the service says of its holder."""
    shown = [value for each in made for value in whom(duel, each)]
    return duel.note(
        "stood-call",
        call.operation,
        role=actor.role,
        theirs=theirs,
        stronger=stronger,
        status=answer.status,
        granted=bool(made) and person in (shown or ids_in(answer)),
        excerpt=hidden(made, normalise(answer.body, call.sent))[:EXCERPT],
        curl=curl(actor, call),
    )


def whom(duel: Duel, holder: Pass) -> list[str]:
    """What the service says of who this is."""
    return [
        value for each in introductions(duel) for value in ids_in(holder.call(duel.ground, each))
    ]


def ids_in(answer: Answer) -> list[str]:
    """Every text and number of an answer."""
    return [str(value) for _, value in scalars(answer.json()) if value not in {None, ""}]


def selves(duel: Duel, actor: Client) -> set[str]:
    """By which values does the service call this principal?"""
    return {value for each in introductions(duel) for value in ids_in(send(actor, each))}


def may_manage(duel: Duel, actor: Client, resource: str) -> bool:
    """May it make members? Unless it is plainly refused, that is not known to be forbidden."""
    for each in duel.ground.operations:
        if each.method == "POST" and not each.names and each.product == resource and each.speakable:
            answer = send(actor, duel.victim.write(each, (), recipe=LEAST))
            return answer.status not in REFUSED
    return True
