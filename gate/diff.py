"""What changed between two runs? Findings by their stable keys, outcomes by check; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.model import Finding, Measure, Outcome, State, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A check whose outcome is another one now; None where it has no result."""

    check: str
    before: Outcome | None
    after: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A measure in both runs; `apart` when the two 95 % intervals do not overlap.

    What was measured once has no interval, so nothing can be said of it.
    """

    check: str
    before: Measure
    after: Measure

    @property
    def apart(self) -> bool:
        """Is the change larger than both runs' uncertainty?"""
        before, after = self.before.estimate, self.after.estimate
        if 1 in {before.samples, after.samples}:
            return False
        return before.high < after.low or after.high < before.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Findings that are new, gone, still there; outcomes and measures that moved."""

    new: tuple[Finding, ...]
    regressed: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    still: tuple[Finding, ...]
    turned: tuple[Turned, ...]
    moved: tuple[Moved, ...]


def compare(before: Verdict, after: Verdict) -> Difference:
    """What the second run says that the first did not, and the other way round.

    A finding that only an older run of either history had is regressed, not new.
    """
    old, new = findings(before), findings(after)
    again = {each.finding for each in after.known if each.state is State.REGRESSED} | {
        key for past in before.earlier for key in past.findings
    }
    fresh = sorted(new.keys() - old.keys())
    return Difference(
        new=tuple(new[key] for key in fresh if key not in again),
        regressed=tuple(new[key] for key in fresh if key in again),
        fixed=tuple(old[key] for key in sorted(old.keys() - new.keys())),
        still=tuple(new[key] for key in sorted(new.keys() & old.keys())),
        turned=tuple(turned(before, after)),
        moved=tuple(moved(before, after)),
    )


def findings(verdict: Verdict) -> dict[str, Finding]:
    """All findings by key."""
    return {each.key: each for result in verdict.results for each in result.findings}


def turned(before: Verdict, after: Verdict) -> Iterable[Turned]:
    """The checks whose outcome differs."""
    old = {result.check: result.outcome for result in before.results}
    new = {result.check: result.outcome for result in after.results}
    for check in sorted(old.keys() | new.keys()):
        if old.get(check) is not new.get(check):
            yield Turned(check=check, before=old.get(check), after=new.get(check))


def moved(before: Verdict, after: Verdict) -> Iterable[Moved]:
    """The measures that both runs took."""
    old, new = measures(before), measures(after)
    for check, name in sorted(old.keys() & new.keys()):
        yield Moved(check=check, before=old[check, name], after=new[check, name])


def measures(verdict: Verdict) -> dict[tuple[str, str], Measure]:
    """All measures by check and name."""
    return {
        (result.check, each.estimate.name): each
        for result in verdict.results
        for each in result.measures
    }
