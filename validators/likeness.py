"""Which schema would a value fit that the document only shows as an example?"""

from __future__ import annotations

import csv
import re

from gate.model import Json

FORMATS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[a-z]+"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "uuid": re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "uri": re.compile(r"https?://\S+"),
    "ipv4": re.compile(r"(\d{1,3}\.){3}\d{1,3}"),
}


def schema_like(value: Json) -> dict[str, Json]:
    """A schema that an example fits to; what it shows may be written in another way."""
    if isinstance(value, dict):
        properties: dict[str, Json] = {name: schema_like(each) for name, each in value.items()}
        return {"type": "object", "properties": properties, "required": [*value]}
    if isinstance(value, list):
        return {"type": "array", "items": schema_like(value[0]) if value else {}}
    if isinstance(value, bool):
        return {"type": "boolean", "example": value}
    if isinstance(value, int | float):
        return {"type": "integer" if isinstance(value, int) else "number", "example": value}
    if value is None:
        return {"type": "null"}
    form = next((name for name, pattern in FORMATS.items() if pattern.fullmatch(value)), "")
    return {"type": "string", "example": value, **({"format": form} if form else {})}


def row_like(text: str) -> dict[str, Json]:
    """A schema that a row of a table fits to, by an example with a header; {} where it has none."""
    header, *rows = list(csv.reader(text.splitlines()))[:2] or [[]]
    if not rows or not all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in header):
        return {}
    shown: dict[str, Json] = dict(zip(header, rows[0], strict=False))
    return schema_like({name: as_number(each) for name, each in shown.items()})


def as_number(value: Json) -> Json:
    """A text of digits as the number that it is in a table."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value
