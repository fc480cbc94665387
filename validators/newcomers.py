"""Who stands in for a tenant whom an operation may end? Somebody who was made to be lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from gate.testbed.hints import salt_of
from validators.estate import open_estate
from validators.ground import Duel
from validators.operations import Operation
from validators.patience import Patient
from validators.planting import browse


def is_sacrificed(duel: Duel, operation: Operation) -> bool:
    """Does it end what cannot be made again, and does the target take new tenants?"""
    return operation.ends and "newcomers" in duel.ground.testbed.target.offers


@contextmanager
def newcomer(duel: Duel, operation: Operation) -> Iterator[Duel]:
    """The duel with a new tenant's owner as the victim, in whose place the record names the old.

    He looks around until he knows something that the operation can be done to.
    """
    ground = duel.ground
    with ground.testbed.newcomer() as owner:
        estate = open_estate(
            Patient(client=owner, silence=ground.silence),
            duel.victim.author.document,
            salt_of(ground.testbed, ground.testbed.seed, "newcomer"),
            ground.envelope,
            ground.hints.values,
        )
        for each in ground.operations:
            if any(True for _ in estate.ledger.match(operation)):
                break
            if each.safe and not each.names and not each.public:
                browse(estate, [each])
        yield replace(duel, victim=estate, instead_of=duel.victim.client.tenant)
