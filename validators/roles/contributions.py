"""Is what a role adds its own from then on, as an issue is that of whoever has opened it?"""

from __future__ import annotations

from gate.check import Answer, Client
from validators.crossing.foreign_writes import is_write
from validators.document.names import slots_of
from validators.document.operations import Operation
from validators.document.reservations import act_of
from validators.estates.ground import Duel
from validators.estates.ledger import Ledger
from validators.messages.calls import Call, send


def keeps(duel: Duel, call: Call, answer: Answer, actor: Client) -> bool:
    """May whoever has made an object this way change it, or end it where nothing changes it?

    A service that knows who has made what, and lets him, means him to make it.
    """
    fresh = Ledger()
    thing = duel.victim.record(fresh, call, answer, made=True)
    if thing is None:
        return False
    asked = (duel.victim.upon(each, thing) for each in upkeep(duel, thing.resource))
    first = next((each for each in asked if each is not None), None)
    return first is not None and duel.victim.accepts(send(actor, first))


def upkeep(duel: Duel, resource: str) -> list[Operation]:
    """What changes one object of this kind, then what ends it."""
    found = [
        each
        for each in duel.ground.operations
        if each.reads_one and each.names and is_write(each) and each.speakable
        if slots_of(each.path)[-1][0] == resource and act_of(each) in {"change", "end"}
    ]
    return sorted(found, key=lambda each: each.ends)
