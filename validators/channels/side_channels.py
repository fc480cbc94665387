"""Does a tenant learn of another one by a repeated key, by a name, or by the time it takes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

from gate.check import Check, Control
from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from gate.stats import rank_sum
from validators.channels.read_by_id import GROUND, WHO
from validators.inference.side_channels import probe
from validators.judging import (
    AGAIN,
    ASKED,
    LIMITS,
    NEEDS,
    Rule,
    Seen,
    changed,
    is_answer,
    judge_coverage,
    number,
    pick,
    places,
    rounds_of,
    subjects,
    tell,
)

ID = "isolation.side-channels"
KEPT = Rule(
    check=ID,
    rule="kept-answer",
    title="An Idempotency-Key opens the answer that somebody else got",
    severity=Severity.CRITICAL,
    remedy="Look a kept answer up by tenant and caller, and ask for the permission before.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)
TOLD = Rule(
    check=ID,
    rule="key-in-use",
    title="A refusal tells that another tenant has used an Idempotency-Key",
    severity=Severity.MEDIUM,
    remedy="Look a kept answer up by tenant, so that another tenant's key means nothing.",
    cwe=203,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
)
TAKEN = Rule(
    check=ID,
    rule="name-taken",
    title="A refusal tells that another tenant uses a name",
    severity=Severity.MEDIUM,
    remedy="Let names be unique inside of a tenant, with the tenant in every unique key.",
    cwe=204,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
)
TIMED = Rule(
    check=ID,
    rule="time-tells",
    title="The time of a refusal tells that another tenant has the object",
    severity=Severity.MEDIUM,
    remedy="Look objects up with the tenant in the same condition, and do nothing else before.",
    cwe=208,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:H/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
)
# Below this a difference is not told from noise on a machine that others use.
FLOOR_MS, SHARE, APART, CHANCE, LEAST = 5.0, 0.5, 0.8, 1e-4, 16
ATTACKS = {"kept-call", "taken-call"}


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """What shows of the victim, and what is refused with its words only, decide.

    A mark of the victim's in what another tenant got with its key (CWE-639), or a secret of it in
    what another member got, or any of it for a member who may not send that request himself. A
    refusal of the other tenant's request with the victim's key, or under a name that the victim
    uses, twice, while the same request with new ones is granted (CWE-203, CWE-204). That members
    of one tenant share kept answers of what they may do anyway is the service's own matter.

    Times are a finding (CWE-208) when reads of the victim's objects are slower, or faster, than
    reads of absent ones by five milliseconds and by half at the median, in four of five pairs, with
    a chance below 1 in 10,000 (Mann-Whitney); two groups of absent ids must not differ so.
    """
    numbered = number(seen)
    for label in subjects(numbered, "kept-call", "taken-call"):
        kept, taken = pick(numbered, "kept-call", label), pick(numbered, "taken-call", label)
        leaked = [item for item in kept if is_leak(item[1])]
        told = refused_twice([each for each in kept if each[1].data.get("who") == "tenant"])
        for rule, hits in (
            (KEPT, leaked),
            (TOLD, [] if leaked else told),
            (TAKEN, [*[each for each in taken if places(each[1])], *refused_twice(taken)]),
        ):
            if hits:
                yield rule.find(label, [word(each) for _, each in hits], hits)
    for item in pick(numbered, "timed"):
        yield from time_told(item)
    yield from judge_coverage([alike(each) for each in seen], "owned-call", "kept-call")


def alike(each: Observation) -> Observation:
    """Every attempt counts as one."""
    return replace(each, kind="kept-call") if each.kind in ATTACKS else each


def is_leak(each: Observation) -> bool:
    """Did somebody get what he may not see?"""
    marks = places(each)
    if each.data.get("who") == "tenant" or not marks:
        return bool(marks)
    secret = any(mark.startswith("secret") for mark in marks)
    return secret or each.data.get("alone") is False


def refused_twice(items: Sequence[Seen]) -> list[Seen]:
    """Refusals, in two rounds, of what is granted with new words."""
    hits = [
        item
        for item in items
        if item[1].data.get("alone")
        and not item[1].data.get("granted")
        and is_answer(item[1].data.get("status"))
    ]
    fields = {str(each.data.get("field")) for _, each in hits}
    return [
        item
        for name in sorted(fields)
        if len(rounds_of(same := [each for each in hits if str(each[1].data.get("field")) == name]))
        >= AGAIN
        for item in same
    ]


def word(each: Observation) -> str:
    """Who sent what of the victim's, and what came of it."""
    data = each.data
    if each.kind == "taken-call":
        return f"with the victim's {data.get('field')}: {tell(each)}, and with a new one it is made"
    whose = "the other tenant" if data.get("who") == "tenant" else f"the tenant's {data.get('who')}"
    return f"{whose} with the victim's key and {data.get('body')} body: {tell(each)}"


def time_told(item: Seen) -> Iterator[Finding | Doubt]:
    """Is one group apart from absent ids, which are not apart from each other?"""
    _, each = item
    taken = each.data.get("milliseconds")
    groups = taken if isinstance(taken, dict) else {}
    foreign, absent, control = (
        numbers(groups.get(name)) for name in ("foreign", "absent", "also absent")
    )
    if min(map(len, (foreign, absent, control))) < LEAST:
        return
    if is_apart(absent, control):
        yield Doubt(subject=each.subject, reason="two groups of absent ids take different times")
    elif is_apart(foreign, absent) and is_apart(foreign, control):
        words = f"{median(foreign):.0f} ms for foreign ids, {median(absent):.0f} ms for absent ones"
        yield TIMED.find(each.subject, [words], [item])


def is_apart(one: Sequence[float], two: Sequence[float]) -> bool:
    """Do the groups differ by more than noise and more than the floor?"""
    near, far = sorted((median(one), median(two)))
    share, chance = rank_sum(one, two)
    large = far - near >= max(FLOOR_MS, SHARE * near)
    return large and chance < CHANCE and max(share, 1 - share) >= APART


def numbers(value: Json) -> list[float]:
    """A JSON list of numbers."""
    found = value if isinstance(value, list) else []
    return [float(each) for each in found if isinstance(each, int | float)]


LABEL = "POST /v1/runs"
ALONE: dict[str, Json] = {"alone": True, "granted": True, "status": 201, "ids": ""}


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **data})


def times(foreign: float, other: float) -> Observation:
    """Times about these milliseconds, absent ones about two."""
    groups: dict[str, Json] = {
        name: [about + 0.1 * (turn % 5) for turn in range(40)]
        for name, about in (("foreign", foreign), ("absent", 2.0), ("also absent", other))
    }
    return Observation(
        kind="timed", subject="GET /v1/runs/{run_id}", data={**WHO, "milliseconds": groups}
    )


NOTHING: Json = {"headers": [], "body": []}
ID_SHOWN: Json = {"headers": [], "body": ["id"]}
SECRET: Json = {"headers": [], "body": ["secret"]}


def both(kind: str, **data: Json) -> tuple[Observation, ...]:
    """The same in two rounds."""
    return tuple(fact(kind, round=turn, traces=NOTHING, **{**ALONE, **data}) for turn in range(2))


CLEAN: tuple[Observation, ...] = (
    fact("owned-call", status=201, positive=True),
    *both("kept-call", who="tenant", body="same", alone=False),
    *both("kept-call", who="tenant", body="own"),
    *both("kept-call", who="admin", body="same"),
    *both("kept-call", who="viewer", body="same", alone=False, granted=False, status=403),
    *both("taken-call", field="name"),
    times(2.2, 2.1),
    *GROUND,
)


def spoil(kind: str, about: Mapping[str, Json], **change: Json) -> tuple[Observation, ...]:
    """The clean record with those facts of one kind changed that are about this."""
    return changed(CLEAN, kind, about, **change)


CHECK = Check(
    id=ID,
    claim="Repeated requests, names and times tell a tenant nothing of what another one has.",
    blind_to=(
        "Keys of requests that the document does not declare. Names of accounts, tenants and "
        "hosts, of which there is one in the world. Names that only an update takes. Differences "
        "of time below 5 ms, in writes, and in reads that the eight seconds for it did not reach."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(
            defect="another tenant gets the answer that was kept for the victim",
            record=spoil("kept-call", {"who": "tenant", "body": "same"}, traces=ID_SHOWN),
        ),
        Control(
            defect="another member gets the secret in the answer that was kept for the victim",
            record=spoil("kept-call", {"who": "admin"}, traces=SECRET),
        ),
        Control(
            defect="a member who may not ask gets the kept answer",
            record=spoil("kept-call", {"who": "viewer"}, traces=ID_SHOWN, granted=True, status=201),
        ),
        Control(
            defect="another tenant is told that the victim has used this key",
            record=spoil("kept-call", {"who": "tenant", "body": "own"}, granted=False, status=422),
        ),
        Control(
            defect="another tenant is told that the victim uses this name",
            record=spoil("taken-call", {}, granted=False, status=409),
        ),
        Control(
            defect="a refusal of what the victim has takes longer",
            record=(*CLEAN, times(22.0, 2.1)),
        ),
    ),
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    covers=(*(f"isolation:{number}" for number in (12, 14, 15, 32)), "API1:2023", "ASVS:V8.4.1"),
)
