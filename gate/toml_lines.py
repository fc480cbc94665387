"""On which line of a TOML file does a key stand? For messages; `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from itertools import count

HEADER = re.compile(r"\s*(\[\[?)(.+?)(\]\]?)\s*(#.*)?")
ASSIGNMENT = re.compile(
    r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*="""
)
Path = tuple[str | int, ...]


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line (from 1) of the key or table at `path`, or of the nearest one around it.

    `("waivers", 0, "expires")` is a key of the first `[[waivers]]`. None when nothing is near.
    """
    places = dict(keys(text))
    for length in range(len(path), 0, -1):
        if tuple(path[:length]) in places:
            return places[tuple(path[:length])]
    return None


def line_with(text: str, word: str) -> int | None:
    """The first line that holds the word as a quoted string, outside of comments."""
    quoted = (f'"{word}"', f"'{word}'")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith("#") and any(each in line for each in quoted):
            return number
    return None


def keys(text: str) -> Iterator[tuple[Path, int]]:
    """Every table and key with its line; later ones come later."""
    table: Path = ()
    numbers: dict[Path, Iterator[int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if found := HEADER.fullmatch(line):
            table = parts(found[2])
            if found[1] == "[[":
                yield table, number
                table = (*table, next(numbers.setdefault(table, count())))
            yield table, number
        elif found := ASSIGNMENT.match(line):
            yield (*table, *parts(found[1])), number


def parts(dotted: str) -> Path:
    """A dotted key as its parts; what TOML cannot read stays one part."""
    try:
        value: object = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return (dotted,)
    found: list[str] = []
    while isinstance(value, dict) and value:
        name, value = next(iter(value.items()))
        found.append(name)
    return tuple(found)
