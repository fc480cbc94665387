"""Does every entry in Redis belong to exactly one tenant, by its key and by its value?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Finding, Json, Observation, Severity
from validators.behind.cache_scan import probe
from validators.behind.traffic import accuse
from validators.estates.ground import judge_ground
from validators.judging import Rule, texts

ID = "isolation.cache-keys"
SCAN = 'redis-cli -u "$REDIS_URL" --scan'
ALLOWED: Mapping[str, str] = {
    r"LIMITS:LIMITER/maestro/operator/.*": "the platform's operator belongs to no tenant",
    r"maestro:rate:operator:.*": "the platform's operator belongs to no tenant",
    r"maestro:rate:address:.*": "who has not signed in is counted by a hash of the address",
}
SHARED = Rule(
    check=ID,
    rule="key-without-tenant",
    title="A key in Redis does not carry exactly one tenant's id",
    severity=Severity.HIGH,
    remedy="Begin every key with the tenant's id, or name the key as one that all may share.",
    cwe=524,
    owasp_api="API1:2023",
    asvs="V8.4.1",
)
MIXED = replace(
    SHARED,
    rule="foreign-value",
    title="A value in Redis holds what another tenant wrote",
    severity=Severity.CRITICAL,
    remedy="Fill a tenant's entries from that tenant's rows only.",
)
BELIEVED = replace(
    SHARED,
    rule="poisoned-entry",
    title="A cached value that is another tenant's is served",
    severity=Severity.MEDIUM,
    remedy="Keep the tenant inside the cached value, and refuse a value of another one.",
    cwe=345,
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """Exactly one tenant in each key, only that tenant's marks in its value (CWE-524).

    A key on the list of those that all may share may carry none, and its value no mark at all. A
    foreign value under one's own key must not be served (CWE-345). A service that caches nothing of
    an object gives no occasion for the last rule: `scanned` counts what was cached.
    """
    yield from judge_ground(seen)
    for index, each in enumerate(seen):
        if each.kind == "key":
            owners, holds = texts(each.data["tenants"]), texts(each.data["holds"])
            if len(owners) != 1 and not (not owners and is_allowed(each.subject)):
                words = f"carries the id of {', '.join(owners) or 'no tenant'}"
                yield accuse(SHARED, each.subject, [words], index, SCAN)
            foreign = sorted(set(holds) - set(owners)) if owners or is_allowed(each.subject) else []
            if foreign:
                words = f"holds a canary of {', '.join(foreign)}"
                yield accuse(MIXED, each.subject, [words], index, SCAN)
        elif each.kind == "poisoned" and each.data["served"]:
            words = f"a value of {each.data['victim']} was served to the other tenant"
            yield accuse(BELIEVED, each.subject, [words], index, SCAN)


def is_allowed(key: str) -> bool:
    """May this key be without a tenant?"""
    return any(re.fullmatch(pattern, key) for pattern in ALLOWED)


KEY: dict[str, Json] = {"tenants": ["acme"], "holds": ["acme"]}
SCANNED: dict[str, Json] = {"keys": 3, "elsewhere": 0, "cached": 2}
CLEAN: tuple[Observation, ...] = (
    Observation(kind="key", subject="model:{tenant}:{id}", data=KEY),
    Observation(
        kind="key",
        subject="LIMITS:LIMITER/maestro/operator/{n}/{n}/minute",
        data={"tenants": [], "holds": []},
    ),
    Observation(kind="scanned", subject="redis", data=SCANNED),
    Observation(
        kind="poisoned", subject="model:{tenant}:{id}", data={"victim": "acme", "served": False}
    ),
)


def spoil(subject: str, kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one fact changed."""
    return tuple(
        replace(each, data={**each.data, **change})
        if each.kind == kind and each.subject.startswith(subject)
        else each
        for each in CLEAN
    )


CHECK = Check(
    id=ID,
    claim="Each entry in Redis belongs to one tenant, and nobody else's is served for it.",
    blind_to=(
        "Caches outside Redis: in the process, in proxies, in browsers. Keys that end before the "
        "read that made them is answered. Marks in values that are compressed or encrypted. Keys "
        "of other databases of the same server. Whether a planted entry is served, where the "
        "service caches nothing of an object (`scanned` counts what was cached)."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="a key without a tenant", record=spoil("model", "key", tenants=[])),
        Control(
            defect="a key of two tenants",
            record=spoil("model", "key", tenants=["acme", "globex"], holds=[]),
        ),
        Control(
            defect="a value with another tenant's canary",
            record=spoil("model", "key", holds=["acme", "globex"]),
        ),
        Control(
            defect="a shared value with a tenant's canary",
            record=spoil("LIMITS", "key", holds=["acme"]),
        ),
        Control(defect="a planted entry is served", record=spoil("model", "poisoned", served=True)),
    ),
    at_least={"seated": 2, "scanned": 1, "key": 2},
    needs=frozenset({"http", "openapi", "tenants", "row-security", "redis"}),
    covers=("isolation:16", "API1:2023", "ASVS:V8.4.1"),
)
