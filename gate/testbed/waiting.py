"""Has it happened yet? Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.01


def until(condition: Callable[[], bool], within: float) -> bool:
    """Ask again and again until the condition holds; False when `within` seconds are over."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True
