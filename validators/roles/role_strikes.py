"""What does one role get from one write, and what does its owner see of it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gate.check import Answer, Client
from gate.model import Json, Observation
from validators.document.operations import Object, Operation
from validators.document.reservations import act_of, collection_of, reservations
from validators.document.schemes import is_satisfied
from validators.estates.estate import FULL, LEAST
from validators.estates.ground import Duel
from validators.estates.seniors import TOP
from validators.estates.states import State, as_data, changes, look, telling, unrest
from validators.messages.calls import Call, curl, send
from validators.messages.traces import EXCERPT, normalise
from validators.roles.contributions import keeps
from validators.roles.role_effects import (
    is_effect,
    is_enrolling,
    is_named_anew,
    is_own_doing,
    is_seen_above,
    is_unseen_end,
)
from validators.roles.role_trials import Stage, Staging, is_made, stage, verdict

# What says nothing of the role: also a success that an error stands in.
UNCLEAR, REDIRECTING = frozenset({400, 422}), 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who calls: the other roles of the owner's tenant, and two of the other tenant's.

    `names` are all roles that the target file has, by which its document may call them; `above`
    those that may more than the owner, who is then an ordinary caller as well.
    """

    names: tuple[str, ...]
    above: tuple[str, ...]
    actors: Mapping[str, Client]
    strangers: Mapping[str, Client]

    def asking(self, operation: Operation, document: Object) -> Crew:
        """Those of the tenant whose credentials are of a kind that the operation asks for.

        Who sends no key at all is not refused for his role (RFC 9110: 401 is no 403).
        """
        actors = {
            name: each
            for name, each in self.actors.items()
            if is_satisfied(operation, document, each.credentials)
        }
        return replace(self, actors=actors)

    @property
    def tries_owner(self) -> bool:
        """May the owner himself be somebody who must be refused?"""
        return bool(self.above) or not self.actors


def nobody_gets(duel: Duel, call: Call) -> bool:
    """Is the same granted without any credential?"""
    return duel.victim.accepts(send(duel.ground.nobody, call))


def is_reserved(operation: Operation, crew: Crew) -> bool:
    """Does the document say in words, and in words only, who may?"""
    return not operation.roles and bool(reservations(operation, crew.names))


def about(operation: Operation, crew: Crew) -> dict[str, Json]:
    """What the document says of an operation, for comparing it with others."""
    said = reservations(operation, crew.names) if not operation.roles else ()
    return {
        "declared": [*operation.roles],
        "safe": operation.safe,
        "act": act_of(operation),
        "collection": collection_of(operation),
        "reserved": [each.as_data() for each in said],
    }


def own(
    duel: Duel, call: Call, answer: Answer, more: dict[str, Json], best: str = ""
) -> Observation:
    """The owner's own call; `best` is the strongest above him who was granted the same."""
    vouch = best if verdict(duel, answer) == "refused" else ""
    return duel.note(
        "owned-call",
        call.operation,
        role=TOP,
        status=answer.status,
        said=verdict(duel, answer),
        positive=duel.victim.accepts(answer) or bool(vouch),
        by=vouch or TOP,
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(duel.victim.client, call),
        **more,
    )


def asked(
    duel: Duel, call: Call, answer: Answer, caller: tuple[str, Client], more: dict[str, Json]
) -> Observation:
    """What a role got."""
    role, actor = caller
    return duel.note(
        "role-call",
        call.operation,
        role=role,
        status=answer.status,
        said=verdict(duel, answer),
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(actor, call),
        **more,
    )


def strike(  # noqa: PLR0913, PLR0917 - what is tried, by whom, and what is known of it
    duel: Duel,
    operation: Operation,
    tried: tuple[Staging, Stage],
    caller: tuple[str, Client],
    crew: Crew,
    known: State | None,
) -> tuple[Observation, State | None]:
    """The write as this role, between looks of the owner; the owner's last look, which stays true.

    None when the object is another now. Whether views move by themselves is asked only of what
    the document does not allow. A creation is watched only where the document reserves it.
    """
    staged, scene = tried
    watched = not staged.makes or is_reserved(operation, crew)
    views = scene.views if watched else ()
    quiet = known or look(duel.victim, views)
    call, answer = attempt(duel, caller[1], scene)
    fact = asked(duel, call, answer, caller, about(operation, crew))
    if fact.data.get("said") == "refused":
        return fact, quiet
    after = look(duel.victim, views)
    moving = [] if caller[0] in operation.roles else unrest(duel.victim, views, quiet, quiet, after)
    effect = bool(telling(changes(quiet, after), moving))
    granted = fact.data.get("said") == "granted"
    data = {
        **fact.data,
        **as_data(quiet, after, moving),
        "sure": effect and is_own_doing(call, scene, quiet, after),
        "nobody": False,
    }
    if granted and is_reserved(operation, crew):
        effect = effect and is_effect(duel, staged, scene, call, (quiet, after), moving)
        data["nobody"] = nobody_gets(duel, staged.fresh().call(FULL))
    elif granted and not effect and staged.things:
        effect = is_unseen_end(duel, staged, scene)
        effect = effect or is_named_anew(duel, staged, scene, caller[1])
        data["sure"] = effect
    data |= {"effect": effect and not staged.makes, "grown": effect and staged.makes}
    if granted and data["effect"] and data.get("act") == "make":
        data["keeps"] = keeps(duel, call, answer, caller[1])
    return duel.note("role-call", operation, **data), None if effect or granted else after


def on_his_own(
    duel: Duel, operation: Operation, caller: tuple[str, Client], crew: Crew
) -> Observation | None:
    """What is reserved, on an object that this role has made; None unless it is granted.

    That an object is not found says nothing of a role that does not see others' objects: nobody
    grades or approves what is his own where that is for others to do. Of roles that are declared
    this says nothing: they are those that may do it to any object, and each may to his own.
    """
    if not is_reserved(operation, crew):
        return None
    mine = replace(duel, victim=replace(duel.victim, client=caller[1]))
    staged = stage(mine, operation, alone=False)
    if isinstance(staged, Observation):
        return None
    fact, _ = strike(mine, operation, (staged, staged.fresh()), caller, crew, None)
    return fact if fact.data.get("said") == "granted" else None


def attempt(duel: Duel, actor: Client, scene: Stage) -> tuple[Call, Answer]:
    """The call with a full body, and with the least one where that is not understood."""
    call = scene.call(FULL)
    answer = send(actor, call)
    unclear = answer.status in UNCLEAR or answer.status < REDIRECTING
    if unclear and verdict(duel, answer) == "undecided":
        call = scene.call(LEAST)
        answer = send(actor, call)
    return call, answer


def owned_write(
    duel: Duel, tried: tuple[Staging, Stage], operation: Operation, crew: Crew, best: str
) -> Observation:
    """The owner's own call; of what is reserved also whether any of his reads shows it."""
    staged, scene = tried
    reserved = is_reserved(operation, crew)
    views: Sequence[Call] = scene.views if reserved else ()
    quiet = look(duel.victim, views)
    for recipe in (FULL, LEAST):
        call = scene.call(recipe)
        answer = duel.victim.send(call)
        if duel.victim.accepts(answer):
            break
    after = look(duel.victim, views)
    granted = duel.victim.accepts(answer)
    more: dict[str, Json] = {"visible": granted and bool(telling(changes(quiet, after), []))}
    if granted and reserved and crew.tries_owner:
        seen = is_effect(duel, staged, scene, call, (quiet, after), [])
        seen = seen or is_made(operation, call, answer)
        more["effect"] = seen or (
            bool(best) and is_seen_above(duel, staged, crew.actors[best], recipe)
        )
        more["nobody"] = nobody_gets(duel, staged.fresh().call(FULL))
    elif granted and crew.above and is_enrolling(duel, call, answer):
        more |= {"enrols": True, "nobody": nobody_gets(duel, staged.fresh().call(FULL))}
    return own(duel, call, answer, about(operation, crew) | more, best)
