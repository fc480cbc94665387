"""From when until when is a list asked for, so that it may show all that there ever was?

A list that is narrowed by dates is often another query than the plain one, with a filter of its own
for whose rows they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from validators.document.names import words_of
from validators.document.operations import Object
from validators.document.schemas import kind_of
from validators.messages.calls import Call, Pointer

FROM = frozenset({"start", "from", "since", "after", "begin", "min", "gte", "gt", "earliest"})
UNTIL = frozenset({"end", "to", "until", "till", "before", "max", "lte", "lt", "latest"})
DATES = frozenset({"date", "day", "at", "time", "on"})
PAST, FUTURE = "2000-01-01", "2100-01-01"


def bound(name: str, schema: Object) -> str | None:
    """The farthest date that a parameter of this name can begin or end with; None for no date."""
    words, form = set(words_of(name)), schema.get("format")
    dated = form in {"date", "date-time"} or (form is None and bool(words & DATES))
    if kind_of(schema) != "string" or not dated or bool(words & FROM) == bool(words & UNTIL):
        return None
    day = PAST if words & FROM else FUTURE
    return f"{day}T00:00:00Z" if form == "date-time" else day


def ranges(call: Call, places: Mapping[Pointer, Object]) -> Iterator[tuple[str, Call]]:
    """The list from the earliest date, up to the latest one, and with both bounds."""
    wide, bounds = call, 0
    for place, schema in places.items():
        day = bound(str(place[-1]), schema)
        if day is not None:
            yield f"with {place[-1]}", call.put(place, day)
            wide, bounds = wide.put(place, day), bounds + 1
    if bounds > 1:
        yield "from the earliest to the latest date", wide
