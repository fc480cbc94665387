"""Where in the write-ahead log is a moment, and which segment file holds it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

LOW = 1 << 32
"""An LSN is written as two 32-bit halves, and segments are numbered within the upper one."""


@dataclass(frozen=True, slots=True, order=True)
class Lsn:
    """A byte position in the write-ahead log."""

    position: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read PostgreSQL's form, `16/B374D848`; ValueError for anything else."""
        high, slash, low = text.partition("/")
        position = int(high, 16) * LOW + int(low, 16) if slash else -1
        if not 0 <= position < LOW * LOW or int(low, 16) >= LOW:
            raise ValueError(f"{text!r} is no position in a write-ahead log.")
        return cls(position)

    def __str__(self) -> str:
        return f"{self.position // LOW:X}/{self.position % LOW:X}"

    def segment(self, size: int) -> int:
        """The number of the segment, of `size` bytes, that holds this byte."""
        return self.position // size


def segment_name(timeline: int, number: int, size: int) -> str:
    """A segment's file name (`XLogFileName` of PostgreSQL's xlog_internal.h)."""
    high, low = divmod(number, LOW // size)
    return f"{timeline:08X}{high:08X}{low:08X}"
