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
from tests.mutants.test_mutants import (
    MIGRATION,
    NO_POLICY,
    POLICY,
    UNSCOPED,
    Mutant,
    forget,
    planted,
)

LOOKING = (
    "isolation.read-by-id",
    "isolation.row-security",
    "isolation.handoffs",
    "isolation.leftovers",
)
REGISTRY, GOVERNANCE = (
    f"app/migrations/versions/{name}.py" for name in ("0003_registry", "0004_governance")
)
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
        killed_by=("isolation.leftovers",),
    ),
    Mutant(
        name="an export of everybody's rows",
        edits={
            "app/work/exports.py": (
                ".where(table.c.tenant_id == tenant_id, *living_rows(table))",
                ".where(table.c.tenant_id.is_not(None), *living_rows(table))",
            ),
            MIGRATION: (POLICY, NO_POLICY),
        },
        killed_by=("isolation.row-security", "isolation.handoffs"),
    ),
    Mutant(
        name="an artifact is read by its id alone",
        edits={
            "app/resources/artifacts.py": (
                "    found = read(Artifact, artifact_id)\n",
                (
                    f"    asked = {UNSCOPED}(Artifact.__table__)\n"
                    "    asked = asked.where(Artifact.id == artifact_id)\n"
                    "    row = db.session.execute(asked).mappings().first()\n"
                    "    found = dict(row) if row else read(Artifact, artifact_id)\n"
                ),
            ),
            REGISTRY: (POLICY, NO_POLICY),
        },
        killed_by=("isolation.row-security", "isolation.handoffs"),
    ),
    Mutant(
        name="a part of an upload is taken by the upload's id alone",
        edits={
            "app/resources/uploads.py": (
                "    transfer = _transfer(_open(upload_id))\n    if part",
                (
                    f"    asked = {UNSCOPED}(Upload).where(Upload.id == upload_id)\n"
                    "    found = db.session.scalar(asked) or _open(upload_id)\n"
                    "    transfer = _transfer(found)\n    if part"
                ),
            ),
            REGISTRY: (POLICY, NO_POLICY),
        },
        killed_by=("isolation.row-security", "isolation.handoffs"),
    ),
    Mutant(
        name="a result is read by the job's id alone",
        edits={
            "app/resources/jobs.py": (
                "    require(SHOWN)\n    job = find(Job, job_id)\n",
                (
                    "    require(SHOWN)\n"
                    f"    asked = {UNSCOPED}(Job).where(Job.id == job_id)\n"
                    "    job = db.session.scalar(asked) or find(Job, job_id)\n"
                ),
            ),
            GOVERNANCE: (POLICY, NO_POLICY),
        },
        killed_by=("isolation.read-by-id", "isolation.row-security", "isolation.handoffs"),
    ),
    Mutant(
        name="one secret signs the deliveries of all webhooks",
        edits={
            "app/webhooks/signing.py": (
                'context = b"maestro webhook\\0" + tenant_id.bytes + webhook_id.bytes',
                'context = b"maestro webhook\\0"',
            ),
        },
        killed_by=("isolation.handoffs",),
    ),
)


NEIGHBOURS = (
    Mutant(
        name="the smallest plan has no limit",
        edits={
            "app/limits.py": (
                'Tier(name="free", per_minute=60)',
                'Tier(name="free", per_minute=600_000, lease=200)',
            )
        },
        killed_by=("isolation.noisy-neighbour",),
    ),
    Mutant(
        name="a refusal keeps a worker busy",
        edits={
            "app/limits.py": (
                "        raise _too_many(standing)\n",
                "        time.sleep(0.05)\n        raise _too_many(standing)\n",
            )
        },
        killed_by=("isolation.noisy-neighbour",),
    ),
)


@pytest.mark.parametrize("mutant", [*MUTANTS, *NEIGHBOURS], ids=lambda mutant: mutant.name)
def test_what_a_mutant_changes_is_still_there(mutant: Mutant, tmp_path: Path) -> None:
    planted(mutant, tmp_path / "copy")


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


@pytest.mark.mutants
@pytest.mark.parametrize("mutant", NEIGHBOURS, ids=lambda mutant: mutant.name)
def test_a_flaw_that_lets_a_flood_through_turns_red(mutant: Mutant, tmp_path: Path) -> None:
    """Skipped, not passed, on a machine that is too busy for its answer to mean anything."""
    checkout = planted(mutant, tmp_path / "copy")
    (name,) = mutant.killed_by
    with embedded(tmp_path / "raw", 1, checkout=checkout) as testbed:
        result = run(CHECKS[name], testbed, forget)
    busy = [each for each in result.doubts if each.subject in {"machine", "generator", "flood"}]
    if result.outcome is Outcome.INCONCLUSIVE and busy:
        pytest.skip("; ".join(f"{each.subject}: {each.reason}" for each in busy))
    assert result.outcome is Outcome.FAIL
