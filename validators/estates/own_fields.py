"""Where in a body, and in its schema, are the fields of the object itself?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gate.model import Json
from validators.document.names import WRAPPERS, stem, words_of
from validators.document.operations import Object, Operation, as_object
from validators.document.schemas import kind_of
from validators.estates.estate import Estate
from validators.messages.bodies import Author
from validators.messages.calls import Call, Pointer, value_at

DEEPEST = 4


def place_in(author: Author, call: Call) -> Pointer:
    """Where in a call's body the object's own fields are, as the body is declared."""
    pointer: list[str | int] = []
    body, resource = call.body, call.operation.resource
    for step, _ in steps(author, dict(call.operation.body), resource):
        body = value_at(body, (step,))
        if not isinstance(body, dict | list):
            break
        pointer.append(step)
    return tuple(pointer)


def schema_of(author: Author, schema: Json, resource: str = "") -> Object:
    """The schema of the object itself, out of what a body wraps it in."""
    inner = [each for _, each in steps(author, schema, resource)]
    return inner[-1] if inner else author.simplify(schema)


def steps(author: Author, schema: Json, resource: str) -> Iterator[tuple[str | int, Object]]:
    """The way from a body's schema to that of the object, with the schema at each step.

    Such as `data` and `attributes` in JSON:API, the only member that a body has
    (`{"order": {…}}`), or the first of the list that it is, or that is called like the resource.
    """
    plain = author.simplify(schema)
    for _ in range(DEEPEST):
        step = step_into(author, plain, resource)
        if step is None:
            return
        at = plain.get("items") if step == 0 else as_object(plain.get("properties"))[str(step)]
        plain = author.simplify(at)
        yield step, plain


def step_into(author: Author, schema: Object, resource: str) -> str | int | None:
    """The next step into a wrapper; None where the schema is none."""
    if kind_of(schema) == "array":
        return 0 if "properties" in author.simplify(schema.get("items")) else None
    properties = as_object(schema.get("properties"))
    for name in sorted(WRAPPERS & properties.keys()):
        if kind_of(author.simplify(properties[name])) == "object":
            return name
    for name in properties if len(properties) == 1 else ():
        inner = author.simplify(properties[name])
        many = kind_of(inner) == "array" and stem("_".join(words_of(name))) == resource
        if "properties" in (author.simplify(inner.get("items")) if many else inner):
            return name
    return None


def own_part(answer: Json) -> Object:
    """The object that an answer is about, without its wrappers."""
    members = as_object(answer)
    alone = list(members) if len(members) == 1 else []
    for name in (*sorted(WRAPPERS & members.keys()), *alone):
        if isinstance(members[name], dict):
            return own_part(members[name])
    return members


def fields_in(author: Author, schema: Json, resource: str = "") -> Object:
    """The object's own fields as the request's schema declares them."""
    return as_object(schema_of(author, schema, resource).get("properties"))


def free_fields(author: Author, schema: Json, resource: str = "") -> set[str]:
    """Those that a caller may set: declared, and not as read-only."""
    declared = fields_in(author, schema, resource)
    return {n for n, each in declared.items() if author.simplify(each).get("readOnly") is not True}


def himself(
    caller: Estate, operations: Sequence[Operation], operation: Operation
) -> Mapping[str, Json]:
    """What a caller who changes himself, or what he has once, is before."""
    if operation.names or operation.method not in {"PUT", "PATCH"}:
        return {}
    read = next((each for each in operations if each.path == operation.path and each.safe), None)
    return own_part(caller.send(Call(operation=read)).json()) if read else {}


def undo(caller: Estate, call: Call, names: Sequence[str], former: Mapping[str, Json]) -> None:
    """Give a caller who changed himself his old values back."""
    back = {name: former[name] for name in names if name in former}
    if back and not call.path and call.operation.method in {"PUT", "PATCH"}:
        place = place_in(caller.author, call)
        for name, value in back.items():
            call = call.put(("body", *place, name), value)
        caller.send(call)
