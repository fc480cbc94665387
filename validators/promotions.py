"""Can somebody of a weaker role give himself a stronger one, by a field of his own profile?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.check import Client
from gate.model import Json, Observation
from gate.testbed.hints import roles_of
from validators.calls import Call, Pointer, curl, send, value_at
from validators.estate import FULL, LEAST
from validators.ground import Duel
from validators.identities import is_owning, is_ranking
from validators.judging import AGAIN
from validators.names import CHANGING
from validators.operations import Operation
from validators.own_fields import free_fields, place_of
from validators.traces import EXCERPT, normalise

TOP = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What somebody sees of himself: the read, and where it says that he is less than the owner."""

    view: Call
    shown: Json
    ranks: Mapping[Pointer, tuple[Json, Json]]

    @property
    def fields(self) -> dict[str, Json]:
        """What it says by the names of its fields."""
        return {str(place[-1]): value for place, value in flat(self.shown).items()}


def promote(duel: Duel) -> Iterator[Observation]:
    """As the weakest principal of a tenant: his own profile with the owner's rank in it.

    What the owner's own profile says and his does not is what he asks for; it counts when his
    profile says it afterwards. He gets his former rank back.
    """
    ground, tenant = duel.ground, duel.victim.client.tenant
    weaker = [each for each in roles_of(ground.testbed, tenant) if each != TOP][:1]
    for role in weaker:
        actor = ground.client(ground.testbed.actor(tenant, role))
        for profile in profiles(duel, actor):
            for operation in ground.operations:
                path = path_to(operation, profile)
                if path is not None:
                    yield from attempt(duel, actor, profile, operation, path)


def profiles(duel: Duel, actor: Client) -> Iterator[Profile]:
    """The reads of himself in which the weaker one is less than the owner."""
    for operation in duel.ground.operations:
        if operation.names or not operation.safe or not operation.speakable or operation.public:
            continue
        view = duel.victim.write(operation, (), recipe=LEAST)
        said, best = send(actor, view), duel.victim.send(view)
        if not (duel.victim.accepts(said) and duel.victim.accepts(best)):
            continue
        own, other = flat(said.json()), flat(best.json())
        ranks = {
            place: (value, other[place])
            for place, value in own.items()
            if is_ranking(str(place[-1])) and other.get(place, value) != value
        }
        if ranks:
            yield Profile(view=view, shown=said.json(), ranks=ranks)


def flat(value: Json, place: Pointer = ()) -> dict[Pointer, Json]:
    """Every text, number and truth value outside of lists, by its place."""
    if isinstance(value, dict):
        found = [flat(each, (*place, name)) for name, each in value.items()]
        return {at: each for inner in found for at, each in inner.items()}
    return {} if value is None or isinstance(value, list) or not place else {place: value}


def path_to(operation: Operation, profile: Profile) -> tuple[str, ...] | None:
    """The path on which the operation changes this profile; None when it does not."""
    changes = operation.method in {"PUT", "PATCH"} or operation.verb in CHANGING
    if operation.safe or operation.ends or operation.signs_in or not operation.speakable:
        return None
    if not changes or "json" not in operation.media:
        return None
    if not operation.names:
        return () if operation.resource == profile.view.operation.resource else None
    own = (operation.names[-1], "id", "uuid", f"{operation.resource}_id", f"{operation.resource}Id")
    known = [str(profile.fields[name]) for name in own if name in profile.fields]
    at_one = len(operation.names) == 1 and operation.reads_one and is_owning(operation.resource)
    return (known[0],) if at_one and known else None


def attempt(
    duel: Duel, actor: Client, profile: Profile, operation: Operation, path: tuple[str, ...]
) -> Iterator[Observation]:
    """The change with each of the owner's ranks in it, twice when it is kept."""
    declared = free_fields(duel.victim.author, dict(operation.body))
    for place, (mine, theirs) in profile.ranks.items():
        name = str(place[-1])
        for turn in range(AGAIN) if name not in declared else ():
            plain = duel.victim.write(operation, path, {}, FULL, profile.fields)
            where = ("body", *place_of(plain.body))
            call = plain.put((*where, name), theirs)
            answer = send(actor, call)
            if not duel.victim.accepts(answer):
                break
            kept = value_at(send(actor, profile.view).json(), place) == theirs
            back = {**{n: profile.fields[n] for n in declared & profile.fields.keys()}, name: mine}
            for former, value in back.items():
                plain = plain.put((*where, former), value)
            send(actor, plain)
            yield duel.note(
                "assigned",
                operation,
                role=actor.role,
                field=name,
                group="rank",
                known=True,
                round=turn,
                status=answer.status,
                granted=True,
                kept=kept,
                reached=[],
                excerpt=normalise(answer.body, call.sent)[:EXCERPT],
                curl=curl(actor, call),
            )
            if not kept:
                break
