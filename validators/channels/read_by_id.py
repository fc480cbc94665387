"""Can a tenant read another tenant's object by its id?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control, Lie
from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from validators.crossing.excuses import LISTED, OPEN, PART, PUBLISHED, unexcused
from validators.crossing.foreign_reads import probe
from validators.judging import (
    ASKED,
    LIMITS,
    NEEDS,
    Rule,
    Seen,
    judge_coverage,
    judge_existence,
    judge_leaks,
    number,
    pick,
    places,
    subjects,
)
from validators.roles.access import access

ID = "isolation.read-by-id"
TENANT = Rule(
    check=ID,
    rule="foreign-read",
    title="A tenant reads another tenant's object by its id",
    severity=Severity.CRITICAL,
    remedy="Look the object up by tenant and id together, in the query and by row policy.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)
NOBODY = Rule(
    check=ID,
    rule="anonymous-read",
    title="Anybody reads a tenant's object without a credential",
    severity=Severity.HIGH,
    remedy="Refuse the request without a credential, or declare it public in the document.",
    cwe=306,
    owasp_api="API2:2023",
    asvs="V8.3.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)
ORACLE = Rule(
    check=ID,
    rule="existence-oracle",
    title="The answer tells whether another tenant's object exists",
    severity=Severity.MEDIUM,
    remedy="Answer for a foreign object exactly as for one that never existed (404).",
    cwe=204,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """Content decides, not status: services say "no" with 404, 403 or 200 and `success: false`.

    A leak is an answer that holds a mark of the victim (its canary, an id that was not sent, a
    value that only the owner's own answer has), in any header or body, errors included: OWASP
    API1:2023, CWE-639, ASVS 8.4.1. Read by nobody where the document asks for a credential:
    CWE-306. An answer for a foreign or a deleted id that differs in status or normalised body from
    the answers for ids that never existed tells that the object exists: CWE-204. Two absent ids are
    asked, so that what changes from request to request is not taken for a difference. What leaked
    is tried again with new objects; seen once only, it is a doubt.
    An operation whose owner saw nothing of his own proves nothing: it does not count as covered,
    and below 95 % covered there is no pass.
    """
    numbered = number(seen)
    for label in subjects(numbered, "foreign-read", "suppressed"):
        attacks = [*pick(numbered, "foreign-read", label), *unexcused(numbered, label)]
        nobody = [item for item in attacks if item[1].data.get("role") == "anonymous"]
        tenant = [item for item in attacks if item not in nobody]
        for callers, rule in ((tenant, TENANT), (nobody, NOBODY)):
            yield from judge_leaks(label, callers, rule) if is_lasting(callers) else once(label)
        lost = without_control(pick(numbered, "owned-read", label))
        asked = [*attacks, *pick(numbered, "deleted-read", label)]
        asked = [item for item in asked if item[1].data.get("victim") not in lost]
        yield from judge_existence(label, asked, pick(numbered, "absent-read", label), ORACLE)
    yield from judge_coverage(seen, "owned-read", "foreign-read")
    yield from access(seen)


def without_control(owned: Sequence[Seen]) -> set[Json]:
    """The tenants to whom what is read is not there: it is none of theirs, and tells nothing."""
    told = {each.data.get("victim"): each.data.get("status") for _, each in owned}
    return {victim for victim, status in told.items() if status in ABSENT}


def is_lasting(attacks: Sequence[Seen]) -> bool:
    """Was what leaked seen again with new objects, where it was tried again?"""
    leaks = [bool(places(each)) for _, each in attacks if not each.data.get("round")]
    again = [bool(places(each)) for _, each in attacks if each.data.get("round")]
    return not again or any(again) or not any(leaks)


def once(label: str) -> Iterator[Doubt]:
    """A leak that was seen once only."""
    yield Doubt(subject=label, reason="a leak was seen once, and not again with new objects")


ABSENT = {404, 410}
LABEL = "GET /v1/runs/{run_id}"
WHO: dict[str, Json] = {"victim": "acme", "attacker": "globex"}
NOT_FOUND: dict[str, Json] = {
    "ids": "foreign",
    "status": 404,
    "digest": {"$.code": "a"},
    "excerpt": "{}",
}


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **data})


GROUND: tuple[Observation, ...] = (
    *(
        Observation(kind="seated", subject=name, data={"distinct": True, "owns": 3})
        for name in ("acme", "globex")
    ),
    Observation(kind="surveyed", subject="the document", data={"operations": 1, "applicable": 1}),
)
CLEAN: tuple[Observation, ...] = (
    fact("owned-read", status=200, positive=True),
    fact("foreign-read", role="anonymous", **{**NOT_FOUND, "status": 401}),
    fact("foreign-read", role="owner", **NOT_FOUND),
    fact("absent-read", **NOT_FOUND),
    fact("absent-read", **NOT_FOUND),
    *GROUND,
)


def spoil(position: int, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one answer changed."""
    spoilt = replace(CLEAN[position], data={**CLEAN[position].data, **change})
    return (*CLEAN[:position], spoilt, *CLEAN[position + 1 :])


def suppressed(**data: Json) -> tuple[Observation, ...]:
    """The clean record, and an answer that was held to be meant for strangers."""
    about: dict[str, Json] = {
        **NOT_FOUND,
        "role": "owner",
        "status": 200,
        "digest": {"$.bio": "b"},
        **data,
    }
    return (*CLEAN, fact("suppressed", **about))


IN_BODY: Json = {"headers": [], "body": ["canary", "id"]}
CHECK = Check(
    id=ID,
    claim="No GET with an id in its path shows another tenant's object, or that it exists.",
    blind_to=(
        "Operations that the document reserves for another credential than a tenant's (an "
        "operator's): recorded as not-applicable. What is declared public and read by nobody, or "
        "shared by the target file's word: recorded as suppressed. Ids in query or body, lists, "
        "writes and roles have checks of their own; timing and caches have none here. Differences "
        "in headers between a foreign and an absent id. Operations that the document does not "
        "mention. Up to 5 % of the operations, if their owner got nowhere with them."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="200 with the owner's canary", record=spoil(2, status=200, traces=IN_BODY)),
        Control(
            defect="200 with a value of the owner's only",
            record=spoil(2, status=200, traces={"body": ["value of $.email"]}),
        ),
        Control(defect="404 with the canary in its body", record=spoil(2, traces=IN_BODY)),
        Control(
            defect="404 with a foreign id in a header", record=spoil(2, traces={"headers": ["id"]})
        ),
        Control(
            defect="foreign child under the own parent",
            record=spoil(2, ids="own/foreign", status=200, traces=IN_BODY),
        ),
        Control(
            defect="a listed name, and something of its owner's beside it",
            record=suppressed(reason=LISTED, traces=IN_BODY),
        ),
        Control(
            defect="a public part with one field more for strangers from one side",
            record=suppressed(
                reason=PART,
                traces=IN_BODY,
                part={
                    "own": ["$.bio", "$.email", "$.name"],
                    "shown": ["$.bio", "$.email"],
                    "back": ["$.bio"],
                },
            ),
        ),
        Control(
            defect="a public part that is the whole",
            record=suppressed(
                reason=PART,
                traces=IN_BODY,
                part={each: ["$.bio", "$.email"] for each in ("own", "shown", "back")},
            ),
        ),
        Control(
            defect="the name of an open profile, and something of its owner's beside it",
            record=suppressed(reason=OPEN, traces=IN_BODY),
        ),
        Control(
            defect="a list of what is public with something that does not say so",
            record=suppressed(
                reason=PUBLISHED, traces=IN_BODY, items={"open": 2, "closed": 1, "kept": 1}
            ),
        ),
        Control(
            defect="an address that the document of a shared directory does not name",
            record=suppressed(traces={"body": ["value of $.email"]}, beyond=["$.email"]),
        ),
        Control(
            defect="anonymous read of a secured operation",
            record=spoil(1, status=200, traces=IN_BODY),
        ),
        Control(defect="403 for foreign ids, 404 for absent ids", record=spoil(2, status=403)),
        Control(
            defect="410 for what another tenant deleted",
            record=(
                *CLEAN,
                *(fact(kind, **{**NOT_FOUND, "ids": "deleted"}) for kind in ("absent-read",) * 2),
                fact("deleted-read", **{**NOT_FOUND, "ids": "deleted", "status": 410}),
            ),
        ),
        Control(
            defect="another error text for foreign ids", record=spoil(2, digest={"$.items": "b"})
        ),
        Control(
            defect="an empty 200 for foreign ids",
            record=spoil(2, status=200, digest={"$.items": "b"}, excerpt='{"items": []}'),
        ),
    ),
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    lies=dict.fromkeys((Lie.READ, Lie.ERROR, Lie.EXISTENCE, Lie.ANONYMOUS), ("foreign-read",)),
    covers=(
        *(f"isolation:{number}" for number in (1, 4, 11, 13, 15, 31)),
        *("API1:2023", "API2:2023", "ASVS:V8.3.1", "ASVS:V8.4.1"),
    ),
)
