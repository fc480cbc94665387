"""What is one object of a tenant, and which objects does a JSON value show?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gate.model import Json
from validators.document.callings import field_in, holders_in
from validators.document.names import (
    ACCOUNT,
    RESERVED,
    WRAPPERS,
    is_identity,
    parents_of,
    resource_in,
    slots_of,
    stem,
    words_of,
)
from validators.document.operations import Operation, as_list, as_object
from validators.document.resource_names import (
    kind_of_name,
    names_in,
    pairs_of,
    parents_of_name,
)
from validators.estates.principals import PEOPLE
from validators.messages.calls import Call

ID_FIELDS = ("id", "uuid", "_id", "key", "slug", "number", "name")
MOST_LISTED = 20
MARKING = 8
PLAIN = frozenset({"name", "slug"})
EMBEDDED, FEW = "_embedded", 2
# What only a page has (in the words of Spring Data, Django REST framework and others).
PAGING = frozenset({
    "total_elements", "total_pages", "number_of_elements", "page_size", "page_number", "per_page",
    "total", "total_count", "total_items", "size", "pageable", "page_count", "has_more", "has_next",
})  # fmt: skip
CLASS = re.compile(r"(_(dto|model|resource|entity|representation|response))?(_list)?$")
Keys = Mapping[str, tuple[str, ...]]
NO_KEYS: Keys = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One object: what it is (`run`), what it says, the ids of what it belongs to.

    `origin` is the call that made it, by which another one like it can be made. `key` is the field
    that names it where none of the usual ones does: `sku`, `bin_code`. `called` is the one that
    paths name it by though it has an id as well: the `number` of an issue, an account's `login`.
    """

    resource: str
    fields: Mapping[str, Json]
    parents: Mapping[str, str] = field(default_factory=dict)
    origin: Call | None = None
    key: str = ""
    called: str = ""
    # The value that names it, once and for all: it is asked for a million times in a run.
    id: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.value_for("id") or "")

    def value_for(self, parameter: str) -> str | None:
        """What stands for this object in a path where the document says `{parameter}`."""
        own = (f"{self.resource}_id", f"{self.resource}Id", self.resource)
        named = next((name for name in self.fields if name == parameter), None)
        keyed = [self.key] if self.key else []
        if self.called and not (is_identity(parameter) or parameter.lower() in RESERVED):
            named = named or self.called
        for name in (*([named] if named else []), *ID_FIELDS[:3], *keyed, *own, *ID_FIELDS[3:]):
            value = self.fields.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
        return None

    def is_part_of(self, other: Thing) -> bool:
        """Does it belong to that object, as far as it is known to?"""
        return bool(other.id) and self.parents.get(other.resource) == other.place

    @property
    def natural(self) -> int:
        """How good it is to start from: made as such, made as a part of something, only seen."""
        if self.origin is None:
            return 2
        return 0 if self.origin.operation.product == self.resource else 1

    @property
    def chain(self) -> dict[str, str]:
        """What it and what it belongs to are called in paths, by resource."""
        return {**self.parents, self.resource: self.place}

    def says(self, name: str) -> bool:
        """Is a field of its kind's name what it says (`content`), and not what it is called by?"""
        said = self.fields.get(name)
        about = resource_in(name) == self.resource and isinstance(said, str) and said != ""
        return about and said not in {self.id, self.place}

    def within(self, resource: str, parameter: str) -> str | None:
        """What it or what it belongs to is called at a place of a path."""
        return self.chain.get(resource) or self.chain.get(resource_in(parameter))

    @property
    def place(self) -> str:
        """What stands for it in a path: its id, or what paths call it by instead."""
        said = self.fields.get(self.called) if self.called else None
        return str(said) if isinstance(said, str | int) and said != "" else self.id


def is_stranger(thing: Thing) -> bool:
    """Is it an account that a public sign-up made, which is nobody's but its own?"""
    made = thing.origin
    if made is None or not made.operation.public or thing.resource != made.operation.product:
        return False
    return any("password" in words_of(name) for name in as_object(made.body))


def is_somebody(thing: Thing) -> bool:
    """Is it a person with an id, rather than one of whom only a name is known?"""
    called = thing.id and (thing.id != thing.fields.get("name") or bool(pairs_of(thing.id)))
    return bool(called) and thing.resource.rpartition("_")[2] in PEOPLE


def values_of(operation: Operation, things: tuple[Thing, ...]) -> tuple[str, ...]:
    """What stands for these objects in the operation's path."""
    return tuple(
        thing.value_for(name) or "" for thing, name in zip(things, operation.names, strict=True)
    )


def chain_of(operation: Operation, things: tuple[Thing, ...]) -> dict[str, str]:
    """The ids of the objects in a path, and of what they belong to, by resource and by segment."""
    found: dict[str, str] = {}
    slots, values = slots_of(operation.path), values_of(operation, things)
    for (resource, _), thing, value in zip(slots, things, values, strict=True):
        account = thing.place if thing.resource == "user" else ""  # in one path by his address
        found |= {**thing.parents, thing.resource: account or value, resource: value}
    return found


def is_same(one: Thing, other: Thing) -> bool:
    """Is `other` known already, from the same place or from a more telling one?"""
    return (
        one.resource == other.resource
        and one.id == other.id
        and other.parents.items() <= one.parents.items()
    )


def find_things(
    resource: str, value: Json, parents: Mapping[str, str], keys: Keys = NO_KEYS
) -> Iterator[Thing]:
    """The objects in a JSON value: the value itself, inside wrappers, or in named members.

    What JSON:API puts under `attributes` counts as the object's own fields.
    """
    if isinstance(value, list):
        for each in value[:MOST_LISTED]:
            yield from find_things(resource, each, parents, keys)
        return
    members = as_object(value)
    fields = {**members, **as_object(members.get("attributes"))}
    names = keys.get(resource, ())
    key, called = key_in(resource, members, names), field_in(fields, names)
    whole = Thing(resource=resource, fields=fields, parents=parents, key=key, called=called)
    held = holders_in(fields, names, whole.place)
    whole = replace(whole, parents={**parents, **held}) if held else whole
    if kind := kind_of_name(whole.id, keys):
        # What acts on it has it in its path, and nothing is a part of itself.
        beside = {each: value for each, value in whole.parents.items() if each != kind}
        above = {**beside, **parents_of_name(whole.id)}
        whole = Thing(resource=kind, fields=fields, parents=above, key=key)
    said = not key and resource in members and is_said(members, resource)
    cover = (said and whole.id == members[resource]) or is_page(members)
    named = whole.id if members and not cover else ""
    if named:
        yield whole
        yield from (Thing(resource=kind, fields={"id": each}) for kind, each in held.items())
    for name, member in members.items():
        if name == EMBEDDED:
            for relation, items in as_object(member).items():
                yield from find_things(resource_of_relation(relation), items, parents, keys)
            continue
        inner = resource if name.lower() in WRAPPERS else stem(resource_in(name) or name)
        if (isinstance(member, dict) and not named) or as_list(member):
            yield from find_things(inner, member, whole.chain if named else parents, keys)


def is_page(members: Mapping[str, Json]) -> bool:
    """Is it a page of others, whose `number` or `name` is not an object's (Spring Data, HAL)?"""
    counted = [name for name in members if "_".join(words_of(name)) in PAGING]
    return len(counted) >= FEW and not set(ID_FIELDS[:3]) & members.keys()


def resource_of_relation(name: str) -> str:
    """What a HAL relation holds, by its name or by that of the class: `orderDtoList` → `order`."""
    return CLASS.sub("", resource_in(name)) or resource_in(name)


def find_entries(value: Json, parents: Mapping[str, str], token: str) -> Iterator[Thing]:
    """The named entries of an object's maps (`tags`, `labels`): those whose name has this mark."""
    for name, member in as_object(value).items():
        for key, entry in as_object(member).items():
            if token in key:
                fields = {"key": key, "value": entry}
                yield Thing(resource=stem(resource_in(name)), fields=fields, parents=parents)


def key_in(resource: str, members: Mapping[str, Json], names: Collection[str]) -> str:
    """The field that names an object, by the parameter of its path or by its own name.

    Empty when one of the usual names does already.
    """
    if set(ID_FIELDS[:3]) & members.keys():
        return ""
    plain = [n for n, each in members.items() if isinstance(each, str | int) and each != ""]
    names = [name for name in names if name not in PLAIN]  # of whatever kind, so of none
    named = next((name for name in names if name in plain), "")
    wanted = {resource_in(name) for name in names} - {resource, *RESERVED}
    alike = next((name for name in plain if resource_in(name) in wanted), "")  # `accountNo`
    own = (name for name in plain if resource_in(name) == resource)
    return named or alike or next((name for name in own if not is_said(members, name)), "")


def is_said(members: Mapping[str, Json], name: str) -> bool:
    """Is it a word of the cover of another object (`message` beside `data`), which names none?"""
    covers = (isinstance(each, dict | list) and n in WRAPPERS for n, each in members.items())
    return name == resource_in(name) and any(covers)


def find_named(value: Json, keys: Keys) -> Iterator[Thing]:
    """The objects that a JSON value names by their whole resource names, and what these are in."""
    for kind, name in names_in(value, keys):
        for each, said in {**parents_of_name(name), kind: name}.items():
            yield Thing(resource=each, fields={"name": said}, parents=parents_of_name(said))


def find_references(value: Json) -> Iterator[Thing]:
    """The objects that a JSON value names by id only, such as `tenant_id`."""
    for member in as_list(value):
        yield from find_references(member)
    for name, member in as_object(value).items():
        plain = isinstance(member, str | int) and not isinstance(member, bool) and member != ""
        if plain and is_identity(name) and name.lower() not in RESERVED:
            yield Thing(resource=resource_in(name), fields={"id": member})
        else:
            yield from find_references(member)


def is_called(thing: Thing, resource: str, parameter: str) -> bool:
    """Is this the kind of object that the path names, by its segment or by the parameter?

    What an account signs in with (`{username}`) names it wherever it stands.
    """
    asked = "_".join(words_of(parameter))
    handles = ACCOUNT - {"email"}
    called = thing.resource in PEOPLE and bool({thing.called, thing.key} & handles)
    account = thing.resource == "user" and parameter in thing.fields
    if (account and asked in ACCOUNT) or (called and asked in handles):
        return True
    return thing.resource in {resource, resource_in(parameter)}


def named_by(call: Call) -> Thing:
    """The object that a PUT brought into being, by its name."""
    (*_, (resource, name)) = slots_of(call.operation.path)
    named = {"id": call.path[-1], name: call.path[-1]}
    above = parents_of(call.operation.path, call.path)
    parents = {key: value for key, value in above.items() if key != resource}
    fields = {**as_object(call.body), **named}
    return Thing(resource=resource, fields=fields, parents=parents, origin=call)
