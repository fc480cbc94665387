"""Which drills must be rejected? One clean drill, and one change of it for each defect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

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


def clean_drill() -> Drilled:
    """A drill with all as it must be."""
    return (
        note("backup", "base-backup", written_during=12),
        note("log", "archive", target="0/5000028", later="0/6000028"),
        *(
            digest(moment, table, tenant)
            for moment in ("before", "quiet", "after")
            for table in TABLES
            for tenant in TENANTS
        ),
        *(elements("kept", tenant, KEPT) for tenant in TENANTS),
        *(elements("later", tenant, LATER) for tenant in TENANTS),
        *(elements("after", tenant, KEPT) for tenant in TENANTS),
        note("verification", "backup", flaws=[]),
        note("verification", "tampered-backup", flaws=["PG_VERSION has another content"]),
        *(note("phase", phase, seconds=1.0) for phase in PHASES),
        *(note("service", each, good=True) for each in (READINESS, READ, READ, WRITE, WRITE)),
    )


def is_after(each: Observation, kind: str, tenant: str) -> bool:
    """Is it what was seen of a tenant after the restore?"""
    data = each.data
    return each.kind == kind and data["moment"] == "after" and data["tenant"] == tenant


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
