"""Which results let a release go out? The policy, and the verdict it gives.

Both `parse` and `decide` are pure: the text, the checks and the day are arguments.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from gate.errors import UsageError
from gate.model import (
    Block,
    Failure,
    Finding,
    Outcome,
    Page,
    Plan,
    Result,
    Severity,
    Trouble,
    Verdict,
    Waiver,
    gate_of,
)

UNWAIVABLE = frozenset({"isolation"})
UNREHEARSED = "its sabotage was not run, so nobody has seen it fail on this target"


class PolicyError(UsageError):
    """The policy cannot be used as it is."""

    def advice(self) -> str:
        """What to do next."""
        return "Correct the policy file and run again; `maestro list` prints every check."


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a release needs: the required checks per profile, the limits, the waivers.

    In the profiles of `sabotage` every check must also find what is planted in the live target.
    """

    profiles: Mapping[str, tuple[str, ...]]
    blocks_at: Severity = Severity.MEDIUM
    limits: Mapping[str, float] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    sabotage: tuple[str, ...] = ()

    def required(self, profile: str) -> tuple[str, ...]:
        """The checks of a profile; PolicyError names the profiles there are."""
        if profile not in self.profiles:
            raise PolicyError(f"There is no profile {profile!r}, only {spell(self.profiles)}.")
        return self.profiles[profile]


class Written(BaseModel):
    """A table of the policy file: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class WrittenWaiver(Written):
    """A `[[waivers]]` table."""

    finding: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    approver: str = Field(min_length=1)
    reason: str = Field(min_length=10)
    expires: date
    ticket: str | None = None


class WrittenPolicy(Written):
    """The whole file."""

    version: int = Field(ge=1, le=1)
    blocks_at: Severity = Severity.MEDIUM
    max_waiver_days: int = Field(default=30, ge=1)
    profiles: dict[str, list[str]] = Field(min_length=1)
    limits: dict[str, FiniteFloat] = {}
    waivers: list[WrittenWaiver] = []
    sabotage: list[str] = []


def parse(text: str, *, today: date) -> Policy:
    """Read a policy file's text (TOML 1.0); PolicyError says in one sentence what is wrong.

    A waiver may not run longer than `max_waiver_days` from `today`; an expired one is kept, and
    is stale.
    """
    written = read(text)
    for profile, required in written.profiles.items():
        if not required:
            raise PolicyError(f"profiles.{profile} requires no check, so it could never fail.")
    for profile in written.sabotage:
        if profile not in written.profiles:
            raise PolicyError(f"sabotage names the profile {profile!r}, which does not exist.")
    latest = today + timedelta(days=written.max_waiver_days)
    return Policy(
        profiles={name: tuple(required) for name, required in written.profiles.items()},
        blocks_at=written.blocks_at,
        limits=written.limits,
        sabotage=tuple(written.sabotage),
        waivers=tuple(
            accept(number, waiver, latest) for number, waiver in enumerate(written.waivers, start=1)
        ),
    )


def name_known(policy: Policy, *, checks: Collection[str], measures: Collection[str]) -> None:
    """Refuse names that nothing answers to: a typo would silently require nothing.

    `checks` are all check ids, `measures` all `check.measure` names.
    """
    named = [
        *(
            (f"profiles.{name}", check)
            for name in policy.profiles
            for check in policy.profiles[name]
        ),
        *(("A waiver", waiver.finding.partition(":")[0]) for waiver in policy.waivers),
    ]
    for where, check in named:
        if check not in checks:
            raise PolicyError(f"{where} names the check {check!r}, which does not exist.")
    for limit in policy.limits:
        if limit not in measures:
            raise PolicyError(f"limits names {limit!r}, which no check measures.")


def read(text: str) -> WrittenPolicy:
    """The file's text as tables; the line is named where TOML itself is broken."""
    try:
        return WrittenPolicy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"The policy is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PolicyError(f"The policy is wrong at {where}: {first['msg']}.") from error


def accept(number: int, written: WrittenWaiver, latest: date) -> Waiver:
    """A waiver that keeps the rules: four eyes, an end, and never isolation."""
    where = f"Waiver {number} ({written.finding})"
    if gate_of(written.finding) in UNWAIVABLE:
        raise PolicyError(f"{where} waives {gate_of(written.finding)}, which cannot be waived.")
    if written.owner.casefold().split() == written.approver.casefold().split():
        raise PolicyError(f"{where} is approved by its owner {written.owner}.")
    if written.expires > latest:
        raise PolicyError(f"{where} runs until {written.expires}; the latest day is {latest}.")
    return Waiver(**written.model_dump())


def decide(
    plan: Plan, results: Sequence[Result], policy: Policy, pages: Sequence[Page] = ()
) -> Verdict:
    """The verdict on these results; pure.

    A required check without a result is an error, not a pass. A waived finding stays visible and
    does not block.
    """
    wanted = policy.required(plan.profile)
    required = tuple(sorted(plan.only or wanted))
    active = tuple(waiver for waiver in policy.waivers if waiver.expires >= plan.today)
    found = {finding.key for result in results for finding in result.findings}
    ran = {result.check for result in results}
    complete = (*results, *never_ran(required, results))
    unrehearsed = frozenset(unproven(results, pages) if plan.profile in policy.sabotage else ())
    return Verdict(
        target=plan.target,
        profile=plan.profile,
        required=required,
        left_out=tuple(check for check in wanted if check not in required),
        today=plan.today,
        results=complete,
        blocking=worst_first(
            (
                *blocks(complete, frozenset(required), policy.blocks_at, active),
                *(
                    Block(check=check, outcome=Outcome.INCONCLUSIVE, reason=UNREHEARSED)
                    for check in required
                    if check in unrehearsed
                ),
            )
        ),
        waived=tuple(waiver for waiver in active if waiver.finding in found),
        stale=tuple(
            waiver
            for waiver in policy.waivers
            if waiver not in active
            or (waiver.finding not in found and waiver.finding.partition(":")[0] in ran)
        ),
        pages=tuple(pages),
        provenance=plan.provenance,
    )


def never_ran(required: Iterable[str], results: Iterable[Result]) -> tuple[Result, ...]:
    """A result for every required check that has none."""
    there = {result.check for result in results}
    absent = Failure(trouble=Trouble.ABSENT, detail="it is required and has no result")
    return tuple(
        Result(check=check, failures=(absent,)) for check in required if check not in there
    )


def blocks(
    results: Iterable[Result],
    required: frozenset[str],
    blocks_at: Severity,
    waivers: Iterable[Waiver],
) -> Iterator[Block]:
    """What keeps the release back."""
    waived = {waiver.finding for waiver in waivers}
    for result in results:
        for finding in result.findings:
            if finding.severity >= blocks_at and not is_waived(finding, waived):
                yield Block(
                    check=result.check,
                    outcome=Outcome.FAIL,
                    reason=f"{finding.severity.label}: {finding.title} ({finding.subject})",
                    finding=finding.key,
                )
        if result.check in required:
            yield from gaps(result)


def worst_first(blocking: Iterable[Block]) -> tuple[Block, ...]:
    """The conditions, the worst outcome first."""
    return tuple(sorted(blocking, key=lambda block: -block.outcome))


def unproven(results: Iterable[Result], pages: Iterable[Page]) -> Iterator[str]:
    """The checks that can be rehearsed on a lying target, gave an answer, and were not."""
    can = {page.check for page in pages if page.lies}
    for result in results:
        if result.check in can and not result.sabotages and not result.lacking:
            yield result.check


def is_waived(finding: Finding, waived: Collection[str]) -> bool:
    """Isolation is never waived, whatever the policy's author wrote."""
    return finding.key in waived and gate_of(finding.check) not in UNWAIVABLE


def gaps(result: Result) -> Iterator[Block]:
    """Why a required check gave no full answer."""
    for failure in result.failures:
        reason = f"{failure.trouble}: {failure.detail}"
        yield Block(check=result.check, outcome=Outcome.ERROR, reason=reason)
    for doubt in result.doubts:
        reason = f"{doubt.subject} {doubt.reason}"
        yield Block(check=result.check, outcome=Outcome.INCONCLUSIVE, reason=reason)
    if result.lacking:
        reason = f"the target does not offer {spell(result.lacking)}"
        yield Block(check=result.check, outcome=Outcome.SKIPPED, reason=reason)


def spell(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(sorted(names))
