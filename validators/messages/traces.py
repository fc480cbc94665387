"""What of one tenant shows in an answer that another one got?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from random import Random

from gate.check import Answer
from gate.model import Json
from validators.document.resource_names import pairs_of

SHORTEST = 8
EXCERPT = 500
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NOISE = (
    (UUID, "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[0-9.:+Z-]*"), "<time>"),
    (re.compile(r"\b(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}\b"), "<token>"),
)


def find_marks(answer: Answer, marks: Mapping[str, str], sent: Collection[str]) -> dict[str, Json]:
    """Which marks (text to what it is) the headers and the body hold, our own words excepted.

    A caller who reads back the id that he sent has learnt nothing, so sent texts are cut out first.
    """
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    places = {"headers": cut(headers, sent), "body": cut(answer.body, sent)}
    return {
        place: [*sorted({label for mark, label in marks.items() if mark in text})]
        for place, text in places.items()
    }


def cut(text: str, sent: Collection[str], stand_in: str = "<sent>") -> str:
    """The text without what was sent; short values are cut where they stand alone.

    A name does not stand alone in an address (`ann@example.org`), which its owner has beside it,
    and a number not in a section's (`rfc9110#section-15.5.5`).
    """
    for value in sorted(set(sent), key=len, reverse=True):
        if len(value) >= SHORTEST:
            text = text.replace(value, stand_in)
        elif len(value) > 1:
            text = re.sub(alone(re.escape(value)), stand_in, text)
    return text


def alone(value: str) -> str:
    """The pattern of a short value where it is no part of a word or of a dotted number."""
    return rf"(?<![A-Za-z0-9])(?<!\d\.){value}(?![A-Za-z0-9@]|\.\d)"


def fingerprint(answer: Answer, shared: Collection[str]) -> dict[str, str]:
    """The texts that this answer holds and no text of `shared` does, with their place.

    They mark an object that carries no canary of ours: an e-mail address, a prefix, a time.
    """
    return {
        text: f"value of {place}"
        for place, text in scalars(answer.json())
        if isinstance(text, str)
        and len(text) >= SHORTEST
        and not any(text in other for other in shared)
    }


def normalise(text: str, sent: Collection[str]) -> str:
    """The text without what differs from request to request: sent ids, UUIDs, times, tokens."""
    text = cut(text, sent)
    for pattern, name in NOISE:
        text = pattern.sub(name, text)
    return text


def digest(answer: Answer, sent: Collection[str]) -> dict[str, Json]:
    """A short hash of each part of the normalised body, by which two answers are compared.

    The parts are the values of a JSON body by their path, or the whole of another body.
    """
    value = answer.json()
    parts: dict[str, list[str]] = {}
    for place, part in scalars(value) if isinstance(value, dict | list) else [("$", answer.body)]:
        parts.setdefault(place, []).append(normalise(without_short(part, sent), sent))
    return {place: shorten("\n".join(texts)) for place, texts in parts.items()}


def without_short(part: Json, sent: Collection[str]) -> str:
    """A part without sent ids of one character where it is a sentence; `1` alone may be a count."""
    text = str(part)
    short = "".join(re.escape(value) for value in set(sent) if len(value) == 1)
    if not short or not isinstance(part, str) or " " not in part:
        return text
    return re.sub(alone(f"[{short}]"), "<sent>", text)


def shorten(text: str) -> str:
    """The first 48 bits of SHA-256: enough to tell a few answers apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def scalars(value: Json, place: str = "$") -> Iterator[tuple[str, Json]]:
    """Every text, number, boolean, null and empty container with its path."""
    members = value.items() if isinstance(value, dict) else ()
    items = value if isinstance(value, list) else ()
    for name, member in members:
        yield from scalars(member, f"{place}.{name}")
    for member in items:
        yield from scalars(member, f"{place}[]")
    if not members and not items:
        yield place, value


def is_like(owned: Answer, answer: Answer) -> bool:
    """Does the answer have the parts of the owner's?"""
    if owned.status != answer.status:
        return False
    one, two = ({place for place, _ in scalars(each.json())} for each in (owned, answer))
    return one == two and (bool(one - {"$"}) or owned.body == answer.body)


def like(value: str, chance: Random) -> str:
    """An id of the same shape that no object has; a UUID keeps its version and variant.

    Of a resource name only the last part is another one.
    """
    if pairs_of(value):
        above, _, last = value.rpartition("/")
        return f"{above}/{like(last, chance)}"
    if UUID.fullmatch(value):
        return value[:-12] + f"{chance.getrandbits(48):012x}"
    if value.isdigit():
        return str(chance.randrange(10**8, 10**9))
    return "".join(vary(letter, chance) for letter in value.ljust(SHORTEST, "a"))


def vary(letter: str, chance: Random) -> str:
    """Another letter of the same class; punctuation stays."""
    if letter.isdigit():
        return chance.choice("0123456789")
    if letter.isalpha():
        drawn = chance.choice("abcdefghijklmnopqrstuvwxyz")
        return drawn.upper() if letter.isupper() else drawn
    return letter
