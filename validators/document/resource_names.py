"""Resource names: an object is called by where it is, `projects/p-7/assets/a-1` (AIP-122).

What stands in a path's place is the last part only; bodies and queries want the whole name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from gate.model import Json
from validators.document.names import PARAMETER, noun_of

COLLECTION = re.compile(r"[a-z][A-Za-z_-]*")
PART = re.compile(r"[\w.~@:+=%-]+")
ANYTHING = "-"


@lru_cache(maxsize=65536)
def pairs_of(name: str) -> tuple[tuple[str, str], ...]:
    """The collections and ids in a resource name; none in any other text."""
    parts = name.split("/")
    pairs = tuple(zip(parts[::2], parts[1::2], strict=False))
    whole = len(parts) % 2 == 0 and all(PART.fullmatch(each) for each in parts)
    return pairs if whole and all(COLLECTION.fullmatch(each) for each, _ in pairs) else ()


def kind_of_name(name: str, known: Collection[str]) -> str:
    """What a resource name names, of the kinds that the document's paths know; "" for none."""
    kinds = [noun_of(collection) for collection, _ in pairs_of(name)]
    return kinds[-1] if kinds and all(each in known for each in kinds) else ""


def parents_of_name(name: str) -> dict[str, str]:
    """The whole names of what a resource name says that its object belongs to, by kind."""
    parts = name.split("/")
    pairs = pairs_of(name)[:-1]
    return {noun_of(each): "/".join(parts[: 2 * at + 2]) for at, (each, _) in enumerate(pairs)}


def renames(verb: str, path: Collection[str]) -> bool:
    """Does it give an object another name, so that its old one is nobody's?"""
    return verb == "move" and any(map(pairs_of, path))


def in_place(before: str, value: str) -> str:
    """What stands for a value in the place of a path after `before`: the last part of a name."""
    pairs = pairs_of(value)
    return (
        pairs[-1][1] if pairs and pairs[-1][0] == before.rstrip("/").rpartition("/")[2] else value
    )


def in_places(path: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """What stands for these values in the places of a path."""
    places = [path[: found.start()] for found in PARAMETER.finditer(path)]
    return tuple(in_place(*each) for each in zip(places, values, strict=False))


def names_in(value: Json, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """The resource names anywhere in a JSON value, each with the kind of what it names."""
    if isinstance(value, dict):
        for member in value.values():
            yield from names_in(member, known)
    elif isinstance(value, list):
        for member in value:
            yield from names_in(member, known)
    elif isinstance(value, str) and "/" in value and ANYTHING not in value.split("/"):
        kind = kind_of_name(value, known)
        yield from [(kind, value)] if kind else []


def said_by(path: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """What a path with these values says of the objects that it names: ids and whole names.

    Of a foreign project in an own workspace the name is put together of both.
    """
    placed = in_places(path, values)
    if placed == values:
        return values
    left = iter(placed)
    first = path[: path.find("{")].rstrip("/").rpartition("/")[0]
    text = PARAMETER.sub(lambda _: "\0" + next(left) + "\0", path[len(first) :])
    parts = text.split("\0")
    found = ["".join(parts[:at]).lstrip("/") for at in range(2, len(parts) + 1, 2)]
    return (*dict.fromkeys((*values, *placed, *found)),)
