"""Our own service with one planted flaw in its source: exactly the right check must turn red.

Slow (each starts a service of its own): `tox -e mutants`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.catalogue import CHECKS
from gate.journal import Entry
from gate.model import Outcome
from gate.run import run
from gate.session import ROOT
from gate.testbed.embedded import embedded

ISOLATION = tuple(check for check in CHECKS if check.startswith("isolation."))
LOOKING = (*ISOLATION, "contract.fuzz", "security.headers", "load.open-arrivals")
MIGRATION = "app/migrations/versions/0001_first_schema.py"
COUNTS = "app/migrations/versions/0004_governance.py"  # a new row is counted for its tenant
UNSCOPED = '__import__("sqlalchemy").select'
FILTER = '.where(Run.tenant_id == bindparam("tenant_id"), '
NO_FILTER = '.where(Run.tenant_id.is_distinct_from(None) | (bindparam("tenant_id") == Run.id), '
POLICY = "USING ({own}) WITH CHECK ({own})"
NO_POLICY = "USING (true) WITH CHECK (true)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One flaw: edits of the source, and the checks that must find it; () for a harmless one."""

    name: str
    edits: Mapping[str, tuple[str, str]]
    killed_by: tuple[str, ...]


MUTANTS = (
    Mutant(
        name="no tenant filter and no policy",
        edits={
            "app/run_rows.py": (FILTER, NO_FILTER),
            "app/migrations/versions/0001_first_schema.py": (POLICY, NO_POLICY),
        },
        # Its reads are what preconditions are checked by: a wrong tag gets 412 for a foreign run.
        killed_by=(
            "isolation.read-by-id",
            "isolation.row-security",
            "isolation.write-by-id",
            "isolation.statements",
        ),
    ),
    Mutant(
        name="no tenant filter: the policy alone must hold, and the missing layer is found",
        edits={"app/run_rows.py": (FILTER, NO_FILTER)},
        killed_by=("isolation.statements",),
    ),
    Mutant(
        name="no policy: the filter alone must hold, and the missing layer is found",
        edits={"app/migrations/versions/0001_first_schema.py": (POLICY, NO_POLICY)},
        killed_by=("isolation.row-security",),
    ),
    Mutant(
        name="a deletion that finds everybody's project",
        edits={
            "app/resources/projects.py": (
                "    project = find(Project, project_id, lock=True)\n    models",
                (
                    f"    asked = {UNSCOPED}(Project).where(Project.id == project_id)\n"
                    "    row = db.session.scalar(asked)\n"
                    "    project = row or find(Project, project_id, lock=True)\n    models"
                ),
            ),
            MIGRATION: (POLICY, NO_POLICY),
        },
        killed_by=("isolation.row-security", "isolation.write-by-id", "isolation.statements"),
    ),
    Mutant(
        name="a referenced run is looked up among everybody's",
        edits={
            "app/resources/versions.py": (
                "        find(Run, body.source_run_id)\n",
                (
                    f"        asked = {UNSCOPED}(Run).where(Run.id == body.source_run_id)\n"
                    "        if db.session.scalar(asked) is None:\n"
                    "            raise __import__('app.errors').errors.not_found(Run.noun)\n"
                ),
            ),
            MIGRATION: (POLICY, NO_POLICY),
        },
        killed_by=("isolation.row-security", "isolation.body-reference", "isolation.statements"),
    ),
    Mutant(
        name="a list of everybody's projects",
        edits={
            "app/resources/projects.py": (
                "page(listed(Project, query, Permission.PROJECTS_DELETE), Project, query)",
                f"page({UNSCOPED}(Project), Project, query)",
            ),
            MIGRATION: (POLICY, NO_POLICY),
        },
        killed_by=(
            "isolation.row-security",
            "isolation.list-leak",
            "isolation.statements",
            "isolation.concurrency",
        ),
    ),
    Mutant(
        name="the tenant of a new project is taken from the body",
        edits={
            "app/schemas/projects.py": (
                '    """A new project."""\n',
                (
                    '    """A new project."""\n\n'
                    '    tenant_id: str | None = __import__("pydantic").Field(default=None)\n'
                ),
            ),
            "app/resources/projects.py": (
                "Project(tenant_id=principal().tenant_id, **body.model_dump())",
                (
                    "Project(**(body.model_dump() | {'tenant_id': __import__('uuid').UUID("
                    "body.tenant_id) if body.tenant_id else principal().tenant_id}))"
                ),
            ),
            MIGRATION: (POLICY, NO_POLICY),
            COUNTS: (POLICY, NO_POLICY),
        },
        killed_by=("isolation.row-security", "isolation.body-reference"),
    ),
    Mutant(
        name="a project's time of creation is taken from a field that nobody declared",
        edits={
            "app/schemas/projects.py": (
                '    """A new project."""\n',
                (
                    '    """A new project."""\n\n'
                    '    model_config = {**DescribedIn.model_config, "extra": "allow"}\n'
                ),
            ),
        },
        # What is no time makes the service fail.
        killed_by=("isolation.mass-assignment", "contract.fuzz"),
    ),
    Mutant(
        name="a revoked key goes on working",
        edits={
            "app/resources/api_keys.py": (
                "    db.session.delete(row)\n    db.session.flush()\n",
                "    db.session.flush()\n",
            )
        },
        killed_by=("isolation.credentials", "isolation.issued-credentials"),
    ),
    Mutant(
        name="a deletion asks for the permission to read",
        edits={
            "app/resources/projects.py": (
                "access=Permission.PROJECTS_DELETE",
                "access=Permission.PROJECTS_READ",
            )
        },
        killed_by=("isolation.roles",),
    ),
    Mutant(
        name="the path of a request is logged",
        edits={
            "app/logs.py": (
                'found = {"method": method, "route": watch.route,',
                'found = {"method": method, "route": request.full_path,',
            )
        },
        # The log still tells of a tenant that has been deleted.
        killed_by=("isolation.telemetry", "isolation.leftovers"),
    ),
    Mutant(
        name="requests are counted by plan",
        edits={
            "app/limits.py": (
                "return str(principal.tenant_id), TIERS[principal.plan]",
                "return principal.plan, TIERS[principal.plan]",
            )
        },
        killed_by=("isolation.cache-keys", "isolation.rate-buckets"),
    ),
    Mutant(
        name="an unhandled error",
        edits={
            "app/resources/models.py": (
                '    """Change a model',
                '    raise LookupError\n    """Change a model',
            )
        },
        killed_by=("contract.fuzz",),
    ),
    Mutant(
        name="a header is not sent",
        edits={"app/headers.py": ('    ("Cross-Origin-Opener-Policy", "same-origin"),\n', "")},
        killed_by=("security.headers",),
    ),
    Mutant(
        name="a slow route",
        edits={
            "app/resources/runs.py": (
                "    return read_whole_run(run_id)",
                "    __import__('time').sleep(0.4)\n    return read_whole_run(run_id)",
            )
        },
        killed_by=("load.open-arrivals",),
    ),
)


def planted(mutant: Mutant, folder: Path) -> Path:
    """A copy of the service with the flaw in it."""
    shutil.copytree(ROOT / "app", folder / "app")
    for name, (old, new) in mutant.edits.items():
        text = (folder / name).read_text()
        assert old in text, f"{mutant.name}: {name} has changed"
        (folder / name).write_text(text.replace(old, new))
    return folder


def forget(_: Entry) -> None:
    """No journal is kept."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_changes_is_still_there(mutant: Mutant, tmp_path: Path) -> None:
    planted(mutant, tmp_path / "copy")


@pytest.mark.mutants
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_exactly_the_right_check_turns_red(mutant: Mutant, tmp_path: Path) -> None:
    checkout = planted(mutant, tmp_path / "copy")
    with embedded(tmp_path / "raw", 1, checkout=checkout) as testbed:
        results = [run(CHECKS[name], testbed, forget) for name in LOOKING]
    red = tuple(result.check for result in results if result.outcome is Outcome.FAIL)
    assert red == mutant.killed_by, [result.findings for result in results]
