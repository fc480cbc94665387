"""Who may more than a tenant's owner, by the order that the target file gives its roles?

Where tenants are a service's ordinary customers, its staff are principals above them. What only
staff may do has its positive control with them, and the owner is one of those who must be refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.check import Answer, Client
from gate.testbed.hints import hints_of, roles_of
from validators.document.names import slots_of
from validators.estates.ground import Duel, Ground
from validators.estates.things import is_called
from validators.messages.calls import Call, send

TOP = "owner"
DENIED = frozenset({401, 403})


def split(ground: Ground, tenant: str) -> tuple[list[str], list[str]]:
    """A tenant's roles below and above its owner, from the weakest to the strongest.

    The owner is the strongest, unless the target file names him before others.
    """
    names, order = roles_of(ground.testbed, tenant), hints_of(ground.testbed).roles
    later = order[order.index(TOP) + 1 :] if TOP in order else ()
    above = [name for name in names if name in later]
    return [name for name in names if name != TOP and name not in above], above


def seniors(duel: Duel) -> Iterator[Client]:
    """The principals above the owner, the strongest first, those of his own tenant before others'.

    To which tenant a service's staff are written down is chance.
    """
    for estate in (duel.victim, duel.attacker):
        tenant = estate.client.tenant
        for name in reversed(split(duel.ground, tenant)[1]):
            yield duel.ground.client(duel.ground.testbed.actor(tenant, name))


def is_harmless(duel: Duel, call: Call) -> bool:
    """May a stronger principal do it: a read, a creation, or something to what was made here?"""
    operation, slots = call.operation, slots_of(call.operation.path)
    if operation.safe or not slots:
        planted = {each.subject for each in duel.ground.facts if each.kind == "planted"}
        return operation.safe or operation.label in planted
    made = [*duel.victim.spares, *(each for each in duel.victim.ledger.things if each.origin)]
    return any(
        is_called(each, *slots[-1]) and each.value_for(slots[-1][1]) == call.path[-1]
        for each in made
    )


def vouched(duel: Duel, call: Call, answer: Answer) -> tuple[str, Answer]:
    """The strongest who is granted what the owner is denied, and his answer; "" and the owner's."""
    if answer.status not in DENIED or not is_harmless(duel, call):
        return "", answer
    for senior in seniors(duel):
        said = send(senior, call)
        if duel.victim.accepts(said):
            return senior.role, said
    return "", answer
