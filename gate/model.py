"""What is a fact, a finding, a result, a verdict?

Value types only: frozen, without effects, JSON in and out through `gate.codec`.
Times are seconds on a monotonic clock that starts with the run, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gate.exhibits import Exchange, Shown
from gate.facts import Json, Observation, Record, Target
from gate.grades import Outcome, Severity
from gate.measures import Estimate, Limit, Measure

# Part of the model, though written elsewhere.
__all__ = [
    "Estimate",
    "Json",
    "Limit",
    "Measure",
    "Observation",
    "Outcome",
    "Record",
    "Severity",
    "Target",
]


class Trouble(StrEnum):
    """Why a check has no trustworthy answer."""

    PROBE = "the probe died"
    JUDGE = "the judge raised"
    CONTROL = "the control passed"
    ABSENT = "the check never ran"
    SABOTAGE = "the sabotage passed"


class State(StrEnum):
    """How a finding stands to the runs before; without a history all are new."""

    NEW = "new"
    EXISTING = "existing"
    REGRESSED = "regressed"


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
class Attempt:
    """What an earlier attempt of a check came to, and why; a retry never hides it."""

    outcome: Outcome
    reasons: tuple[str, ...]


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
    sabotages: tuple[Sabotage, ...] = ()
    observed: Mapping[str, int] = field(default_factory=dict)
    operations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    exhibits: tuple[Shown, ...] = ()
    seconds: float = 0.0
    attempts: tuple[Attempt, ...] = ()

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
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who judged what, and how to run it again.

    `signer` is the fingerprint of the key that signs the evidence (`SHA256:…`, as ssh-keygen
    prints it); None means that the evidence is not signed.
    """

    maestro: str
    revision: str
    python: str
    platform: str
    seed: int
    started: str
    command: str
    signer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of `count` machines that share the checks; `index` counts from 1.

    `scope` is what the shards are to cover together; empty means the whole profile.
    """

    index: int
    count: int
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is kept of an earlier run: outcomes, finding keys and measures (`check.measure`)."""

    run: str
    started: str
    day: date
    revision: str
    profile: str
    outcome: Outcome
    checks: Mapping[str, Outcome]
    findings: tuple[str, ...] = ()
    measures: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A finding in the light of the history."""

    finding: str
    state: State
    first_seen: date


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
    shard: Shard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer of one run: PASS exactly when nothing blocks.

    `known`, `fixed` (finding keys) and `earlier` (oldest first) come from the history; `tolerated`
    are findings (by key) that only the policy's budget keeps from blocking; `notes` say what the
    policy asked for and could not be answered, without blocking.
    """

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
    known: tuple[Known, ...] = ()
    fixed: tuple[str, ...] = ()
    tolerated: tuple[str, ...] = ()
    earlier: tuple[Past, ...] = ()
    notes: tuple[str, ...] = ()

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

    @property
    def never_failed(self) -> tuple[str, ...]:
        """The checks that found nothing now nor in any earlier run: do they look at all?"""
        failed = {
            check
            for past in self.earlier
            for check, outcome in past.checks.items()
            if outcome is Outcome.FAIL
        }
        return tuple(
            sorted(
                result.check
                for result in self.results
                if result.outcome is not Outcome.FAIL and result.check not in failed
            )
        )


def gate_of(check: str) -> str:
    """The gate of a check id, `isolation.read-by-id` → `isolation`."""
    return check.partition(".")[0]
