"""Does the service survive faults without losing an acknowledged write?"""

from __future__ import annotations

from chaos import postgres_killed
from chaos.drills import restore
from gate.check import Check

CHECKS: tuple[Check, ...] = (postgres_killed.CHECK, restore.CHECK)
