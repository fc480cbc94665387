"""What is a fact, a finding, a result, a verdict?

Value types only: frozen, without effects, JSON in and out through `gate.codec`.
Times are seconds on a monotonic clock that starts with the run, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import isfinite
from typing import Annotated

from pydantic import JsonValue, PlainSerializer

from gate.ranks import Outcome as Outcome  # noqa: PLC0414 - part of the model
from gate.ranks import Severity as Severity  # noqa: PLC0414

Json = JsonValue


class Trouble(StrEnum):
    """Why a check has no trustworthy answer."""

    PROBE = "the probe died"
    JUDGE = "the judge raised"
    CONTROL = "the control passed"
    ABSENT = "the check never ran"
    SABOTAGE = "the sabotage passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The service under test, as printed in reports; so it never holds a secret."""

    name: str
    base_url: str
    revision: str
    offers: Annotated[frozenset[str], PlainSerializer(sorted)] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One fact that a probe recorded; `data` is plain JSON."""

    kind: str
    subject: str
    at: float = 0.0
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that one probe left behind: enough to judge it again, anywhere.

    `rehearsals` are the records of the same probe on the sabotaged target: each names its `lie`,
    and how often it was `told` in which operation.
    """

    check: str
    observations: tuple[Observation, ...] = ()
    died: str | None = None
    lacking: tuple[str, ...] = ()
    seconds: float = 0.0
    lie: str = ""
    told: Mapping[str, int] = field(default_factory=dict)
    rehearsals: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a reviewer looks at, and the command that shows it again."""

    summary: str
    reproduce: str
    observation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One defect of the target. `rule` and `subject` are stable: templates, never ids."""

    check: str
    rule: str
    subject: str
    title: str
    severity: Severity
    detail: str
    remedy: str
    evidence: tuple[Evidence, ...] = ()
    cwe: int | None = None
    owasp_api: str | None = None
    asvs: str | None = None

    @property
    def key(self) -> str:
        """The same defect has the same key in every run; waivers and diffs name it."""
        return f"{self.check}:{self.rule}:{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A reason not to believe a pass: too little seen, or no positive control."""

    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The worst acceptable value of a measure: a ceiling, unless `at_most` is False."""

    value: float
    unit: str
    at_most: bool = True

    def __post_init__(self) -> None:
        """Refuse NaN and infinities: no measure could ever exceed them."""
        if not isfinite(self.value):
            raise ValueError(f"a limit of {self.value} {self.unit} could never be exceeded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A judge's number with its 95 % interval and the samples it rests on."""

    name: str
    value: float
    low: float
    high: float
    samples: int

    def __post_init__(self) -> None:
        """Refuse NaN and infinities: no limit could ever be held against them."""
        if not all(map(isfinite, (self.value, self.low, self.high))):
            raise ValueError(f"{self.name} is not a finite number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An estimate held against its limit."""

    estimate: Estimate
    limit: Limit

    @property
    def outcome(self) -> Outcome:
        """FAIL when the whole interval is beyond the limit, INCONCLUSIVE when it straddles."""
        low, high, limit = self.estimate.low, self.estimate.high, self.limit.value
        best, worst = (low, high) if self.limit.at_most else (-high, -low)
        bound = limit if self.limit.at_most else -limit
        if worst <= bound:
            return Outcome.PASS
        return Outcome.FAIL if best > bound else Outcome.INCONCLUSIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """Did the judge reject this planted defect?"""

    defect: str
    caught: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """A defect planted in the live target: was it found, and in the operation that had it?

    `operation` is "" for a lie that was never `told`, because nothing gave occasion for it.
    `doubt` says why the rehearsal as a whole could not be judged, so that a miss proves nothing.
    """

    lie: str
    operation: str = ""
    told: int = 0
    caught: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a check has no trustworthy answer, with the detail."""

    trouble: Trouble
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check came to. The outcome is derived from the parts and never set."""

    check: str
    findings: tuple[Finding, ...] = ()
    measures: tuple[Measure, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    failures: tuple[Failure, ...] = ()
    lacking: tuple[str, ...] = ()
    controls: tuple[Caught, ...] = ()
    sabotages: tuple[Sabotage, ...] = ()
    observed: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def gate(self) -> str:
        """The family of the check: the part of its id before the dot."""
        return gate_of(self.check)

    @property
    def outcome(self) -> Outcome:
        """The worst of the parts."""
        return max(
            Outcome.FAIL if self.findings else Outcome.PASS,
            Outcome.ERROR if self.failures else Outcome.PASS,
            Outcome.INCONCLUSIVE if self.doubts else Outcome.PASS,
            Outcome.SKIPPED if self.lacking else Outcome.PASS,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """An accepted finding: shown, not counted, until the day after `expires`."""

    finding: str
    owner: str
    approver: str
    reason: str
    expires: date
    ticket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One condition that keeps the release from going out."""

    check: str
    outcome: Outcome
    reason: str
    finding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a reader must know of a check to trust its result."""

    check: str
    claim: str
    blind_to: str
    lies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who judged what, and how to run it again."""

    maestro: str
    revision: str
    python: str
    platform: str
    seed: int
    started: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run sets out to do: written down before it does anything.

    `only` narrows the profile to some checks; empty means all of them.
    """

    target: Target
    profile: str
    only: tuple[str, ...] = ()
    today: date
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer of one run: PASS exactly when nothing blocks."""

    target: Target
    profile: str
    required: tuple[str, ...]
    left_out: tuple[str, ...]
    today: date
    results: tuple[Result, ...]
    blocking: tuple[Block, ...] = ()
    waived: tuple[Waiver, ...] = ()
    stale: tuple[Waiver, ...] = ()
    pages: tuple[Page, ...] = ()
    provenance: Provenance | None = None

    @property
    def outcome(self) -> Outcome:
        """The worst blocking condition."""
        return max((block.outcome for block in self.blocking), default=Outcome.PASS)

    @property
    def sensitivity(self) -> tuple[int, int]:
        """Planted defects caught, and planted in all: in records and in the live target."""
        controls = [each.caught for result in self.results for each in result.controls]
        sabotages = [each.caught for result in self.results for each in result.sabotages]
        return sum(controls) + sum(sabotages), len(controls) + len(sabotages)


def gate_of(check: str) -> str:
    """The gate of a check id, `isolation.read-by-id` → `isolation`."""
    return check.partition(".")[0]
