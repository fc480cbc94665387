"""Do requests of two tenants stay apart while they run through the same workers at once?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Finding, Json, Observation, Severity
from validators.behind.storm import probe
from validators.behind.traffic import accuse
from validators.estates.ground import judge_ground
from validators.judging import Rule

ID = "isolation.concurrency"
LEAST_ANSWERED = 300
SHOTS = ("read", "absent", "malformed", "conflict")
CROSSED = Rule(
    check=ID,
    rule="crossed-answer",
    title="Under concurrent load a tenant gets another tenant's data",
    severity=Severity.CRITICAL,
    remedy="Keep nothing of a request in globals, and scope each transaction by itself.",
    cwe=488,
    owasp_api="API1:2023",
    asvs="V8.4.1",
)
LOST = replace(
    CROSSED,
    rule="lost-answer",
    title="Under concurrent load a tenant's own data is missing in the answer",
    severity=Severity.HIGH,
    cwe=362,
)
REPEAT = "maestro gate --only isolation.concurrency: which answers cross depends on timing"


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """One answer with a mark of the other tenant is one too many (CWE-488).

    And a granted read of an object, known to hold its owner's mark, that comes without it: somebody
    else's object or scope (CWE-362). Fewer than 300 answers are no storm.
    """
    yield from judge_ground(seen)
    for index, each in enumerate(seen):
        if each.kind in SHOTS:
            tenant, sent = each.data["tenant"], each.data["sent"]
            for name, rule in (("foreign", CROSSED), ("lost", LOST)):
                if count := each.data[name]:
                    words = f"{count} of {sent} answers to {tenant} ({each.kind})"
                    yield accuse(rule, each.subject, [words], index, REPEAT)
        elif each.kind == "storm":
            answered = each.data["answered"]
            if isinstance(answered, int) and answered < LEAST_ANSWERED:
                yield Doubt(subject=each.subject, reason=f"only {answered} requests were answered")


COUNTED: dict[str, Json] = {
    "tenant": "acme",
    "sent": 90,
    "answered": 90,
    "foreign": 0,
    "lost": 0,
}
LABEL = "GET /v1/runs/{run_id}"
CLEAN: tuple[Observation, ...] = (
    *(Observation(kind=kind, subject=LABEL, data=COUNTED) for kind in SHOTS),
    Observation(kind="storm", subject="storm", data={"answered": 2000}),
)


def spoil(kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with the facts of one kind changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    )


CHECK = Check(
    id=ID,
    claim="However requests of two tenants interleave, each answer holds its own tenant's data.",
    blind_to=(
        "Interleavings that a few thousand requests in eight seconds do not meet. Answers to "
        "requests that were cut off. More than two tenants. Wrong effects that no answer shows. "
        "Whether the connections are pooled at all, and by whom."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="a read shows the other tenant", record=spoil("read", foreign=1)),
        Control(defect="an error shows the other tenant", record=spoil("absent", foreign=1)),
        Control(defect="a conflict shows the other tenant", record=spoil("conflict", foreign=1)),
        Control(
            defect="a refusal of a malformed body shows the other tenant",
            record=spoil("malformed", foreign=1),
        ),
        Control(defect="a read lacks what is the tenant's own", record=spoil("read", lost=1)),
    ),
    at_least={"seated": 2, "read": 2, "absent": 2, "conflict": 2, "cancelled": 2, "storm": 1},
    needs=frozenset({"http", "openapi", "tenants", "processes"}),
    covers=("isolation:29", "isolation:36", "API1:2023", "ASVS:V8.4.1"),
)
