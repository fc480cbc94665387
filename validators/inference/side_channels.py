"""By what else than an object's id could one tenant learn of another's?"""

from __future__ import annotations

from collections.abc import Iterator

from gate.check import Testbed
from gate.model import Observation
from validators.crossing.foreign_writes import survey
from validators.estates.ground import stand
from validators.inference.kept_answers import repeatable, repeats
from validators.inference.taken_names import is_naming, taken_names
from validators.inference.timing import timings


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Send the victim's Idempotency-Keys, take its names, and time what only it has.

    Each request with a key that the document declares is repeated by the other tenant and by other
    members, with the same body and with one of their own. Each name, code and address that the
    victim gave is given by the other tenant, beside ones that nobody has. Reads of the victim's
    objects are timed in turn with reads of what nobody has.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    duel, _ = ground.duels()
    named = [each for each in ground.operations if is_naming(duel, each)]
    yield survey(ground, len(repeatable(duel)) + len(named))
    yield from timings(duel)
    yield from repeats(duel)
    yield from taken_names(duel)
