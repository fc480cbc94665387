"""Does each tenant spend its own budget of requests, and only that?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Finding, Json, Observation, Severity
from validators.behind.rate_buckets_probe import LIMITED, SPOOFS, probe
from validators.behind.traffic import accuse
from validators.judging import Rule

ID = "isolation.rate-buckets"
REPEAT = 'repeat a GET with "$TOKEN_ACME_OWNER" until it is refused with 429, then ask: {}'
GRANTED = range(200, 300)
SHARED = Rule(
    check=ID,
    rule="shared-bucket",
    title="A tenant pays for what another tenant asked",
    severity=Severity.HIGH,
    remedy="Count requests by the tenant of the verified credential.",
    cwe=770,
    owasp_api="API4:2023",
    asvs="V2.4.1",
)
ESCAPED = replace(
    SHARED,
    rule="limit-escaped",
    title="A header of the caller's choice moves the count to another bucket",
    severity=Severity.MEDIUM,
    remedy="Count by the verified credential, never by what the caller writes.",
    cwe=348,
)
UNLIMITED = replace(
    SHARED,
    rule="no-limit",
    title="The smallest plan has no limit",
    severity=Severity.MEDIUM,
    remedy="Limit the requests of every tenant.",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding]:
    """A neighbour that is refused, or whose rest fell by more than its own request (CWE-770).

    And a false name that is answered while the plain request before and after it is refused
    (CWE-348). A tenant that no thousand requests wear out has no limit (OWASP API4:2023).
    """
    for index, each in enumerate(seen):
        status, name = each.data.get("status"), each.subject
        if each.kind == "exhausted" and not each.data["requests"]:
            yield accuse(
                UNLIMITED, name, ["no request was refused"], index, REPEAT.format("further")
            )
        elif each.kind == "single" and (status == LIMITED or has_paid(each)):
            words = (
                f"of {each.data['policy']} the rest of a neighbour went from "
                f"{each.data['before']} to {each.data['after']} with another tenant's calls"
            )
            yield accuse(SHARED, name, [words], index, REPEAT.format("as another tenant"))
        elif each.kind == "neighbour" and (status == LIMITED or has_paid(each)):
            words = (
                f"got {status}, its rest went from {each.data['before']} to {each.data['after']}"
            )
            yield accuse(SHARED, name, [words], index, REPEAT.format("as another tenant"))
        elif each.kind == "spoofed" and status in GRANTED:
            words = f"got {status} while the plain request is refused"
            yield accuse(ESCAPED, name, [words], index, REPEAT.format(f"with {name}"))


def has_paid(each: Observation) -> bool:
    """Did the neighbour's rest fall by more than its one request?"""
    before, after = each.data["before"], each.data["after"]
    return isinstance(before, int) and isinstance(after, int) and after < before - 1


NEIGHBOUR: dict[str, Json] = {"status": 200, "before": 59, "after": 58}
REFUSED: dict[str, Json] = {"status": LIMITED, "before": None, "after": None}
CLEAN: tuple[Observation, ...] = (
    Observation(kind="exhausted", subject="/v1/me", data={"requests": 60}),
    Observation(kind="single", subject="POST /v1/exports", data={**NEIGHBOUR, "policy": "exports"}),
    Observation(kind="neighbour", subject="neighbour", data=NEIGHBOUR),
    *(Observation(kind="spoofed", subject=name, data=REFUSED) for name in SPOOFS),
)


def spoil(kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with the facts of one kind changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    )


CHECK = Check(
    id=ID,
    claim="A tenant that spends its budget of requests is refused alone, whatever it writes.",
    blind_to=(
        "Limits of other plans and of quotas other than requests. How exact the count is. Limits "
        "by address in front of the service. Whether a neighbour becomes slower. Whether a false "
        "name makes another tenant pay, and limits of single operations, where the service does "
        "not say what is left."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="one bucket for all", record=spoil("neighbour", status=LIMITED)),
        Control(
            defect="the neighbour's rest of one operation falls", record=spoil("single", after=0)
        ),
        Control(defect="the neighbour's rest falls", record=spoil("neighbour", after=0)),
        Control(defect="a header opens another bucket", record=spoil("spoofed", status=200)),
        Control(defect="no limit", record=spoil("exhausted", requests=0)),
    ),
    at_least={"exhausted": 1, "neighbour": 1, "spoofed": len(SPOOFS)},
    needs=frozenset({"http", "openapi", "tenants", "newcomers"}),
    covers=("isolation:22", "API4:2023", "ASVS:V2.4.1"),
)
