"""Is a quota kept to the last object, by everybody at once, and however rows come and go?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case
from sqlalchemy import delete

from app.config import Config
from app.models import Project
from app.quotas import CEILINGS, Resource
from app.work.worker import Worker
from gate.testbed.provision import Schema
from tests.app.callers import BYTES, Caller, begin_upload, build_world, send_parts

INSERT_RUNS = (
    "INSERT INTO runs (tenant_id, id, experiment_id, name, status, created_at, updated_at) "
    "SELECT %s, gen_random_uuid(), %s, 'r', 'running', now(), now() FROM generate_series(1, %s)"
)


def used(caller: Caller) -> dict[str, int]:
    return {item["resource"]: item["used"] for item in caller.read("/v1/usage")["items"]}


def limit(caller: Caller, **most: int) -> None:
    answer = caller.ask("PATCH", "/v1/quotas", most)
    assert answer.status_code == 200, answer.text


def test_the_codes_ceilings_are_the_databases(superuser: Cursor) -> None:
    for plan, most in CEILINGS.items():
        for resource in Resource:
            superuser.execute("SELECT quota_ceiling(%s, %s)", [plan, resource])
            assert superuser.fetchone() == (most[resource],)


def test_usage_counts_what_there_is_and_falls_when_it_goes(owner: Caller) -> None:
    assert used(owner) == dict.fromkeys(Resource, 0) | {"members": 1, "keys": 1}
    world = build_world(owner, "mine")
    expected = {"projects": 1, "runs": 1, "members": 2, "keys": 2, "webhooks": 1}
    expected["artifact_bytes"] = 2 * len(BYTES)  # an artifact, and an upload that was begun
    assert used(owner) == dict.fromkeys(Resource, 0) | expected
    owner.ask("DELETE", f"/v1/webhooks/{world.webhook_id}")
    owner.ask("DELETE", f"/v1/members/{world.member_id}")  # its key goes by cascade
    assert used(owner) == dict.fromkeys(Resource, 0) | expected | {
        "webhooks": 0, "members": 1, "keys": 1,
    }  # fmt: skip


def test_rows_that_go_by_a_cascade_are_not_counted_any_more(owner: Caller, worker: Worker) -> None:
    world = build_world(owner, "mine")
    with worker.as_tenant(UUID(world.tenant_id)) as connection:
        connection.exec_driver_sql(INSERT_RUNS, (world.tenant_id, world.experiment_id, 40))
    assert used(owner)["runs"] == 41
    with worker.as_tenant(UUID(world.tenant_id)) as connection:
        connection.execute(delete(Project).where(Project.id == UUID(world.project_id)))
    assert (used(owner)["runs"], used(owner)["projects"]) == (0, 0)


@pytest.mark.parametrize("resource", ["projects", "runs", "members", "keys", "webhooks"])
def test_one_too_many_is_refused_and_leaves_nothing(owner: Caller, resource: str) -> None:
    world = build_world(owner, "mine")
    paths: dict[str, tuple[str, dict[str, Any]]] = {
        "projects": ("/v1/projects", {"name": "more"}),
        "runs": (f"/v1/experiments/{world.experiment_id}/runs", {"name": "more"}),
        "members": ("/v1/members", {"email": "more@example.org", "role": "viewer"}),
        "keys": ("/v1/api-keys", {"name": "more"}),
        "webhooks": ("/v1/webhooks", {"url": "https://x.org/", "events": ["run.finished"]}),
    }
    before = used(owner)
    limit(owner, **{resource: before[resource]})
    path, body = paths[resource]
    refused = owner.ask("POST", path, body)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "quota-exceeded")
    assert resource in refused.get_json()["detail"]
    assert used(owner) == before
    limit(owner, **{resource: before[resource] + 1})
    assert owner.ask("POST", path, body).status_code == 201


def test_bytes_beyond_the_quota_are_refused_before_and_after_they_are_sent(
    owner: Caller, config: Config
) -> None:
    world = build_world(owner, "mine")
    upload = begin_upload(owner, world.run_id, "more")
    send_parts(owner, upload)
    before = used(owner)["artifact_bytes"]
    limit(owner, artifact_bytes=before - 1)
    body = {"run_id": world.run_id, "path": "again", "size": len(BYTES)}
    digest = {"sha256": sha256(BYTES).hexdigest()}
    for path, sent in (("/v1/uploads", body), (f"/v1/uploads/{upload['id']}:complete", digest)):
        refused = owner.ask("POST", path, sent)
        assert (refused.status_code, refused.get_json()["code"]) == (403, "quota-exceeded")
    assert used(owner)["artifact_bytes"] == before - len(BYTES)  # the upload is over
    stored = Path(str(config.artifact_dir), world.tenant_id, "objects").iterdir()
    assert [path.name for path in stored] == [world.artifact_id]


def test_an_upload_takes_its_room_when_it_is_begun_and_gives_it_back(owner: Caller) -> None:
    world = build_world(owner, "mine")
    before = used(owner)["artifact_bytes"]
    limit(owner, artifact_bytes=before + len(BYTES))
    upload = begin_upload(owner, world.run_id, "more")
    assert used(owner)["artifact_bytes"] == before + len(BYTES)
    body = {"run_id": world.run_id, "path": "again", "size": 1}
    refused = owner.ask("POST", "/v1/uploads", body)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "quota-exceeded")
    send_parts(owner, upload)
    digest = {"sha256": sha256(BYTES).hexdigest()}
    assert owner.ask("POST", f"/v1/uploads/{upload['id']}:complete", digest).status_code == 201
    assert used(owner)["artifact_bytes"] == before + len(BYTES)
    limit(owner, artifact_bytes=before + len(BYTES) + 1)
    begun = owner.ask("POST", "/v1/uploads", body)
    assert begun.status_code == 201
    assert owner.ask("DELETE", f"/v1/uploads/{begun.get_json()['id']}").status_code == 204
    assert used(owner)["artifact_bytes"] == before + len(BYTES)


def test_an_owner_sets_limits_up_to_the_plans_ceiling(new_owner: Callable[..., Caller]) -> None:
    owner = new_owner("free")
    limit(owner, projects=3, runs=0)
    shown = {item["resource"]: item for item in owner.read("/v1/quotas")["items"]}
    assert (shown["projects"]["limit"], shown["projects"]["ceiling"]) == (3, 10)
    assert shown["keys"]["limit"] == CEILINGS["free"][Resource.KEYS]
    limit(owner, projects=10)
    above = owner.ask("PATCH", "/v1/quotas", {"projects": 11})
    assert (above.status_code, above.get_json()["code"]) == (409, "above-ceiling")
    assert owner.key_for("admin").ask("PATCH", "/v1/quotas", {"runs": 1}).status_code == 403


def test_a_smaller_plan_lowers_what_was_set_before(owner: Caller, superuser: Cursor) -> None:
    limit(owner, projects=5000)
    tenant = owner.read("/v1/me")["tenant_id"]
    superuser.execute("SELECT quota_limit(%s, 'projects')", [tenant])
    assert superuser.fetchone() == (5000,)
    superuser.execute("UPDATE tenants SET plan = 'team' WHERE id = %s", [tenant])
    superuser.execute("SELECT quota_limit(%s, 'projects')", [tenant])
    assert superuser.fetchone() == (100,)


@pytest.mark.parametrize("most", [50, 4000])
def test_concurrent_writers_reach_a_limit_exactly(
    owner: Caller, schema: Schema, superuser: Cursor, most: int
) -> None:
    """With a limit of 4,000 they begin far away, where nobody waits for anybody."""
    world = build_world(owner, "mine")
    limit(owner, runs=most)
    elsewhere = max(0, most - 101)
    superuser.execute(
        "INSERT INTO usage_counters VALUES (%s, 'runs', 99, %s)", [world.tenant_id, elsewhere]
    )
    refused: list[str | None] = []

    def write(_: int) -> int:
        connection = psycopg2.connect(schema.app_url)
        connection.autocommit = True
        stored = 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [world.tenant_id])
            for _attempt in range(40):
                try:
                    cursor.execute(INSERT_RUNS, [world.tenant_id, world.experiment_id, 1])
                    stored += 1
                except psycopg2.Error as error:
                    refused.append(error.pgcode)
        connection.close()
        return stored

    with ThreadPoolExecutor(8) as pool:
        stored = sum(pool.map(write, range(8)))
    assert stored == min(most - 1, 100)
    assert used(owner)["runs"] == most
    assert set(refused) == {"MQ403"}


def test_far_from_the_limit_no_writer_waits_for_another(
    owner: Caller, schema: Schema, superuser: Cursor
) -> None:
    world = build_world(owner, "mine")
    connections = [psycopg2.connect(schema.app_url) for _ in range(3)]
    for connection in connections:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
            cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [world.tenant_id])
            cursor.execute(INSERT_RUNS, [world.tenant_id, world.experiment_id, 1])
    superuser.execute(
        "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    )
    assert superuser.fetchone() == (3,)
    for connection in connections:
        connection.commit()
        connection.close()
    assert used(owner)["runs"] == 4
