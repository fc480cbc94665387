"""What does the page show, in which order? Everything is computed from the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gate.exhibits import Matrix
from gate.model import Block, Finding, Known, Outcome, Verdict, Waiver
from reports.again import again
from reports.history import pasts
from reports.html.breadth import Breadth, breadth
from reports.html.grids import grid
from reports.html.lies import trust
from reports.html.trend import Trend, never_failed, trend
from reports.reading import Gap, Read, by_gate, headline, read, worst_blocks
from reports.remedies import remedy
from reports.wording import clip, count

ANSWERS = {Outcome.PASS: "Pass", Outcome.FAIL: "Blocked"}
SOON, DETAIL = 7, 200
"""Days before its last one in which a waiver is said to be ending; letters of a detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A waiver as it stands on the day of the verdict."""

    waiver: Waiver
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The page."""

    verdict: Verdict
    headline: str
    blocks: tuple[Block, ...]
    checks: tuple[Read, ...]
    gates: Mapping[str, tuple[Read, ...]]
    gaps: tuple[Gap, ...]
    agreements: tuple[Agreement, ...]
    anchors: Mapping[str, str]
    tally: tuple[tuple[Outcome, int], ...]
    breadth: Breadth
    access: Matrix
    promises: Matrix
    trend: Trend | None
    pasts: Mapping[str, Known]
    tolerated: frozenset[str]
    details: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def answer(self) -> str:
        """Is it releasable, in a word?"""
        return ANSWERS.get(self.verdict.outcome, "Incomplete")

    def detail(self, block: Block) -> str:
        """What was found, or what a condition that is no finding means; in a line."""
        return clip(self.details.get(block.finding or "", "") or remedy(block), DETAIL)

    def again(self, check: str | None = None) -> str:
        """The command that holds the run again, or one check of it; nothing where none is known."""
        origin = self.verdict.provenance
        return "" if origin is None else again(origin, check)

    def past(self, finding: Finding) -> Known | None:
        """What earlier runs know of a finding."""
        return self.pasts.get(finding.key)

    def never_failed(self, one: Read) -> int:
        """In how many runs a check has only passed; 0 where it has not, or nobody knows."""
        return never_failed(self.verdict, one)

    @property
    def untrustworthy(self) -> tuple[Read, ...]:
        """The checks that missed a planted defect."""
        return tuple(one for one in self.checks if trust(one) == "untrustworthy")

    @property
    def answered(self) -> int:
        """How many checks gave a full answer, good or bad."""
        return sum(not each.gaps for each in self.checks)

    @property
    def findings(self) -> int:
        """How many findings there are."""
        return sum(len(each.findings) for each in self.checks)

    @property
    def waived(self) -> int:
        """How many of them are waived."""
        return sum(each.is_waived(finding) for each in self.checks for finding in each.findings)

    @property
    def observations(self) -> int:
        """How many facts the probes recorded."""
        return sum(sum(each.result.observed.values()) for each in self.checks)

    @property
    def seconds(self) -> float:
        """How long the probes worked, added up."""
        return sum(each.result.seconds for each in self.checks)


def describe(verdict: Verdict) -> View:
    """The page of a verdict."""
    checks = read(verdict)
    return View(
        verdict=verdict,
        headline=headline(verdict),
        blocks=worst_blocks(verdict),
        checks=checks,
        gates=by_gate(checks),
        gaps=worst_gaps(checks),
        agreements=agreements(verdict),
        anchors={each.check: f"check-{number}" for number, each in enumerate(checks, start=1)},
        tally=tally(checks),
        breadth=breadth(checks),
        access=grid(checks, "access"),
        promises=grid(checks, "promises"),
        trend=trend(verdict),
        pasts=pasts(verdict),
        tolerated=frozenset(verdict.tolerated),
        details={each.key: each.detail for one in checks for each in one.findings},
        notes=verdict.notes,
    )


def worst_gaps(checks: Iterable[Read]) -> tuple[Gap, ...]:
    """Why answers are not full ones, worst first."""
    gaps = [gap for each in checks for gap in each.gaps]
    return tuple(sorted(gaps, key=lambda gap: -gap.outcome))


def tally(checks: Sequence[Read]) -> tuple[tuple[Outcome, int], ...]:
    """How many checks came to each outcome, worst first, none left out that occurs."""
    counts = [(outcome, sum(each.outcome is outcome for each in checks)) for outcome in Outcome]
    return tuple((outcome, number) for outcome, number in reversed(counts) if number)


def agreements(verdict: Verdict) -> tuple[Agreement, ...]:
    """Waivers in use, the first to end first, then stale ones."""
    used = sorted(verdict.waived, key=lambda waiver: waiver.expires)
    return (
        *(Agreement(waiver=each, state=remaining(each, verdict.today)) for each in used),
        *(Agreement(waiver=each, state=decay(each, verdict.today)) for each in verdict.stale),
    )


def remaining(waiver: Waiver, today: date) -> str:
    """How long a waiver in use still holds; its last day counts."""
    days = (waiver.expires - today).days
    if 0 < days <= SOON:
        return f"In use, ends in {count(days, 'day')}"
    return "In use, last day" if days == 0 else f"In use, {count(days, 'day')} left"


def decay(waiver: Waiver, today: date) -> str:
    """Why a waiver no longer accepts anything."""
    if waiver.expires < today:
        return f"Expired {count((today - waiver.expires).days, 'day')} ago"
    return "Unused: nothing matches it any more"
