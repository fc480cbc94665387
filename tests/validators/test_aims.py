"""What of a change is an attack's doing, where other things move as well?"""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from gate.model import Json
from tests.validators.scripted import Duel, Ground, owner
from validators.crossing.aims import Aim, unmoved
from validators.crossing.trials import later_marks, learn_leaks
from validators.document.operations import Operation
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
    duel: Any = Duel(victim=victim, attacker=attacker)
    return telling(changes(before, after), unmoved(duel, aim, views, (before, before, after)))


@pytest.mark.parametrize(("sent", "found"), [("https://{}.org/", True), ("https://x.org/", False)])
def test_a_mark_of_the_attackers_counts_also_where_other_things_move(
    sent: str, *, found: bool
) -> None:
    assert bool(effect(sent)) == found


COUNTER = Operation(method="GET", path="/carriers")


def common(*, own_moves: bool) -> list[str]:
    """What counts as noise when an attack has moved a number that is of all tenants together."""
    total = [0]

    def say(method: str, path: str, _: Any) -> tuple[int, Json]:
        if method == "POST" and (own_moves or "victims" in path):
            total[0] += 1
        return 200, {"shipments": total[0]}

    victim, attacker = owner(say, "v"), owner(say, "a")
    views = (Call(operation=COUNTER),)
    move = Operation(method="POST", path="/moves/{id}")
    before, quiet = look(victim, views), look(victim, views)
    attacker.send(Call(operation=move, path=("victims",)))
    after = look(victim, views)
    aim = Aim(
        label="foreign",
        foreign=Call(operation=move, path=("victims",)),
        absent=(),
        watched={"note": "victims"},
        anew=dict,
        own=lambda: Call(operation=move, path=("mine",)),
    )
    duel: Any = Duel(victim=victim, attacker=attacker, ground=Ground(operations=(COUNTER,)))
    return unmoved(duel, aim, views, (before, quiet, after))


def test_what_moves_with_the_like_request_on_ones_own_tells_of_no_foreign_id() -> None:
    assert common(own_moves=True) == ["GET /carriers $.shipments"]
    assert common(own_moves=False) == []


def later(*, before: bool, attacked: bool, marks: frozenset[str] | None = None) -> list[str]:
    """What the attacker sees of the victim's afterwards: the list that leaked before or not."""
    leaks = [before]
    victim = owner(seed="v")
    mark = victim.canaries.draw()
    listing = Operation(method="GET", path="/items")
    attacker = owner(lambda *_: (200, {"items": [mark] if leaks[0] else []}), "a")
    duel: Any = Duel(victim=victim, attacker=attacker, ground=Ground(operations=(listing,)))
    learn_leaks(duel)
    leaks[0] = leaks[0] or attacked
    move = Call(operation=Operation(method="POST", path="/moves"))
    aim = Aim(label="", foreign=move, absent=(), watched={}, marks=marks)
    return [*map(str, later_marks(duel, aim, attacker.send(move)))]


def test_what_a_list_has_shown_before_is_not_the_doing_of_a_reference() -> None:
    assert later(before=True, attacked=True) == []
    assert later(before=False, attacked=True) == ["GET /items"]
    assert later(before=False, attacked=False) == []
    assert later(before=False, attacked=True, marks=frozenset({"of-another-object"})) == []
