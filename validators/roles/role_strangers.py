"""Do the weaker roles of another tenant get to objects that its owner does not get to?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gate.check import Answer, Client
from gate.model import Json, Observation
from validators.crossing.trials import references
from validators.document.operations import Operation
from validators.estates.estate import FULL
from validators.estates.ground import Duel
from validators.estates.seniors import TOP, split
from validators.estates.states import as_data, look, unrest
from validators.messages.calls import Call, curl, send
from validators.messages.traces import EXCERPT, find_marks, normalise
from validators.roles.role_effects import is_effect
from validators.roles.role_trials import Stage, Staging


def strangers_of(duel: Duel) -> dict[str, Client]:
    """The weakest and the strongest of the other tenant's roles below its owner."""
    ground, tenant = duel.ground, duel.attacker.client.tenant
    names, _ = split(ground, tenant)
    chosen = dict.fromkeys((*names[:1], *names[-1:]))
    return {name: ground.client(ground.testbed.actor(tenant, name)) for name in chosen}


def read_by_strangers(
    duel: Duel, call: Call, strangers: Mapping[str, Client]
) -> Iterator[Observation]:
    """A read of the victim's object; once a mark shows, also as their own owner.

    What that owner sees as well is the matter of other checks, or meant so.
    """
    operation = call.operation
    if not (call.path or references(call, duel.victim)):
        return
    if duel.ground.hints.is_shared(operation.label) or duel.ground.hints.is_public(operation.label):
        return
    for role, stranger in strangers.items():
        answer = send(stranger, call)
        traces = find_marks(answer, duel.marks, call.sent)
        data: dict[str, Json] = {"traces": traces}
        if any(traces.values()):
            above = send(duel.attacker.client, call)
            data["owner_too"] = any(find_marks(above, duel.marks, call.sent).values())
        yield told(duel, call, answer, (role, stranger), data)


def written_by_strangers(
    duel: Duel, operation: Operation, staged: Staging, strangers: Mapping[str, Client]
) -> Iterator[Observation]:
    """A write on the victim's object; what is granted again on new ones, watched, by two of them.

    What was refused and changed something all the same is the matter of `isolation.write-by-id`.
    """
    scene: Stage | None = None
    for role, stranger in strangers.items():
        scene = scene or staged.fresh()
        call = scene.call(FULL)
        answer = send(stranger, call)
        if not duel.victim.accepts(answer):
            yield told(duel, call, answer, (role, stranger), {"effect": False})
            continue
        scene = None
        fact = struck(duel, staged, (role, stranger))
        if fact.data.get("effect"):
            again = struck(duel, staged, (role, stranger))
            above = struck(duel, staged, (TOP, duel.attacker.client))
            more = {"effect": again.data.get("effect"), "owner_too": above.data.get("effect")}
            fact = duel.note("stranger-call", operation, **{**own_words(fact), **more})
        yield fact


def own_words(fact: Observation) -> dict[str, Json]:
    """What a fact says beside whom it is about."""
    return {name: each for name, each in fact.data.items() if name not in {"victim", "attacker"}}


def struck(duel: Duel, staged: Staging, caller: tuple[str, Client]) -> Observation:
    """One write on a new object between looks of its owner."""
    scene, (_, stranger) = staged.fresh(), caller
    call, views = scene.call(FULL), scene.views
    quiet = look(duel.victim, views)
    answer = send(stranger, call)
    granted = duel.victim.accepts(answer)
    after = look(duel.victim, views) if granted else quiet
    moving = unrest(duel.victim, views, quiet, quiet, after) if granted else []
    effect = granted and is_effect(duel, staged, scene, call, (quiet, after), moving)
    return told(duel, call, answer, caller, {"effect": effect, **as_data(quiet, after, moving)})


def told(
    duel: Duel, call: Call, answer: Answer, caller: tuple[str, Client], more: dict[str, Json]
) -> Observation:
    """What a stranger got, for the record."""
    role, stranger = caller
    return duel.note(
        "stranger-call",
        call.operation,
        role=role,
        status=answer.status,
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(stranger, call),
        **more,
    )
