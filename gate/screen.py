"""How do a run, a verdict and a difference look in a terminal?

Functions from values to text; only `Progress` writes, to standard error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.status import Status

from gate.archive import Kept
from gate.check import Check, Testbed
from gate.diff import Difference, Moved
from gate.model import Block, Outcome, Result, State, Verdict
from gate.policy import Policy
from gate.weigh import bound, spell

COLOURS = {
    Outcome.PASS: "green",
    Outcome.SKIPPED: "yellow",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.ERROR: "red",
    Outcome.FAIL: "red",
}
VERDICTS = {
    Outcome.PASS: "PASS",
    Outcome.FAIL: "BLOCKED",
}
MOST_BLOCKS = 12


@dataclass(slots=True)
class Progress:
    """Tells how a run goes on: a moving line in a terminal, plain lines elsewhere."""

    console: Console
    status: Status
    total: int
    done: int = 0

    @classmethod
    def on(cls, console: Console, total: int) -> Self:
        """Progress of `total` checks."""
        return cls(console, Status("", console=console), total)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.status.stop()

    def say(self, step: str) -> None:
        """A step of the set-up."""
        self.moving(step) if self.console.is_terminal else self.line(step)

    def began(self, check: Check) -> None:
        """A check has begun."""
        self.moving(f"[{self.done + 1}/{self.total}] {check.id}: {check.claim}")

    def ended(self, result: Result) -> None:
        """A check has ended; its line stays."""
        self.done += 1
        self.line(f"[{self.done}/{self.total}] {result_line(result)}")

    def moving(self, text: str) -> None:
        """Change the moving line, where there is one."""
        self.status.update(text.replace("[", r"\["))

    def line(self, text: str) -> None:
        """Write a line that stays."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def result_line(result: Result) -> str:
    """One check on one line."""
    seen = ", ".join(f"{count} {kind}" for kind, count in sorted(result.observed.items()))
    caught = Counter(control.caught for control in result.controls)
    return (
        f"{result.check:<26} {result.outcome.label:<12} {result.seconds:6.1f} s"
        f"  planted defects caught {caught[True]}/{caught.total()}"
        f"{lies_told(result)}"
        f"{f', seen: {seen}' if seen else ''}"
    )


def lies_told(result: Result) -> str:
    """How many lies in the live target were found out, where some were told."""
    caught = Counter(each.caught for each in result.sabotages)
    return f", lies found out {caught[True]}/{caught.total()}" if caught else ""


def verdict_text(verdict: Verdict, folder: Path) -> str:
    """The verdict as a person reads it: the answer, why, what was not tested, where to look."""
    return "\n".join(verdict_lines(verdict, folder))


def verdict_lines(verdict: Verdict, folder: Path) -> Iterator[str]:
    """The verdict, line by line."""
    yield ""
    yield headline(verdict)
    told = together(verdict.blocking)
    for block in told[:MOST_BLOCKS]:
        yield f"  {block_line(block)}"
    if len(told) > MOST_BLOCKS:
        yield f"  … and {len(told) - MOST_BLOCKS} more, all in the report"
    for result in verdict.results:
        for measure in result.measures:
            name = f"{result.check}.{measure.estimate.name}"
            yield f"  measured {name}: {spell(measure)}, limit {bound(measure.limit)}"
    yield from mild_lines(verdict)
    yield from overlay_lines(verdict)
    yield "planted defects caught: {} of {}".format(*verdict.sensitivity)
    yield f"evidence: {folder}"
    yield f"          {signature_line(verdict, trusted=False)}"
    yield f"report:   {folder / 'report.html'}"


def together(blocks: Sequence[Block]) -> list[Block]:
    """The conditions, each reason once: several checks often lack the same."""
    checks: dict[tuple[Outcome, str], list[str]] = {}
    for block in blocks:
        checks.setdefault((block.outcome, block.reason), []).append(block.check)
    return [
        Block(check=first_of(list(dict.fromkeys(named))), outcome=outcome, reason=reason)
        for (outcome, reason), named in checks.items()
    ]


def first_of(names: Sequence[str]) -> str:
    """The first of several names, and how many more there are."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def mild_lines(verdict: Verdict) -> Iterator[str]:
    """Findings that are too mild to block, which nobody waived: seen all the same."""
    told = {block.finding for block in verdict.blocking}
    told |= {waiver.finding for waiver in verdict.waived} | set(verdict.tolerated)
    for result in verdict.results:
        for finding in result.findings:
            if finding.key not in told:
                severity = finding.severity.label
                yield f"  does not block: {severity}: {finding.title} ({finding.subject})"


def overlay_lines(verdict: Verdict) -> Iterator[str]:
    """What is accepted, left out or not answered, and how the findings stand to earlier runs."""
    for waiver in verdict.waived:
        yield f"  waived until {waiver.expires}: {waiver.finding} ({waiver.owner}, {waiver.reason})"
    for waiver in verdict.stale:
        yield f"  stale waiver, remove it: {waiver.finding} (until {waiver.expires})"
    for key in verdict.tolerated:
        yield f"  within the policy's budget, not waived: {key}"
    for note in verdict.notes:
        yield f"  note: {note}"
    if verdict.left_out:
        yield f"  left out of profile {verdict.profile}: {', '.join(verdict.left_out)}"
    if verdict.known:
        yield f"  {history_line(verdict)}"


def history_line(verdict: Verdict) -> str:
    """How the findings stand to earlier runs."""
    counts = Counter(each.state for each in verdict.known)
    parts = [f"{counts[state]} {state}" for state in State if counts[state]]
    return f"findings against earlier runs ({len(verdict.earlier)}): {', '.join(parts)}"


def signature_line(verdict: Verdict, *, trusted: bool) -> str:
    """Who vouches for the evidence."""
    signer = verdict.provenance.signer if verdict.provenance else None
    if signer is None:
        return "Not signed: checksums show accidents, but whoever can edit can also re-seal."
    if trusted:
        return f"Signed by {signer}, a key that you trust."
    return f"Signed by {signer}; name the keys that you trust with `maestro verify --public-key`."


def headline(verdict: Verdict) -> str:
    """The answer in one line."""
    word = VERDICTS.get(verdict.outcome, "INCOMPLETE")
    counts = Counter(result.outcome for result in verdict.results)
    parts = ", ".join(f"{counts[outcome]} {outcome.label}" for outcome in sorted(counts))
    styled = click.style(word, fg=COLOURS[verdict.outcome], bold=True)
    scope = "part of profile" if verdict.left_out else "profile"
    target = f"{verdict.target.name} at {verdict.target.revision}"
    return f"{styled}  {target}, {scope} {verdict.profile}: {parts}"


def block_line(block: Block) -> str:
    """A blocking condition on one line."""
    outcome = click.style(f"{block.outcome.label:<12}", fg=COLOURS[block.outcome])
    return f"{outcome} {block.check}: {block.reason}"


def difference_text(difference: Difference) -> str:
    """What changed between two runs."""
    return "\n".join(difference_lines(difference))


def difference_lines(difference: Difference) -> Iterator[str]:
    """The difference, line by line."""
    for word, findings in (
        ("new", difference.new),
        ("regressed", difference.regressed),
        ("fixed", difference.fixed),
        ("still there", difference.still),
    ):
        yield f"{word}: {len(findings)}"
        yield from (f"  {each.severity.label} {each.key}: {each.title}" for each in findings)
    for turned in difference.turned:
        yield f"{turned.check}: {name(turned.before)} → {name(turned.after)}"
    for moved in difference.moved:
        yield moved_line(moved)


def moved_line(moved: Moved) -> str:
    """A measure in both runs."""
    judged = "a real change" if moved.apart else "within the noise of both runs"
    before, after = moved.before, moved.after
    return f"{moved.check}.{after.estimate.name}: {spell(before)} → {spell(after)}, {judged}"


def history_text(kept: Sequence[Kept]) -> str:
    """Earlier runs, oldest first, and the checks that none of them saw fail."""
    failed = {
        check
        for each in kept
        for check, outcome in each.past.checks.items()
        if outcome is Outcome.FAIL
    }
    checks = {check for each in kept for check in each.past.checks}
    return "\n".join(
        [
            f"{len(kept)} earlier {'run' if len(kept) == 1 else 'runs'}",
            *(past_line(each) for each in kept),
            f"never seen to fail: {', '.join(sorted(checks - failed)) or 'none'}",
        ]
    )


def past_line(kept: Kept) -> str:
    """An earlier run on one line."""
    past = kept.past
    word = VERDICTS.get(past.outcome, "INCOMPLETE")
    return (
        f"  {past.started}  {word:<10}  {past.profile:<8}  {len(past.findings):>3} findings  "
        f"{kept.target} at {past.revision}  {past.run}"
    )


def policy_text(policy: Policy) -> str:
    """What a policy requires."""
    return "\n".join(
        [
            f"findings block from {policy.blocks_at.label} on",
            *(f"{name}: {', '.join(checks)}" for name, checks in policy.profiles.items()),
            *(f"limit {name} = {value:g}" for name, value in policy.limits.items()),
            *(f"waived until {each.expires}: {each.finding}" for each in policy.waivers),
        ]
    )


def name(outcome: Outcome | None) -> str:
    """An outcome in words."""
    return "not run" if outcome is None else outcome.label


def welcome_text(testbed: Testbed, keys: Mapping[str, str]) -> str:
    """How to talk to the demo service; `keys` are its tenants' API keys."""
    base = testbed.target.base_url
    first = next(iter(keys.values()))
    return "\n".join(
        [
            f"Maestro ML runs at {base} (document: {base}/openapi.json)",
            *(f"  {tenant:<8} owner's key  {key}" for tenant, key in keys.items()),
            "Try it; the README goes on from here:",
            f"  BASE={base} KEY={first}",
            '  curl -s -H "Authorization: Bearer $KEY" $BASE/v1/me',
            "Ctrl-C stops it and removes its data.",
        ]
    )
