"""Does a number that anybody guesses open what only the secret of a link should open?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.model import Observation
from validators.credentials.role_keys import is_shut
from validators.crossing.bearers import SHORTEST_SECRET, lets_in_by_secret
from validators.crossing.owned_reads import granted_read
from validators.document.names import slots_of
from validators.document.operations import Operation
from validators.estates.ground import Duel
from validators.estates.things import ID_FIELDS, Thing
from validators.messages.calls import Call, curl, send
from validators.messages.traces import EXCERPT, is_like, like, normalise

MOST_GUESSES = 3


def guessed_links(duel: Duel) -> Iterator[Observation]:
    """Each public read by a secret that a step on an object gave, asked with what that is called.

    Nobody gets in with the secret (the positive control) and not with a made-up number. The object
    must be shut to nobody elsewhere: else its number is no secret by design.
    """
    for operation in duel.ground.operations:
        if operation.method != "GET" or not operation.speakable or len(operation.names) != 1:
            continue
        found = (things for things in duel.victim.ledger.match(operation) if things[-1].origin)
        things = next((each for each in found if lets_in_by_secret(duel, operation, each)), None)
        whole = linked(duel, things[-1]) if things is not None else None
        if things is not None and whole is not None:
            yield from asked(duel, operation, things[-1], whole)


def linked(duel: Duel, thing: Thing) -> Thing | None:
    """The object that the link is to, which its owner alone may read by its id."""
    origin = thing.origin
    slots = slots_of(origin.operation.path) if origin is not None else ()
    if origin is None or not slots or len(slots) != len(origin.path):
        return None
    whole = duel.victim.ledger.by_value(origin.path[-1], slots[-1][0])
    read = granted_read(duel.victim, duel.ground.operations, whole) if whole is not None else None
    return whole if read is not None and is_shut(duel.ground.nobody, read) else None


def asked(duel: Duel, operation: Operation, link: Thing, whole: Thing) -> Iterator[Observation]:
    """What nobody gets with the object's own names in the place of the secret."""
    secret, nobody = link.value_for(operation.names[0]) or "", duel.ground.nobody
    real = Call(operation=operation, path=(secret,))
    before = send(nobody, real)
    if not duel.victim.accepts(before):
        return
    for value in guesses(whole, secret):
        call, absent = (replace(real, path=(each,)) for each in (value, like(value, duel.chance)))
        answer, said = send(nobody, call), send(nobody, absent)
        known = duel.victim.accepts(answer) and is_like(before, answer)
        yield duel.note(
            "guess-call",
            operation,
            role="anonymous",
            credential="what its object is called in the place of the secret",
            status=answer.status,
            granted=known and not duel.victim.accepts(said),
            excerpt=normalise(answer.body, call.sent)[:EXCERPT],
            curl=curl(nobody, call),
        )


def guesses(whole: Thing, secret: str) -> list[str]:
    """What an object is called by that counts up (`7`, `INV-0001`), and is not the secret."""
    named = [whole.fields.get(name) for name in dict.fromkeys((*ID_FIELDS, whole.key))]
    plain = [str(each) for each in named if isinstance(each, str | int)]
    short = [each for each in plain if each[-1:].isdigit() and len(each) < SHORTEST_SECRET]
    return [each for each in dict.fromkeys(short) if each != secret][:MOST_GUESSES]
