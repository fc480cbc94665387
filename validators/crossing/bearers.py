"""Is somebody let in by nothing but the secret that a path holds: a payment link, a guest's token?

Then whoever was given it acts by right, and an answer unlike the one for a made-up secret tells him
only that his own is good.
"""

from __future__ import annotations

from validators.crossing.trials import is_chosen
from validators.document.names import words_of
from validators.document.operations import Operation
from validators.estates.ground import Duel
from validators.estates.things import Thing, values_of

SECRETS = frozenset({"token", "secret", "signature", "hash", "nonce"})
SHORTEST_SECRET = 16
GIVEN = "whoever was given the secret in its path acts by right"


def lets_in_by_secret(duel: Duel, operation: Operation, things: tuple[Thing, ...]) -> bool:
    """Does it ask for no credential where others do, and for a secret that the service gave?

    A number, a slug or what its owner has thought of is none: anybody guesses that.
    """
    open_to_all = operation.public and duel.ground.secured
    if not (open_to_all or duel.ground.hints.is_public(operation.label)):
        return False
    known = zip(operation.names, values_of(operation, things), things, strict=True)
    return any(
        SECRETS & {*words_of(name)} and len(value) >= SHORTEST_SECRET and not is_chosen(thing)
        for name, value, thing in known
    )
