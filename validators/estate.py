"""What does a tenant own, and how is a request of his written?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from gate.check import Answer, Client
from gate.model import Json
from validators.bodies import Author, Canaries, draw_canaries
from validators.calls import Call, expand, leaves, send
from validators.envelope import Envelope
from validators.ledger import Ledger, Thing, values_of
from validators.names import (
    CHANGING,
    PARTS,
    RESERVED,
    is_identity,
    parents_of,
    resource_in,
)
from validators.operations import Object, Operation, as_object

DEMANDED = 428
SELF = frozenset({"me", "self", "whoami", "who_am_i", "profile", "account", "current"})
NO_CHAIN: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a request is written: which optional fields, and whether it names the state it changes.

    `match` is what `If-Match` says (RFC 9110, section 13.1.1).
    """

    full: bool = True
    linked: bool = False
    match: str = ""


FULL = Recipe()
LINKED = Recipe(linked=True)
LEAST = Recipe(full=False)
RECIPES = (FULL, LEAST, LINKED, Recipe(match="*"), Recipe(full=False, match="*"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """A tenant's principal with what it owns.

    `foreign` are the marks of others, `created` the operations that made something.
    """

    client: Client
    author: Author
    ledger: Ledger
    envelope: Envelope
    foreign: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)

    @property
    def canaries(self) -> Canaries:
        """The tenant's marks."""
        return self.author.canaries

    def write(
        self,
        operation: Operation,
        path: tuple[str, ...],
        chain: Mapping[str, str] = NO_CHAIN,
        recipe: Recipe = FULL,
        current: Object | None = None,
    ) -> Call:
        """The call with a body and query of this tenant's; `chain` is preferred for references."""
        taken: set[str] = set()

        def refer(name: str) -> str | None:
            wanted = operation.resource if name.lower() in RESERVED else resource_in(name)
            if wanted in PARTS and is_identity(name):  # `sourceId` and `targetId`: two of a kind
                found = self.another(operation.resource, taken)
                taken.add(found or "")
                return found
            if names_itself(operation, name):
                return None
            return chain.get(wanted) or self.ledger.refer(name, operation.resource)

        author = replace(
            self.author,
            refer=refer,
            full=recipe.full,
            linked=recipe.linked,
            current=current or {},
        )
        query = dict(operation.query) | (links(operation, author) if recipe.linked else {})
        asked = {name: author.write(each, name) for name, each in query.items()}
        body = author.write(dict(operation.body), "") if operation.media else None
        headers = {name: str(author.write(each, name)) for name, each in operation.headers.items()}
        match = recipe.match or (self.tag(path, operation) if self.asks_for(operation) else "")
        if match:
            headers["If-Match"] = match
        return Call(operation=operation, path=path, query=asked, body=body, headers=headers)

    def another(self, resource: str, taken: Collection[str]) -> str | None:
        """An object of this kind, one that is not taken if possible."""
        known = [thing.id for thing in self.ledger.things if thing.resource == resource]
        return next((each for each in known if each not in taken), next(iter(known), None))

    def send(self, call: Call) -> Answer:
        """Ask as this tenant; once more with the object's tag where the service demands it."""
        answer = send(self.client, call)
        if answer.status != DEMANDED or "If-Match" in call.headers:
            return answer
        self.envelope.matching.add(call.operation.label)
        tag = self.tag(call.path, call.operation)
        return send(self.client, replace(call, headers={**call.headers, "If-Match": tag}))

    def asks_for(self, operation: Operation) -> bool:
        """Has the operation demanded a tag before?"""
        return operation.label in self.envelope.matching

    def tag(self, path: tuple[str, ...], operation: Operation) -> str:
        """The tag of the object as this tenant reads it (RFC 9110, section 8.8.3), or any."""
        return self.client.request("GET", expand(operation.path, path)).headers.get("etag", "*")

    def accepts(self, answer: Answer) -> bool:
        """Was the request granted, as far as this service's errors are known?"""
        return self.envelope.accepts(answer)

    def note(self, call: Call, answer: Answer, *, made: bool = False) -> Thing | None:
        """Take what an answer shows into the ledger; the object that the call made, if it did."""
        parents = parents_in(call)
        origin = call if made else None
        resource = call.operation.resource
        keys = call.operation.keys
        thing = self.ledger.note(resource, answer.json(), parents, origin, self.foreign, keys)
        if resource in SELF:
            self.ledger.note("user", answer.json(), {}, None, self.foreign)
        if made:
            self.created.append(call.operation.label)
        for name, member in as_object(call.body).items() if made else ():
            listed = member if isinstance(member, list) else None
            self.ledger.note(resource_in(name), listed, parents, call, self.foreign, keys)
        return thing

    def renew(self, thing: Thing) -> Thing | None:
        """Another object like this one, made in the same way; None when it cannot be made."""
        if thing.origin is None:
            return None
        old = thing.origin
        for recipe in (FULL, LINKED, LEAST):
            path = old.path
            if old.operation.method == "PUT":  # its caller names it
                path = (*path[:-1], self.canaries.draw())
            call = self.write(old.operation, path, thing.parents, recipe)
            call = keep_references(old, call, self.ledger)
            answer = self.send(call)
            if self.accepts(answer):
                fresh = Ledger()
                parents = parents_in(call)
                keys = call.operation.keys
                resource = old.operation.resource
                fresh.note(resource, answer.json(), parents, call, self.foreign, keys)
                for name, member in as_object(call.body).items():
                    listed = member if isinstance(member, list) else None
                    fresh.note(resource_in(name), listed, parents, call, self.foreign, keys)
                return next(
                    (each for each in fresh.things if each.resource == thing.resource), None
                )
        return None


def names_itself(operation: Operation, name: str) -> bool:
    """Is it what a new object is to be called (`bin_code`), rather than a known one?"""
    if operation.safe or operation.ends or operation.verb in CHANGING:
        return False
    resource, wanted = operation.resource, resource_in(name)
    if is_identity(name) or name.lower() in {*RESERVED, resource}:
        return False
    return wanted == resource or name in operation.keys.get(resource, ())


def links(operation: Operation, author: Author) -> dict[str, Json]:
    """The optional query parameters that refer to a known object."""
    return {
        name: schema
        for name, schema in operation.optional.items()
        if author.refer(name) is not None
    }


def keep_references(old: Call, new: Call, ledger: Ledger) -> Call:
    """The new call with the references of the old one, so that it makes something of the same."""
    known = {thing.id for thing in ledger.things if thing.origin != old}
    for place, value in leaves(old.body):
        if value in known and dict(leaves(new.body)).get(place) not in {None, value}:
            new = new.put(("body", *place), value)
    return new


def parents_in(call: Call) -> dict[str, str]:
    """What an object that this call makes or shows belongs to."""
    return parents_of(call.operation.path, call.path)


def open_estate(
    client: Client, document: Object, seed: str, envelope: Envelope, given: Mapping[str, Json]
) -> Estate:
    """An empty estate; the seed decides the marks."""
    chance, ledger = Random(seed), Ledger()  # noqa: S311 - a mark is no secret
    author = Author(
        document=document,
        chance=chance,
        canaries=draw_canaries(chance),
        refer=ledger.refer,
        given=given,
    )
    return Estate(client=client, author=author, ledger=ledger, envelope=envelope)


def chain_of(operation: Operation, things: tuple[Thing, ...]) -> dict[str, str]:
    """The ids of the objects in a path, and of what they belong to, by resource."""
    found: dict[str, str] = {}
    for thing, value in zip(things, values_of(operation, things), strict=True):
        found |= {**thing.parents, thing.resource: value}
    return found
