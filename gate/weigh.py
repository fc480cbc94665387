"""What does a judge's word come to, with every estimate held against its limit? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gate.check import Check
from gate.exhibits import Exhibit, Histogram, Matrix, Phases, Timeline
from gate.measures import BEYOND
from gate.model import Doubt, Estimate, Finding, Limit, Measure, Observation, Outcome, Severity

Judgement = tuple[tuple[Finding, ...], tuple[Measure, ...], tuple[Doubt, ...], tuple[Exhibit, ...]]
NOTHING: Judgement = ((), (), (), ())


def weigh(check: Check, seen: Sequence[Observation], limits: Mapping[str, float]) -> Judgement:
    """The judge's word, with every estimate held against its limit, and what it shows."""
    said = tuple(check.judge(seen))
    findings = tuple(item for item in said if isinstance(item, Finding))
    estimates = tuple(item for item in said if isinstance(item, Estimate))
    doubts = tuple(item for item in said if isinstance(item, Doubt))
    measures = tuple(measure(check, estimate, limits) for estimate in estimates)
    unmeasured = check.limits.keys() - {estimate.name for estimate in estimates}
    return (
        (*findings, *(breach(check, each) for each in measures if each.outcome is Outcome.FAIL)),
        measures,
        (
            *doubts,
            *(straddle(each) for each in measures if each.outcome is Outcome.INCONCLUSIVE),
            *(Doubt(subject=name, reason="was not measured") for name in sorted(unmeasured)),
        ),
        tuple(item for item in said if isinstance(item, Timeline | Histogram | Phases | Matrix)),
    )


def measure(check: Check, estimate: Estimate, limits: Mapping[str, float]) -> Measure:
    """The estimate with the limit that the policy, else the check, sets for it."""
    limit = check.limits[estimate.name]
    return Measure(
        estimate=estimate,
        limit=replace(limit, value=limits.get(f"{check.id}.{estimate.name}", limit.value)),
    )


def breach(check: Check, measured: Measure) -> Finding:
    """A limit that the whole interval lies beyond, as a finding like any other.

    The numbers are for the reader only: rule and subject, which make the key, hold none.
    """
    estimate, limit = measured.estimate, measured.limit
    return Finding(
        check=check.id,
        rule=BEYOND,
        subject=estimate.name,
        title=f"{estimate.name} is {estimate.value:.4g} {limit.unit}, limit {bound(limit)}",
        severity=Severity.HIGH,
        detail=f"{spell(measured)}; limit {bound(limit)}",
        remedy=f"Bring {estimate.name} back to {bound(limit)}, or change the limit in the policy.",
    )


def straddle(measured: Measure) -> Doubt:
    """An interval that holds the limit says neither yes nor no."""
    return Doubt(
        subject=measured.estimate.name,
        reason=f"{spell(measured)} straddles the limit {bound(measured.limit)}",
    )


def spell(measured: Measure) -> str:
    """The estimate in words."""
    estimate, unit = measured.estimate, measured.limit.unit
    if estimate.samples == 1:
        return f"{estimate.value:.4g} {unit} (measured once)"
    return (
        f"{estimate.value:.4g} {unit} (95 % between {estimate.low:.4g} and {estimate.high:.4g}, "
        f"{estimate.samples} samples)"
    )


def bound(limit: Limit) -> str:
    """The limit in words."""
    return f"{'≤' if limit.at_most else '≥'} {limit.value:g} {limit.unit}"


def starved(check: Check, observed: Mapping[str, int]) -> Iterable[Doubt]:
    """Doubts for each kind of observation that the check has too few of."""
    for kind, least in check.at_least.items():
        count = observed.get(kind, 0)
        if count < least:
            yield Doubt(subject=kind, reason=f"only {count} seen, at least {least} are needed")
