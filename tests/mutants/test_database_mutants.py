"""Flaws in how our own service speaks to PostgreSQL, and in what it answers unasked.

Slow (each starts a service of its own): `tox -e mutants`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.catalogue import CHECKS
from gate.model import Outcome
from gate.run import run
from gate.testbed.embedded import embedded
from tests.mutants.test_mutants import Mutant, forget, planted

SCOPED = "return select(model).where(model.tenant_id == principal().tenant_id, *living(model))"
LOOKING = (
    "isolation.row-security",
    "isolation.undocumented-routes",
    "isolation.statements",
    "isolation.connection-state",
)
BEFORE = "runner = start_runner(config)\n"
HIDDEN = f"""{BEFORE}
serve = app.wsgi_app

def hidden(environ, start):
    if environ["PATH_INFO"] == "/debug/vars":
        start("200 OK", [("Content-Type", "application/json")])
        return [b'{{"threads": 3}}']
    return serve(environ, start)

app.wsgi_app = hidden
"""
TRACED = """serve = app.wsgi_app

def traced(environ, start):
    if environ["REQUEST_METHOD"] == "TRACE":
        start("200 OK", [("Content-Type", "message/http")])
        return [environ.get("HTTP_AUTHORIZATION", "").encode()]
    return serve(environ, start)

app.wsgi_app = traced
"""
MUTANTS = (
    Mutant(
        name="a route that nobody declared",
        edits={"app/wsgi.py": (BEFORE, HIDDEN)},
        killed_by=("isolation.undocumented-routes",),
    ),
    Mutant(
        name="TRACE is answered",
        edits={"app/wsgi.py": (BEFORE, BEFORE + TRACED)},
        killed_by=("isolation.undocumented-routes",),
    ),
    Mutant(
        name="the scope is set for the session",
        edits={
            "app/database.py": (
                "SCOPE = \"set_config('app.tenant_id', :tenant, true)",
                "SCOPE = \"set_config('app.tenant_id', :tenant, false)",
            )
        },
        killed_by=("isolation.statements", "isolation.connection-state"),
    ),
    Mutant(
        name="a lock is held by the session",
        edits={
            "app/database.py": (
                "SELECT {SCOPE}, pg_advisory_xact_lock_shared(:held)",
                "SELECT {SCOPE}, pg_advisory_lock_shared(:held)",
            )
        },
        killed_by=("isolation.connection-state",),
    ),
    Mutant(
        name="a timeout is set for the session",
        edits={
            "app/database.py": (
                '    held: Hold | None = g.get("hold")\n',
                (
                    '    held: Hold | None = g.get("hold")\n'
                    '    connection.exec_driver_sql("SET statement_timeout = 1999")\n'
                ),
            )
        },
        killed_by=("isolation.connection-state",),
    ),
    Mutant(
        name="a read in one round trip sets the scope for the session",
        edits={
            "app/prepared.py": (
                "SET_TENANT = \"SELECT set_config('app.tenant_id', %(scope)s, true)\"",
                "SET_TENANT = \"SELECT set_config('app.tenant_id', %(scope)s, false)\"",
            )
        },
        killed_by=("isolation.statements", "isolation.connection-state"),
    ),
    Mutant(
        name="no scope at all in a read of one round trip",
        edits={
            "app/prepared.py": (
                '_send(connection, f"{scope}; ", statements, bound)',
                '_send(connection, "", statements, bound)',
            )
        },
        killed_by=("isolation.statements",),
    ),
    Mutant(
        name="a header decides on the scope",
        edits={
            "app/tenancy.py": (
                "    enter(Scope(principal.tenant_id))",
                (
                    "    from uuid import UUID\n"
                    "    from flask import request\n"
                    "    named = request.headers.get('X-Tenant-Id')\n"
                    "    enter(Scope(UUID(named) if named else principal.tenant_id))"
                ),
            )
        },
        killed_by=("isolation.statements",),
    ),
    Mutant(
        name="a list without the tenant's predicate",
        edits={
            "app/tenancy.py": (
                SCOPED,
                "return select(model).where(*living(model))",
            )
        },
        killed_by=("isolation.statements",),
    ),
)


@pytest.mark.mutants
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_exactly_the_watching_check_turns_red(mutant: Mutant, tmp_path: Path) -> None:
    checkout = planted(mutant, tmp_path / "copy")
    with embedded(tmp_path / "raw", 1, checkout=checkout) as testbed:
        results = [run(CHECKS[name], testbed, forget) for name in LOOKING]
    red = tuple(result.check for result in results if result.outcome is Outcome.FAIL)
    assert red == mutant.killed_by, [result.findings for result in results]
