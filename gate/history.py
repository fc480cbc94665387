"""What do earlier runs say about this one? Pure; where they are kept: `gate.archive`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from statistics import median

from gate.model import Known, Measure, Outcome, Past, Result, State, Verdict
from gate.rules import Relative


def past_of(verdict: Verdict, run: str) -> Past:
    """What a later run needs to know of this verdict."""
    origin = verdict.provenance
    return Past(
        run=run,
        started=origin.started if origin else verdict.today.isoformat(),
        day=verdict.today,
        revision=verdict.target.revision,
        profile=verdict.profile,
        outcome=verdict.outcome,
        checks={result.check: result.outcome for result in verdict.results},
        findings=tuple(
            sorted({each.key for result in verdict.results for each in result.findings})
        ),
        measures={
            f"{result.check}.{each.estimate.name}": each.estimate
            for result in verdict.results
            for each in result.measures
        },
    )


def know(results: Iterable[Result], earlier: Sequence[Past], today: date) -> tuple[Known, ...]:
    """Every finding with its state and the day it was first seen; `earlier` is oldest first."""
    found = {each.key: each.check for result in results for each in result.findings}
    return tuple(
        Known(
            finding=key,
            state=state_of(key, check, earlier),
            first_seen=min((past.day for past in earlier if key in past.findings), default=today),
        )
        for key, check in sorted(found.items())
    )


def state_of(key: str, check: str, earlier: Sequence[Past]) -> State:
    """Existing when the last run that looked had it, regressed when only an older one had."""
    looked = [past for past in earlier if did_look(past, check)]
    if looked and key in looked[-1].findings:
        return State.EXISTING
    return State.REGRESSED if any(key in past.findings for past in earlier) else State.NEW


def did_look(past: Past, check: str) -> bool:
    """Did the check give an answer about the target in this run?"""
    return past.checks.get(check) in {Outcome.PASS, Outcome.FAIL}


def fixed(results: Sequence[Result], earlier: Sequence[Past]) -> tuple[str, ...]:
    """The findings that the last look had and this one has not, where this one is to be trusted."""
    return tuple(sorted({key for result in results for key in fixed_by(result, earlier)}))


def fixed_by(result: Result, earlier: Sequence[Past]) -> Iterator[str]:
    """The findings of one check that are gone."""
    looked = [past for past in earlier if did_look(past, result.check)]
    if not looked or result.outcome not in {Outcome.PASS, Outcome.FAIL} or result.failures:
        return
    now = {each.key for each in result.findings}
    for key in looked[-1].findings:
        if key.partition(":")[0] == result.check and key not in now:
            yield key


def baseline(name: str, rule: Relative, profile: str, earlier: Sequence[Past]) -> float | None:
    """The median of the last passing runs' values of a measure; None where there is none."""
    values = [
        past.measures[name].value
        for past in earlier
        if past.outcome is Outcome.PASS and past.profile == profile and name in past.measures
    ]
    return median(values[-rule.last_n :]) if values else None


def worsening(measure: Measure, base: float, rule: Relative) -> tuple[Outcome, float]:
    """Is a measure worse than the rule allows, and than which value?

    FAIL when its whole interval is, INCONCLUSIVE when only its value is.
    """
    sign = 1 if measure.limit.at_most else -1
    bound = base + sign * abs(base) * rule.max_regression_pct / 100
    estimate = measure.estimate
    best = estimate.low if measure.limit.at_most else estimate.high
    if sign * best > sign * bound:
        return Outcome.FAIL, bound
    if sign * estimate.value > sign * bound:
        return Outcome.INCONCLUSIVE, bound
    return Outcome.PASS, bound
