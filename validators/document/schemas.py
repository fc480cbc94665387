"""What does a JSON schema say of a value (JSON Schema 2020-12)?"""

from __future__ import annotations

from gate.model import Json
from validators.document.operations import Object, as_list, as_object


def is_given_back(schema: Object) -> bool:
    """Is it in answers only (`readOnly`), and left out of a request also where it is required?"""
    return schema.get("readOnly") is True


def floor(schema: Object) -> float:
    """The smallest number that the schema allows, as far as it says so."""
    low = bound(schema, "minimum", "exclusiveMinimum", 1)
    return -1e18 if low is None else low


def kind_of(schema: Object) -> str:
    """The JSON type that the schema describes."""
    declared = schema.get("type")
    for each in (declared, *as_list(declared)):
        if isinstance(each, str) and each != "null":
            return each
    if schema.keys() & {"properties", "additionalProperties"}:
        return "object"
    return "array" if "items" in schema else "string"


def merge(one: Object, other: Object) -> dict[str, Json]:
    """Two parts of a composed schema as one; what is no object is none afterwards either."""
    properties = {**as_object(one.get("properties")), **as_object(other.get("properties"))}
    required = [*as_list(one.get("required")), *as_list(other.get("required"))]
    merged: dict[str, Json] = {"properties": properties, "required": required}
    return {**one, **other, **{name: value for name, value in merged.items() if value}}


def number_in(schema: Object) -> Json:
    """The smallest allowed number from 1 up, else the largest one, else one between the limits."""
    low = bound(schema, "minimum", "exclusiveMinimum", 1)
    high = bound(schema, "maximum", "exclusiveMaximum", -1)
    step = schema.get("multipleOf")
    value = max(1, low) if low is not None else 1
    value = min(value, high) if high is not None else value
    if low is not None and value < low:
        value = (low + value) / 2  # both limits were excluded, and less than one apart
    if isinstance(step, int | float) and step > 0:
        value = -(-value // step) * step
    return int(value) if kind_of(schema) == "integer" else value


def bound(schema: Object, inclusive: str, exclusive: str, inward: int) -> float | None:
    """A limit of a number, moved inward by one when it is exclusive (OpenAPI 3.0: by a word)."""
    value, other = schema.get(inclusive), schema.get(exclusive)
    if isinstance(value, int | float):
        return value + inward if other is True else value
    return other + inward if isinstance(other, int | float) and other is not False else None
