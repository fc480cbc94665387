"""What does the record of a restore drill say? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chaos.drills.exhibits import exhibits, recovery_point
from chaos.drills.promises import promises
from chaos.drills.rules import RULES
from chaos.history import number, texts
from chaos.judgement import exactly
from chaos.workload import READ, WRITE
from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Evidence, Finding, Limit, Observation
from recovery import Lsn

ID = "recovery.restore"
PHASES = (
    *("back-up", "mark", "write-on", "verify", "destroy"),
    *("restore", "start", "prove", "open", "answer", "write"),
)
OUTAGE = ("destroy", "restore", "start", "open", "answer", "write")
"""What a caller of the service waits for; comparing what came back is not part of it."""
SHOWN = 5
LEAST_KEPT = 50
"""Acknowledged writes of all tenants that a restore must bring back to be worth believing."""
LIMITS: Mapping[str, Limit] = {
    "rto_s": Limit(value=60, unit="s"),
}
Key = tuple[str, str]
"""A table and a tenant."""
State = Mapping[Key, tuple[int, str]]
"""Rows and digest."""
Names = Mapping[str, frozenset[str]]
"""Elements by tenant."""


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """Compare what came back with what was there at the target.

    Every tenant must have the same rows in every table, see as many under its scope as the
    service's role, and none without; what keeps the tenants apart must be unchanged. Each write
    acknowledged before the target must be there, and none made after it. Backup and log must pass
    their verification, and a copy with one byte changed must not. The service must be ready, read
    and write again. Missing phases, and a log that ends at the target (so that there was nothing to
    leave behind), are doubts, not passes. The recovery time is the time from the kill to the first
    write, without the comparing.

    Source: Google, Site Reliability Engineering, chapter 26 ("nobody really wants to make backups;
    what people really want are restores"); PostgreSQL's documentation, 25.3.
    """
    doubts = [*doubt(seen)]
    yield from doubts
    before, after = state_at(seen, "before"), state_at(seen, "after")
    elements = [names_at(seen, moment) for moment in ("kept", "later", "after")]
    findings = [
        *(judge_digests(before, after) if after else ()),
        *judge_guards(seen),
        *judge_views(seen, before),
        *judge_elements(*elements),
        *judge_verification(seen),
        *judge_service(seen),
    ]
    yield from findings
    yield from estimate(seen)
    yield from exhibits(durations(seen), OUTAGE, recovery_point(*elements))
    yield promises(seen, {each.rule for each in findings}, sure=not doubts)


def of_kind(seen: Sequence[Observation], kind: str) -> list[Observation]:
    """The observations of one kind."""
    return [each for each in seen if each.kind == kind]


def state_at(seen: Sequence[Observation], moment: str) -> State:
    """What the digests of a moment say."""
    return {
        (each.subject, str(each.data["tenant"])): (
            int(number(each.data["rows"])),
            str(each.data["sha256"]),
        )
        for each in of_kind(seen, "digest")
        if each.data["moment"] == moment
    }


def names_at(seen: Sequence[Observation], moment: str) -> Names:
    """The elements of a moment, by tenant."""
    return {
        str(each.data["tenant"]): frozenset(texts(each.data["names"]))
        for each in of_kind(seen, "elements")
        if each.data["moment"] == moment
    }


def doubt(seen: Sequence[Observation]) -> Iterator[Doubt]:
    """Reasons not to believe a pass."""
    done = {each.subject for each in of_kind(seen, "phase")}
    for phase in PHASES:
        if phase not in done:
            yield Doubt(subject=phase, reason="this phase was not completed")
    before = state_at(seen, "before")
    seeing = {str(each.data["tenant"]) for each in of_kind(seen, "view") if each.data["own"]}
    if "prove" in done and len(seeing - {""}) < 2:  # noqa: PLR2004
        yield Doubt(subject="prove", reason="fewer than two tenants see anything of their own")
    if len({tenant for _, tenant in before} - {""}) < 2:  # noqa: PLR2004
        yield Doubt(subject="mark", reason="fewer than two tenants have anything to lose")
    for each in of_kind(seen, "backup"):
        if number(each.data["written_during"]) < 1:
            yield Doubt(subject="back-up", reason="nothing was written while the backup ran")
    yield from doubt_writes(seen)


def doubt_writes(seen: Sequence[Observation]) -> Iterator[Doubt]:
    """Was there enough to bring back, and something after the target to leave behind?"""
    kept = sum(map(len, names_at(seen, "kept").values()))
    if kept < LEAST_KEPT:
        yield Doubt(subject="back-up", reason=f"only {kept} writes were there to be kept")
    if not any(names_at(seen, "later").values()):
        yield Doubt(subject="write-on", reason="nothing was written after the target")
    for each in of_kind(seen, "log"):
        if Lsn.parse(str(each.data["later"])) <= Lsn.parse(str(each.data["target"])):
            yield Doubt(subject="write-on", reason="the archived log ends at the target")


def judge_digests(before: State, after: State) -> Iterator[Finding]:
    """Has every tenant the same rows in every table?"""
    gone = before.keys() - after.keys()
    differing = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    yield from per_table("tenant-missing", gone, before, after)
    yield from per_table("digest-differs", differing - gone, before, after)


def per_table(rule: str, keys: set[Key], before: State, after: State) -> Iterator[Finding]:
    """One finding per table, with the rows of each tenant concerned."""
    for table in sorted({table for table, _ in keys}):
        rows = [
            f"tenant {tenant or 'of none'}: {before.get((name, tenant), (0, ''))[0]} rows before, "
            f"{after.get((name, tenant), (0, ''))[0]} after"
            for name, tenant in sorted(keys)
            if name == table
        ]
        yield report(rule, table, "; ".join(rows))


def judge_guards(seen: Sequence[Observation]) -> Iterator[Finding]:
    """Is all that keeps the tenants apart as it was?"""
    before, after = (
        {
            each.subject: (int(number(each.data["count"])), str(each.data["sha256"]))
            for each in of_kind(seen, "guard")
            if each.data["moment"] == moment
        }
        for moment in ("before", "after")
    )
    for name in sorted(before.keys() | after.keys()) if after else ():
        if before.get(name) != after.get(name):
            one, two = (moment.get(name, (0, ""))[0] for moment in (before, after))
            yield report("guard-differs", name, f"{one} before, {two} after, not all the same")


def judge_views(seen: Sequence[Observation], before: State) -> Iterator[Finding]:
    """Does each tenant see what it had, and nobody else's; and who has no scope, nothing?"""
    for each in of_kind(seen, "view"):
        tenant, own = str(each.data["tenant"]), int(number(each.data["own"]))
        foreign = int(number(each.data["foreign"]))
        had = before.get((each.subject, tenant), (0, ""))[0] if tenant else 0
        if foreign or own != had:
            who = f"tenant {tenant}" if tenant else "who has no scope"
            detail = f"{who} sees {own} rows of its own, where {had} were, and {foreign} of others"
            yield report("sees-others", each.subject, detail)


def judge_elements(kept: Names, later: Names, after: Names) -> Iterator[Finding]:
    """As a caller sees it: is all there that was acknowledged, and nothing from later?"""
    lost = {name for tenant in kept.keys() & after.keys() for name in kept[tenant] - after[tenant]}
    undead = {
        name for tenant in later.keys() & after.keys() for name in later[tenant] & after[tenant]
    }
    for rule, operation, names in (
        ("acknowledged-lost", WRITE, lost),
        ("later-present", READ, undead),
    ):
        if names:
            shown = ", ".join(sorted(names)[:SHOWN])
            yield report(rule, operation, f"{len(names)} elements, among them {shown}")


def judge_verification(seen: Sequence[Observation]) -> Iterator[Finding]:
    """Did the verification tell a good backup from a bad one, and did the restore work?"""
    for each in of_kind(seen, "verification"):
        flaws = texts(each.data["flaws"])
        if each.subject == "backup" and flaws:
            yield report("backup-flawed", each.subject, "; ".join(flaws[:SHOWN]))
        if each.subject != "backup" and not flaws:
            yield report("tampered-accepted", each.subject, "One flipped bit was not noticed.")
    for each in of_kind(seen, "failure"):
        yield report("not-restorable", each.subject, str(each.data["reason"]))


def judge_service(seen: Sequence[Observation]) -> Iterator[Finding]:
    """Does the service work again?"""
    silent = {each.subject for each in of_kind(seen, "service") if not each.data["good"]}
    for operation in sorted(silent):
        yield report("service-silent", operation, f"{operation} did not succeed after the restore.")


def report(rule: str, subject: str, detail: str) -> Finding:
    """A finding of one of the rules."""
    broken = RULES[rule]
    return Finding(
        check=ID,
        rule=rule,
        subject=subject,
        title=broken.title,
        severity=broken.severity,
        detail=detail,
        remedy=broken.remedy,
        evidence=(Evidence(summary=detail, reproduce=f"maestro gate {ID}"),),
        cwe=broken.cwe,
        asvs=broken.asvs,
    )


def durations(seen: Sequence[Observation]) -> dict[str, float]:
    """How long each completed phase took, in seconds."""
    return {each.subject: number(each.data["seconds"]) for each in of_kind(seen, "phase")}


def estimate(seen: Sequence[Observation]) -> Iterator[Estimate]:
    """How long the outage was."""
    seconds = durations(seen)
    if all(phase in seconds for phase in OUTAGE):
        yield exactly("rto_s", sum(seconds[phase] for phase in OUTAGE), 1)
