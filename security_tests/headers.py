"""Do the answers of the service carry the headers that protect its callers?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control, Lie
from gate.model import Evidence, Finding, Json, Observation
from security_tests.header_probe import GOOD, KINDS, probe
from security_tests.header_rules import Rule, Seen
from security_tests.header_table import RULES

ID = "security.headers"


def judge(seen: Sequence[Observation]) -> Iterator[Finding]:
    """Hold every recorded answer against the table of header rules; one finding per broken rule.

    The table names for each rule the reason and the source: OWASP ASVS 5.0, OWASP Secure Headers
    Project, OWASP REST Security Cheat Sheet, and the RFCs.
    """
    answers = [(index, each, read(each)) for index, each in enumerate(seen)]
    for rule in RULES:
        broken = [(index, each) for index, each, answer in answers if rule.broken_by(answer)]
        if broken:
            yield report(rule, broken)


def read(observation: Observation) -> Seen:
    """The recorded answer as the rules see it."""
    data = observation.data
    status, headers = data["status"], data["headers"]
    if not isinstance(status, int) or not isinstance(headers, dict):
        raise TypeError(f"{observation.subject} was recorded without status or headers")
    return Seen(
        status=status,
        headers={name: str(value) for name, value in headers.items()},
        secured=bool(data.get("secured", True)),
        signed_in=bool(data.get("signed_in")),
        credential=str(data.get("credential", "authorization")),
    )


def report(rule: Rule, broken: Sequence[tuple[int, Observation]]) -> Finding:
    """One broken rule with every answer that breaks it."""
    where = sorted({f"{each.subject} → {each.data['status']}" for _, each in broken})
    return Finding(
        check=ID,
        rule=rule.name,
        subject=rule.header,
        title=f"{rule.header} does not say what it must",
        severity=rule.severity,
        detail=f"{rule.why} Wanted: {rule.wants} ({rule.source}). Broken by: {'; '.join(where)}.",
        remedy=f"Send {rule.header}: {rule.wants}.",
        evidence=tuple(show(rule, index, each) for index, each in broken[:3]),
        cwe=rule.cwe,
        owasp_api="API8:2023",
        asvs=rule.asvs,
        cvss=rule.cvss,
    )


def show(rule: Rule, index: int, observation: Observation) -> Evidence:
    """The header as it came, and the request that shows it again."""
    value = read(observation).headers.get(rule.header)
    said = f"{rule.header}: {value}" if value is not None else f"no {rule.header}"
    return Evidence(
        summary=f"{observation.subject} answered {observation.data['status']} with {said}",
        reproduce=str(observation.data.get("curl", "")),
        observation=index,
    )


CLEAN_HEADERS: Mapping[str, str] = {
    "content-type": "application/json",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "x-permitted-cross-domain-policies": "none",
    "cache-control": "no-store",
    "server": "service",
}
PROBLEM = {"content-type": "application/problem+json"}
CLEAN: tuple[tuple[int, Mapping[str, str]], ...] = (
    (200, {}),
    (401, {**PROBLEM, "www-authenticate": "Bearer"}),
    (404, PROBLEM),
    (405, {**PROBLEM, "allow": "GET, POST"}),
)


def clean_record() -> tuple[Observation, ...]:
    """One answer of each sort with every header as it should be."""
    return tuple(
        Observation(
            kind="success" if status in GOOD else KINDS[status],
            subject="GET /v1/projects",
            data={
                "status": status,
                "headers": {**CLEAN_HEADERS, **own},
                "signed_in": status != 401,  # noqa: PLR2004
            },
        )
        for status, own in CLEAN
    )


def spoil(rule: Rule, change: Mapping[str, str | None]) -> tuple[Observation, ...]:
    """The clean record with one change to every answer that the rule speaks of."""
    changed = [
        replace(each, data={**each.data, "headers": altered(read(each).headers, change)})
        for each in clean_record()
    ]
    return tuple(
        new if rule.applies(read(new)) else old
        for old, new in zip(clean_record(), changed, strict=True)
    )


def altered(headers: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, Json]:
    """The headers with some replaced, and those that became None removed."""
    mixed = {**headers, **change}
    return {name: value for name, value in mixed.items() if value is not None}


def spell(change: Mapping[str, str | None]) -> str:
    """The change in words."""
    return ", ".join(
        f"{name} removed" if value is None else f"{name}: {value}" for name, value in change.items()
    )


CHECK = Check(
    id=ID,
    claim="Good answers, 401, 404 and 405 carry every header that protects callers and browsers.",
    blind_to=(
        "Routes that were not sampled (at most six of each sort), what a TLS proxy in front of the "
        "service adds or removes, and whether a policy fits a page that a browser renders. The "
        "requests say X-Forwarded-Proto: https, so a service that ignores it may show a finding "
        "for Strict-Transport-Security that it does not have behind its proxy."
    ),
    probe=probe,
    judge=judge,
    controls=tuple(
        Control(defect=f"{rule.name}: {spell(change)}", record=spoil(rule, change))
        for rule in RULES
        for change in rule.spoilt
    ),
    at_least={"success": 2, "unauthenticated": 2, "absent": 2, "not-allowed": 1},
    needs=frozenset({"http", "openapi", "tenants"}),
    lies={Lie.HEADER: ("success", *KINDS.values())},
    covers=("API8:2023", *sorted({f"ASVS:{rule.asvs}" for rule in RULES if rule.asvs})),
)
