"""What must never happen to a service that breaks, how bad is it, and what helps?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.model import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One promise in the negative, and as it was given. ASVS: OWASP ASVS 5.0.0.

    Without a CVSS vector: nobody attacks, so there is nothing that CVSS could score.
    """

    title: str
    promise: str
    severity: Severity
    remedy: str
    cwe: int | None = None
    asvs: str | None = None


RULES: Mapping[str, Rule] = {
    "lost": Rule(
        title="An acknowledged write is lost",
        promise="Acknowledged writes stay",
        severity=Severity.CRITICAL,
        remedy="Answer 2xx only after the commit, with synchronous_commit and fsync on.",
    ),
    "contradicted": Rule(
        title="A refused write was carried out",
        promise="Refused writes are not carried out",
        severity=Severity.HIGH,
        remedy="Answer 4xx only when the transaction was rolled back.",
    ),
    "phantom": Rule(
        title="Something is there that nobody wrote",
        promise="Nothing is there that nobody wrote",
        severity=Severity.HIGH,
        remedy="Find who else writes: a retry under another name, another tenant, a leaked thread.",
    ),
    "duplicated": Rule(
        title="One write was carried out more than once",
        promise="No write is carried out twice",
        severity=Severity.HIGH,
        remedy="Do not repeat a write whose answer was lost, unless a key makes it idempotent.",
    ),
    "server-error": Rule(
        title="The service crashes over an outage that it must expect",
        promise="No answer is a crash (500)",
        severity=Severity.MEDIUM,
        remedy="Map the loss of the database to 503 with Retry-After wherever it can surface.",
        cwe=755,
        asvs="V16.5.2",
    ),
    "no-retry-after": Rule(
        title="503 does not say when to come back",
        promise="Each 503 says when to come back",
        severity=Severity.MEDIUM,
        remedy="Send Retry-After with every 503 (RFC 9110, 10.2.3 and 15.6.4).",
    ),
    "not-alive": Rule(
        title="Liveness fails although only a dependency is gone",
        promise="The service stays alive",
        severity=Severity.HIGH,
        remedy="Ask nothing of the database in the liveness probe: its failure means a restart.",
        asvs="V16.5.2",
    ),
    "ready-while-down": Rule(
        title="The service calls itself ready while its database is gone",
        promise="Readiness tells that the database is gone",
        severity=Severity.MEDIUM,
        remedy="Let readiness use the database, within a short time limit.",
    ),
    "stays-unready": Rule(
        title="The service does not call itself ready again",
        promise="The service is ready again",
        severity=Severity.HIGH,
        remedy="Let readiness ask anew each time; drop broken connections from the pool.",
    ),
    "no-recovery": Rule(
        title="No write succeeds after the fault is healed",
        promise="Writes succeed again",
        severity=Severity.HIGH,
        remedy="Drop broken connections from the pool and connect again (pool_pre_ping).",
        asvs="V16.5.2",
    ),
}
