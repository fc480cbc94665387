"""What is one attack to try, and what of a change that follows is its doing?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gate.check import Answer
from gate.model import Json
from validators.estates.ground import Duel
from validators.estates.states import (
    State,
    changes,
    look,
    telling,
    unrest,
    view_of,
    views_of,
    watch,
)
from validators.estates.things import Thing
from validators.judging import AGAIN
from validators.messages.calls import Call, curl
from validators.messages.traces import normalise


@dataclass(frozen=True, slots=True)
class Sequel:
    """The owner's own call on an object, and the way to the same one on another new object."""

    call: Call
    twin: Callable[[], Call | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """An attack to try: the calls, whose id stands where, and the object to watch.

    `sequel` is what the owner must still be able to do with the object, where no read shows it;
    `telling` are the reads that showed the owner's own call, if there were such; `anew` makes
    another object that nobody attacks, to be watched in the same way; `own` is the attacker's like
    request on what is his; `born` is the time.
    `chosen`: the id is one that its owner thought of, so that others may have the same. `marks`
    are those of the object itself that the attacker must not see later, where not all of the
    victim's count: what he may meet otherwise (a profile) tells nothing.
    """

    label: str
    foreign: Call
    absent: tuple[Call, ...]
    watched: Mapping[str, str]
    sequel: Sequel | None = None
    telling: frozenset[str] = frozenset()
    anew: Callable[[], Mapping[str, str]] | None = None
    own: Callable[[], Call | None] | None = None
    chosen: bool = False
    marks: frozenset[str] | None = None
    born: float = field(default_factory=time.monotonic)


def marks_of(duel: Duel, known: Thing, made: Thing) -> frozenset[str]:
    """The marks of an object that was made for these attacks, so that nobody has met it before."""
    if made is known:
        return frozenset()
    drawn = re.compile(rf"{duel.victim.canaries.token}\d+")
    return frozenset(drawn.findall(str(made.fields)))


def unmoved(
    duel: Duel, aim: Aim, views: Sequence[Call], looks: tuple[State, State, State]
) -> list[str]:
    """The places whose change is not the attack's doing.

    Once for each operation that seems to have an effect, an object made anew is watched that
    nobody attacks: what moves there moves by itself here as well. And the attacker does the like to
    what is his own: what moves with that (a count over all tenants) tells of no foreign id. Where a
    mark that the attacker sent has come into a view, it does not matter what else moves there.
    """
    owner, (before, quiet, after) = duel.victim, looks
    label, changed = aim.foreign.operation.label, changes(quiet, after)
    marked, earlier = marked_views(duel, aim.foreign, quiet, after), changes(before, quiet)
    moving = [
        *(
            each
            for each in unrest(owner, views, before, quiet, after)
            if each in earlier or view_of(each) not in marked
        ),
        *owner.common,
    ]
    if aim.anew is None or label in owner.watched or not telling(changed, moving):
        return moving
    owner.watched.add(label)
    suspects, age = set(map(view_of, telling(changed, moving))), time.monotonic() - aim.born
    calm = views_of(owner, duel.ground.private, aim.anew())
    watch(owner, calm, earlier, suspects, age)
    owner.common.update(moved_by_own(duel, aim, views))
    restless = (each for each in changed if view_of(each) in owner.restless - marked)
    return [*moving, *restless, *owner.common]


def marked_views(duel: Duel, call: Call, quiet: State, after: State) -> set[str]:
    """The victim's reads that show a mark of the attacker's which they did not show before."""
    token = duel.attacker.canaries.token
    sent = [each for each in call.sent if token in each and each not in call.path]
    return {
        label
        for label, text in after.texts.items()
        if any(each in text and each not in quiet.texts.get(label, "") for each in sent)
    }


def moved_by_own(duel: Duel, aim: Aim, views: Sequence[Call]) -> list[str]:
    """What the attacker's like request on his own things moves of what the victim sees.

    Not in views of the object itself, which nothing of another tenant's may move.
    """
    call = aim.own() if aim.own else None
    far = [each for each in views if not set(each.sent) & set(aim.watched.values())]
    if call is None or not far:
        return []
    before = look(duel.victim, far)
    duel.attacker.send(call)
    return changes(before, look(duel.victim, far))


def watched_by(
    duel: Duel, views: Sequence[Call], quiet: State, after: State, moving: Sequence[str]
) -> str:
    """The owner's request that shows the change, else his first view; "" when he has none."""
    changed = {view_of(each) for each in telling(changes(quiet, after), moving)}
    found = [each for each in views if each.operation.label in changed] or views
    return curl(duel.victim.client, found[0]) if found else ""


def lost(duel: Duel, sequel: Sequel, views: Sequence[Call], born: float) -> dict[str, Json]:
    """That the owner can no longer do with the object what he can do with another as old; or {}.

    As old on the clock as well: a job ends by itself, and on a slow machine before it is asked for.
    And what he is told must be what he is told once he has done it himself: "succeeded already" is
    not what "cancelled already" says.
    """
    owner, call = duel.victim, sequel.call
    answer, age = owner.send(call), time.monotonic() - born
    if owner.accepts(answer):
        return {}
    twin, since = sequel.twin(), time.monotonic()
    for _ in range(AGAIN):
        look(owner, views)
    time.sleep(max(0.0, since + age - time.monotonic()))
    if twin is None or not owner.accepts(owner.send(twin)):
        return {}
    again = owner.send(twin)
    if not owner.accepts(again) and spoken(twin, again) != spoken(call, answer):
        return {}
    said = spoken(call, answer)[:100]
    place = f"{call.operation.label} by its owner, status"
    return {"changed": [place], "noise": [], "before": "granted", "after": said}


def spoken(call: Call, answer: Answer) -> str:
    """The answer in a form in which that of the same request on another object is the same."""
    return f"{answer.status} {normalise(answer.body, call.sent)}"
