"""What is a fact, a finding, a result, a verdict?

Value types only: frozen, without effects, JSON in and out through `gate.codec`.
Times are seconds on a monotonic clock that starts with the run, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from math import isfinite
from typing import Annotated, Any, Self

from pydantic import GetCoreSchemaHandler, JsonValue, PlainSerializer
from pydantic_core import core_schema

from gate.exhibits import Exchange, Shown

Json = JsonValue


class Ranked(IntEnum):
    """An ordered choice, written in JSON and TOML as its lower-case name."""

    @property
    def label(self) -> str:
        """The written form, `high`."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Self:
        """Read the written form back; ValueError names the choices."""
        for member in cls:
            if member.label == label:
                return member
        choices = ", ".join(member.label for member in cls)
        raise ValueError(f"{label!r} is none of: {choices}")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        written = core_schema.no_info_after_validator_function(
            cls.parse, core_schema.literal_schema([member.label for member in cls])
        )
        return core_schema.json_or_python_schema(
            json_schema=written,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), written]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda member: member.label
            ),
        )


class Outcome(Ranked):
    """What a part of a run came to; the worst part decides for the whole."""

    PASS = 0
    SKIPPED = 1
    INCONCLUSIVE = 2
    ERROR = 3
    FAIL = 4


class Severity(Ranked):
    """How bad a finding is; the bands of CVSS 4.0 (FIRST, section 6)."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Trouble(StrEnum):
    """Why a check has no trustworthy answer."""

    PROBE = "the probe died"
    JUDGE = "the judge raised"
    CONTROL = "the control passed"
    ABSENT = "the check never ran"


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
    """All that one probe left behind: enough to judge it again, anywhere."""

    check: str
    observations: tuple[Observation, ...] = ()
    died: str | None = None
    lacking: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a reviewer looks at, and the command that shows it again."""

    summary: str
    reproduce: str
    observation: int | None = None
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One defect of the target. `rule` and `subject` are stable: templates, never ids.

    `cvss` is a CVSS 4.0 vector; its base score knows nothing of tenants, `severity` does.
    """

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
    cvss: str | None = None

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
class Failure:
    """Why a check has no trustworthy answer, with the detail."""

    trouble: Trouble
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check came to. The outcome is derived from the parts and never set.

    `observed` counts facts by kind, `operations` by operation (`GET /v1/runs`) and kind.
    """

    check: str
    findings: tuple[Finding, ...] = ()
    measures: tuple[Measure, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    failures: tuple[Failure, ...] = ()
    lacking: tuple[str, ...] = ()
    controls: tuple[Caught, ...] = ()
    observed: Mapping[str, int] = field(default_factory=dict)
    operations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    exhibits: tuple[Shown, ...] = ()
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
    covers: tuple[str, ...] = ()


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
        """Planted defects caught, and planted in all."""
        controls = [control for result in self.results for control in result.controls]
        return sum(control.caught for control in controls), len(controls)


def gate_of(check: str) -> str:
    """The gate of a check id, `isolation.read-by-id` → `isolation`."""
    return check.partition(".")[0]
