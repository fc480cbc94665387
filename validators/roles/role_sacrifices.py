"""Which roles may end what cannot be made again? Asked in tenants that were made to be lost."""

from __future__ import annotations

from collections.abc import Iterator

from gate.model import Observation
from validators.document.operations import Operation
from validators.estates.ground import Duel
from validators.estates.holders import recruited
from validators.estates.newcomers import NewAccount, newcomer
from validators.roles.role_strikes import Crew, owned_write, strike
from validators.roles.role_trials import Stage, Staging, stage_on


def sacrificed(duel: Duel, operation: Operation, crew: Crew) -> Iterator[Observation]:
    """The operation as each role below the owner's, and as the owner, each in a tenant of its own.

    A role is tried by a new member whom the new tenant's owner gives it.
    """
    for role in crew.actors:
        with newcomer(duel, operation) as other:
            holder = next(recruited(other, role), None) if other else None
            tried = staged(other, operation) if other else None
            if other is None or tried is None or holder is None:
                yield duel.note("unreached", operation, reason=f"no new tenant has a new {role}")
                return
            actor = NewAccount(client=duel.ground.nobody, holder=holder)
            yield strike(other, operation, tried, (role, actor), crew, None)[0]
    with newcomer(duel, operation) as other:
        tried = staged(other, operation) if other else None
        if other is not None and tried is not None:
            yield owned_write(other, tried, operation, crew, "")


def staged(duel: Duel, operation: Operation) -> tuple[Staging, Stage] | None:
    """What the new owner has that the operation can be done to, once."""
    things = next(duel.victim.ledger.match(operation), None)
    if things is None:
        return None
    scene = stage_on(duel, operation, things)
    return Staging(things, lambda: scene), scene
