"""Was it this call that changed what an owner sees, or does that move by itself?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from gate.check import Answer, Client
from validators.document.names import SAYINGS, noun_of, words_of
from validators.document.operations import as_object
from validators.estates.estate import LEAST, Recipe
from validators.estates.ground import Duel
from validators.estates.principals import is_person
from validators.estates.states import State, changes, look, telling, unrest, view_of, watch
from validators.estates.throwaways import PASSWORDS
from validators.messages.calls import Call, send
from validators.messages.traces import SHORTEST
from validators.roles.role_trials import Stage, Staging, is_made

SHORTEST_ID = 4
GONE = frozenset({"404", "410"})


def is_own_doing(call: Call, scene: Stage, quiet: State, after: State) -> bool:
    """Does the change point at the call: what it sent is there now, or its object is gone?"""
    sent = [each for each in call.sent if len(each) >= SHORTEST and each not in call.path]
    ids = [each for each in scene.chain.values() if len(each) >= SHORTEST_ID]
    moved = [
        (quiet.texts[label], text) for label, text in after.texts.items() if label in quiet.texts
    ]
    came = any(each in new and each not in old for old, new in moved for each in sent)
    went = any(each in old and each not in new for old, new in moved for each in ids)
    ended = any(
        each.endswith(" status") and after.places.get(each) in GONE
        for each in changes(quiet, after)
    )
    return came or went or ended


def is_effect(  # noqa: PLR0913, PLR0917 - a call, where it was tried, and what was seen of it
    duel: Duel,
    staged: Staging,
    scene: Stage,
    call: Call,
    looks: tuple[State, State],
    noise: Sequence[str],
) -> bool:
    """Did the call do it, as far as can be told? Another new object is watched in case of doubt.

    What moves there, where nobody calls, moves by itself: deliveries, jobs, counters.
    """
    quiet, after = looks
    changed, owner = changes(quiet, after), duel.victim
    suspects = set(map(view_of, telling(changed, noise)))
    if not suspects or is_own_doing(call, scene, quiet, after):
        return bool(suspects)
    watch(owner, staged.fresh().views, [], suspects, time.monotonic() - scene.born)
    restless = [each for each in changed if view_of(each) in owner.restless]
    return bool(telling(changed, [*noise, *restless]))


def is_unseen_end(duel: Duel, staged: Staging, scene: Stage) -> bool:
    """Is an object ended that no read shows?

    Its owner can no longer end it himself, while he can end another one.
    """
    owner = duel.victim
    if not scene.call(LEAST).operation.ends or owner.accepts(owner.send(scene.call(LEAST))):
        return False
    return owner.accepts(owner.send(staged.fresh().call(LEAST)))


def is_named_anew(duel: Duel, staged: Staging, scene: Stage, actor: Client) -> bool:
    """Does it bring into being what it names, where a change shows nothing: a secret's value?

    The owner has made this object in the same way; under a new name he sees another one. What
    readers say of an object (a reaction) is called by such names too.
    """
    call, origin = scene.call(LEAST), staged.things[-1].origin
    operation = call.operation
    segments = operation.path.rstrip("/").split("/")
    if origin is None or origin.operation.label != operation.label or not operation.reads_one:
        return False
    if operation.method != "PUT" or noun_of(segments[-2]) in SAYINGS:
        return False
    name = duel.victim.mint(operation)
    views = [each for each in scene.views if call.path[-1] not in each.path]
    before = look(duel.victim, views)
    send(actor, replace(call, path=(*call.path[:-1], name)))
    texts = look(duel.victim, views).texts
    return any(
        name.lower() in text.lower() and name.lower() not in before.texts.get(label, "").lower()
        for label, text in texts.items()
    )


def is_seen_above(duel: Duel, staged: Staging, senior: Client, recipe: Recipe) -> bool:
    """The owner's call once more, on a new object, between looks of one who sees more than he."""
    watcher, scene = replace(duel.victim, client=senior), staged.fresh()
    call, views = scene.call(recipe), scene.views
    before, quiet = look(watcher, views), look(watcher, views)
    granted = duel.victim.accepts(duel.victim.send(call))
    after = look(watcher, views)
    moving = unrest(watcher, views, before, quiet, after)
    above = replace(duel, victim=watcher)
    return granted and is_effect(above, staged, scene, call, (quiet, after), moving)


def is_enrolling(duel: Duel, call: Call, answer: Answer) -> bool:
    """Does it make somebody who signs in with the password that he was given?"""
    fields = as_object(duel.victim.author.simplify(dict(call.operation.body)).get("properties"))
    given = any(PASSWORDS & set(words_of(name)) for name in fields)
    return given and is_person(call.operation.product) and is_made(call.operation, call, answer)
