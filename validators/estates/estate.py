"""What does a tenant own, and how is a request of his written?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random

from gate.check import Answer, Client
from gate.model import Json
from validators.document.names import (
    MERGING,
    PARTS,
    RESERVED,
    SELF,
    is_identity,
    is_sibling,
    parents_of,
    resource_in,
    slots_of,
)
from validators.document.operations import Object, Operation, as_object
from validators.estates.envelope import Envelope
from validators.estates.handles import handed, located
from validators.estates.ledger import Ledger
from validators.estates.named_fields import body_of, by_name, names_new
from validators.estates.naming import (
    as_it_is,
    code_for,
    given_for,
    headers_of,
    keep_references,
    links,
    looked_for,
    names_itself,
    signs_up,
    somebody_for,
    told_of,
)
from validators.estates.things import Thing, find_entries, named_by
from validators.messages.bodies import HIMSELF, OMIT, Author, Canaries, draw_canaries
from validators.messages.callers import names_of
from validators.messages.calls import Call, expand, send

DEMANDED = 428
MOST_PATHS = 5
FULL_UP, CONFLICT = frozenset({402, 403, 409, 422, 429}), 409
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

    `foreign` are the marks of others, `created` the operations that made something, `spares` the
    objects that were made for one attempt each, `shown` the paths that showed something, by label,
    `restless` the reads whose answers move now and then by themselves, `watched` the operations
    whose objects were looked at for that, `common` the places that move with what others do,
    `leaky` whether a read shows another tenant's marks already, by its label, `colleagues` his.
    """

    client: Client
    author: Author
    ledger: Ledger
    envelope: Envelope
    foreign: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    spares: list[Thing] = field(default_factory=list)
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    restless: set[str] = field(default_factory=set)
    watched: set[str] = field(default_factory=set)
    common: set[str] = field(default_factory=set)
    leaky: dict[str, bool] = field(default_factory=dict)
    colleagues: Mapping[str, Client] = field(default_factory=dict)

    @property
    def canaries(self) -> Canaries:
        """The tenant's marks."""
        return self.author.canaries

    @property
    def knows(self) -> int:
        """How many objects are known."""
        return len(self.ledger.things) + len(self.envelope.common.things)

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
        label = "" if operation.names else operation.label
        new = signs_up(self.author, operation)

        def is_new(name: str) -> bool:
            own = names_itself(operation, name) or (new and not is_identity(name))
            return own or names_new(self.ledger, operation, name)

        def refer(name: str) -> str | None:
            wanted = operation.resource if name.lower() in RESERVED else resource_in(name)
            # Two of a kind: `sourceId` and `targetId`, and `ids` and `into` of what is merged.
            merges = operation.verb in MERGING and (wanted in PARTS or name in {"id", "ids"})
            if merges or (wanted in PARTS and is_identity(name)):
                found = self.ledger.another(operation.resource, taken)
                taken.add(found or "")
                return found
            if is_new(name):
                return None
            known = by_name(self.ledger, operation, name, path)
            if whom := known or somebody_for(self.author, operation, name, self.ledger):
                return whom
            if is_sibling(name):
                return self.ledger.sibling(name, operation.resource, label, path[-1:])
            known = chain.get(wanted) or self.ledger.refer(name, operation.resource, label)
            return known or self.elsewhere(operation, name)

        learned = self.envelope.taught.get(operation.label, {})
        must = self.envelope.demanded.get(operation.label, {})
        sought = looked_for(self.author, operation, must) if not learned else {}
        author = replace(
            self.author,
            refer=refer,
            choices=lambda n: [] if is_new(n) else self.ledger.choices(n, operation.resource),
            given={**sought, **self.given(operation, learned)},
            taught={
                **as_it_is(self.author, self.ledger.things, operation),
                **dict.fromkeys(self.envelope.principals.left_out(operation.label, path), OMIT),
                **learned,
            },
            full=recipe.full,
            linked=recipe.linked,
            current=current or {},
        )
        query = {**operation.query, **must} | (links(operation, author) if recipe.linked else {})
        told = told_of(self.ledger, operation, path, query)
        asked = {name: told.get(name) or author.write(query[name], name) for name in query | told}
        body = body_of(author, operation, path)
        headers = headers_of(operation, author, self.client.credentials)
        match = recipe.match or self.tag(path, operation)
        headers |= {"If-Match": match} if match else {}
        return Call(operation=operation, path=path, query=asked, body=body, headers=headers)

    def given(self, operation: Operation, learned: Mapping[str, Object]) -> dict[str, Json]:
        """What fields hold by the word of the target file, or as the caller's own account."""
        own = [name for name, each in learned.items() if each == HIMSELF]
        known = given_for(operation, self.author.given, self.envelope.in_use)
        return {**known, **dict.fromkeys(own, self.ledger.himself())}

    def elsewhere(self, operation: Operation, name: str) -> str | None:
        """What everybody may refer to, or the code of something that was made."""
        known = self.envelope.common.refer(name, operation.resource)
        return known or code_for(operation, name, self.ledger)

    def send(self, call: Call) -> Answer:
        """Ask as this tenant; once more with the object's tag where the service demands it."""
        answer = send(self.client, call)
        if answer.status == CONFLICT:
            self.envelope.in_use.add(call.operation.label)
        if answer.status != DEMANDED or "If-Match" in call.headers:
            return answer
        self.envelope.matching.add(call.operation.label)
        tag = self.tag(call.path, call.operation)
        return send(self.client, replace(call, headers={**call.headers, "If-Match": tag}))

    def tag(self, path: tuple[str, ...], operation: Operation) -> str:
        """The tag that an operation asked for, as its object has it (RFC 9110, 8.8.3), or any."""
        if operation.label not in self.envelope.matching:
            return ""
        return self.client.request("GET", expand(operation.path, path)).headers.get("etag", "*")

    def path_for(self, operation: Operation) -> tuple[str, ...] | None:
        """The path of a read that this tenant is granted; the first one where none is."""
        for values in islice(self.ledger.fill(operation), MOST_PATHS):
            if operation.label in self.shown:
                break
            if self.accepts(self.send(self.write(operation, values, recipe=LEAST))):
                self.shown[operation.label] = values
        first = next(self.ledger.fill(operation), None)
        return self.shown.setdefault(operation.label, first) if first is not None else None

    def accepts(self, answer: Answer) -> bool:
        """Was the request granted, as far as this service's errors are known?"""
        return self.envelope.accepts(answer)

    def note(self, call: Call, answer: Answer, *, made: bool = False) -> Thing | None:
        """Take what an answer shows into the ledger; the object that the call made, if it did."""
        thing = self.record(self.ledger, call, answer, made=made)
        if call.operation.resource in SELF:
            self.ledger.note("user", answer.json(), {}, None, self.foreign)
        if made:
            self.created.append(call.operation.label)
        return thing

    def record(
        self, ledger: Ledger, call: Call, answer: Answer, *, made: bool = False
    ) -> Thing | None:
        """Take what an answer shows, and what the call itself made, into this ledger."""
        parents, origin = parents_in(call), call if made else None
        said, operation = answer.json(), call.operation
        if made and not isinstance(said, dict | list):
            said = located(self.client, call, answer)
        if made and operation.method == "PUT":
            ledger.take(named_by(call))
            return named_by(call)
        if made and operation.makes:
            parents = self.owners_in(said)
        for each in handed(self.author, call, said) if made else ():
            ledger.take(each)
        keys = operation.keys
        thing = ledger.note(operation.product, said, parents, origin, self.foreign, keys)
        whole = thing.chain if thing else parents
        for shown in (thing.fields if thing else {}, as_object(call.body) if made else {}):
            for entry in find_entries(dict(shown), whole, self.canaries.token):
                ledger.take(replace(entry, origin=origin))
        for name, member in as_object(call.body).items() if made else ():
            listed = member if isinstance(member, list) else None
            ledger.note(resource_in(name), listed, parents, call, self.foreign, keys)
        return thing

    def owners_in(self, said: Json) -> dict[str, str]:
        """Which objects that this tenant made does an answer name by id?"""
        found = {}
        for name, value in as_object(said).items():
            known = self.ledger.by_value(str(value)) if is_identity(name) else None
            if known and known.origin and name.lower() not in RESERVED:
                found[known.resource] = known.place
        return found

    def renew(
        self, thing: Thing, recipes: Sequence[Recipe] = (FULL, LINKED, LEAST)
    ) -> Thing | None:
        """Another object like this one, made in the same way; None when it cannot be made.

        Where the service lets a tenant have only so many, an older one of those that were made for
        one attempt makes room for it.
        """
        if thing.origin is None:
            return None
        old, path = thing.origin, self.place_for(thing.origin)
        for recipe in recipes:
            call = self.write(old.operation, path, thing.parents, recipe)
            call = keep_references(old, call, self.ledger)
            answer = self.send(call)
            if answer.status in FULL_UP and self.make_room(old.operation.product):
                answer = self.send(call)
            if self.accepts(answer):
                fresh = Ledger()
                self.record(fresh, call, answer, made=True)
                found = [each for each in fresh.things if each.resource == thing.resource]
                self.spares.extend(found[:1])
                return next(iter(found), None)
        return None

    def place_for(self, origin: Call) -> tuple[str, ...]:
        """The path of the call that makes another one: with a new name, or on a new object."""
        operation = origin.operation
        if operation.method == "PUT":
            return (*origin.path[:-1], self.mint(operation))
        if not operation.makes or not origin.path:
            return origin.path
        (*_, (resource, name)) = slots_of(operation.path)
        alike = [each for each in self.ledger.things if each.resource == resource]
        fresh = self.renew(min(alike, key=lambda each: each.natural)) if alike else None
        if fresh is None:
            return origin.path
        self.prepare(operation, fresh)
        return (*origin.path[:-1], fresh.value_for(name) or "")

    def make_room(self, resource: str) -> bool:
        """End the oldest spare object of this kind."""
        ending = self.envelope.endings.get(resource)
        spare = next((each for each in self.spares if each.resource == resource), None)
        if ending is None or spare is None:
            return False
        self.spares.remove(spare)
        call = self.upon(ending, spare)
        return call is not None and self.accepts(self.send(call))

    def prepare(self, operation: Operation, thing: Thing) -> None:
        """Do to an object what must have been done to it before this operation can be."""
        before = self.envelope.before.get(operation.label)
        call = self.upon(before, thing) if before else None
        if call is not None:
            self.send(call)

    def upon(self, operation: Operation, thing: Thing) -> Call | None:
        """An operation on this very object; None when its path cannot be filled."""
        if self.ledger.spares(operation, thing):
            return None
        path = []
        for resource, name in slots_of(operation.path):
            known = thing.within(resource, name) or self.ledger.part(resource, name)
            if known is None:
                return None
            path.append(known)
        return self.write(operation, tuple(path), thing.chain, current=thing.fields)

    def mint(self, operation: Operation) -> str:
        """A new name for what the last place of a path names."""
        schema = operation.places.get(operation.names[-1], {})
        return str(replace(self.author, refer=lambda _: None).write(schema))


def parents_in(call: Call) -> dict[str, str]:
    """What an object that this call makes or shows belongs to."""
    return parents_of(call.operation.path, call.path)


def open_estate(
    client: Client, document: Object, seed: str, envelope: Envelope, given: Mapping[str, Json]
) -> Estate:
    """An estate of nothing but the caller's own account; the seed decides the marks."""
    chance = Random(seed)  # noqa: S311 - a mark is no secret
    ledger = Ledger(
        names=names_of(client, client.credentials),
        common=envelope.common,
        principals=envelope.principals,
    )
    if ledger.names:
        ledger.take(Thing(resource="user", fields=dict(ledger.names)))
    marks = draw_canaries(chance)
    author = Author(
        document=document, chance=chance, canaries=marks, refer=ledger.refer, given=given
    )
    return Estate(client=client, author=author, ledger=ledger, envelope=envelope)
