"""Which bytes of a file does a request ask for?"""

from __future__ import annotations

import re
from dataclasses import dataclass

SINGLE = re.compile(r"(?i:bytes)=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*")


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `start` on."""

    start: int
    length: int

    def content_range(self, size: int) -> str:
        """How RFC 9110 §14.4 names the span in a file of that size."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


class UnsatisfiableError(ValueError):
    """No byte of the file is in the range (416)."""


def choose_span(header: str | None, size: int) -> Span | None:
    """The span that a `Range` header asks for, None for the whole file.

    RFC 9110 §14.2: what is no range, has another unit or asks for several parts may be ignored.
    Raises `UnsatisfiableError` for a range that begins behind the end, or has no byte.
    """
    match = SINGLE.fullmatch(header or "")
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(0, size - int(suffix)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= end:
        raise UnsatisfiableError
    return Span(start, end - start)
