"""Which objects does a tenant own, and which of their ids fit into which path or body?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from urllib.parse import parse_qsl

from gate.model import Json
from validators.document.names import (
    PARTS,
    RESERVED,
    is_identity,
    is_sibling,
    names_people,
    resource_in,
    slots_of,
)
from validators.document.operations import Operation
from validators.estates.principals import Principals
from validators.estates.things import (
    MARKING,
    NO_KEYS,
    Keys,
    Thing,
    find_named,
    find_references,
    find_things,
    is_called,
    is_same,
    is_somebody,
    is_stranger,
    values_of,
)
from validators.messages.callers import is_self
from validators.messages.calls import Call, expand, leaves

COMPOUND = 4


@dataclass(slots=True)
class Ledger:
    """All objects known to belong to one tenant, in the order in which they appeared.

    `principals` are those who are needed to the end of the run, `names` those of the caller's own
    account, `common` what all may read and refer to.
    """

    things: list[Thing] = field(default_factory=list)
    principals: Principals = field(default_factory=Principals)
    names: dict[str, str] = field(default_factory=dict)
    common: Ledger | None = None

    def note(  # noqa: PLR0913, PLR0917 - where it is from, and what is known of the target
        self,
        resource: str,
        value: Json,
        parents: Mapping[str, str],
        origin: Call | None = None,
        foreign: Collection[str] = (),
        keys: Keys = NO_KEYS,
    ) -> Thing | None:
        """Take the objects out of an answer or a request body, and what they refer to.

        What holds a mark of another tenant is not this one's. The first object of the resource
        itself is returned; only it, and what is a part of it, has the origin.
        """
        found = list(find_things(resource, value, parents, keys))
        first = next((thing for thing in found if thing.resource == resource), None)
        for thing in (*found, *find_references(value), *find_named(value, keys)):
            whole = first is not None and (thing is first or thing.is_part_of(first))
            made = replace(thing, origin=origin) if whole else thing
            text = str(thing.fields)
            if not any(each in text for each in foreign):
                self.take(made)
        return first if first is None else replace(first, origin=origin)

    def take(self, thing: Thing) -> None:
        """Keep an object that is not known yet, or whose origin is not."""
        known = [at for at, each in enumerate(self.things) if is_same(each, thing)]
        if not known:
            self.things.append(thing)
        elif any(self.things[at].origin for at in known):
            return
        elif thing.origin or set(self.things[known[0]].fields) == {"name"}:
            self.things[known[0]] = thing

    def refer(self, name: str, about: str = "", label: str = "") -> str | None:
        """An id for a body's field such as `source_run_id`: of the resource its name ends with.

        Who has a part in something (`mentions`) is a person, the caller himself first. A name that
        is no id's (`invoice`) refers to an object only when it is just the resource's
        name; plain `id`, or `replyTo`, means the resource that the operation is about. Nobody is
        named who is not to be unseated by the operation with this label.
        """
        return next(iter(self.choices(name, about, label)), None)

    def sibling(self, name: str, about: str, label: str, own: Collection[str]) -> str | None:
        """Another one of the kind that the request is about: nothing is a part of itself."""
        return next((each for each in self.choices(name, about, label) if each not in own), None)

    def another(self, resource: str, taken: Collection[str]) -> str | None:
        """An object of this kind, one that is not taken if possible."""
        known = [thing.id for thing in self.things if thing.resource == resource]
        return next((each for each in known if each not in taken), next(iter(known), None))

    def choices(self, name: str, about: str = "", label: str = "") -> list[str]:
        """All ids, or numbers of that name, that such a field could hold, best first."""
        found = (
            thing.value_for(name)
            for thing in self.things_for(name, about)
            if not self.principals.spares(label, thing.resource, thing.fields)
        )
        return list(dict.fromkeys(value for value in found if value))

    def things_for(self, name: str, about: str = "") -> list[Thing]:
        """The objects that such a field may refer to, those that can be made again first."""
        same = name.lower() in RESERVED or is_sibling(name)
        wanted = about if same else resource_in(name)
        loose = is_identity(name) or wanted.partition("_")[0] in PARTS
        fitting = [
            thing
            for thing in self.things
            if thing.id
            and not thing.says(name)
            and (
                wanted == thing.resource
                or thing.key in {name, wanted}
                or (loose and bool(thing.key) and wanted.endswith("_" + resource_in(thing.key)))
                or (loose and wanted.endswith("_" + thing.resource))
                or (loose and thing.resource.endswith("_" + wanted))
            )
        ]
        if not fitting and loose and len(wanted) >= COMPOUND:  # `plan_id` of a nutritionplan
            fitting = [each for each in self.things if each.id and each.resource.endswith(wanted)]
        if not fitting and names_people(name):
            fitting = [each for each in self.things if is_somebody(each)]
        # An order is no purchase order, as long as one is known.
        return sorted(fitting, key=lambda each: (each.resource != wanted, self.rank(each)))

    def rank(self, thing: Thing) -> int:
        """How good it is to start from: what the caller made, himself, what he only saw.

        Who signs up is somebody else, also where the caller sent the request.
        """
        if self.is_own(thing):
            return 1
        return 2 + thing.natural if thing.natural or is_stranger(thing) else 0

    def is_own(self, thing: Thing) -> bool:
        """Is it the caller's own account?"""
        return thing.resource == "user" and is_self(thing.fields, self.names)

    def himself(self) -> Json:
        """The id of the caller's own account as an answer has shown it; None where none has."""
        own = (each for each in self.things if each.id and is_self(each.fields, self.names))
        return next(
            (one for each in own for one in each.fields.values() if str(one) == each.id), None
        )

    def by_value(self, value: str, resource: str = "") -> Thing | None:
        """The object with this id, one that can be made again if possible."""
        fitting = [
            thing for thing in self.things if thing.id == value and resource in {"", thing.resource}
        ]
        return min(fitting, key=self.rank, default=None)

    def said_of(
        self, operation: Operation, path: tuple[str, ...], names: Collection[str]
    ) -> dict[str, Json]:
        """What the object that a path names says of itself under these names: a `signature`.

        Or what stands under them in an address of this path that it shows, as in a signed link.
        """
        return self.linked(operation, path, names) | {
            name: each.fields[name]
            for each in self.at(operation, path)
            for name in names
            if isinstance(each.fields.get(name), str | int)
        }

    def linked(
        self, operation: Operation, path: tuple[str, ...], names: Collection[str]
    ) -> dict[str, Json]:
        """What stands under these names in an address of this path that its object shows."""
        here = expand(operation.path, path)
        return {
            name: said
            for each in self.at(operation, path)
            for _, text in leaves(dict(each.fields))
            for name, said in asked_in(text, here).items()
            if name in names
        }

    def at(self, operation: Operation, path: tuple[str, ...]) -> list[Thing]:
        """The objects that a path with these values names last."""
        slots = slots_of(operation.path)
        if len(slots) != len(path) or not slots:
            return []
        kinds = {slots[-1][0], resource_in(slots[-1][1])}
        here = [each for each in self.things if path[-1] in {each.id, each.place}]
        return [each for each in here if each.resource in kinds]

    def part(self, resource: str, parameter: str) -> str | None:
        """What stands for any object of this kind in a path."""
        found = (each.value_for(parameter) for each in self.things if each.resource == resource)
        return next((value for value in found if value), None)

    def begin(self, operation: Operation) -> tuple[str, ...] | None:
        """The values for all of the path's parameters but the last one; None without objects."""
        found, slots = self.above(operation), slots_of(operation.path)
        if found is None:
            return None
        pairs = zip(found, slots[:-1], strict=True)
        return tuple(thing.value_for(name) or "" for thing, (_, name) in pairs)

    def above(self, operation: Operation) -> tuple[Thing, ...] | None:
        """The objects for all of the path's parameters but the last one; None without."""
        slots = slots_of(operation.path)[:-1]
        return next(self.complete(slots, {}, sorted(self.things, key=self.rank)), None)

    def fill(self, operation: Operation) -> Iterator[tuple[str, ...]]:
        """The values for the path's parameters that fit together, best first."""
        for things in self.match(operation):
            yield values_of(operation, things)

    def match(self, operation: Operation) -> Iterator[tuple[Thing, ...]]:
        """The objects for the path's parameters that belong together, best first.

        What all may read stands in the path only where the tenant has nothing of its own for it;
        what an operation ends is rather something that can be made again. What would unseat a
        principal of the run is done to somebody else.
        """
        slots = slots_of(operation.path)
        ordered = sorted(self.things, key=self.rank)
        if operation.ends:
            ordered.sort(key=lambda thing: thing.origin is None)
        own = self.complete(slots, {}, ordered)
        first = next(own, None)
        found: Iterator[tuple[Thing, ...]] = iter(())
        if first is not None:
            found = chain([first], own)
        elif self.common is not None:
            found = self.complete(slots, {}, [*ordered, *self.common.things])
        for things in found:
            if not (things and self.spares(operation, things[-1])):
                yield things

    def lacking(self, operation: Operation) -> str:
        """Why no object is found for an operation."""
        fitting = self.complete(slots_of(operation.path), {}, self.things)
        if any(True for _ in fitting):
            return "only the run's own principals fit into the path, and they are needed"
        return "no known object fits into the path"

    def spares(self, operation: Operation, thing: Thing) -> bool:
        """Would it unseat a principal of the run?"""
        return self.principals.spares(operation.label, thing.resource, thing.fields)

    def complete(
        self,
        slots: tuple[tuple[str, str], ...],
        chosen: Mapping[str, str],
        ordered: list[Thing],
    ) -> Iterator[tuple[Thing, ...]]:
        """Fill the slots from the left; a child must belong to the parents already chosen."""
        fitting = [
            [
                (thing, value)
                for thing in ordered
                if is_called(thing, *slot) and (value := thing.value_for(slot[1])) is not None
            ]
            # `/ratings/{slug}`: what all other paths call by this word, where it is nothing else.
            or [(thing, thing.place) for thing in ordered if thing.called == slot[1]]
            for slot in slots
        ]
        yield from joined(slots, fitting, chosen)

    @property
    def ids(self) -> frozenset[str]:
        """Every id that is long enough not to occur by accident."""
        return frozenset(thing.id for thing in self.things if len(thing.id) >= MARKING)

    @property
    def made(self) -> frozenset[str]:
        """Those of objects that this tenant made himself and that got their id from the service."""
        return frozenset(
            thing.id
            for thing in self.things
            if thing.origin and len(thing.id) >= MARKING and thing.id not in thing.origin.sent
        )


def joined(
    slots: Sequence[tuple[str, str]],
    fitting: Sequence[Sequence[tuple[Thing, str]]],
    chosen: Mapping[str, str],
) -> Iterator[tuple[Thing, ...]]:
    """One of what fits into each slot, so that all belong together; the nearest kin first."""
    if not slots:
        yield ()
        return
    (resource, parameter), kin = slots[0], chosen.items()

    def fitness(each: tuple[Thing, str]) -> tuple[bool, bool]:
        return not kin & each[0].parents.items(), parameter not in each[0].fields

    for thing, value in sorted(fitting[0], key=fitness):
        if all(chosen.get(name, parent) == parent for name, parent in thing.parents.items()):
            taken = {**chosen, **own_slot(thing, parameter, value), resource: value}
            for tail in joined(slots[1:], fitting[1:], taken):
                yield (thing, *tail)


def own_slot(thing: Thing, parameter: str, value: str) -> dict[str, str]:
    """What is chosen of the kind that the parameter says, where the segment says another one."""
    return {thing.resource: value} if thing.resource == resource_in(parameter) else {}


def asked_in(address: str, path: str) -> dict[str, str]:
    """What an address of this path says in its query."""
    place, _, query = address.partition("#")[0].partition("?")
    return dict(parse_qsl(query)) if place.endswith(path) else {}
