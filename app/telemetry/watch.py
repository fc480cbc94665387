"""What has been noticed about the request that is being answered?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol


class Trace(Protocol):
    """The trace of one request."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        ...

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits, of the request's own span."""
        ...

    def add(
        self, name: str, seconds: float, attributes: Mapping[str, str], *, failed: bool
    ) -> None:
        """Add a call of another server that has just ended."""
        ...

    def end(self, route: str, status: int, attributes: Mapping[str, str]) -> None:
        """The request is answered."""
        ...


@dataclass(slots=True)
class Watch:
    """Moments are of `time.perf_counter`; 0 when the request never came so far."""

    started: float = field(default_factory=time.perf_counter)
    signed_in: float = 0.0
    admitted: float = 0.0
    statements: int = 0
    key_was_cached: bool = False
    defect: str = ""
    route: str = ""
    trace: Trace | None = None

    def sign_in(self) -> None:
        """The caller is known now; without a statement the key was in the cache."""
        self.signed_in = time.perf_counter()
        self.key_was_cached = self.statements == 0

    def admit(self) -> None:
        """The caller is within the rate limit."""
        self.admitted = time.perf_counter()


CURRENT: ContextVar[Watch | None] = ContextVar("watch", default=None)


def note_defect(error: BaseException) -> None:
    """Remember what kind of defect the request has met."""
    watch = CURRENT.get()
    if watch is not None:
        watch.defect = type(error).__name__
