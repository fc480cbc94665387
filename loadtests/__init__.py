"""Does the service hold its load, and one tenant that of another? The checks of this package."""

from __future__ import annotations

from gate.check import Check
from loadtests import neighbour, open_arrivals

CHECKS: tuple[Check, ...] = (open_arrivals.CHECK, neighbour.CHECK)
