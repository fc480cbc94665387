"""What could be tested, so that a report can say what was not?

A check declares what it looks at (`Check.covers`) by these ids: `isolation:1` … `isolation:36` for
the channels through which tenants can meet, `API1:2023` … `API10:2023` for the OWASP API Security
Top 10, and `ASVS:V8.4.1` for a requirement of OWASP ASVS 5.0.0 (ids only; its text is CC BY-SA).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        f"isolation:{number}": name
        for number, name in enumerate(
            (
                "Read an object by its id in path or query",
                "Write or delete an object by its id",
                "Foreign id in a body (references)",
                "Nested child under the wrong parent",
                "List, search, filter and sort",
                "Counts, totals and aggregates",
                "Pagination cursor, replayed or changed",
                "Bulk operations with own and foreign ids",
                "Mass assignment of tenant, owner or role",
                "Operations beyond the caller's role",
                "Existence told by status, body, length or headers",
                "Existence told by unique and foreign keys",
                "Error text",
                "Timing of foreign and absent objects",
                "ETag and conditional requests",
                "Cache keys, in Redis and HTTP",
                "Exports, jobs and webhooks",
                "Artifacts and signed URLs",
                "Audit log",
                "Metric labels",
                "Logs, traces and baggage",
                "Rate-limit buckets and quotas",
                "Noisy neighbour",
                "Row-level security: enabled, forced, every command",
                "Database role: superuser, BYPASSRLS, owner",
                "Definer functions, views, materialised views",
                "Partitions, TRUNCATE, sequences, statistics",
                "Unique and foreign keys without the tenant",
                "State left behind in pooled connections",
                "Statements without the tenant's predicate",
                "Anonymous access",
                "Confused tokens: revoked, forged, other tenant's",
                "Use after delete, what a deleted tenant leaves",
                "Backups and restores of one tenant",
                "Routes that the document does not mention",
                "State in the process: globals, context, workers",
            ),
            start=1,
        )
    }
)
OWASP_API: Mapping[str, str] = MappingProxyType(
    {
        "API1:2023": "Broken Object Level Authorization",
        "API2:2023": "Broken Authentication",
        "API3:2023": "Broken Object Property Level Authorization",
        "API4:2023": "Unrestricted Resource Consumption",
        "API5:2023": "Broken Function Level Authorization",
        "API6:2023": "Unrestricted Access to Sensitive Business Flows",
        "API7:2023": "Server Side Request Forgery",
        "API8:2023": "Security Misconfiguration",
        "API9:2023": "Improper Inventory Management",
        "API10:2023": "Unsafe Consumption of APIs",
    }
)
LEFT_ALONE = frozenset({"excluded", "not-applicable", "unreached"})
"""Kinds of facts that say why an operation was not tried; every other kind says that it was."""
ASVS = re.compile(r"ASVS:(?P<id>V\d{1,2}\.\d{1,2}\.\d{1,2})")


def is_known(what: str) -> bool:
    """Is this an id that a check may declare?"""
    return what in CHANNELS or what in OWASP_API or ASVS.fullmatch(what) is not None
