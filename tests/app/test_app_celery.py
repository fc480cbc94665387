"""Does a real Celery worker do the work, and does the work outlive it?"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case
from redis import Redis

from app.config import Config, ConfigError, read_config
from app.work import tasks
from app.work.celery_app import create_celery
from app.work.runner import run_due, start_runner
from app.work.worker import Worker
from gate.testbed.embedded import CHECKOUT
from gate.testbed.process import Child, Command
from gate.testbed.provision import Schema
from gate.testbed.site import Site
from gate.testbed.waiting import until
from tests.app.callers import Caller, build_world

WITHIN = 60
SECRET = "a cursor secret of the tests"


def environment(schema: Schema, redis_url: str) -> dict[str, str]:
    return {
        "MAESTRO_DATABASE_URL": schema.app_url,
        "MAESTRO_REDIS_URL": redis_url,
        "MAESTRO_CURSOR_SECRET": SECRET,
        "MAESTRO_CELERY_BROKER_URL": f"{redis_url.rpartition('/')[0]}/1",
    }


@pytest.fixture
def start(site: Site, schema: Schema, redis_url: str, tmp_path: Path) -> Callable[[], Child]:
    """Starts a Celery worker of one process, with its beat."""
    crew = ["worker", "--beat", "--concurrency=1", "--schedule", str(tmp_path / "beat")]
    command = Command(
        name="celery",
        argv=[sys.executable, "-m", "celery", "-A", "app.worker", *crew],
        env=environment(schema, redis_url),
        folder=CHECKOUT,
    )
    return lambda: site.start(command, lambda: True)


def test_a_celery_worker_sees_a_job_through(
    site: Site, start: Callable[[], Child], schema: Schema, redis_url: str, owner: Caller
) -> None:
    job = owner.make("/v1/exports")["id"]
    child = start()
    try:
        assert until(lambda: owner.read(f"/v1/jobs/{job}")["state"] == "succeeded", WITHIN)
    finally:
        site.stop(child)
    assert owner.ask("GET", f"/v1/jobs/{job}/result").status_code == 200
    tenant = owner.read("/v1/me")["tenant_id"].encode()
    broker = Redis.from_url(environment(schema, redis_url)["MAESTRO_CELERY_BROKER_URL"])
    assert [key for key in broker.scan_iter() if b"kombu" in key]
    assert not [key for key in broker.scan_iter() if tenant in key]


def test_a_job_outlives_its_worker_and_each_row_is_exported_once(
    site: Site, start: Callable[[], Child], owner: Caller, worker: Worker, superuser: Cursor
) -> None:
    world = build_world(owner, "mine")
    run_due(worker)
    job = owner.make("/v1/exports")["id"]
    superuser.execute("BEGIN")
    superuser.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
    child = start()
    try:
        # Members, projects and experiments are committed; the worker waits for the runs.
        assert until(lambda: owner.read(f"/v1/jobs/{job}")["done"] == 3, WITHIN)
    finally:
        site.kill(child)
    superuser.execute("ROLLBACK")
    left = owner.read(f"/v1/jobs/{job}")
    assert (left["state"], left["done"]) == ("running", 3)
    assert UUID(job) not in {entry.id for entry in tasks.due(worker, 10)}  # its lease lasts
    superuser.execute("UPDATE tasks SET due_at = now() - interval '1 second'")
    assert UUID(job) in {entry.id for entry in tasks.due(worker, 10)}
    run_due(worker)
    assert owner.read(f"/v1/jobs/{job}")["state"] == "succeeded"
    text = owner.ask("GET", f"/v1/jobs/{job}/result").text
    rows = [json.loads(line)["row"] for line in text.splitlines()]
    ids = [row["id"] for row in rows if "id" in row]
    assert len(ids) == len(set(ids))
    assert {world.run_id, world.project_id, world.model_id} <= set(ids)


def test_with_a_broker_the_service_starts_no_thread(schema: Schema, redis_url: str) -> None:
    assert start_runner(read_config(environment(schema, redis_url))) is None


def test_the_broker_must_be_redis(schema: Schema, redis_url: str) -> None:
    wrong = environment(schema, redis_url) | {"MAESTRO_CELERY_BROKER_URL": "amqp://x"}
    with pytest.raises(ConfigError, match="MAESTRO_CELERY_BROKER_URL"):
        read_config(wrong)


def test_without_a_broker_there_is_no_celery(config: Config, worker: Worker) -> None:
    with pytest.raises(ConfigError, match="MAESTRO_CELERY_BROKER_URL is not set"):
        create_celery(config, worker)
