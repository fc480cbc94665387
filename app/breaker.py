"""Is it worth asking a part that has just failed?

pybreaker holds its lock while the guarded call runs, so one slow call makes every thread wait.
Here the lock guards the state only, and the caller reports how its call went.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from threading import Lock


class State(IntEnum):
    """Closed: everybody may ask. Open: nobody may. Half open: one caller is trying."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(slots=True)
class Breaker:
    """Opens after `failures` in a row, for `seconds`; then exactly one caller may try again.

    A caller that was admitted must report `succeeded` or `failed`. One that never does is taken
    for lost after another `seconds`, and the next caller may try.
    """

    failures: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    in_a_row: int = 0
    closed_again: float = 0.0
    trying: bool = False
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def state(self) -> State:
        """What a caller would meet now; a trial that is lost counts as one until the next."""
        if self.in_a_row < self.failures:
            return State.CLOSED
        return State.HALF_OPEN if self.trying else State.OPEN

    def admits(self) -> bool:
        """May this caller ask now? Among threads, one yes per period while the part is down."""
        if self.in_a_row < self.failures:
            return True
        with self.lock:
            if self.in_a_row < self.failures:
                return True
            if self.clock() < self.closed_again:
                return False
            self.closed_again = self.clock() + self.seconds
            self.trying = True
            return True

    def succeeded(self) -> None:
        """The part answers: everybody may ask."""
        if self.in_a_row:
            with self.lock:
                self.in_a_row, self.trying = 0, False

    def failed(self) -> None:
        """The part did not answer; from the last tolerated failure on nobody asks for a while."""
        with self.lock:
            self.in_a_row, self.trying = self.in_a_row + 1, False
            if self.in_a_row >= self.failures:
                self.closed_again = self.clock() + self.seconds
