"""When did a run begin and end, as far as its verdict says?"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from gate.model import Verdict

LONGEST = 366 * 86_400


def began(verdict: Verdict) -> datetime:
    """The recorded start in UTC; without one, the first moment of the day of the verdict."""
    try:
        stated = datetime.fromisoformat(verdict.provenance.started if verdict.provenance else "")
        return stated.astimezone(UTC) if stated.tzinfo else stated.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return datetime.combine(verdict.today, time(), UTC)


def ended(verdict: Verdict) -> datetime:
    """The start and the time that the checks took: set-up and waiting are not recorded."""
    seconds = sum(result.seconds for result in verdict.results)
    try:
        return began(verdict) + timedelta(seconds=min(seconds, LONGEST))
    except OverflowError:
        return began(verdict)


def is_recorded(verdict: Verdict) -> bool:
    """Was the start written down?"""
    return verdict.provenance is not None
