"""Which text keeps a pattern, with a mark in it where there is room for one?"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from random import Random
from typing import Any

from gate.model import Json

PARSER: Any = import_module("re._parser")  # the tree that `re` itself builds
CHARACTERS = string.ascii_lowercase + string.digits + string.ascii_uppercase + "-_. @/+:"
CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_lowercase + string.digits + string.ascii_uppercase + "_",
    "CATEGORY_SPACE": " ",
}
REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
USUAL = 6


def fits(text: str, schema: Mapping[str, Json]) -> bool:
    """Does the text keep the schema's length and pattern?"""
    least, most = schema.get("minLength", 0), schema.get("maxLength", len(text))
    pattern = schema.get("pattern")
    long_enough = isinstance(least, int) and len(text) >= least
    short_enough = isinstance(most, int) and len(text) <= most
    return long_enough and short_enough and (not isinstance(pattern, str) or matches(pattern, text))


def matches(pattern: str, text: str) -> bool:
    """Does the ECMA-262 pattern match? One that Python cannot read decides nothing."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True


def texts(pattern: Json, mark: str, chance: Random) -> Iterator[str]:
    """Texts that a pattern describes: with what is optional and the mark, then the least one."""
    try:
        tree = PARSER.parse(pattern) if isinstance(pattern, str) else None
    except (re.error, OverflowError, RecursionError):
        return
    for rich in (True, False) if tree is not None else ():
        yield Pen(mark, chance, rich).write(tree)


@dataclass(slots=True)
class Pen:
    """Writes along a parsed pattern; `rich` with what is optional. The mark is written once."""

    mark: str
    chance: Random
    rich: bool

    def write(self, tree: Any) -> str:
        """The parts of a pattern one after the other."""
        return "".join(self.part(str(operator), value) for operator, value in tree)

    def part(self, operator: str, value: Any) -> str:
        """One part; what only looks around (anchors, assertions) is nothing."""
        if operator in REPEATS:
            return self.repeat(*value)
        if operator == "SUBPATTERN":
            return self.write(value[3])
        if operator == "ATOMIC_GROUP":
            return self.write(value)
        if operator == "BRANCH":
            return self.write(self.chance.choice(value[1]))
        allowed = letters(operator, value)
        return self.chance.choice(allowed) if allowed else ""

    def repeat(self, least: int, most: int, inner: Any) -> str:
        """A part again and again: the mark if it may stand there, else a usual number of times."""
        parts = list(inner)
        single = letters(str(parts[0][0]), parts[0][1]) if len(parts) == 1 else ""
        for mark in (self.mark, self.mark.upper()) if single else ():
            if mark and least <= len(mark) <= most and set(mark) <= set(single):
                self.mark = ""
                return mark
        usual = USUAL if single else 1
        times = min(int(most), max(int(least), usual)) if self.rich else int(least)
        return "".join(self.write(parts) for _ in range(times))


def letters(operator: str, value: Any) -> str:
    """The characters of which one may stand there; none for what is no single character."""
    if operator == "LITERAL":
        return chr(value)
    if operator == "NOT_LITERAL":
        return CHARACTERS.replace(chr(value), "")
    if operator == "ANY":
        return CHARACTERS
    if operator != "IN":
        return ""
    turned = any(str(kind) == "NEGATE" for kind, _ in value)
    found = "".join(member(str(kind), inner) for kind, inner in value)
    return "".join(each for each in CHARACTERS if each not in found) if turned else found


def member(kind: str, value: Any) -> str:
    """The characters that one member of a class stands for."""
    if kind == "LITERAL":
        return chr(value)
    if kind == "RANGE":
        return "".join(map(chr, range(value[0], min(value[1], value[0] + 127) + 1)))
    name = str(value)
    if name.startswith("CATEGORY_NOT_"):
        known = CATEGORIES.get(name.replace("NOT_", ""), "")
        return "".join(each for each in CHARACTERS if each not in known)
    return CATEGORIES.get(name, "")
