"""What of a change is an attack's doing, where other things move as well?"""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

import pytest

from gate.model import Json
from tests.validators.test_unseen_styles import owner
from validators.crossing.aims import Aim, unmoved
from validators.document.operations import Operation
from validators.estates.ground import Duel
from validators.estates.states import changes, look, telling
from validators.messages.calls import Call

READ = Operation(method="GET", path="/hooks")
CHANGE = Operation(method="PATCH", path="/hooks/{id}")


def effect(sent: str) -> list[str]:
    """What an attack seems to have changed in a list that counts its failures all by itself."""
    turns, hook = count(), {"url": "first"}

    def say(method: str, _: str, body: Any) -> tuple[int, Json]:
        if method == "PATCH":
            hook["url"] = body["url"]
        return 200, {**hook, "failures": next(turns)}

    victim, attacker = owner(say, "v"), owner(say, "a")
    views = (Call(operation=READ),)
    attack = Call(
        operation=CHANGE, path=("h1",), body={"url": sent.format(attacker.canaries.token)}
    )
    before = look(victim, views)
    victim.restless.add(READ.label)
    attacker.send(attack)
    after = look(victim, views)
    aim = Aim(label="foreign", foreign=attack, absent=(), watched={"hook": "h1"})
    ground: Any = None  # nothing of it is asked for
    duel = Duel(victim=victim, attacker=attacker, ground=ground, chance=Random(1))
    return telling(changes(before, after), unmoved(duel, aim, views, (before, before, after)))


@pytest.mark.parametrize(("sent", "found"), [("https://{}.org/", True), ("https://x.org/", False)])
def test_a_mark_of_the_attackers_counts_also_where_other_things_move(
    sent: str, *, found: bool
) -> None:
    assert bool(effect(sent)) == found
