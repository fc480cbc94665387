"""Would the database keep the tenants apart if the service's code forgot to?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control, Testbed
from gate.model import Doubt, Evidence, Finding, Json, Observation
from validators.database.catalogue import read_catalogue
from validators.database.row_rules import Rule, Setting, broken
from validators.database.rows import connect, look_at_rows

ID = "isolation.row-security"


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Read the catalogue as the application's role, then try each table under a tenant's scope.

    The catalogue: the role and its memberships, every relation it may use, policies, unique and
    foreign keys, definer functions, sequences. Then for each table with the tenant's column, on
    one connection and always rolled back: what the first tenant sees of others, what is seen
    without a scope, whether a row can be handed to the second tenant, and whether the second
    tenant's rows can be changed or deleted.
    """
    tenancy = testbed.tenancy()
    setting: dict[str, Json] = {"setting": tenancy.setting, "column": tenancy.column}
    yield Observation(kind="tenancy", subject="tenancy", at=testbed.clock(), data=setting)
    relations = {}
    with connect(tenancy) as connection:
        for fact in read_catalogue(connection, tenancy.column):
            if fact.kind == "relation" and fact.data["has_tenant"]:
                relations[fact.subject] = [str(each) for each in as_list(fact.data["privileges"])]
            subject = "the application's role" if fact.kind == "role" else fact.subject
            yield Observation(kind=fact.kind, subject=subject, at=testbed.clock(), data=fact.data)
    for relation, found in look_at_rows(tenancy, relations):
        kind = "rows" if found["own"] and found["other"] else "empty"
        yield Observation(kind=kind, subject=relation, at=testbed.clock(), data=found)


def as_list(value: Json) -> Sequence[Json]:
    """The value as a JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else ()


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """Hold each fact against the rules; what a table without rows of both tenants did says nothing.

    A defect here may be covered by the service's own filters today: it is what is left when they
    fail once (ASVS 5.0 V8.4.1, CWE-639).
    """
    setting = setting_of(seen)
    if setting is None:
        return
    for index, observation in enumerate(seen):
        for rule in broken(observation, setting):
            yield report(rule, index, observation, setting)


def setting_of(seen: Sequence[Observation]) -> Setting | None:
    """How the record's database tells tenants apart."""
    tables = frozenset(
        each.subject.rpartition(".")[2]
        for each in seen
        if each.kind == "relation" and each.data["has_tenant"]
    )
    for each in seen:
        if each.kind == "tenancy":
            return Setting(str(each.data["setting"]), str(each.data["column"]), tables)
    return None


def report(rule: Rule, index: int, fact: Observation, setting: Setting) -> Finding:
    """One broken rule."""
    name = str(fact.data.get("name", ""))
    subject = f"{fact.subject} {name}".strip()
    return Finding(
        check=ID,
        rule=rule.name,
        subject=subject,
        title=rule.title,
        severity=rule.severity,
        detail=f"{subject}: {spell(fact.data)}.",
        remedy=rule.remedy,
        evidence=(
            Evidence(
                summary=f"{fact.kind} {subject}: {spell(fact.data)}",
                reproduce=how_to_see(fact, setting),
                observation=index,
            ),
        ),
        cwe=rule.cwe,
        owasp_api="API1:2023",
        asvs="V8.4.1",
        cvss=rule.cvss,
    )


def spell(data: Mapping[str, Json]) -> str:
    """The fact in words."""
    return ", ".join(f"{name} {value}" for name, value in data.items() if name != "name")


def how_to_see(fact: Observation, setting: Setting) -> str:
    """A psql line that shows the fact; `$APPLICATION_URL` signs in as the application's role."""
    if fact.kind == "rows":
        scope = f"SELECT set_config('{setting.name}', '$TENANT', true)"
        tally = f"SELECT {setting.column}, count(*) FROM {fact.subject} GROUP BY 1"  # noqa: S608 - shown, not run
        return f'psql "$APPLICATION_URL" -c "BEGIN; {scope}; {tally}"'
    return f'psql "$APPLICATION_URL" -c "\\du+" -c "\\d+ {fact.subject}" -c "\\dp {fact.subject}"'


SCOPED: Json = "(tenant_id = (current_setting('app.tenant_id'::text, true))::uuid)"
RELATION: dict[str, Json] = {
    "kind": "r",
    "owner_exempt": False,
    "enabled": True,
    "forced": True,
    "partition": False,
    "has_tenant": True,
    "privileges": ["SELECT", "INSERT", "UPDATE", "DELETE"],
    "invoker": False,
}
ROLE: dict[str, Json] = {
    "superuser": False,
    "bypasses": False,
    "privileged_roles": [],
    "owns": [],
}
POLICY: dict[str, Json] = {
    "name": "own_rows",
    "command": "ALL",
    "permissive": True,
    "using": SCOPED,
    "check": SCOPED,
}
KEY: dict[str, Json] = {"name": "runs_key", "columns": ["tenant_id", "name"]}
REFERENCE: dict[str, Json] = {
    "name": "runs_fkey",
    "target": "runs",
    "pairs": ["tenant_id=tenant_id", "parent_id=id"],
}
ROWS: dict[str, Json] = {
    "own": 2,
    "other": 2,
    "foreign": 0,
    "unscoped": 0,
    "moved": "42501",
    "changed": 0,
    "removed": 0,
}
TENANCY: dict[str, Json] = {"setting": "app.tenant_id", "column": "tenant_id"}


def fact(kind: str, data: Mapping[str, Json]) -> Observation:
    """One fact about the example's only table."""
    return Observation(kind=kind, subject="public.runs", data=data)


CLEAN: tuple[Observation, ...] = (
    fact("tenancy", TENANCY),
    fact("role", ROLE),
    fact("relation", RELATION),
    fact("policy", POLICY),
    fact("unique", KEY),
    fact("reference", REFERENCE),
    fact("definer", {"owner_exempt": False}),
    fact("rows", ROWS),
)


def spoil(kind: str, /, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one fact changed, or added when there is none of its kind."""
    if all(each.kind != kind for each in CLEAN):
        return (*CLEAN, fact(kind, change))
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    )


DEFECTS: Mapping[str, tuple[Observation, ...]] = {
    "the application is a superuser": spoil("role", superuser=True),
    "the application has BYPASSRLS": spoil("role", bypasses=True),
    "the application may become a role that bypasses": spoil("role", privileged_roles=["admin"]),
    "the application owns a table": spoil("role", owns=["runs"]),
    "a table without row-level security": spoil("relation", enabled=False),
    "a partition without row-level security": spoil("relation", enabled=False, partition=True),
    "row-level security that is not forced": spoil("relation", forced=False),
    "TRUNCATE is granted": spoil("relation", privileges=["SELECT", "TRUNCATE"]),
    "a superuser's view": spoil("relation", kind="v", owner_exempt=True),
    "a materialised view": spoil("relation", kind="m"),
    "USING (true)": spoil("policy", using="true"),
    "WITH CHECK (true)": spoil("policy", check="true"),
    "a unique key without the tenant": spoil("unique", columns=["name"]),
    "a foreign key without the tenant": spoil("reference", pairs=["parent_id=id"]),
    "a superuser's SECURITY DEFINER function": spoil("definer", owner_exempt=True),
    "a readable sequence": spoil("sequence"),
    "rows of another tenant are seen": spoil("rows", foreign=3),
    "rows are seen without a scope": spoil("rows", unscoped=4),
    "an error without a scope": spoil("rows", unscoped="22P02"),
    "a row is handed to another tenant": spoil("rows", moved=1),
    "only a key refuses to hand a row over": spoil("rows", moved="23505"),
    "another tenant's rows are changed": spoil("rows", changed=2),
    "another tenant's rows are deleted": spoil("rows", removed=2),
}
CHECK = Check(
    id=ID,
    claim="PostgreSQL itself refuses the application every row of a tenant that it did not name.",
    blind_to=(
        "Tables in which either tenant has no row yet are judged by the catalogue alone (recorded "
        "as empty). What a policy's own functions do. Views of an owner whom policies bind. "
        "Whether the service names the right tenant: the other channels ask that. Timing and "
        "statistics (reltuples) that tell how much all tenants have."
    ),
    probe=probe,
    judge=judge,
    controls=tuple(Control(defect=name, record=record) for name, record in DEFECTS.items()),
    at_least={"tenancy": 1, "role": 1, "relation": 1, "policy": 1, "rows": 2},
    needs=frozenset({"row-security"}),
    covers=(
        *(f"isolation:{number}" for number in (12, 24, 25, 26, 27, 28)),
        *("API1:2023", "ASVS:V8.4.1"),
    ),
)
