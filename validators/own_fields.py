"""Where in a body, and in its schema, are the fields of the object itself?"""

from __future__ import annotations

from gate.model import Json
from validators.bodies import Author
from validators.names import WRAPPERS
from validators.operations import Object, as_object


def place_of(body: Json) -> tuple[str, ...]:
    """Where in a body the object's own fields are: `data.attributes` in JSON:API."""
    members = as_object(body)
    for name in sorted(WRAPPERS & members.keys()):
        if isinstance(members[name], dict):
            return (name, *place_of(members[name]))
    return ()


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
