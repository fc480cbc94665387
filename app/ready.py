"""Which answers are shown as PostgreSQL wrote them?

JSON that it has put together is passed on as text: to read it, check it and write it again is most
of the work of a list. A test compares these answers with their declared models.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson

OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z


class Ready(dict[str, Any]):
    """An object, or a page of `items`, of what `orjson` can write, with its JSON as fragments."""

    def only(self, fields: Collection[str] | None) -> dict[str, Any]:
        """The object, or each item of the page, cut to these fields."""
        if fields is None:
            return self
        if "items" in self:
            return {**self, "items": [_cut(item, fields) for item in self["items"]]}
        return _cut(self, fields)


def _cut(item: dict[str, Any], fields: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name in fields}


def fragment(text: str) -> orjson.Fragment:
    """JSON that PostgreSQL has written, to be passed on."""
    return orjson.Fragment(text)


def as_json(shown: object) -> bytes:
    """The object as JSON; keys are sorted, so that equal objects are equal bytes."""
    return orjson.dumps(shown, option=OPTIONS)
