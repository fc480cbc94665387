"""What does one check find? Probe, record, judge; and the judge must reject its controls first.

`run` is `judge(check, gather(check, …))`, so judging a stored record again gives the same result.
"""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from gate.check import Check, Control, Testbed
from gate.codec import decode, encode
from gate.errors import SetupError
from gate.journal import Entry, EvidenceError
from gate.model import (
    Caught,
    Failure,
    Observation,
    Record,
    Result,
    Trouble,
)
from gate.redaction import clean
from gate.rehearsal import grade, undecided, unnoticed
from gate.weigh import NOTHING, starved, weigh

Recorder = Callable[[Entry], None]
OPERATION = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE) /\S*")
NO_LIMITS: Mapping[str, float] = {}
NO_SECRETS: Mapping[str, str] = {}
NOTHING_TOLD: Mapping[str, int] = {}


def run(
    check: Check,
    testbed: Testbed,
    record: Recorder,
    limits: Mapping[str, float] = NO_LIMITS,
    *,
    sabotage: bool = False,
) -> Result:
    """Gather what the probe sees, then judge it. Only KeyboardInterrupt and the like escape.

    With `sabotage` the probe then looks again at the target behind each of the check's lies.
    """
    seen = gather(check, testbed, record)
    if sabotage and seen.died is None and not seen.lacking:
        seen = replace(seen, rehearsals=tuple(rehearse(check, testbed, record)))
    return judge(check, seen, limits)


def rehearse(check: Check, testbed: Testbed, record: Recorder) -> Iterator[Record]:
    """One record for each lie; a target that cannot be made to lie leaves a record that died."""
    for lie in check.lies:
        try:
            with testbed.sabotage(lie) as liar:
                yield gather(check, liar.testbed, record, lie.value, liar.told)
        except SetupError as error:
            entry = Entry(event="began", check=check.id, lie=lie.value)
            died = clean(str(error), testbed.secrets)
            record(entry)
            record(replace(entry, event="ended", died=died))
            yield Record(check=check.id, died=died, lie=lie.value)


def gather(
    check: Check,
    testbed: Testbed,
    record: Recorder,
    lie: str = "",
    told: Mapping[str, int] = NOTHING_TOLD,
) -> Record:
    """Let the probe look at the target; a probe that dies leaves what it saw, and why it died.

    Every entry goes to `record` before the next is made; what that raises ends the run, because
    no verdict may rest on evidence that is not kept. `told` counts the lies that the target tells
    meanwhile.
    """
    lacking = tuple(sorted(check.needs - testbed.target.offers))
    entry = Entry(event="began", check=check.id, lie=lie)
    record(entry)
    started = testbed.clock()
    seen: list[Observation] = []
    died = None
    try:
        for observation in () if lacking else check.probe(testbed):
            seen.append(as_stored(observation, testbed.secrets))
            record(replace(entry, event="observed", observation=seen[-1]))
    except EvidenceError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a probe dies of is the answer
        died = clean(epitaph(error), testbed.secrets)
    whole = Record(
        check=check.id,
        observations=tuple(seen),
        died=died,
        lacking=lacking,
        seconds=round(testbed.clock() - started, 3),
        lie=lie,
        told=dict(told),
    )
    record(
        replace(
            entry,
            event="ended",
            died=died,
            lacking=lacking,
            seconds=whole.seconds,
            told=whole.told,
        )
    )
    return whole


def epitaph(error: Exception) -> str:
    """What a probe died of and, as nobody may be able to make it die again, in which line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = "/".join(Path(last.filename).parts[-2:])
    return f"{type(error).__name__}: {error} ({place}:{last.lineno})"


def as_stored(observation: Observation, secrets: Mapping[str, str] = NO_SECRETS) -> Observation:
    """The observation as the journal gives it back: plain JSON, without secrets."""
    text = clean(encode(observation), secrets)
    return decode(Observation, text, source=f"observation {observation.kind!r}")


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
    sabotages = tuple(grade(check, record, findings, limits))
    return Result(
        check=check.id,
        findings=findings,
        measures=measures,
        doubts=(*doubts, *starved(check, observed), *undecided(sabotages)),
        failures=(*failures, *unnoticed(sabotages)),
        controls=controls,
        sabotages=sabotages,
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
