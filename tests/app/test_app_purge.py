"""Is what was deleted long ago gone for good, and nothing else?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from app.config import Config
from app.work.purges import SOFT_DELETED
from app.work.runner import run_due
from app.work.worker import Worker
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, World, build_world, upload_artifact

TABLE_OF = {
    "runs": "run_id",
    "models": "model_id",
    "experiments": "experiment_id",
    "projects": "project_id",
}


def purge(owner: Caller, worker: Worker, days: int) -> int:
    job = owner.make("/v1/purges", older_than_days=days)
    run_due(worker)
    done = owner.read(f"/v1/jobs/{job['id']}")
    assert done["state"] == "succeeded", done
    count: int = done["done"]
    return count


def test_a_purge_needs_the_right_to_delete_everything_that_it_removes(owner: Caller) -> None:
    rest = ["projects:delete", "experiments:delete", "runs:delete", "models:delete"]
    key = owner.make("/v1/api-keys", name="k", scopes=rest)["secret"]
    answer = Caller(owner.client, key).ask("POST", "/v1/purges", {})
    assert answer.status_code == 403
    assert "artifacts:delete" in answer.get_json()["detail"]


def rows(cursor: Cursor, world: World) -> dict[str, int]:
    found = {}
    for table in (*SOFT_DELETED, "run_params", "metric_points", "model_versions"):
        query = f"SELECT count(*) FROM {table} WHERE tenant_id = %s"  # noqa: S608
        cursor.execute(query, [world.tenant_id])
        (found[table],) = cursor.fetchone() or (0,)
    return found


@pytest.mark.parametrize("table", SOFT_DELETED)
def test_what_was_deleted_before_the_cutoff_goes_with_its_parts(
    owner: Caller, worker: Worker, superuser: Cursor, table: str
) -> None:
    world, kept = build_world(owner, "gone"), build_world(owner, "kept")
    before = rows(superuser, world)
    change = f"UPDATE {table} SET deleted_at = now() - interval '40 days' WHERE id = %s"  # noqa: S608
    superuser.execute(change, [getattr(world, TABLE_OF[table])])
    assert purge(owner, worker, days=50) == 0
    assert rows(superuser, world) == before
    assert purge(owner, worker, days=30) >= 1
    rest = f"SELECT id::text FROM {table} WHERE tenant_id = %s"  # noqa: S608
    superuser.execute(rest, [world.tenant_id])
    assert superuser.fetchall() == [(getattr(kept, TABLE_OF[table]),)]
    if table == "projects":
        assert set(rows(superuser, world).values()) == {0, 1}


def test_many_deleted_runs_go_in_batches_of_one_transaction_each(
    owner: Caller, worker: Worker, superuser: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.work.purges.BATCH", 2)
    world = build_world(owner, "mine")
    for number in range(4):
        owner.make(f"/v1/experiments/{world.experiment_id}/runs", name=str(number))
    superuser.execute("UPDATE runs SET deleted_at = now() WHERE tenant_id = %s", [world.tenant_id])
    # With the runs an upload on its way and an artifact that no version names.
    assert purge(owner, worker, days=0) == 5 + 1 + 1


def test_the_bytes_of_purged_runs_go_unless_a_version_names_them(
    owner: Caller, worker: Worker, superuser: Cursor, config: Config
) -> None:
    world = build_world(owner, "mine")
    kept = upload_artifact(owner, world.run_id, "kept")["id"]
    owner.make(f"/v1/models/{world.model_id}/versions", artifact_ids=[kept])
    owner.ask("DELETE", f"/v1/runs/{world.run_id}")
    root = Path(str(config.artifact_dir), world.tenant_id)
    assert {path.name for path in root.glob("objects/*")} == {world.artifact_id, kept}
    purge(owner, worker, days=0)
    assert {path.name for path in root.glob("objects/*")} == {kept}
    assert list(root.glob("uploads/*")) == []
    superuser.execute("SELECT id::text FROM artifacts WHERE tenant_id = %s", [world.tenant_id])
    assert superuser.fetchall() == [(kept,)]


def test_what_was_restored_is_not_purged(owner: Caller, worker: Worker) -> None:
    world = build_world(owner, "mine")
    path = f"/v1/experiments/{world.experiment_id}"
    assert owner.ask("DELETE", path).status_code == 204
    owner.make(f"{path}:restore")
    purge(owner, worker, days=0)
    assert owner.read(f"/v1/runs/{world.run_id}")["name"] == "mine"


def test_old_results_and_deliveries_go_as_well(
    owner: Caller, worker: Worker, superuser: Cursor
) -> None:
    job = owner.make("/v1/exports")
    run_due(worker)
    superuser.execute("UPDATE jobs SET finished_at = now() - interval '9 days'")
    hook = owner.make("/v1/webhooks", url="http://127.0.0.1:9/", events=["member.added"])["id"]
    owner.make("/v1/members", email="x@example.org", role="viewer")
    superuser.execute(
        "UPDATE webhook_deliveries SET state = 'failed', finished_at = now() - interval '9 days'"
    )
    assert purge(owner, worker, days=8) >= 2
    assert owner.ask("GET", f"/v1/jobs/{job['id']}/result").status_code == 404
    assert owner.read(f"/v1/webhooks/{hook}/deliveries")["items"] == []  # the ping as well


def test_what_is_being_restored_is_not_purged_with_what_hangs_below_it(
    owner: Caller, worker: Worker, superuser: Cursor, postgresql: PostgreSQL, schema: Schema
) -> None:
    world = build_world(owner, "mine")
    run_due(worker)
    owner.ask("DELETE", f"/v1/experiments/{world.experiment_id}")
    restore = "UPDATE experiments SET deleted_at = NULL WHERE id = %s"
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    other = psycopg2.connect(postgresql.url_for(schema.database))
    with ThreadPoolExecutor(1) as pool, other, other.cursor() as restoring:
        restoring.execute(restore, [world.experiment_id])
        done = pool.submit(purge, owner, worker, 0)
        found = None
        while found != (1,) and not done.done():
            superuser.execute(waiting)
            found = superuser.fetchone()
        other.commit()
        done.result()
    other.close()
    assert owner.read(f"/v1/runs/{world.run_id}")["name"] == "mine"
