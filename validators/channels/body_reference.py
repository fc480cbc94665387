"""Can a tenant reach another tenant's object by an id in a body or query?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from validators.channels.read_by_id import GROUND, NOT_FOUND, WHO
from validators.crossing.foreign_references import probe
from validators.judging import (
    ASKED,
    LIMITS,
    NEEDS,
    Rule,
    Seen,
    judge_coverage,
    judge_effects,
    judge_existence,
    judge_later,
    judge_leaks,
    number,
    pick,
    same_attack,
    subjects,
    tell,
)

ID = "isolation.body-reference"
READS = ("GET ", "HEAD ")
EFFECT = Rule(
    check=ID,
    rule="foreign-effect",
    title="An id in a body or query changes another tenant's object",
    severity=Severity.CRITICAL,
    remedy="Look up every object that a request names by tenant and id together.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N",
)
LEAK = Rule(
    check=ID,
    rule="foreign-answer",
    title="An id in a body or query shows another tenant's object",
    severity=Severity.CRITICAL,
    remedy="Look up every object that a request names by tenant and id together.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)
ACCEPTED = Rule(
    check=ID,
    rule="foreign-reference",
    title="A reference to another tenant's object is accepted",
    severity=Severity.HIGH,
    remedy="Check the owner of every referenced object; make foreign keys begin with the tenant.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
)
ORACLE = Rule(
    check=ID,
    rule="existence-oracle",
    title="An id in a body or query tells whether another tenant's object exists",
    severity=Severity.MEDIUM,
    remedy="Answer for a foreign reference exactly as for one that never existed.",
    cwe=204,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt]:
    """The victim's view, the answer and the caller's own later views decide.

    A change of what the victim sees, twice, with new objects, is an effect; a mark of the victim in
    the answer, or afterwards in the caller's own objects, is a leak (OWASP API1:2023, CWE-639). A
    foreign reference that is granted where ids that never existed are refused was found, and is
    accepted: the request reached the business logic. Where both are granted alike, ids are not
    looked up at all, and nothing is claimed; nor where an id is a name that both may have given.
    Refused in another way than absent ids: it exists
    (CWE-204). Below 95 % of places with a positive control there is no pass.
    """
    numbered = number(seen)
    for label in subjects(numbered, "foreign-write"):
        attacks = pick(numbered, "foreign-write", label)
        absent = pick(numbered, "absent-write", label)
        # What a read takes it only looks for: that it is there is what the answer may tell.
        reads = label.startswith(READS)
        accepted = [item for item in attacks if is_accepted(item, absent) and not reads]
        yield from judge_effects(label, attacks, EFFECT)
        yield from judge_leaks(label, attacks, LEAK)
        yield from judge_later(label, attacks, LEAK)
        if accepted:
            yield ACCEPTED.find(
                label, [f"{tell(each)}, absent ids are refused" for _, each in accepted], accepted
            )
        rest = [item for item in attacks if item not in accepted and not is_ambiguous(item)]
        yield from judge_existence(label, rest, absent, ORACLE)
    yield from judge_coverage(seen, "owned-write", "foreign-write")


def is_accepted(attack: Seen, absent: Sequence[Seen]) -> bool:
    """Was the foreign id granted where absent ones are refused?"""
    twins = [each for _, each in absent if same_attack(attack[1], each)]
    refused = bool(twins) and not any(each.data.get("granted") for each in twins)
    return bool(attack[1].data.get("granted")) and refused and not attack[1].data.get("chosen")


def is_ambiguous(attack: Seen) -> bool:
    """Granted for an id that its owner thought of: the caller may have one of the same name."""
    return bool(attack[1].data.get("granted") and attack[1].data.get("chosen"))


LABEL = "POST /v1/models/{model_id}/versions"
SEEN = "GET /v1/runs/{run_id} $.name"
IDS = "foreign body source_run_id"


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **NOT_FOUND, **data, "ids": IDS})


CLEAN: tuple[Observation, ...] = (
    fact("owned-write", status=201, positive=True, visible=True),
    fact("absent-write"),
    fact("absent-write"),
    fact("foreign-write", round=0, changed=[], noise=[]),
    fact("foreign-write", round=1, changed=[], noise=[]),
    *GROUND,
)


def spoil(**change: Json) -> tuple[Observation, ...]:
    """The clean record with both attacks changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == "foreign-write" else each
        for each in CLEAN
    )


CHECK = Check(
    id=ID,
    claim="No foreign id in a body or query changes, shows or is taken for an object of one's own.",
    blind_to=(
        "References whose field name tells no resource and whose value no answer has shown. "
        "Effects that no read of the owner shows. Fields that take any text unchecked. Bodies that "
        "are no JSON. Up to 5 % of the places, if their owner got nowhere with them."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="the victim's object changes", record=spoil(status=200, changed=[SEEN])),
        Control(
            defect="the answer holds the victim's canary",
            record=spoil(status=200, traces={"headers": [], "body": ["canary"]}),
        ),
        Control(
            defect="the caller's object shows the victim's afterwards",
            record=spoil(status=201, granted=True, later=["GET /v1/models/{model_id}"]),
        ),
        Control(
            defect="what others may read by its id is changed by that",
            record=spoil(status=200, listed=True, changed=[SEEN]),
        ),
        Control(defect="a foreign reference is accepted", record=spoil(status=201, granted=True)),
        Control(defect="409 for foreign ids, 404 for absent ids", record=spoil(status=409)),
    ),
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    covers=(
        *(f"isolation:{number}" for number in (3, 8)),
        *("API1:2023", "ASVS:V8.4.1"),
    ),
)
