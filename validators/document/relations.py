"""What does an operation make that its path does not say? Seen from the schemas that it shares.

`POST /exports` answers with the schema that `GET /jobs/{job_id}` answers with: it makes a job.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.forms import JSON_PATCH, TABLE
from gate.model import Json
from validators.document.callings import Keys, callings
from validators.document.names import resource_in, slots_of, stem, words_of
from validators.document.operations import Object, Operation, as_list, as_object, resolve


def related(document: Object, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """The operations, each with the resource that it makes where its path names another one."""
    shown = resources_of(document, operations)
    asked = asked_by(document, operations)
    called = callings(document, operations)
    return tuple(
        replace(
            each,
            makes=made_by(each, shown)
            or filled_by(document, each, operations)
            or left_by(each, operations),
            keys=joined({**asked, **each.keys}, called),
            body=patched_by(document, each, operations) or each.body,
        )
        for each in operations
    )


def joined(one: Keys, other: Keys) -> dict[str, tuple[str, ...]]:
    """The names of both, by resource."""
    return {
        resource: tuple(dict.fromkeys((*one.get(resource, ()), *other.get(resource, ()))))
        for resource in {**one, **other}
    }


def asked_by(document: Object, operations: Sequence[Operation]) -> dict[str, tuple[str, ...]]:
    """By resource, what names one of it in a query: `GET /device?uid=`, whose reply shows `uid`."""
    shown: dict[str, set[str]] = {}
    for each in operations:
        if each.method == "GET":
            names = names_in(document, dict(each.replies))
            shown.setdefault(each.resource, set()).update(names)
    found: dict[str, dict[str, None]] = {}
    for each in operations:
        if not each.names and each.method != "POST":
            known = shown.get(each.resource, set())
            wanted = dict.fromkeys(name for name in each.query if name in known)
            found.setdefault(each.resource, {}).update(wanted)
    return {resource: (*names,) for resource, names in found.items() if names}


def names_in(document: Object, schema: Json, depth: int = 4) -> Iterator[str]:
    """What the members of the objects that a schema describes are called, covers included."""
    plain = resolve(document, schema)
    parts = [*as_list(plain.get("allOf")), *as_list(plain.get("oneOf")), plain.get("items")]
    for name, member in as_object(plain.get("properties")).items():
        yield name
        parts.append(member)
    for each in parts if depth else ():
        yield from names_in(document, each, depth - 1)


def made_by(operation: Operation, shown: dict[str, str]) -> str:
    """The resource of the schema that it answers with; "" for that of its path.

    An export that answers with a job is no read: it makes this job.
    """
    if operation.method != "POST" or (operation.safe and operation.verb != "export"):
        return ""
    found = shown.get(reference(operation.replies), "")
    known = {operation.resource, *(resource for resource, _ in slots_of(operation.path))}
    return "" if found in known else found


def filled_by(document: Object, operation: Operation, operations: Sequence[Operation]) -> str:
    """The only resource whose read of one shows all columns of the table that an import takes."""
    columns = as_object(operation.body.get("properties")).keys()
    if operation.method != "POST" or not operation.media.startswith(TABLE) or not columns:
        return ""
    reads = [each for each in operations if each.method == "GET" and each.reads_one]
    found = {
        each.resource
        for each in reads
        if columns <= as_object(resolve(document, dict(each.replies)).get("properties")).keys()
    }
    return found.pop() if len(found) == 1 else ""


def patched_by(document: Object, operation: Operation, operations: Sequence[Operation]) -> Object:
    """What a JSON Patch may change: what the object was made of, else what its read shows.

    The schema of the body itself is that of a patch, which says nothing of the object.
    """
    if not operation.media.startswith(JSON_PATCH):
        return {}
    whole = operation.path.rpartition("/{")[0]
    made = (each.body for each in operations if each.method == "POST" and each.path == whole)
    shown = (
        each.replies for each in operations if each.method == "GET" and each.path == operation.path
    )
    found = [resolve(document, dict(each)) for each in (*made, *shown, operation.replies)]
    properties = (as_object(each.get("properties")) for each in found)
    return {"type": "object", "properties": dict(next(filter(None, properties), {}))}


def left_by(operation: Operation, operations: Sequence[Operation]) -> str:
    """What a deletion leaves that a path asks for and nothing else makes: one that can be undone.

    Told by the name of its schema, `Operation`, and of the parameter, `/undo/{operationId}`.
    """
    left = stem("_".join(words_of(reference(operation.replies).rpartition("/")[2])))
    if operation.method != "DELETE" or not operation.names or not left:
        return ""
    asked = {resource_in(each.names[-1]) for each in operations if each.names}
    had = {each.resource for each in operations} | {
        resource for resource, _ in slots_of(operation.path)
    }
    return left if left in asked - had else ""


def resources_of(document: Object, operations: Sequence[Operation]) -> dict[str, str]:
    """What each named schema describes, by the reads of one object and of lists that show it.

    A schema that several resources share (an envelope, a message) describes none of them.
    """
    found: dict[str, set[str]] = {}
    for each in operations:
        if each.method == "GET":
            for name in filter(None, shown_by(document, each)):
                found.setdefault(name, set()).add(each.resource)
    return {name: next(iter(each)) for name, each in found.items() if len(each) == 1}


def shown_by(document: Object, operation: Operation) -> Iterator[str]:
    """The named schemas of the object, or of a list's items."""
    if operation.reads_one:
        yield reference(operation.replies)
        return
    page = resolve(document, dict(operation.replies))
    for each in (page, *map(as_object, as_object(page.get("properties")).values())):
        yield reference(as_object(each.get("items")))


def reference(schema: Object) -> str:
    """The name that a schema is referred to by; of a union the first part that is not null."""
    parts = [schema, *map(as_object, as_list(schema.get("anyOf")))]
    return next((str(each["$ref"]) for each in parts if "$ref" in each), "")
