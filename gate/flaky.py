"""What is a check worth that passes only when it is tried again? A label, not a pass; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.model import Attempt, Doubt, Finding, Outcome, Result
from gate.rules import UNWAIVABLE

WORTH_ANOTHER_TRY = frozenset({Outcome.INCONCLUSIVE, Outcome.ERROR, Outcome.FAIL})


def settle(attempts: Sequence[Result], *, accept: bool) -> Result:
    """The last attempt's result, with what the earlier ones came to.

    A better last attempt is in doubt unless `accept`. What cannot be waived cannot be retried away
    either: there, the findings of every attempt stay, and `accept` counts for nothing.
    """
    *before, last = attempts
    if not before:
        return last
    strict = last.gate in UNWAIVABLE
    worst = max(attempt.outcome for attempt in before)
    flaky = last.outcome < worst and (strict or not accept)
    doubt = Doubt(
        subject="flaky:",
        reason=f"{worst.label}, then {last.outcome.label} at attempt {len(attempts)}",
    )
    return replace(
        last,
        findings=(*(kept(before, last) if strict else ()), *last.findings),
        doubts=(*last.doubts, *((doubt,) if flaky else ())),
        attempts=tuple(map(describe, before)),
        seconds=round(sum(attempt.seconds for attempt in attempts), 3),
    )


def kept(before: Sequence[Result], last: Result) -> tuple[Finding, ...]:
    """The findings of earlier attempts that the last one has not."""
    there = {finding.key for finding in last.findings}
    found = {each.key: each for attempt in before for each in attempt.findings}
    return tuple(each for key, each in found.items() if key not in there)


def describe(result: Result) -> Attempt:
    """An attempt that was not the last."""
    reasons = (
        *(f"{each.severity.label}: {each.key}" for each in result.findings),
        *(f"{each.trouble}: {each.detail}" for each in result.failures),
        *(f"{each.subject} {each.reason}" for each in result.doubts),
    )
    return Attempt(outcome=result.outcome, reasons=reasons)
