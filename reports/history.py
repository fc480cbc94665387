"""What do earlier runs say of each finding?

A verdict that was given without a history says nothing of it, and neither does a report then.
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.model import Known, Verdict


def pasts(verdict: Verdict) -> Mapping[str, Known]:
    """What the history says of each finding, by its key; nothing without earlier runs."""
    return {each.finding: each for each in verdict.known} if verdict.earlier else {}
