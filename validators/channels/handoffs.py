"""Do exports, files and webhooks reach their own tenant only?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control, Lie
from gate.model import Doubt, Finding, Json, Observation, Severity
from validators.behind.handoffs_probe import EXPORTS, GRANTED, HEARD, probe
from validators.behind.traffic import accuse
from validators.judging import Rule

ID = "isolation.handoffs"
NOT_MODIFIED = 304
AS_OTHER = 'ask {} with the other tenant\'s id and "$TOKEN_OTHER_OWNER"'
LISTEN = "create webhooks of two tenants at one receiver, make a project in each, and compare"
MIXED = Rule(
    check=ID,
    rule="foreign-content",
    title="What is made for a tenant holds another tenant's data",
    severity=Severity.CRITICAL,
    remedy="Scope the job, or the event, to the tenant that it is for, in its own transaction.",
    cwe=488,
    owasp_api="API1:2023",
    asvs="V8.4.1",
)
TAKEN = replace(
    MIXED,
    rule="taken-by-id",
    title="A tenant gets what was made for another one by its address",
    remedy="Look jobs, results and files up by tenant and id.",
    cwe=639,
)
CHANGED = replace(
    MIXED,
    rule="changed-by-id",
    title="A tenant changes, ends or removes another tenant's file or job",
    remedy="Look uploads and jobs up by tenant and id before anything is written.",
    cwe=639,
)
TOLD = replace(
    MIXED,
    rule="existence",
    title="Whether another tenant's job or file exists is told",
    severity=Severity.MEDIUM,
    remedy="Decide by tenant and id before ranges, entity tags and states are looked at.",
    cwe=204,
)
UNSIGNED = replace(
    MIXED,
    rule="signature",
    title="A delivery is not signed by its own tenant's secret alone",
    severity=Severity.HIGH,
    remedy="Sign each delivery with the secret of its webhook.",
    cwe=345,
    owasp_api="API2:2023",
    asvs="V4.1.5",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """A foreign mark in an export or a delivery, a granted request, a changed file (CWE-639, 488).

    A foreign id must be answered like one that nobody has (CWE-204), and a delivery be signed by
    its own secret (Standard Webhooks). Without the owner's own success there is no pass.
    """
    yield from doubt(seen)
    for index, each in enumerate(seen):
        if each.kind == "export" and each.data["foreign"]:
            words = f"an export of {each.data['tenant']} holds the other tenant's marks"
            yield accuse(MIXED, each.subject, [words], index, AS_OTHER.format(each.subject))
        elif each.kind in {"read", "write"}:
            yield from judge_attempt(index, each)
        elif each.kind == "kept" and not each.data["intact"]:
            words = f"{each.data['tenant']} got {each.data['status']}, or other bytes than its own"
            yield accuse(CHANGED, each.subject, [words], index, AS_OTHER.format(each.subject))
        elif each.kind == "webhook":
            yield from judge_webhook(index, each)


def judge_attempt(index: int, each: Observation) -> Iterator[Finding]:
    """What the other tenant got, and whether it differs from nothing."""
    foreign, never = each.data["foreign"], each.data["never"]
    how = AS_OTHER.format(each.subject)
    if foreign in GRANTED or (each.kind == "read" and foreign == NOT_MODIFIED):
        rule = TAKEN if each.kind == "read" else CHANGED
        yield accuse(rule, each.subject, [f"{each.data['attacker']} got {foreign}"], index, how)
    elif foreign != never or not each.data["same"]:
        words = f"the other's id gets {foreign}, one that nobody has {never}"
        same = "" if foreign != never else ", with different bodies"
        yield accuse(TOLD, each.subject, [words + same], index, how)


def judge_webhook(index: int, each: Observation) -> Iterator[Finding]:
    """What a webhook was told, and who signed it."""
    data = each.data
    if data["foreign"]:
        words = f"{data['foreign']} of {data['heard']} deliveries tell of the other tenant"
        yield accuse(MIXED, each.subject, [words], index, LISTEN)
    if data["unsigned"] or data["crossed"]:
        words = (
            f"of {data['heard']} deliveries {data['unsigned']} are not signed by the own secret, "
            f"{data['crossed']} by the other tenant's"
        )
        yield accuse(UNSIGNED, each.subject, [words], index, LISTEN)


def doubt(seen: Sequence[Observation]) -> Iterator[Doubt]:
    """Where the owner did not get its own, what the other did not get says nothing."""
    for each in seen:
        data = each.data
        if each.kind == "parties" and not data["distinct"]:
            yield Doubt(subject=each.subject, reason="both tenants are one")
        elif each.kind == "export" and not data["own"]:
            yield Doubt(subject=each.subject, reason="an export lacks its own tenant's marks")
        elif each.kind == "read" and not is_answered(data["owner"]):
            yield Doubt(subject=each.subject, reason=f"its owner got {data['owner']}")
        elif each.kind == "webhook" and short(data["own"]):
            reason = f"{data['tenant']} heard {data['own']} events of its own"
            yield Doubt(subject=each.subject, reason=reason)


def is_answered(status: Json) -> bool:
    """Did the owner get his own?"""
    return isinstance(status, int) and (status in GRANTED or status == NOT_MODIFIED)


def short(count: Json) -> bool:
    """Are these fewer deliveries than were caused?"""
    return not isinstance(count, int) or count < HEARD


RESULT, FILE, PUT = (
    *("GET /v1/jobs/{job_id}/result", "GET /v1/artifacts/{artifact_id}/content"),
    "PUT /v1/uploads/{upload_id}/parts/{part}",
)
ANSWERED: dict[str, Json] = {"attacker": "two", "foreign": 404, "never": 404, "same": True}
HEARD_ALL: dict[str, Json] = {
    "tenant": "one",
    "heard": 3,
    "own": 3,
    "foreign": 0,
    "unsigned": 0,
    "crossed": 0,
}
CLEAN: tuple[Observation, ...] = (
    Observation(kind="parties", subject="tenants", data={"distinct": True}),
    Observation(
        kind="export",
        subject=RESULT,
        data={"tenant": "one", "lines": 12, "own": True, "foreign": False},
    ),
    Observation(kind="read", subject=RESULT, data={**ANSWERED, "owner": 200}),
    Observation(kind="read", subject=f"{FILE} by entity tag", data={**ANSWERED, "owner": 304}),
    Observation(kind="write", subject=PUT, data={**ANSWERED, "owner": None}),
    Observation(kind="kept", subject=FILE, data={"tenant": "one", "status": 200, "intact": True}),
    Observation(kind="webhook", subject="webhook", data=HEARD_ALL),
)


def spoil(subject: str, kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one fact changed."""
    return tuple(
        replace(each, data={**each.data, **change})
        if (each.kind, each.subject) == (kind, subject)
        else each
        for each in CLEAN
    )


CHECK = Check(
    id=ID,
    claim="Exports, files and webhooks reach the tenant that they were made for, and no other.",
    blind_to=(
        "URLs that are signed by a bucket: the service hands them out only where its artifacts are "
        "in one, and the testbed's are in a folder. Their expiry. Events beyond creations of "
        "projects, exports of single projects, purges. Interleavings that six exports at once do "
        "not meet. What a receiver does with a delivery, and deliveries that come later."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="a foreign row in an export", record=spoil(RESULT, "export", foreign=True)),
        Control(defect="a result is read by id only", record=spoil(RESULT, "read", foreign=200)),
        Control(
            defect="a foreign entity tag is confirmed",
            record=spoil(f"{FILE} by entity tag", "read", foreign=304),
        ),
        Control(defect="a foreign job gets 403", record=spoil(RESULT, "read", foreign=403)),
        Control(defect="a foreign job gets other words", record=spoil(RESULT, "read", same=False)),
        Control(defect="a foreign part is taken", record=spoil(PUT, "write", foreign=204)),
        Control(defect="a file has other bytes", record=spoil(FILE, "kept", intact=False)),
        Control(
            defect="a webhook hears of another tenant",
            record=spoil("webhook", "webhook", heard=4, foreign=1),
        ),
        Control(defect="a delivery is not signed", record=spoil("webhook", "webhook", unsigned=1)),
        Control(
            defect="one secret signs for all tenants",
            record=spoil("webhook", "webhook", crossed=3),
        ),
    ),
    at_least={
        "parties": 1,
        "export": 2 * EXPORTS,
        "read": 12,
        "write": 10,
        "kept": 4,
        "webhook": 2,
    },
    needs=frozenset({"http", "openapi", "tenants", "guests"}),
    lies={
        Lie.READ: ("read",),
        Lie.ERROR: ("read",),
        Lie.EXISTENCE: ("read",),
        Lie.WRITE: ("write",),
    },
    covers=("isolation:17", "isolation:18", "API1:2023", "API2:2023", "ASVS:V8.4.1"),
)
