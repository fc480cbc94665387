"""Which drills must be rejected? One clean drill, and one change of it for each defect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chaos.drills.guards import GUARDS
from chaos.drills.judgement import PHASES
from chaos.workload import READ, READINESS, WRITE
from gate.check import Control
from gate.model import Json, Observation

Drilled = tuple[Observation, ...]
TENANTS = ("acme", "globex")
TABLES = ("projects", "runs")
KEPT: list[Json] = [f"kept-{number}" for number in range(40)]
LATER: list[Json] = [f"later-{number}" for number in range(10)]


def note(kind: str, subject: str, **data: Json) -> Observation:
    """An observation of a drill."""
    return Observation(kind=kind, subject=subject, data=data)


def digest(moment: str, table: str, tenant: str) -> Observation:
    """A digest that is the same at every moment."""
    return note(
        "digest", table, moment=moment, tenant=tenant, rows=40, sha256=f"digest {table} {tenant}"
    )


def elements(moment: str, tenant: str, names: list[Json]) -> Observation:
    """The elements of a tenant at a moment."""
    return note("elements", READ, moment=moment, tenant=tenant, names=names)


def view(table: str, tenant: str, own: int) -> Observation:
    """What is seen under a tenant's scope, or under none, and nothing of others."""
    return note("view", table, tenant=tenant, own=own, foreign=0)


def guard(moment: str, name: str) -> Observation:
    """A guard that is the same at every moment."""
    return note("guard", name, moment=moment, count=22, sha256=f"digest of {name}")


def clean_drill() -> Drilled:
    """A drill with all as it must be."""
    return (
        note("backup", "base-backup", written_during=12),
        note("log", "archive", target="0/5000028", later="0/6000028"),
        *(
            digest(moment, table, tenant)
            for moment in ("before", "after")
            for table in TABLES
            for tenant in TENANTS
        ),
        *(guard(moment, name) for moment in ("before", "after") for name in GUARDS),
        *(view(table, tenant, 40) for table in TABLES for tenant in TENANTS),
        *(view(table, "", 0) for table in TABLES),
        *(elements("kept", tenant, KEPT) for tenant in TENANTS),
        *(elements("later", tenant, LATER) for tenant in TENANTS),
        *(elements("after", tenant, KEPT) for tenant in TENANTS),
        note("verification", "backup", flaws=[]),
        note("verification", "tampered-backup", flaws=["PG_VERSION has another content"]),
        *(note("phase", phase, seconds=1.0) for phase in PHASES),
        *(note("service", each, good=True) for each in (READINESS, READ, READ, WRITE, WRITE)),
    )


def is_after(each: Observation, kind: str, tenant: str | None = None) -> bool:
    """Is it what was seen after the restore, perhaps of one tenant?"""
    data = each.data
    return each.kind == kind and data["moment"] == "after" and data.get("tenant") == tenant


def without(unwanted: Callable[[Observation], bool]) -> Drilled:
    """The clean drill with some observations left out."""
    return tuple(each for each in clean_drill() if not unwanted(each))


def changed(chosen: Callable[[Observation], bool], **data: Json) -> Drilled:
    """The clean drill with other data in some observations."""
    return tuple(
        replace(each, data={**each.data, **data}) if chosen(each) else each
        for each in clean_drill()
    )


def of(kind: str, subject: str) -> Callable[[Observation], bool]:
    """Is it about this?"""
    return lambda each: (each.kind, each.subject) == (kind, subject)


def broken_off(phase: str, reason: str) -> Drilled:
    """The clean drill up to a phase that failed."""
    rest: Sequence[str] = PHASES[PHASES.index(phase) :]
    kept = without(
        lambda each: (
            each.kind == "service"
            or (each.kind == "phase" and each.subject in rest)
            or each.kind == "view"
            or each.data.get("moment") == "after"
        )
    )
    return (*kept, note("failure", phase, reason=reason))


DEFECTS: dict[str, Drilled] = {
    "a table of one tenant has other rows": changed(
        lambda each: is_after(each, "digest", "acme") and each.subject == "runs",
        sha256="another",
    ),
    "one tenant is missing": without(lambda each: is_after(each, "digest", "globex")),
    "a tenant has rows in a table that was empty": (
        *clean_drill(),
        digest("after", "models", "acme"),
    ),
    "a policy is not restored": changed(
        lambda each: is_after(each, "guard") and each.subject == "policies",
        count=21,
        sha256="another",
    ),
    "the service's role bypasses row-level security": changed(
        lambda each: is_after(each, "guard") and each.subject == "roles", sha256="another"
    ),
    "a tenant sees another tenant's rows": changed(
        lambda each: (each.kind, each.subject, each.data.get("tenant")) == ("view", "runs", "acme"),
        foreign=40,
    ),
    "a tenant sees only some of its rows": changed(
        lambda each: (each.kind, each.subject, each.data.get("tenant")) == ("view", "runs", "acme"),
        own=39,
    ),
    "rows are seen without a scope": changed(
        lambda each: (each.kind, each.subject, each.data.get("tenant")) == ("view", "runs", ""),
        foreign=80,
    ),
    "an acknowledged write is gone": changed(
        lambda each: is_after(each, "elements", "acme"), names=KEPT[1:]
    ),
    "a write from after the target is there": changed(
        lambda each: is_after(each, "elements", "globex"), names=[*KEPT, LATER[0]]
    ),
    "the backup does not pass its verification": changed(
        of("verification", "backup"), flaws=["base/5/2619 is missing"]
    ),
    "a changed byte passes the verification": changed(
        of("verification", "tampered-backup"), flaws=[]
    ),
    "the server does not start on the restored folder": broken_off("start", "ended with code 1"),
    "the service does not write after the restore": changed(of("service", WRITE), good=False),
    "the restore takes two minutes": changed(of("phase", "restore"), seconds=120.0),
}
CONTROLS = tuple(Control(defect=defect, record=record) for defect, record in DEFECTS.items())
