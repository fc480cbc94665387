"""Does what was deleted go in time, without anybody asking for it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from app.config import Config
from app.work import tasks
from app.work.runner import run_due
from app.work.worker import Worker, new_worker
from tests.app.callers import Caller, World, build_world

RETENTION = "kind = 'retention' AND tenant_id = %s"


@pytest.fixture
def owner(worker: Worker, new_owner: Callable[..., Caller]) -> Caller:
    """The owner of a tenant that is made once the queue is empty."""
    made: Caller = new_owner()
    assert not worker.config.retention_days
    return made


@pytest.fixture
def keeping(config: Config) -> Iterator[Worker]:
    """A worker that keeps what was deleted for 30 days."""
    made = new_worker(replace(config, retention_days=30))
    yield made
    made.close()


@pytest.fixture
def world(owner: Caller, keeping: Worker) -> World:
    """A tenant whose jobs have run."""
    made = build_world(owner, "mine")
    run_due(keeping)
    return made


def a_day_later(superuser: Cursor, world: World) -> None:
    superuser.execute(
        f"UPDATE tasks SET due_at = due_at - interval '1 day' WHERE {RETENTION}",  # noqa: S608
        [world.tenant_id],
    )


def delete_project(superuser: Cursor, world: World, days: int) -> None:
    superuser.execute(
        "UPDATE projects SET deleted_at = now() - %s * interval '1 day' WHERE id = %s",
        [days, world.project_id],
    )


def purges(owner: Caller) -> list[str]:
    return [job["state"] for job in owner.read("/v1/jobs")["items"] if job["kind"] == "purge"]


def exists(superuser: Cursor, world: World) -> bool:
    superuser.execute("SELECT count(*) FROM projects WHERE id = %s", [world.project_id])
    return superuser.fetchone() == (1,)


def test_what_was_deleted_longer_ago_than_it_is_kept_is_purged(
    owner: Caller, keeping: Worker, superuser: Cursor, world: World
) -> None:
    delete_project(superuser, world, 31)
    run_due(keeping)
    assert purges(owner) == []
    a_day_later(superuser, world)
    run_due(keeping)
    assert purges(owner) == ["succeeded"]
    assert not exists(superuser, world)


def test_it_is_looked_at_once_a_day(
    owner: Caller, keeping: Worker, superuser: Cursor, world: World
) -> None:
    a_day_later(superuser, world)
    run_due(keeping)
    delete_project(superuser, world, 31)
    run_due(keeping)
    assert exists(superuser, world)
    a_day_later(superuser, world)
    run_due(keeping)
    assert not exists(superuser, world)
    assert purges(owner) == ["succeeded"]


def test_what_is_kept_starts_no_job(
    owner: Caller, keeping: Worker, superuser: Cursor, world: World
) -> None:
    delete_project(superuser, world, 29)
    a_day_later(superuser, world)
    run_due(keeping)
    assert purges(owner) == []
    assert exists(superuser, world)


OLD = {
    "an upload": "UPDATE uploads SET created_at = now() - interval '31 days'",
    "a delivery": "UPDATE webhook_deliveries SET finished_at = now() - interval '31 days'",
    "a result": "UPDATE jobs SET finished_at = now() - interval '31 days'",
    "a run": "UPDATE runs SET deleted_at = now() - interval '31 days'",
}


@pytest.mark.parametrize("change", OLD.values(), ids=OLD)
def test_whatever_a_purge_removes_starts_one(
    owner: Caller, keeping: Worker, superuser: Cursor, world: World, change: str
) -> None:
    superuser.execute(f"{change} WHERE tenant_id = %s", [world.tenant_id])
    a_day_later(superuser, world)
    run_due(keeping)
    assert purges(owner) == ["succeeded"]


def test_a_purge_that_runs_is_not_doubled(
    owner: Caller, keeping: Worker, superuser: Cursor, world: World
) -> None:
    delete_project(superuser, world, 31)
    owner.make("/v1/purges", older_than_days=31)
    superuser.execute("UPDATE tasks SET due_at = now() + interval '1 hour' WHERE kind = 'job'")
    a_day_later(superuser, world)
    run_due(keeping)
    assert purges(owner) == ["queued"]


def test_without_a_retention_nothing_is_purged_unasked(
    owner: Caller, worker: Worker, superuser: Cursor, world: World
) -> None:
    delete_project(superuser, world, 3000)
    a_day_later(superuser, world)
    assert run_due(worker) == 1
    assert purges(owner) == []
    assert exists(superuser, world)


def test_every_tenant_has_one_entry_that_is_not_yet_due(
    owner: Caller, new_owner: Callable[..., Caller], worker: Worker, superuser: Cursor
) -> None:
    for each in (owner, new_owner()):
        tenant = each.read("/v1/me")["tenant_id"]
        superuser.execute(f"SELECT id::text FROM tasks WHERE {RETENTION}", [tenant])  # noqa: S608
        assert superuser.fetchall() == [(tenant,)]
    assert tasks.due(worker, 10) == []
