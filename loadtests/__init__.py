"""Does the service hold its load? The checks of this gate."""

from __future__ import annotations

from gate.check import Check
from loadtests.open_arrivals import CHECK

CHECKS: tuple[Check, ...] = (CHECK,)
