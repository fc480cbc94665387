"""Where does an answer hold a credential, and how is it sent?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.check import Answer
from gate.model import Json

NAMES = ("accesstoken", "token", "jwt", "authtoken", "sessiontoken", "bearer", "idtoken",
         "apikey", "apitoken", "key", "sessionid", "session", "secret", "sid")  # fmt: skip
HEADERS = ("authorization", "x-auth-token", "x-access-token", "x-session-token", "x-token")
SESSION = re.compile(r"(?i)sess|token|auth|jwt|sid")
COOKIE = re.compile(r"(?:^|, )([^=;,\s]+)=([^;,\s]+)")
SHORTEST = 8
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A credential; the header that it belongs into where that is beyond doubt."""

    value: str
    send: str = ""
    template: str = ""


def find(answer: Answer) -> Found | None:
    """The likeliest credential in an answer: a member by its name, a header, a cookie."""
    named = sorted(members(answer.json()), key=lambda each: (NAMES.index(each[0]), each[1]))
    if named:
        return Found(named[0][2])
    for name in HEADERS:
        if value := answer.headers.get(name, ""):
            return Found(value.removeprefix("Bearer "))
    cookies = COOKIE.findall(answer.headers.get("set-cookie", ""))
    likely = [each for each in cookies if SESSION.search(each[0])] or cookies
    return Found(likely[0][1], "Cookie", f"{likely[0][0]}={{token}}") if likely else None


def members(value: Json, depth: int = 0) -> Iterator[tuple[str, int, str]]:
    """The members that are called like a credential: name, depth, text."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            yield from members(each, depth + 1)
    for name, each in value.items() if isinstance(value, dict) else ():
        plain = name.lower().replace("_", "").replace("-", "")
        if isinstance(each, str) and plain in NAMES and len(each) >= SHORTEST:
            yield plain, depth, each
        elif not isinstance(each, str):
            yield from members(each, depth + 1)


def extract(where: str, answer: Answer) -> str:
    """The token at `data.token`, `items.0.token`, `header:X-Token`, `cookie:sid`; "" without it."""
    if where.startswith("header:"):
        return answer.headers.get(where.removeprefix("header:").lower(), "")
    if where.startswith("cookie:"):
        found = COOKIE.findall(answer.headers.get("set-cookie", ""))
        cookies: dict[str, str] = dict(found)
        return cookies.get(where.removeprefix("cookie:"), "")
    value = answer.json()
    for part in where.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ""
    return value if isinstance(value, str) else ""
