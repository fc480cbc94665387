"""What do the service's logs and metrics tell about its tenants?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Finding, Json, Observation, Severity
from validators.behind.telemetry_scan import probe
from validators.behind.traffic import accuse
from validators.estates.ground import judge_ground
from validators.judging import Rule

ID = "isolation.telemetry"
LOG = "curl the operation with a unique word in every field, then grep the service's log for it"
METRICS = 'curl -isSg "$TARGET/metrics"'
WRITTEN = Rule(
    check=ID,
    rule="content-logged",
    title="A log line holds what a tenant sent",
    severity=Severity.HIGH,
    remedy="Log the route, the status and ids; never paths, queries, headers, bodies or values.",
    cwe=532,
    owasp_api="API3:2023",
    asvs="V16.2.5",
)
CREDENTIAL = replace(
    WRITTEN,
    rule="credential-logged",
    title="A log line holds a credential",
    severity=Severity.CRITICAL,
    owasp_api="API2:2023",
)
CROSSED = replace(
    WRITTEN,
    rule="wrong-tenant",
    title="The log line of one tenant's request names another tenant",
    remedy="Take the tenant of a log line from the request's own context.",
    cwe=488,
)
LABELLED = replace(
    WRITTEN,
    rule="tenant-label",
    title="A metric's label tells of a tenant",
    severity=Severity.MEDIUM,
    remedy="Label metrics with routes, methods and statuses only.",
    cwe=200,
)
UNBOUNDED = replace(
    LABELLED,
    rule="unbounded-series",
    title="Metrics grow with the number of objects asked for",
    cwe=770,
    owasp_api="API4:2023",
)
FACTS = {
    "canaries": (WRITTEN, "holds a canary of {}"),
    "credentials": (CREDENTIAL, "holds a credential of {}"),
    "foreign": (CROSSED, "names another tenant than {}"),
}


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """A canary, a credential or a foreign tenant's id in a line, a mark in a label (CWE-532, 488).

    Twice as many requests about other objects may add fewer series than half their number: what a
    rare status adds is few, what an id in a label adds is all of them (CWE-770).
    """
    yield from judge_ground(seen)
    for index, each in enumerate(seen):
        if each.kind == "lines":
            for name, (rule, words) in FACTS.items():
                if each.data[name]:
                    whose = str(each.data["tenant"] or "nobody")
                    yield accuse(rule, each.subject, [words.format(whose)], index, LOG)
        elif each.kind == "labels" and each.data["marks"]:
            words = f"labels hold {each.data['marks']}"
            yield accuse(LABELLED, each.subject, [words], index, METRICS)
        elif each.kind == "series":
            before, after, objects = (whole(each.data[n]) for n in ("before", "after", "objects"))
            if (after - before) * 2 > objects:
                words = f"{before} series became {after} after {objects} objects"
                yield accuse(UNBOUNDED, each.subject, [words], index, METRICS)


def whole(value: Json) -> int:
    """A count of the record."""
    return value if isinstance(value, int) else 0


LINES: dict[str, Json] = {
    "tenant": "acme",
    "lines": 9,
    "canaries": 0,
    "credentials": 0,
    "foreign": 0,
}
CLEAN: tuple[Observation, ...] = (
    Observation(kind="lines", subject="GET /v1/runs", data=LINES),
    Observation(kind="lines", subject="GET /v1/runs", data={**LINES, "tenant": "globex"}),
    Observation(kind="labels", subject="maestro_requests_total", data={"marks": []}),
    Observation(kind="series", subject="metrics", data={"before": 90, "after": 92, "objects": 40}),
)


def spoil(kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with the facts of one kind changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    )


CHECK = Check(
    id=ID,
    claim="Logs and metrics hold nothing that a tenant sent, and no line names a wrong tenant.",
    blind_to=(
        "Traces that are exported to another process. What is logged before the check began or "
        "later than its last answer. Content that is hashed, encoded or cut before it is logged. "
        "Lines that carry no request id are searched for content only. Metrics that a service "
        "pushes instead of showing them."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="a canary is logged", record=spoil("lines", canaries=1)),
        Control(defect="a credential is logged", record=spoil("lines", credentials=1)),
        Control(defect="a line names the other tenant", record=spoil("lines", foreign=1)),
        Control(defect="a label holds a tenant's id", record=spoil("labels", marks=["tenant id"])),
        Control(defect="a series per object", record=spoil("series", after=130)),
    ),
    at_least={"seated": 2, "lines": 2, "labels": 1, "series": 1},
    needs=frozenset({"http", "openapi", "tenants", "row-security", "telemetry"}),
    covers=("isolation:20", "isolation:21", "API3:2023", "ASVS:V16.2.5"),
)
