"""Does the service come back, tenant by tenant, after its data folder is destroyed?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import recovery
from chaos.drills.controls import CONTROLS
from chaos.drills.guards import GUARDS
from chaos.drills.judgement import ID, LIMITS, judge
from chaos.drills.steps import STEPS, Drill
from chaos.workload import make_place
from gate.check import Check, Lie, Testbed
from gate.errors import SetupError
from gate.model import Observation


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Back up under writes, write on, destroy the data folder, restore to one moment, compare.

    The moment is a position in the log, at which every writer waits. There every table is digested,
    tenant by tenant. What is written later is archived too, so a restore that goes too far shows.
    The server is killed with SIGKILL and its folder removed; `recovery` makes a new one. It is
    compared before it is opened for writes, because the service, which was never stopped, goes on
    with its background work at once; then the service must answer, read and write. Backup and
    log are verified before anything is destroyed, and a copy with one changed byte must fail that
    verification. What keeps the tenants apart (row-level security, policies, roles, grants, keys,
    functions) is digested at the moment and after the restore, and each tenant's rows are counted
    as the service's own role sees them under its scope and under none.
    """
    database = testbed.database()
    places = tuple(make_place(testbed.actor(name), testbed.clock) for name in testbed.tenants)
    home = TemporaryDirectory(prefix="drill-", dir=database.data.parent)
    with home as folder, ExitStack() as undo:
        yield from carry_out(
            Drill(
                database=database,
                tenancy=testbed.tenancy(),
                places=places,
                visitor=testbed.actor("", "anonymous"),
                clock=testbed.clock,
                seed=testbed.seed,
                home=Path(folder),
                owner=recovery.owner_of(database.data),
                undo=undo,
            )
        )


def carry_out(drill: Drill) -> Iterator[Observation]:
    """Take the steps one by one, each timed; the first that fails is the last."""
    for name, step in STEPS.items():
        began = drill.clock()
        try:
            yield from step(drill)
        except (recovery.RecoveryError, SetupError) as error:
            yield drill.note("failure", name, reason=str(error))
            return
        yield drill.note("phase", name, seconds=drill.clock() - began)


CHECK = Check(
    id=ID,
    claim=(
        "After its data folder is destroyed, every tenant's data is back as of one exact moment, "
        "and each tenant sees its own and no more."
    ),
    blind_to=(
        "Writes after the newest archived segment: how many an outage would cost depends on how "
        "the log is archived in production. The backup is fresh, on the same machine and small, so "
        "the time to restore says little of a large one. Backups that are encrypted, incremental, "
        "old or in an object store, tablespaces, and a restore on another version are not tried. "
        "A restore of one tenant alone beside others that stay: the tool restores whole clusters."
    ),
    probe=probe,
    judge=judge,
    controls=CONTROLS,
    at_least={
        "phase": len(STEPS),
        "digest": 6,
        "elements": 6,
        "verification": 2,
        "service": 5,
        "guard": 2 * len(GUARDS),
        "view": 6,
    },
    needs=frozenset({"http", "tenants", "database", "row-security"}),
    limits=LIMITS,
    lies={Lie.SWALLOW: ("service",)},
    covers=("isolation:34",),
)
