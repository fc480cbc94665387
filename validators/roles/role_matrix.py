"""What does each role of a tenant get from each operation?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gate.check import Answer, Client, Testbed
from gate.model import Json, Observation
from validators.crossing.foreign_writes import is_write, survey
from validators.crossing.trials import kept
from validators.document.expressions import hierarchy_in
from validators.document.operations import Operation, as_object
from validators.document.reservations import act_of, collection_of, reservations
from validators.estates.estate import FULL, LEAST
from validators.estates.ground import Duel, Ground, stand
from validators.estates.seniors import TOP, split
from validators.estates.states import State, as_data, changes, look, telling, unrest
from validators.messages.calls import Call, curl, send
from validators.messages.traces import EXCERPT, normalise
from validators.roles.role_effects import is_effect, is_own_doing, is_seen_above, is_unseen_end
from validators.roles.role_filters import filtered
from validators.roles.role_parts import kept_parts
from validators.roles.role_rights import rights_of
from validators.roles.role_strangers import read_by_strangers, strangers_of, written_by_strangers
from validators.roles.role_trials import (
    Stage,
    Staging,
    absent_path,
    is_made,
    is_same_count,
    is_shown,
    stage,
    verdict,
)

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

    @property
    def tries_owner(self) -> bool:
        """May the owner himself be somebody who must be refused?"""
        return bool(self.above) or not self.actors


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Call every operation as every role of one tenant, on objects that the owner made for it.

    From the weakest role to the strongest: each answer is granted, refused or undecided (an error
    that says neither). Writes go to objects of the owner's, who looks before and after, so that a
    success without effect is not taken for one. The owner's own call is the positive control. With
    each answer goes what the document says of who may (`reservations`), and, where one is granted
    what is reserved, what nobody gets. What is reserved and not found is tried on an object of the
    role's own. Two roles of the other tenant try the same objects. Where
    there is no other role, the owner tries what is reserved: he may be an ordinary user. So he is
    where the target file has roles above him: the strongest who is granted what he is refused is
    then the positive control.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    duel, _ = ground.duels()
    tenant = duel.victim.client.tenant
    below, above = split(ground, tenant)
    names = [*below, *above]
    whole = (*below, TOP, *above)
    said = () if ground.hints.roles else hierarchy_in(described(testbed), whole)
    crew = Crew(
        names=said or whole,
        above=tuple(above),
        actors={name: ground.client(testbed.actor(tenant, name)) for name in names},
        strangers=strangers_of(duel),
    )
    chosen = [each for each in asked_of(ground) if names or reservations(each, crew.names)]
    yield survey(ground, len(chosen))
    yield Observation(
        kind="staffed",
        subject=tenant,
        at=testbed.clock(),
        data={"roles": [*crew.names], "ordered": is_ordered(ground, names, said)},
    )
    for operation in sorted(chosen, key=lambda each: (not each.safe, each.ends)):
        if operation.safe:
            yield from read(duel, operation, crew)
        elif is_write(operation):
            yield from write(duel, operation, crew)
            yield from ground.after(operation)
    yield from ground.left_out(lambda each: not each.public and bool(names))


def asked_of(ground: Ground) -> list[Operation]:
    """What is not for everybody, by a document that says what is."""
    return [
        each
        for each in ground.operations
        if each.speakable and not (each.public and ground.secured)
    ]


def described(testbed: Testbed) -> str:
    """What the document says of the whole service."""
    return str(as_object(testbed.openapi().get("info")).get("description", ""))


def is_ordered(ground: Ground, names: list[str], said: tuple[str, ...]) -> bool:
    """Is the order of the roles known: by the target file, the document, or their names?"""
    return bool(ground.hints.roles or said) or is_known(names)


def is_known(names: list[str]) -> bool:
    """Is the order of these roles by their names beyond doubt?"""
    usual = ["viewer", "contributor", "maintainer", "admin"]
    return [name for name in usual if name in names] == names


def read(duel: Duel, operation: Operation, crew: Crew) -> Iterator[Observation]:
    """One read, as each role."""
    path = duel.victim.path_for(operation)
    if path is None and not crew.actors:
        path = absent_path(duel, operation)
    if path is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    call = duel.victim.write(operation, path, recipe=LEAST)
    answer = duel.victim.send(call)
    told = {role: send(actor, call) for role, actor in crew.actors.items()}
    best = next((role for role in reversed(crew.above) if duel.victim.accepts(told[role])), "")
    more = about(operation, crew) | shown(duel, call, answer, answer, crew)
    if best and not more.get("shown") and is_reserved(operation, crew):
        more["shown"] = is_same_count(call, told[best], answer)
    yield own(duel, call, answer, more, best)
    if rights := rights_of(operation, answer):
        yield Observation(kind="listed-rights", subject=operation.label, data={"roles": rights})
    blind = dict[str, Client]()
    for role, said in told.items():
        seen = shown(duel, call, answer, said, crew)
        yield asked(duel, call, said, (role, crew.actors[role]), about(operation, crew) | seen)
        if seen.get("shown") is False:
            blind[role] = crew.actors[role]
    yield from filtered(duel, call, blind, about(operation, crew))
    yield from kept_parts(duel, call, crew.names, crew.actors)
    yield from read_by_strangers(duel, call, crew.strangers)


def shown(duel: Duel, call: Call, owned: Answer, answer: Answer, crew: Crew) -> dict[str, Json]:
    """Whether an answer shows what the owner sees, and, of what is reserved, if nobody gets it."""
    if not duel.victim.accepts(answer):
        return {}
    open_to_all = is_reserved(call.operation, crew) and nobody_gets(duel, call)
    return {"shown": is_shown(duel, call, owned, answer), "nobody": open_to_all}


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


def write(duel: Duel, operation: Operation, crew: Crew) -> Iterator[Observation]:
    """One write, as each role, on objects that the owner made."""
    staged = stage(duel, operation, alone=not crew.actors)
    if isinstance(staged, Observation):
        yield staged
        return
    with kept(duel, operation, staged.things):
        scene, quiet, best = staged.fresh(), None, ""
        for role, actor in crew.actors.items():
            fact, quiet = strike(duel, operation, (staged, scene), (role, actor), crew, quiet)
            if fact.data.get("said") == "undecided" and not staged.makes:
                fact = on_his_own(duel, operation, (role, actor), crew) or fact
            yield fact
            granted = fact.data.get("said") == "granted"
            best = role if granted and role in crew.above else best
            if quiet is None:
                scene = staged.fresh()
        if not staged.makes:
            yield from written_by_strangers(duel, operation, staged, crew.strangers)
            scene = staged.fresh()
        yield owned_write(duel, (staged, scene), operation, crew, best)


def on_his_own(
    duel: Duel, operation: Operation, caller: tuple[str, Client], crew: Crew
) -> Observation | None:
    """What is reserved, on an object that this role has made; None unless it is granted.

    That an object is not found says nothing of a role that does not see others' objects: nobody
    grades or approves what is his own where that is for others to do.
    """
    if not is_reserved(operation, crew):
        return None
    mine = replace(duel, victim=replace(duel.victim, client=caller[1]))
    staged = stage(mine, operation, alone=False)
    if isinstance(staged, Observation):
        return None
    fact, _ = strike(mine, operation, (staged, staged.fresh()), caller, crew, None)
    return fact if fact.data.get("said") == "granted" else None


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
        data["sure"] = effect = is_unseen_end(duel, staged, scene)
    data |= {"effect": effect and not staged.makes, "grown": effect and staged.makes}
    return duel.note("role-call", operation, **data), None if effect or granted else after


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
    return own(duel, call, answer, about(operation, crew) | more, best)
