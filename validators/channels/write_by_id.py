"""Can a tenant change or end another tenant's object by its id?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control, Lie
from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from validators.access import access
from validators.channels.read_by_id import GROUND, NOT_FOUND, WHO
from validators.foreign_writes import probe
from validators.judging import (
    ASKED,
    LIMITS,
    NEEDS,
    Rule,
    judge_coverage,
    judge_effects,
    judge_existence,
    judge_leaks,
    number,
    pick,
    subjects,
)

ID = "isolation.write-by-id"
WRITE = Rule(
    check=ID,
    rule="foreign-write",
    title="A tenant changes another tenant's object by its id",
    severity=Severity.CRITICAL,
    remedy="Look the object up by tenant and id together before writing, and by row policy.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:H/VA:H/SC:N/SI:N/SA:N",
)
ANSWER = Rule(
    check=ID,
    rule="foreign-answer",
    title="The answer to a write shows another tenant's object",
    severity=Severity.CRITICAL,
    remedy="Look the object up by tenant and id together, and put nothing of it into an error.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)
ORACLE = Rule(
    check=ID,
    rule="existence-oracle",
    title="The answer to a write tells whether another tenant's object exists",
    severity=Severity.MEDIUM,
    remedy="Answer for a foreign object exactly as for one that never existed (404).",
    cwe=204,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """The victim's own view decides, never the status of the attack.

    Changed between the look before and the look after the foreign write, and not by itself between
    the two looks before: a violation, also when the answer was 409 or 404 (OWASP API1:2023,
    CWE-639), once it was seen twice with new objects; seen once and twice not, it is none. A 2xx
    that changes nothing of the victim's is none; where the caller's own things changed instead, it
    is recorded as on_caller. A mark of the victim in the answer is a leak, and an answer unlike
    the one for ids that never existed tells that the object exists (CWE-204), also where a wrong
    tag is named. Only operations that their owner carried out count as covered; below 95 % there
    is no pass.
    """
    numbered = number(seen)
    for label in subjects(numbered, "foreign-write"):
        attacks = pick(numbered, "foreign-write", label)
        yield from judge_effects(label, attacks, WRITE)
        yield from judge_leaks(label, attacks, ANSWER)
        # A name that its owner thought of may be the caller's own as well.
        asked = [
            one for one in attacks if not (one[1].data.get("chosen") and one[1].data.get("granted"))
        ]
        yield from judge_existence(label, asked, pick(numbered, "absent-write", label), ORACLE)
    yield from judge_coverage(seen, "owned-write", "foreign-write")
    yield from access(seen)


LABEL = "PATCH /v1/runs/{run_id}"
SEEN = "GET /v1/runs/{run_id} $.name"


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **data})


CLEAN: tuple[Observation, ...] = (
    fact("owned-write", status=200, positive=True, visible=True),
    fact("absent-write", **NOT_FOUND),
    fact("absent-write", **NOT_FOUND),
    fact("foreign-write", round=0, changed=[], noise=[], **NOT_FOUND),
    fact("foreign-write", round=1, changed=[], noise=[], **NOT_FOUND),
    *GROUND,
)


def spoil(**change: Json) -> tuple[Observation, ...]:
    """The clean record with both attacks changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == "foreign-write" else each
        for each in CLEAN
    )


def by_wrong_tag(status: int) -> tuple[Observation, ...]:
    """The clean record with a write that names a tag which the object has not."""
    ids = "foreign (and a wrong ETag)"
    absent = fact("absent-write", **{**NOT_FOUND, "ids": ids})
    return (*CLEAN, absent, absent, fact("foreign-write", **{**absent.data, "status": status}))


CHECK = Check(
    id=ID,
    claim="No PUT, PATCH, DELETE or POST with a foreign id in its path changes, ends or shows it.",
    blind_to=(
        "Effects that no read of the owner shows, but endings. Views that move by themselves. "
        "Objects that cannot be made anew are not ended. Bodies that are neither JSON nor plain "
        "bytes. Ids in the body alone have a check of their own. Roles below owner. Up to 5 % of "
        "the operations, if their owner got nowhere with them."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(
            defect="200 and the owner reads another name", record=spoil(status=200, changed=[SEEN])
        ),
        Control(defect="409 with an effect all the same", record=spoil(status=409, changed=[SEEN])),
        Control(
            defect="a name that a list shows to all, and a change of what is behind it",
            record=spoil(status=200, listed=True, changed=[SEEN]),
        ),
        Control(
            defect="a name that a list shows to all, and more of its owner in the answer",
            record=spoil(listed=True, traces={"headers": [], "body": ["canary"]}),
        ),
        Control(
            defect="204 that deletes",
            record=spoil(status=204, changed=["GET /v1/runs/{run_id} status"]),
        ),
        Control(
            defect="404 with the canary in its body",
            record=spoil(traces={"headers": [], "body": ["canary"]}),
        ),
        Control(defect="409 for foreign ids, 404 for absent ids", record=spoil(status=409)),
        Control(
            defect="412 for a wrong tag of a foreign object, 404 where there is none",
            record=by_wrong_tag(412),
        ),
        Control(
            defect="another error text for foreign ids", record=spoil(digest={"$.detail": "b"})
        ),
    ),
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    lies=dict.fromkeys((Lie.WRITE,), ("foreign-write",)),
    covers=(
        *(f"isolation:{number}" for number in (2, 4)),
        *("API1:2023", "API5:2023", "ASVS:V8.4.1"),
    ),
)
