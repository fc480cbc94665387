"""What does one check find? Probe, record, judge; and the judge must reject its controls first.

`run` is `judge(check, gather(check, …))`, so judging a stored record again gives the same result.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control, Testbed
from gate.codec import decode, encode
from gate.exhibits import Exhibit, Histogram, Phases, Timeline
from gate.journal import Entry, EvidenceError
from gate.model import (
    Caught,
    Doubt,
    Estimate,
    Failure,
    Finding,
    Limit,
    Measure,
    Observation,
    Outcome,
    Record,
    Result,
    Severity,
    Trouble,
)

Recorder = Callable[[Entry], None]
Judgement = tuple[tuple[Finding, ...], tuple[Measure, ...], tuple[Doubt, ...], tuple[Exhibit, ...]]
NOTHING: Judgement = ((), (), (), ())
OPERATION = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE) /\S*")
NO_LIMITS: Mapping[str, float] = {}
NO_SECRETS: Mapping[str, str] = {}


def run(
    check: Check, testbed: Testbed, record: Recorder, limits: Mapping[str, float] = NO_LIMITS
) -> Result:
    """Gather what the probe sees, then judge it. Only KeyboardInterrupt and the like escape."""
    return judge(check, gather(check, testbed, record), limits)


def gather(check: Check, testbed: Testbed, record: Recorder) -> Record:
    """Let the probe look at the target; a probe that dies leaves what it saw, and why it died.

    Every entry goes to `record` before the next is made; what that raises ends the run, because
    no verdict may rest on evidence that is not kept.
    """
    lacking = tuple(sorted(check.needs - testbed.target.offers))
    record(Entry(event="began", check=check.id))
    started = testbed.clock()
    seen: list[Observation] = []
    died = None
    try:
        for observation in () if lacking else check.probe(testbed):
            seen.append(as_stored(observation, testbed.secrets))
            record(Entry(event="observed", check=check.id, observation=seen[-1]))
    except EvidenceError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a probe dies of is the answer
        died = redact(f"{type(error).__name__}: {error}", testbed.secrets)
    seconds = round(testbed.clock() - started, 3)
    record(Entry(event="ended", check=check.id, died=died, lacking=lacking, seconds=seconds))
    return Record(
        check=check.id,
        observations=tuple(seen),
        died=died,
        lacking=lacking,
        seconds=seconds,
    )


def as_stored(observation: Observation, secrets: Mapping[str, str] = NO_SECRETS) -> Observation:
    """The observation as the journal gives it back: plain JSON, without secrets."""
    text = redact(encode(observation), secrets)
    return decode(Observation, text, source=f"observation {observation.kind!r}")


def redact(text: str, secrets: Mapping[str, str]) -> str:
    """The text with each secret's placeholder in its place."""
    for secret, placeholder in secrets.items():
        text = text.replace(secret, placeholder)
    return text


def judge(check: Check, record: Record, limits: Mapping[str, float] = NO_LIMITS) -> Result:
    """Turn a record into a result; pure. `limits` maps `check.measure` to the policy's value."""
    if record.lacking:
        return Result(check=check.id, lacking=record.lacking, controls=try_controls(check))
    controls = try_controls(check)
    observed = dict(Counter(observation.kind for observation in record.observations))
    failures = [
        Failure(trouble=Trouble.CONTROL, detail=f"the judge accepted: {control.defect}")
        for control in controls
        if not control.caught
    ]
    if record.died is not None:
        failures.append(Failure(trouble=Trouble.PROBE, detail=record.died))
    try:
        findings, measures, doubts, exhibits = weigh(check, record.observations, limits)
    except Exception as error:  # noqa: BLE001 - a judge that raises has given no answer
        findings, measures, doubts, exhibits = NOTHING
        failures.append(Failure(trouble=Trouble.JUDGE, detail=f"{type(error).__name__}: {error}"))
    return Result(
        check=check.id,
        findings=findings,
        measures=measures,
        doubts=(*doubts, *starved(check, observed)),
        failures=tuple(failures),
        controls=controls,
        observed=observed,
        operations=by_operation(record.observations),
        exhibits=exhibits,
        seconds=record.seconds,
    )


def by_operation(seen: Iterable[Observation]) -> dict[str, dict[str, int]]:
    """How many facts of each kind there are of each operation of the target."""
    counts: dict[str, Counter[str]] = {}
    for each in seen:
        if OPERATION.fullmatch(each.subject):
            counts.setdefault(each.subject, Counter())[each.kind] += 1
    return {operation: dict(kinds) for operation, kinds in counts.items()}


def try_controls(check: Check) -> tuple[Caught, ...]:
    """Show every planted defect to the judge. A check without controls proves nothing."""
    if not check.controls:
        return (Caught(defect="no control was given", caught=False),)
    return tuple(
        Caught(defect=control.defect, caught=rejects(check, control)) for control in check.controls
    )


def rejects(check: Check, control: Control) -> bool:
    """A control is caught by a finding or a breached limit, not by a crash or a doubt."""
    record = tuple(as_stored(observation) for observation in control.record)
    try:
        findings, *_ = weigh(check, record, NO_LIMITS)
    except Exception:  # noqa: BLE001 - a judge that cannot read the defect did not catch it
        return False
    return bool(findings)


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
        tuple(item for item in said if isinstance(item, Timeline | Histogram | Phases)),
    )


def measure(check: Check, estimate: Estimate, limits: Mapping[str, float]) -> Measure:
    """The estimate with the limit that the policy, else the check, sets for it."""
    limit = check.limits[estimate.name]
    return Measure(
        estimate=estimate,
        limit=replace(limit, value=limits.get(f"{check.id}.{estimate.name}", limit.value)),
    )


def breach(check: Check, measured: Measure) -> Finding:
    """A limit that the whole interval lies beyond, as a finding like any other."""
    estimate, limit = measured.estimate, measured.limit
    return Finding(
        check=check.id,
        rule="limit",
        subject=estimate.name,
        title=f"{estimate.name} is beyond its limit",
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
