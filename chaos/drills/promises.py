"""Which promises did a restore keep? Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from chaos.drills.rules import RULES
from chaos.promises import weaken
from gate.exhibits import Cell, Matrix, tabulate
from gate.model import Observation

COLUMN = "database destroyed: after the restore"
SHOWN_BY: Mapping[str, tuple[str, str]] = {
    "digest-differs": ("digest", "after"),
    "tenant-missing": ("digest", "after"),
    "guard-differs": ("guard", "after"),
    "sees-others": ("view", ""),
    "acknowledged-lost": ("elements", "after"),
    "later-present": ("elements", "after"),
    "backup-flawed": ("verification", ""),
    "tampered-accepted": ("verification", ""),
    "not-restorable": ("phase", "start"),
    "service-silent": ("service", ""),
}
"""The kind of fact, and its moment or phase, without which a promise was not put to the test."""


def promises(seen: Sequence[Observation], broken: Collection[str], *, sure: bool) -> Matrix:
    """Promise by restore; with doubts about the drill nothing counts as kept."""
    shown = {(each.kind, str(each.data.get("moment", ""))) for each in seen}
    shown |= {(each.kind, each.subject) for each in seen if each.kind == "phase"}

    def told(rule: str) -> Cell:
        if rule in broken:
            return "broken"
        return "kept" if SHOWN_BY[rule] in shown else "not tried"

    said = [(RULES[rule].promise, COLUMN, told(rule)) for rule in RULES]
    return tabulate("promises", weaken(said, sure=sure))
