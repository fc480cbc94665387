"""Is a deleted tenant locked out at once, and gone everywhere in the end?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from apiflask import APIFlask
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case
from redis import Redis

from app.config import Config
from app.factory import create_app
from app.models import Base
from app.work.runner import run_due
from app.work.worker import Worker, new_worker
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, build_world


def left(cursor: Cursor, tenant: str) -> dict[str, int]:
    found = {}
    for table in Base.metadata.tables:
        column = "id" if table == "tenants" else "tenant_id"
        query = f"SELECT count(*) FROM {table} WHERE {column} = %s"  # noqa: S608
        cursor.execute(query, [tenant])
        (count,) = cursor.fetchone() or (0,)
        if count:
            found[table] = count
    return found


def test_keys_stop_at_once_and_every_row_and_key_goes(
    new_owner: Callable[..., Caller],
    config: Config,
    worker: Worker,
    superuser: Cursor,
    redis_url: str,
) -> None:
    owner, other = new_owner(), new_owner()
    tenant = build_world(owner, "mine").tenant_id
    kept = build_world(other, "kept").tenant_id
    run_due(worker)
    owner.make("/v1/exports")
    before = left(superuser, kept)
    colleague = owner.key_for("viewer")
    answer = owner.ask("DELETE", f"/v1/tenants/{tenant}")
    assert (answer.status_code, answer.get_json()["kind"]) == (202, "tenant-deletion")
    assert [who.ask("GET", "/v1/me").status_code for who in (owner, colleague)] == [401, 401]
    assert left(superuser, tenant)
    run_due(worker)
    assert left(superuser, tenant) == {}
    assert list(Redis.from_url(redis_url).scan_iter(match=f"*{tenant}*")) == []
    folders = {path.name for path in Path(str(config.artifact_dir)).iterdir()}
    assert kept in folders
    assert tenant not in folders
    assert left(superuser, kept) == before
    assert other.read("/v1/me")["tenant_id"] == kept


def test_a_deletion_takes_many_steps_and_goes_on_where_a_dead_worker_stopped(
    owner: Caller, worker: Worker, superuser: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.work.removal.BATCH", 1)
    tenant = build_world(owner, "mine").tenant_id
    owner.ask("DELETE", f"/v1/tenants/{tenant}")
    taken = 0

    def die(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("app.work.tasks.renew", die)
        with pytest.raises(KeyboardInterrupt):
            run_due(worker)
    assert left(superuser, tenant)
    superuser.execute("UPDATE tasks SET due_at = now() - interval '1 second'")
    run_due(worker)
    assert left(superuser, tenant) == {}


def test_nobody_cancels_a_deletion(owner: Caller, superuser: Cursor) -> None:
    """Half a tenant would be left, and nobody who could sign in to start it again."""
    job = owner.make("/v1/exports")["id"]
    superuser.execute("UPDATE jobs SET kind = 'tenant-deletion' WHERE id = %s", [job])
    answer = owner.ask("POST", f"/v1/jobs/{job}:cancel")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not-cancellable")
    assert owner.read(f"/v1/jobs/{job}")["state"] == "queued"


def test_without_redis_a_tenant_still_goes(
    owner: Caller, config: Config, worker: Worker, superuser: Cursor
) -> None:
    assert worker.config.redis_url == config.redis_url
    tenant = owner.read("/v1/me")["tenant_id"]
    owner.ask("DELETE", f"/v1/tenants/{tenant}")
    alone = new_worker(replace(config, redis_url="redis://127.0.0.1:1/0"))
    run_due(alone)
    alone.close()
    assert left(superuser, tenant) == {}


def test_only_ones_own_tenant_can_be_deleted(
    new_owner: Callable[..., Caller], config: Config
) -> None:
    owner, other = new_owner(), new_owner()
    victim = other.read("/v1/me")["tenant_id"]
    assert owner.ask("DELETE", f"/v1/tenants/{victim}").status_code == 404
    assert owner.key_for("admin").ask("DELETE", f"/v1/tenants/{victim}").status_code == 403
    elsewhere = Caller(create_app(config).test_client(), other.key)
    assert elsewhere.ask("GET", "/v1/me").status_code == 200


def test_of_two_deletions_at_once_one_is_done_and_the_other_answers_as_documented(
    owner: Caller, service: APIFlask, postgresql: PostgreSQL, schema: Schema
) -> None:
    tenant = owner.read("/v1/me")["tenant_id"]
    holder = psycopg2.connect(postgresql.url_for(schema.database))
    with ThreadPoolExecutor(2) as pool, holder.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants WHERE id = %s FOR UPDATE", [tenant])
        callers = [Caller(service.test_client(), owner.key) for _ in range(2)]
        asked = [pool.submit(each.ask, "DELETE", f"/v1/tenants/{tenant}") for each in callers]
        while True:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() == (2,):
                break
        holder.rollback()
    holder.close()
    assert sorted(each.result().status_code for each in asked) == [202, 409]
    document = service.test_client().get("/openapi.json").get_json()
    assert "409" in document["paths"]["/v1/tenants/{tenant_id}"]["delete"]["responses"]
