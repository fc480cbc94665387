"""What does a verdict say about each check, each finding and each gap?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.model import (
    Block,
    Failure,
    Finding,
    Measure,
    Outcome,
    Page,
    Result,
    Trouble,
    Verdict,
)
from reports.wording import count, spell

HEADLINES = {
    Outcome.PASS: "Nothing keeps this release back.",
    Outcome.SKIPPED: "This release is held back: a required check could not be run.",
    Outcome.INCONCLUSIVE: "This release is held back: too little was seen to be sure.",
    Outcome.ERROR: "This release is held back: a required check gave no answer to trust.",
    Outcome.FAIL: "This release is held back: a check found a defect.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One reason why a check gave no full answer."""

    check: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One check as a reader meets it: its result, and what the verdict makes of it."""

    result: Result
    page: Page | None
    required: bool
    blocks: tuple[Block, ...]
    held: frozenset[str]
    waived: frozenset[str]

    @property
    def check(self) -> str:
        """The check's id."""
        return self.result.check

    @property
    def outcome(self) -> Outcome:
        """The worse of the result and what the verdict holds against it."""
        return max([self.result.outcome, *(block.outcome for block in self.blocks)])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its findings: blocking ones first, then the most severe."""
        return tuple(
            sorted(
                self.result.findings,
                key=lambda each: (not self.holds_back(each), -each.severity, each.key),
            )
        )

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Why its answer is not a full one, worst first."""
        return tuple(gaps_of(self.result))

    @property
    def caught(self) -> int:
        """How many of its planted defects it found: in records, and in the live target."""
        controls = sum(each.caught for each in self.result.controls)
        return controls + sum(each.caught for each in self.result.sabotages)

    @property
    def planted(self) -> int:
        """How many defects were planted."""
        return len(self.result.controls) + len(self.result.sabotages)

    @property
    def tolerated(self) -> bool:
        """Is it less than a pass, and still does not keep the release back?"""
        return self.outcome is not Outcome.PASS and not self.blocks

    @property
    def proven(self) -> bool:
        """Did it find every planted defect, and was there one at all?"""
        return 0 < self.planted == self.caught

    def holds_back(self, finding: Finding) -> bool:
        """Does this finding block the release?"""
        return finding.key in self.held

    def is_waived(self, finding: Finding) -> bool:
        """Does a waiver, and nothing else, keep this finding from blocking?"""
        return finding.key in self.waived and not self.holds_back(finding)


def read(verdict: Verdict) -> tuple[Read, ...]:
    """Every check of the verdict, worst first; a required one without a result is an error."""
    pages = {page.check: page for page in verdict.pages}
    waived = frozenset(waiver.finding for waiver in verdict.waived)
    blocks: dict[str, list[Block]] = {}
    for block in verdict.blocking:
        blocks.setdefault(block.check, []).append(block)
    checks = [
        Read(
            result=result,
            page=pages.get(result.check),
            required=result.check in verdict.required,
            blocks=tuple(blocks.get(result.check, ())),
            held=frozenset(
                block.finding for block in blocks.get(result.check, ()) if block.finding is not None
            ),
            waived=waived,
        )
        for result in (*verdict.results, *missing(verdict))
    ]
    return tuple(sorted(checks, key=lambda each: (not each.blocks, -each.outcome, each.check)))


def missing(verdict: Verdict) -> Iterator[Result]:
    """An error for each check that the verdict names and has no result for."""
    there = {result.check for result in verdict.results}
    named = dict.fromkeys([*verdict.required, *(block.check for block in verdict.blocking)])
    absent = Failure(trouble=Trouble.ABSENT, detail="there is no result")
    return (Result(check=check, failures=(absent,)) for check in named if check not in there)


def gaps_of(result: Result) -> Iterator[Gap]:
    """Failures, then doubts, then what the target lacks."""
    check = result.check
    for failure in result.failures:
        reason = f"{failure.trouble}: {failure.detail}"
        yield Gap(check=check, outcome=Outcome.ERROR, reason=reason)
    for doubt in result.doubts:
        reason = f"{doubt.subject} {doubt.reason}"
        yield Gap(check=check, outcome=Outcome.INCONCLUSIVE, reason=reason)
    if result.lacking:
        reason = f"the target does not offer {', '.join(result.lacking)}"
        yield Gap(check=check, outcome=Outcome.SKIPPED, reason=reason)


def by_gate(checks: Iterable[Read]) -> dict[str, tuple[Read, ...]]:
    """The checks of each gate; both in the order given, a gate where its first check is."""
    gates: dict[str, list[Read]] = {}
    for each in checks:
        gates.setdefault(each.result.gate, []).append(each)
    return {gate: tuple(members) for gate, members in gates.items()}


def worst_blocks(verdict: Verdict) -> tuple[Block, ...]:
    """What keeps the release back: the worst outcome first, then the most severe finding."""
    severities = {
        finding.key: finding.severity for result in verdict.results for finding in result.findings
    }
    return tuple(
        sorted(
            verdict.blocking,
            key=lambda block: (-block.outcome, -severities.get(block.finding or "", 0)),
        )
    )


def headline(verdict: Verdict) -> str:
    """The verdict in a sentence or two; a pass never hides what it rests on."""
    said = [HEADLINES[verdict.outcome]]
    if not verdict.results:
        said.append("Nothing was checked.")
    if verdict.waived:
        said.append(f"{count(len(verdict.waived), 'waiver is', 'waivers are')} in use.")
    if verdict.left_out:
        left_out = count(len(verdict.left_out), "required check was", "required checks were")
        said.append(f"{left_out} left out of this run.")
    return " ".join(said)


def tell(measure: Measure) -> str:
    """A measure as a sentence: the value, its interval, its samples and its limit."""
    estimate, limit = measure.estimate, measure.limit
    unit = f" {limit.unit}" if limit.unit else ""
    if estimate.samples == 1:
        return f"{spell(estimate.value)}{unit}, measured once; limit {bound(measure)}"
    return (
        f"{spell(estimate.value)}{unit}, 95 % between {spell(estimate.low)} and "
        f"{spell(estimate.high)}, from {count(estimate.samples, 'sample')}; "
        f"limit {bound(measure)}"
    )


def bound(measure: Measure) -> str:
    """The limit: `≤ 500 ms`."""
    limit = measure.limit
    sign = "≤" if limit.at_most else "≥"
    return f"{sign} {spell(limit.value)} {limit.unit}".rstrip()
