"""How does an answer differ from the one that a right service gives?"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from gate.exhibits import Exchange

MOST_LINES, LONGEST = 60, 240
MARKS = {" ": "same", "-": "expected", "+": "received"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of both answers, of the expected one only, or of the received one only."""

    standing: str
    text: str


def difference(exchange: Exchange) -> tuple[Line, ...]:
    """The received answer with what is expected instead; JSON is laid out first."""
    expected = lay_out(exchange.expected_status, exchange.expected)
    received = lay_out(exchange.status, exchange.received)
    if exchange.expected_status is None:
        return tuple(Line(standing="same", text=each) for each in received)
    return tuple(
        Line(standing=MARKS[each[0]], text=each[2:])
        for each in difflib.ndiff(expected, received)
        if each[0] in MARKS
    )


def lay_out(status: int | None, body: str) -> Sequence[str]:
    """The status line and the lines of the body, at most `MOST_LINES`."""
    first = "no answer" if status is None else f"HTTP {status}"
    # An excerpt may end anywhere, and then it is shown as it is.
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    lines = [line[:LONGEST] for line in body.splitlines()]
    cut = ["…"] if len(lines) > MOST_LINES else []
    return [first, *lines[:MOST_LINES], *cut]
