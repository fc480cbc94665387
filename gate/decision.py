"""Do these results let a release go out? The verdict that a policy gives; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from gate.history import baseline, fixed, know, worsening
from gate.model import (
    Block,
    Failure,
    Finding,
    Known,
    Measure,
    Outcome,
    Page,
    Past,
    Plan,
    Result,
    Severity,
    State,
    Trouble,
    Verdict,
    gate_of,
)
from gate.rules import UNWAIVABLE, Policy, Relative, spell

UNREHEARSED = "its sabotage was not run, so nobody has seen it fail on this target"


def decide(
    plan: Plan,
    results: Sequence[Result],
    policy: Policy,
    pages: Sequence[Page] = (),
    history: Sequence[Past] | None = None,
) -> Verdict:
    """The verdict on these results; pure.

    A required check without a result is an error, not a pass. A waived finding stays visible and
    does not block. `history` is oldest first; None means that none was given, which is less than
    an empty one: what the policy wants to compare is then in doubt.
    """
    wanted = policy.required(plan.profile)
    required = tuple(sorted(plan.only or wanted))
    active = tuple(waiver for waiver in policy.waivers if waiver.expires >= plan.today)
    found = {finding.key for result in results for finding in result.findings}
    ran = {result.check for result in results}
    complete = (*results, *never_ran(required, results))
    earlier = tuple(history or ())
    known = know(results, earlier, plan.today)
    barred = tuple(barring(complete, policy, {waiver.finding for waiver in active}))
    tolerated = within_budget(barred, known, policy)
    compared = tuple(compare(complete, policy, plan.profile, history))
    blocks = (
        *(block_of(finding) for finding in barred if finding.key not in tolerated),
        *(gap for result in complete if result.check in required for gap in gaps(result, policy)),
        *(each for each in compared if isinstance(each, Block)),
        *(unproven(results, pages, required) if plan.profile in policy.sabotage else ()),
    )
    return Verdict(
        target=plan.target,
        profile=plan.profile,
        required=required,
        left_out=tuple(check for check in wanted if check not in required),
        today=plan.today,
        results=complete,
        blocking=tuple(sorted(blocks, key=lambda block: -block.outcome)),
        waived=tuple(waiver for waiver in active if waiver.finding in found),
        stale=tuple(
            waiver
            for waiver in policy.waivers
            if waiver not in active
            or (waiver.finding not in found and waiver.finding.partition(":")[0] in ran)
        ),
        pages=tuple(pages),
        provenance=plan.provenance,
        known=() if history is None else known,
        fixed=fixed(results, earlier),
        tolerated=tuple(sorted(tolerated)),
        earlier=earlier,
        notes=tuple(each for each in compared if isinstance(each, str)),
    )


def unproven(
    results: Iterable[Result], pages: Iterable[Page], required: Collection[str]
) -> Iterator[Block]:
    """The required checks that can be rehearsed on a lying target, gave an answer, and were not."""
    can = {page.check for page in pages if page.lies}
    for result in results:
        rehearsed = result.sabotages or result.lacking
        if result.check in can and result.check in required and not rehearsed:
            yield Block(check=result.check, outcome=Outcome.INCONCLUSIVE, reason=UNREHEARSED)


def never_ran(required: Iterable[str], results: Iterable[Result]) -> tuple[Result, ...]:
    """A result for every required check that has none."""
    there = {result.check for result in results}
    absent = Failure(trouble=Trouble.ABSENT, detail="it is required and has no result")
    return tuple(
        Result(check=check, failures=(absent,)) for check in required if check not in there
    )


def barring(
    results: Iterable[Result], policy: Policy, waived: Collection[str]
) -> Iterator[Finding]:
    """The findings that reach the bar and that no waiver covers, in any check that ran."""
    for result in results:
        for finding in result.findings:
            if finding.severity >= policy.blocks_at and not is_waived(finding, waived):
                yield finding


def is_waived(finding: Finding, waived: Collection[str]) -> bool:
    """Isolation is never waived, whatever the policy's author wrote."""
    return finding.key in waived and gate_of(finding.check) not in UNWAIVABLE


def within_budget(
    findings: Iterable[Finding], known: Iterable[Known], policy: Policy
) -> frozenset[str]:
    """The keys of findings that a budget tolerates: all of a kind, or none when there are more.

    Isolation has no budget. Without a history every finding is new.
    """
    existing = {each.finding for each in known if each.state is State.EXISTING}
    kinds: dict[tuple[bool, Severity], set[str]] = defaultdict(set)
    for finding in findings:
        if gate_of(finding.check) not in UNWAIVABLE:
            kinds[finding.key in existing, finding.severity].add(finding.key)
    return frozenset(
        key
        for (old, severity), keys in kinds.items()
        if len(keys) <= (policy.budget.existing if old else policy.budget.new).get(severity, 0)
        for key in keys
    )


def block_of(finding: Finding) -> Block:
    """A finding that keeps the release back."""
    return Block(
        check=finding.check,
        outcome=Outcome.FAIL,
        reason=f"{finding.severity.label}: {finding.title} ({finding.subject})",
        finding=finding.key,
    )


def gaps(result: Result, policy: Policy) -> Iterator[Block]:
    """Why a required check gave no full answer."""
    for failure in result.failures:
        reason = f"{failure.trouble}: {failure.detail}"
        yield Block(check=result.check, outcome=Outcome.ERROR, reason=reason)
    for doubt in result.doubts:
        reason = f"{doubt.subject} {doubt.reason}"
        yield Block(check=result.check, outcome=Outcome.INCONCLUSIVE, reason=reason)
    for measure in result.measures:
        name, samples = measure.estimate.name, measure.estimate.samples
        least = policy.min_samples.get(f"{result.check}.{name}", 0)
        if samples < least:
            reason = f"{name} rests on {samples} samples, the policy asks for {least}"
            yield Block(check=result.check, outcome=Outcome.INCONCLUSIVE, reason=reason)
    if result.lacking:
        reason = f"the target does not offer {spell(result.lacking)}"
        yield Block(check=result.check, outcome=Outcome.SKIPPED, reason=reason)


def compare(
    results: Iterable[Result], policy: Policy, profile: str, history: Sequence[Past] | None
) -> Iterator[Block | str]:
    """What the policy's relative limits say: a block, or a note where there is nothing to say."""
    for result in results:
        for measure in result.measures:
            name = f"{result.check}.{measure.estimate.name}"
            if rule := policy.relative.get(name):
                base = baseline(name, rule, profile, history or ())
                yield from hold(result.check, measure, base, rule, given=history is not None)


def hold(
    check: str, measure: Measure, base: float | None, rule: Relative, *, given: bool
) -> Iterator[Block | str]:
    """One measure held against the runs before."""
    name, unit = measure.estimate.name, measure.limit.unit
    if not given:
        reason = f"{name} has a relative limit, and no history was given to compare with"
        yield Block(check=check, outcome=Outcome.INCONCLUSIVE, reason=reason)
    elif base is None:
        yield f"{check}.{name} was not compared: no earlier run of this profile passed"
    else:
        outcome, bound = worsening(measure, base, rule)
        reason = (
            f"{name} is {measure.estimate.value:.4g} {unit}, worse than {bound:.4g} {unit}, which "
            f"is {rule.max_regression_pct:g} % worse than the median {base:.4g} of the last "
            f"passing runs"
        )
        if outcome is not Outcome.PASS:
            yield Block(check=check, outcome=outcome, reason=reason)
