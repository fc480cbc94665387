"""Which field does a refusal blame, and what does it say of it?

Read from the shapes that are in use: RFC 9457 `errors` with `pointer`, FastAPI's `detail[].loc`,
JSON:API's `source.pointer`, maps of fields to messages (marshmallow, Django, Rails), and a plain
message that names a field.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gate.check import Answer
from gate.model import Json
from validators.document.names import words_of
from validators.messages.calls import leaves

POINTING = ("loc", "pointer", "field", "path", "param", "parameter", "property", "attribute",
            "instancePath", "propertyPath", "name", "source")  # fmt: skip
OF_ALL = frozenset({"status", "timestamp", "statusCode"})
ECHOED = {"input", "value", "rejectedValue", "url", "ctx", "instance"}
LACKING = re.compile(
    r"(?i)missing|required|blank|must be (set|given|provided|present)"
    r"|(must|may|can|should)( ?not|'t) be (empty|null|none|undefined)"
)
DEEPEST = 8
# "Scopes are some of read, write and admin": words that a message offers instead.
WORD = r"""\\?['"`]?[A-Za-z*][\w*]*(?:[.:/-][\w*]+)*\\?['"`]?"""
OFFERED = re.compile(
    rf"(?i)(?:\b(?:of|are|be|in|from|values|following)|:)\s*[\[({{]?\s*"
    rf"({WORD}(?:(?:\s*,\s*(?:and |or )?|\s+(?:and|or)\s+|\s*\|\s*){WORD})+)"
)


def blames(answer: Answer, names: Collection[str]) -> dict[str, str]:
    """The fields that a refusal blames, each with what it says; one of no known name is lacking."""
    found: dict[str, str] = {}
    for name, said in walk(answer.json(), frozenset(names)):
        if name in names or LACKING.search(said):
            found.setdefault(name, said)
    if found:
        return found
    text = " ".join(said for _, said in leaves(answer.json())) or answer.body[:500]
    spoken = " ".join(words_of(text))
    order = sorted(names, key=lambda name: (spoken.find(" ".join(words_of(name))), -len(name)))
    return {name: text for name in order if mentions(spoken, name)}


def offered(text: str) -> tuple[str, ...]:
    """The words of the first list of words in a text."""
    found = OFFERED.search(text)
    parts = re.split(r"\s*[,|]\s*|\s+", found[1]) if found else []
    words = (each.strip("\\'\"`") for each in parts)
    return tuple(dict.fromkeys(each for each in words if each and each not in {"and", "or"}))


def mentions(spoken: str, name: str) -> bool:
    """Is the name in a text, as one word or as several: `startDate`, `start date`?"""
    words = " ".join(words_of(name))
    return bool(words) and f" {words} " in f" {spoken} "


def walk(value: Json, names: frozenset[str], depth: int = 0) -> Iterator[tuple[str, str]]:
    """Names and what is said of them, wherever they stand in the answer."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            yield from walk(each, names, depth + 1)
    if not isinstance(value, dict):
        return
    # Beside a status, the `path` is the request's own (Spring Boot), which blames no field.
    blaming = [key for key in POINTING if key != "path" or not OF_ALL & value.keys()]
    pointed = next((name for key in blaming if (name := last_of(value.get(key)))), "")
    said = " ".join(each for key, each in value.items() if key not in ECHOED for each in told(each))
    if pointed and said:
        yield pointed, said
        return
    for name, member in value.items():
        texts = list(told(member))
        if name in names and texts:
            yield name, " ".join(texts)
        elif name not in ECHOED:
            yield from walk(member, names, depth + 1)


def told(value: Json) -> Iterator[str]:
    """A text, or the texts of a list."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield each


def last_of(place: Json) -> str:
    """The last name of a place: `["body", "tags", 0]`, `#/data/title`, `address.zip`, or in it."""
    if isinstance(place, dict):
        return last_of(place.get("pointer", place.get("parameter")))
    if isinstance(place, list):
        names = [each for each in place if isinstance(each, str)]
        return names[-1] if len(names) > 1 or len(place) == 1 else ""
    if not isinstance(place, str) or " " in place:
        return ""
    names = [each for each in re.split(r"[#/.\[\]]+", place) if each and not each.isdigit()]
    return names[-1] if names else ""
