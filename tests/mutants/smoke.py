"""One mutant of each family, with every check of isolation that must turn red, and no other."""

from __future__ import annotations

from collections.abc import Mapping

EVERYBODY = "an operation looks objects up among everybody's"
READ, WRITE, LISTED = "isolation.read-by-id", "isolation.write-by-id", "isolation.list-leak"
# What looks objects up among everybody's does so in a statement without the tenant.
SAID = "isolation.statements"
SMOKE: Mapping[str, frozenset[str]] = {
    f"{EVERYBODY}: GET /v1/projects/{{project_id}}": frozenset({READ, SAID}),
    f"{EVERYBODY}: PATCH /v1/projects/{{project_id}}": frozenset({WRITE, SAID}),
    f"{EVERYBODY}: GET /v1/projects": frozenset({LISTED, SAID, "isolation.concurrency"}),
    "a permission is declared and not asked for: DELETE /v1/projects/{project_id}": frozenset(
        {"isolation.roles"}
    ),
    "fields that nobody declared are set: PATCH /v1/projects/{project_id}": frozenset(
        {"isolation.mass-assignment"}
    ),
    # A tenant that can be chosen is also charged, cached for and counted by choice.
    "the tenant is taken from a header: X-Tenant-Id": frozenset(
        {"isolation.credentials", "isolation.cache-keys", "isolation.rate-buckets", SAID}
    ),
    "a rule of roles is left out: a key's scopes are ignored": frozenset(
        {"isolation.issued-credentials"}
    ),
    "an error tells: names are unique over all tenants": frozenset(
        {"isolation.side-channels", SAID}
    ),
    "a cache: a row's key without the tenant": frozenset({"isolation.cache-keys"}),
    "logged: the path": frozenset({"isolation.telemetry"}),
    "a metric's label: the tenant's id": frozenset({"isolation.telemetry"}),
    "the policy lets all rows through: projects": frozenset({"isolation.row-security"}),
    "a reference without the tenant: runs (experiment_id) to experiments": frozenset(
        {"isolation.row-security"}
    ),
}
