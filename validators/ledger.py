"""Which objects does a tenant own, and which of their ids fit into which path?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from gate.model import Json
from validators.operations import PARAMETER, Operation, as_list, as_object

WRAPPERS = {"data", "item", "items", "result", "results", "records", "content", "entries", "values"}
ID_FIELDS = ("id", "uuid", "key", "slug", "number", "name")
MOST_LISTED = 20
SUFFIX = re.compile(r"(_id|Id|_uuid|_key|_name|_slug|_number)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One object: what it is (`run`), what it says, and the ids of what it belongs to."""

    resource: str
    fields: Mapping[str, Json]
    parents: Mapping[str, str] = field(default_factory=dict)

    def value_for(self, parameter: str) -> str | None:
        """What stands for this object in a path where the document says `{parameter}`."""
        for name in (parameter, f"{self.resource}_id", *ID_FIELDS):
            value = self.fields.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
        return None


@dataclass(slots=True)
class Ledger:
    """All objects known to belong to one tenant, in the order in which they appeared."""

    things: list[Thing] = field(default_factory=list)

    def note(self, resource: str, value: Json, parents: Mapping[str, str]) -> None:
        """Take the objects out of an answer or a request body, and what they refer to."""
        found = list(find_things(resource, value, parents))
        self.things.extend(thing for thing in found if not self.knows(thing))
        referred = find_references(value)
        self.things.extend(thing for thing in referred if not self.knows(thing))

    def knows(self, thing: Thing) -> bool:
        """Is the object here, from the same place or from a more telling one?"""
        return any(
            each.resource == thing.resource
            and each.value_for("id") == thing.value_for("id")
            and thing.parents.items() <= each.parents.items()
            for each in self.things
        )

    def refer(self, name: str) -> str | None:
        """An id for a body's field such as `source_run_id`: of the resource its name ends with."""
        wanted = stem(SUFFIX.sub("", name))
        for thing in self.things:
            if wanted == thing.resource or wanted.endswith("_" + thing.resource):
                return thing.value_for("id")
        return None

    def fill(self, operation: Operation) -> Iterator[tuple[str, ...]]:
        """The values for the path's parameters that fit together, best first."""
        yield from self.complete(slots_of(operation.path), {})

    def complete(
        self, slots: tuple[tuple[str, str], ...], chosen: Mapping[str, str]
    ) -> Iterator[tuple[str, ...]]:
        """Fill the slots from the left; a child must belong to the parents already chosen."""
        if not slots:
            yield ()
            return
        (resource, parameter), *rest = slots
        for thing in self.things:
            value = thing.value_for(parameter)
            if value is None or not is_called(thing, resource, parameter):
                continue
            if all(chosen.get(name, parent) == parent for name, parent in thing.parents.items()):
                for tail in self.complete(tuple(rest), {**chosen, resource: value}):
                    yield (value, *tail)

    @property
    def ids(self) -> frozenset[str]:
        """Every id that is long enough not to occur by accident."""
        found = {thing.value_for("id") for thing in self.things}
        return frozenset(value for value in found if value and len(value) >= 8)  # noqa: PLR2004


def find_things(resource: str, value: Json, parents: Mapping[str, str]) -> Iterator[Thing]:
    """The objects in a JSON value: the value itself, inside wrappers, or in named members."""
    if isinstance(value, list):
        for each in value[:MOST_LISTED]:
            yield from find_things(resource, each, parents)
        return
    members = as_object(value)
    whole = Thing(resource=resource, fields=members, parents=parents)
    if members and whole.value_for("id") is not None:
        yield whole
    for name, member in members.items():
        inner = resource if name.lower() in WRAPPERS else stem(name)
        wrapped = isinstance(member, dict) and whole.value_for("id") is None
        if wrapped or as_list(member):
            yield from find_things(inner, member, parents)


def find_references(value: Json) -> Iterator[Thing]:
    """The objects that a JSON value names by id only, such as `tenant_id`."""
    for member in as_list(value):
        yield from find_references(member)
    for name, member in as_object(value).items():
        if name.endswith("_id") and isinstance(member, str):
            yield Thing(resource=stem(name.removesuffix("_id")), fields={"id": member})
        else:
            yield from find_references(member)


def is_called(thing: Thing, resource: str, parameter: str) -> bool:
    """Is this the kind of object that the path names, by its segment or by the parameter?"""
    return thing.resource in {resource, stem(SUFFIX.sub("", parameter))}


def slots_of(path: str) -> tuple[tuple[str, str], ...]:
    """For each path parameter the resource before it and its own name.

    `/v1/runs/{run_id}/metrics/{key}` gives `(("run", "run_id"), ("metric", "key"))`.
    """
    slots: list[tuple[str, str]] = []
    before = ""
    for segment in path.strip("/").split("/"):
        found = PARAMETER.search(segment)
        if found:
            slots.append((before or stem(SUFFIX.sub("", found[1])), found[1]))
        before = "" if found else stem(segment)
    return tuple(slots)


def resource_of(path: str) -> str:
    """What a collection's path holds, `/v1/projects/{id}/runs` → `run`."""
    literal = [part for part in path.strip("/").split("/") if not PARAMETER.search(part)]
    return stem(literal[-1]) if literal else ""


def parents_of(path: str, values: tuple[str, ...]) -> Mapping[str, str]:
    """The ids in a path, by the resource that each stands for."""
    slots = slots_of(path)
    return {resource: value for (resource, _), value in zip(slots, values, strict=True)}


def expand(path: str, values: tuple[str, ...]) -> str:
    """The path with its parameters replaced from left to right, percent-encoded (RFC 3986)."""
    left = iter(values)
    return PARAMETER.sub(lambda _: quote(next(left), safe=""), path)


def stem(word: str) -> str:
    """The singular of a resource's name, good enough to compare names."""
    low = word.lower().replace("-", "_")
    if low.endswith("ies"):
        return low[:-3] + "y"
    if low.endswith(("sses", "xes", "ches", "shes")):
        return low[:-2]
    return low[:-1] if low.endswith("s") and not low.endswith("ss") else low
