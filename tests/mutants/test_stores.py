"""Our own service with a flaw in what it stores, hands over or shares: the right check turns red.

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

LOOKING = ("isolation.read-by-id", "isolation.credentials", "isolation.leftovers")
ELSEWHERE = "] = (forget_redis_keys, forget_objects)"
MUTANTS = (
    Mutant(
        name="a deleted tenant's entries stay in Redis",
        edits={"app/work/removal.py": (ELSEWHERE, "] = (forget_objects,)")},
        killed_by=("isolation.leftovers",),
    ),
    Mutant(
        name="a deleted tenant's artifacts stay on disk",
        edits={"app/work/removal.py": (ELSEWHERE, "] = (forget_redis_keys,)")},
        killed_by=("isolation.leftovers",),
    ),
    Mutant(
        name="a deleted tenant's audit events stay",
        edits={
            "app/migrations/versions/0002_conventions.py": (
                (
                    '"audit_events": """\n'
                    "        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,"
                ),
                '"audit_events": """\n        tenant_id uuid NOT NULL,',
            )
        },
        killed_by=("isolation.leftovers",),
    ),
    Mutant(
        name="a worker trusts for ever a key that it has once looked up",
        edits={
            "app/auth.py": (
                "return principal if self.clock() < until else None",
                "return principal",
            )
        },
        killed_by=("isolation.credentials", "isolation.leftovers"),
    ),
)


@pytest.mark.mutants
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_exactly_the_right_check_turns_red(mutant: Mutant, tmp_path: Path) -> None:
    checkout = planted(mutant, tmp_path / "copy")
    with embedded(tmp_path / "raw", 1, checkout=checkout) as testbed:
        results = [run(CHECKS[name], testbed, forget) for name in LOOKING]
    red = tuple(result.check for result in results if result.outcome is Outcome.FAIL)
    assert red == mutant.killed_by, [
        (each.detail, each.evidence) for result in results for each in result.findings
    ]
