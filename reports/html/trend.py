"""How does this run compare with earlier ones, and which checks have never been seen to fail?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.exhibits import Curve, Timeline
from gate.model import Finding, Outcome, Past, State, Verdict
from reports.history import pasts
from reports.reading import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Earlier runs (oldest first), what is new or gone, and each measure over all runs."""

    runs: tuple[Past, ...]
    new: int
    regressed: int
    existing: int
    fixed: tuple[str, ...]
    charts: tuple[Timeline, ...]


def trend(verdict: Verdict) -> Trend | None:
    """The trend; None without a history."""
    if not verdict.earlier:
        return None
    known = pasts(verdict)
    states = [known[each.key].state for each in findings(verdict) if each.key in known]
    return Trend(
        runs=verdict.earlier,
        new=states.count(State.NEW),
        regressed=states.count(State.REGRESSED),
        existing=states.count(State.EXISTING),
        fixed=verdict.fixed,
        charts=tuple(charts(verdict)),
    )


def findings(verdict: Verdict) -> Iterator[Finding]:
    """All findings of the verdict."""
    return (finding for result in verdict.results for finding in result.findings)


def charts(verdict: Verdict) -> Iterator[Timeline]:
    """A chart for each measure that an earlier run has too; the last point is this run."""
    for result in verdict.results:
        for measure in result.measures:
            name = f"{result.check}.{measure.estimate.name}"
            past = [run.measures[name] for run in verdict.earlier if name in run.measures]
            if past:
                every = [*past, measure.estimate]
                yield Timeline(
                    title=name,
                    x="runs, the last is this one",
                    y=measure.limit.unit,
                    curves=tuple(
                        Curve(
                            name=part,
                            points=tuple(
                                (float(at), float(getattr(each, field)))
                                for at, each in enumerate(every, start=1)
                            ),
                        )
                        for part, field in (("value", "value"), ("low", "low"), ("high", "high"))
                    ),
                )


def never_failed(verdict: Verdict, one: Read) -> int:
    """In how many runs on record this check passed without ever doing anything else; else 0."""
    seen = [run.checks[one.check] for run in verdict.earlier if one.check in run.checks]
    passed = all(outcome is Outcome.PASS for outcome in [*seen, one.outcome])
    return len(seen) + 1 if seen and passed else 0
