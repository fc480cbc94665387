"""Is it worth asking a part that has just failed?

pybreaker holds its lock while the guarded call runs, so one slow call makes every thread wait.
Here the lock guards the state only, and the caller reports how its call went.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


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
    lock: Lock = field(default_factory=Lock, repr=False)

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
            return True

    def succeeded(self) -> None:
        """The part answers: everybody may ask."""
        if self.in_a_row:
            with self.lock:
                self.in_a_row = 0

    def failed(self) -> None:
        """The part did not answer; from the last tolerated failure on nobody asks for a while."""
        with self.lock:
            self.in_a_row += 1
            if self.in_a_row >= self.failures:
                self.closed_again = self.clock() + self.seconds
