"""Where in a body, and in its schema, are the fields of the object itself?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gate.model import Json
from validators.bodies import Author
from validators.calls import Call
from validators.estate import Estate
from validators.names import WRAPPERS
from validators.operations import Object, Operation, as_object


def place_of(body: Json) -> tuple[str, ...]:
    """Where in a body the object's own fields are: `data.attributes` in JSON:API."""
    members = as_object(body)
    for name in sorted(WRAPPERS & members.keys()):
        if isinstance(members[name], dict):
            return (name, *place_of(members[name]))
    return ()


def own_part(answer: Json) -> Object:
    """The object that an answer is about, without its wrappers."""
    part = as_object(answer)
    for name in place_of(answer):
        part = as_object(part.get(name))
    return part


def fields_in(author: Author, schema: Json) -> Object:
    """The object's own fields as the request's schema declares them."""
    properties = as_object(author.simplify(schema).get("properties"))
    for name in sorted(WRAPPERS & properties.keys()):
        inner = fields_in(author, properties[name])
        if inner:
            return inner
    return properties


def free_fields(author: Author, schema: Json) -> set[str]:
    """Those that a caller may set: declared, and not as read-only."""
    declared = fields_in(author, schema)
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
    back: Json = {name: former[name] for name in names if name in former}
    if back and not call.path and call.operation.method in {"PUT", "PATCH"}:
        caller.send(replace(call, body=back))
