"""By which field does a path name an object, where its parameter is called otherwise?

`/orgs/{org}` takes the `login` of an organisation, and `/repos/{owner}/{repo}` two names for one
repository, though each has a number as `id` as well. What the document says of a parameter decides:
a text, by its own word (`{team_slug}`) or its description ("The name of the repository"), and one
of the fields that the reads of such an object show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gate.model import Json
from validators.document.names import (
    ACCOUNT,
    RESERVED,
    is_identity,
    resource_in,
    slots_of,
    words_of,
)
from validators.document.operations import Object, Operation, as_list, as_object, resolve
from validators.document.schemas import kind_of

Keys = Mapping[str, tuple[str, ...]]
# What names an account first: what others call it is no name for a path.
CALLED = ("login", "username", "user_name", "handle", "slug", "path", "key", "code", "name")
NAMING = re.compile(r"(?i)\b(user ?name|name|slug|login|handle|code|owner)\b")
BESIDE = re.compile(r"\{([^{}/]+)\}/\{([^{}/]+)\}")
COVERS = 2


def callings(document: Object, operations: Sequence[Operation]) -> dict[str, tuple[str, ...]]:
    """By resource, the field that its paths name it by, and `owner/repo` where two names do."""
    shown = shown_fields(document, operations)
    found: dict[str, dict[str, None]] = {}
    for each in operations:
        for resource, name in slots_of(each.path):
            field = calling(name, each.places.get(name), shown.get(resource, {}))
            if field:
                found.setdefault(resource, {})[field] = None
        for first, last in BESIDE.findall(each.path):
            if not (is_identity(first) or is_identity(last)):
                found.setdefault(resource_in(last), {})[f"{first}/{last}"] = None
    return {resource: (*names,) for resource, names in found.items()}


def calling(name: str, schema: Json, shown: Mapping[str, str]) -> str:
    """The field that a text in a path is, out of those shown; "" for an id, or as it is called."""
    said, plain = as_object(schema), words_of(name)
    if is_identity(name) or name.lower() in RESERVED or name in shown or not plain:
        return ""
    if kind_of(said) != "string" or said.get("format") == "uuid":
        return ""
    texts = [field for field in CALLED if shown.get(field) == "string"]
    if plain[-1] in texts and len(plain) > 1:
        return plain[-1]
    if "_".join(plain) in ACCOUNT:
        return next((field for field in texts if field in ACCOUNT), "")
    return next(iter(texts), "") if NAMING.search(str(said.get("description", ""))) else ""


def shown_fields(document: Object, operations: Sequence[Operation]) -> dict[str, dict[str, str]]:
    """What the reads of each resource show of it: fields with their types; of one before lists."""
    found: dict[str, dict[str, str]] = {}
    for each in sorted(operations, key=lambda each: not each.reads_one):
        resource = slots_of(each.path)[-1][0] if each.reads_one else each.resource
        if each.method == "GET" and resource not in found:
            fields = dict(fields_of(document, dict(each.replies)))
            found |= {resource: fields} if fields else {}
    return found


def fields_of(document: Object, schema: Json, depth: int = COVERS) -> Iterator[tuple[str, str]]:
    """The fields of an object, or of the items of a list or page, with their types."""
    plain = resolve(document, schema)
    if "items" in plain:
        yield from fields_of(document, plain["items"], depth)
        return
    members = {name: resolve(document, each) for name, each in properties(document, plain).items()}
    lists = [each for each in members.values() if kind_of(each) == "array"]
    if len(members) <= COVERS and len(lists) == 1 and depth:
        yield from fields_of(document, dict(lists[0]), depth - 1)
        return
    yield from ((name, kind_of(each)) for name, each in members.items())


def properties(document: Object, schema: Object) -> dict[str, Json]:
    """Those of a schema and of its parts."""
    parts = [resolve(document, each) for each in as_list(schema.get("allOf"))]
    found = [as_object(each.get("properties")) for each in (*parts, schema)]
    return {name: member for each in found for name, member in each.items()}


def field_in(members: Mapping[str, Json], names: Sequence[str]) -> str:
    """The field of an object with an id that its paths name it by instead; "" where it is its id.

    That is where no path asks for the id, and one of the names stands in it as a plain value.
    """
    if any(is_identity(name) or name.lower() in RESERVED for name in names):
        return ""
    if not {"id", "uuid", "_id"} & members.keys():
        return ""
    return next((name for name in names if is_plain(members.get(name))), "")


def holders_in(members: Mapping[str, Json], names: Sequence[str], own: str) -> dict[str, str]:
    """What else its paths name it by (`owner/repo`), by resource, as the object itself says it.

    As its field of that name, plain or an account's, else by what comes before its own name in
    another of its fields (`full_name: ada/engine`).
    """
    for name in names:
        first, _, last = name.partition("/")
        if not last:
            continue
        said = members.get(first)
        inside = as_object(said)
        texts = [said, *(inside.get(field) for field in CALLED)]
        ends = (str(each) for each in members.values() if str(each).endswith(f"/{own}"))
        texts += [each.removesuffix(f"/{own}") for each in ends if own and ":" not in each]
        value = next((each for each in texts if is_plain(each) and "/" not in str(each)), None)
        if value is not None:
            return {resource_in(first): str(value)}
    return {}


def is_plain(value: Json) -> bool:
    """Is it a text or number that says something?"""
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""
