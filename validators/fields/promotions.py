"""Can somebody of a weaker role give himself a stronger one, by a field of his own profile?

The weakest below the owner asks for the owner's; an owner with staff above him for theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from gate.check import Client
from gate.model import Json, Observation
from validators.document.names import CHANGING, SELF, is_identity, resource_in, words_of
from validators.document.operations import Operation, as_object, spared
from validators.estates.estate import FULL, LEAST
from validators.estates.ground import Duel
from validators.estates.identities import is_owning, is_ranking
from validators.estates.own_fields import free_fields, place_in
from validators.estates.principals import is_person
from validators.estates.seniors import DENIED, seniors, split
from validators.judging import AGAIN
from validators.messages import callers
from validators.messages.bodies import Author
from validators.messages.calls import Call, Pointer, curl, send, value_at
from validators.messages.traces import EXCERPT, normalise

MAY = frozenset({"can", "may"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What somebody sees of himself: the read, and where it says that he is less than the owner."""

    view: Call
    shown: Json
    ranks: Mapping[Pointer, tuple[Json, Json]]
    called: Mapping[str, str]

    @property
    def fields(self) -> dict[str, Json]:
        """What it says by the names of its fields."""
        return {str(place[-1]): value for place, value in flat(self.shown).items()}


def promote(duel: Duel) -> Iterator[Observation]:
    """As the weakest principal of a tenant: his own profile with a stronger one's rank in it.

    What the stronger one's own profile says and his does not is what he asks for; it counts when
    his profile says it afterwards. He gets his former rank back. A rank that the document lets
    callers set counts when it also opens what he was denied: many a rank is only a word.
    """
    ground, tenant = duel.ground, duel.victim.client.tenant
    below, _ = split(ground, tenant)
    owner: Client = duel.victim.client
    pairs: list[tuple[Client, Client]] = [
        (ground.client(ground.testbed.actor(tenant, role)), owner) for role in below[:1]
    ]
    pairs += [(owner, senior) for senior in islice(seniors(duel), 1)]
    for actor, best in pairs:
        for profile in profiles(duel, actor, best):
            for operation in ground.operations:
                path = path_to(duel, operation, profile)
                if path is not None:
                    yield from attempt(duel, (actor, best), profile, operation, path)


def profiles(duel: Duel, actor: Client, stronger: Client) -> Iterator[Profile]:
    """The reads of himself in which the weaker one is less than the stronger."""
    for operation in duel.ground.operations:
        if not operation.safe or not operation.speakable or operation.public:
            continue
        path, their_path = (at_name(operation, names_of(each)) for each in (actor, stronger))
        if path is None or their_path is None:
            continue
        view = duel.victim.write(operation, path, recipe=LEAST)
        said, best = send(actor, view), send(stronger, replace(view, path=their_path))
        if not (duel.victim.accepts(said) and duel.victim.accepts(best)):
            continue
        own, other = ranks_in(said.json()), ranks_in(best.json())
        ranks = {
            place: (value, other[place])
            for place, value in own.items()
            if other.get(place, value) != value
        }
        if ranks:
            yield Profile(view=view, shown=said.json(), ranks=ranks, called=names_of(actor))


def names_of(client: Client) -> dict[str, str]:
    """What a principal is called in paths, by the words of the field."""
    called = callers.names_of(client, client.credentials)
    return {"_".join(words_of(name)): value for name, value in called.items()}


def at_name(operation: Operation, called: Mapping[str, str]) -> tuple[str, ...] | None:
    """The path that needs nothing but what somebody is called; None when it needs more."""
    found = tuple(called.get("_".join(words_of(name)), "") for name in operation.names)
    return found if all(found) else None


def flat(value: Json, place: Pointer = (), *, alone: bool = False) -> dict[Pointer, Json]:
    """Every text, number and truth value outside of lists, by its place.

    With `alone` also what stands in a list of a single object.
    """
    if alone and isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return flat(value[0], (*place, 0), alone=alone)
    if isinstance(value, dict):
        found = [flat(each, (*place, name), alone=alone) for name, each in value.items()]
        return {at: each for inner in found for at, each in inner.items()}
    return {} if value is None or isinstance(value, list) or not place else {place: value}


def ranks_in(value: Json) -> dict[Pointer, Json]:
    """What a profile says of what somebody may; else what his only membership says of it."""
    for alone in (False, True):
        said = flat(value, alone=alone)
        found = {place: each for place, each in said.items() if is_right(str(place[-1]), each)}
        if found:
            return found
    return {}


def is_right(name: str, value: Json) -> bool:
    """Does a field say what somebody is, or that he may do something (`canManage: false`)?"""
    first, *_ = words_of(name) or [""]
    return is_ranking(name) or (isinstance(value, bool) and first in MAY)


def people_in(author: Author, operation: Operation) -> list[str]:
    """The fields of a body that say whom it is about: `userId`."""
    fields = as_object(author.simplify(dict(operation.body)).get("properties"))
    return [name for name in fields if is_identity(name) and is_person(resource_in(name))]


def path_to(duel: Duel, operation: Operation, profile: Profile) -> tuple[str, ...] | None:
    """The path on which the operation changes this profile; None when it does not.

    Its body may say whose rights it sets.
    """
    changes = operation.method in {"PUT", "PATCH"} or operation.verb in CHANGING
    if operation.safe or operation.ends or operation.signs_in or not operation.speakable:
        return None
    if not changes or "json" not in operation.media:
        return None
    if not operation.names:
        same = operation.resource == profile.view.operation.resource
        about = "id" in profile.fields and people_in(duel.victim.author, operation)
        return () if same or about else None
    by_name = at_name(operation, profile.called)
    if by_name and (operation.resource in SELF or is_person(operation.resource)):
        return by_name
    own = (operation.names[-1], "id", "uuid", f"{operation.resource}_id", f"{operation.resource}Id")
    known = [str(profile.fields[name]) for name in own if name in profile.fields]
    at_one = len(operation.names) == 1 and operation.reads_one and is_owning(operation.resource)
    return (known[0],) if at_one and known else None


def attempt(
    duel: Duel,
    pair: tuple[Client, Client],
    profile: Profile,
    operation: Operation,
    path: tuple[str, ...],
) -> Iterator[Observation]:
    """The change with each of the stronger one's ranks in it, twice when it is kept."""
    actor, best = pair
    declared = free_fields(duel.victim.author, dict(operation.body))
    for place, (mine, theirs) in profile.ranks.items():
        name = str(place[-1])
        proof = closed(duel, actor, best) if name in declared else None
        for turn in range(AGAIN) if name not in declared or proof else ():
            plain = duel.victim.write(operation, path, {}, FULL, profile.fields)
            where = ("body", *place_in(duel.victim.author, plain))
            said = as_object(value_at(plain.body, where[1:])).keys() & profile.fields.keys()
            for same in said & {*spared(operation)}:  # his own, and not the owner's
                plain = plain.put((*where, same), profile.fields[same])
            for whose in people_in(duel.victim.author, operation):
                plain = plain.put((*where, whose), profile.fields.get("id"))
            call = plain.put((*where, name), theirs)
            answer = send(actor, call)
            if not duel.victim.accepts(answer):
                break
            kept = value_at(send(actor, profile.view).json(), place) == theirs
            if proof:
                kept = kept and duel.victim.accepts(send(actor, proof))
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


def closed(duel: Duel, actor: Client, best: Client) -> Call | None:
    """A read that the stronger one is granted and the weaker one denied."""
    for operation in duel.ground.operations:
        if operation.safe and operation.method == "GET" and not operation.names:
            call = duel.victim.write(operation, (), recipe=LEAST)
            if send(actor, call).status in DENIED and duel.victim.accepts(send(best, call)):
                return call
    return None
