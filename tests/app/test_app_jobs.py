"""Does a job reach its end once, whatever happens to its worker, and under its own tenant only?"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case
from sqlalchemy import select, text

from app.config import Config
from app.models import Base, Job, Task
from app.work import jobs, tasks
from app.work.jobs import MOST_ATTEMPTS, STEPS, run_job
from app.work.runner import Runner, run_due, start_runner
from app.work.steps import JobError, Progress, Step
from app.work.tasks import Entry
from app.work.worker import Worker, new_worker
from gate.testbed.waiting import until
from tests.app.callers import Caller, build_world

SECRETS = ("digest", "secret", "prefix", "tenant_id")


def exported(caller: Caller, worker: Worker, **asked: str) -> list[dict[str, Any]]:
    job = caller.make("/v1/exports", **asked)
    run_due(worker)
    done = caller.read(f"/v1/jobs/{job['id']}")
    assert done["state"] == "succeeded", done
    assert done["done"] == done["total"] > 0
    answer = caller.ask("GET", done["result_url"])
    assert answer.content_type == "application/x-ndjson"
    assert int(answer.headers["Content-Length"]) == len(answer.data) == done["result_bytes"]
    return [json.loads(line) for line in answer.text.splitlines()]


def entry_of(caller: Caller, job: dict[str, Any]) -> Entry:
    return Entry(UUID(caller.read("/v1/me")["tenant_id"]), UUID(job["id"]), tasks.JOB)


def lapse(superuser: Cursor) -> None:
    """Let all leases and pauses be over."""
    superuser.execute("UPDATE tasks SET due_at = now() - interval '1 second'")


def test_an_export_has_all_of_the_tenant_and_nothing_of_others(
    owner: Caller, new_owner: Callable[..., Caller], worker: Worker
) -> None:
    build_world(new_owner(), "foreign")
    world = build_world(owner, "mine")
    lines = exported(owner, worker)
    ids = {line["row"].get("id") for line in lines}
    assert {world.project_id, world.run_id, world.model_id, world.member_id} <= ids
    assert {world.artifact_id, world.deployment_id} <= ids
    assert {line["table"] for line in lines} >= {"metric_points", "latest_metrics", "model_aliases"}
    everything = json.dumps(lines)
    assert "foreign" not in everything
    assert not any(f'"{name}"' in everything for name in SECRETS)


def test_a_projects_export_has_that_project_only(owner: Caller, worker: Worker) -> None:
    build_world(owner, "other")
    project = owner.make("/v1/projects", name="mine")["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="mine")["id"]
    run = owner.make(f"/v1/experiments/{experiment}/runs", name="mine", params={"a": "1"})["id"]
    lines = exported(owner, worker, project_id=project)
    assert [(line["table"], line["row"].get("id")) for line in lines] == [
        ("projects", project),
        ("experiments", experiment),
        ("runs", run),
        ("run_params", None),
    ]


def test_an_export_has_nothing_that_was_deleted(owner: Caller, worker: Worker) -> None:
    world = build_world(owner, "mine")
    owner.ask("DELETE", f"/v1/experiments/{world.experiment_id}")
    tables = {line["table"] for line in exported(owner, worker)}
    assert "projects" in tables
    assert not tables & {"experiments", "runs", "run_tags", "metric_points"}


@pytest.mark.parametrize(("most", "value"), [("ROWS", 3), ("PIECE_BYTES", 400)])
def test_an_export_of_more_than_a_step_takes_has_each_row_once(
    owner: Caller, worker: Worker, monkeypatch: pytest.MonkeyPatch, most: str, value: int
) -> None:
    monkeypatch.setattr(f"app.work.exports.{most}", value)
    world = build_world(owner, "mine")
    points = [{"key": key, "step": step, "value": 1.5} for key in "ab" for step in range(10)]
    owner.make(f"/v1/runs/{world.run_id}/log", metrics=points)
    lines = exported(owner, worker)
    steps = [
        (line["row"]["key"], line["row"]["step"])
        for line in lines
        if line["table"] == "metric_points"
    ]
    assert steps == [*[(key, step) for key in "ab" for step in range(10)], ("loss", 1)]


def test_an_export_that_grows_too_large_fails_and_says_so(
    owner: Caller, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.work.exports.MOST_BYTES", 10)
    job = owner.make("/v1/exports")
    run_due(worker)
    failed = owner.read(f"/v1/jobs/{job['id']}")
    assert (failed["state"], failed["error"]) == ("failed", "export-too-large")
    assert owner.ask("GET", f"/v1/jobs/{job['id']}/result").status_code == 409


def test_a_key_that_cannot_read_can_neither_export_nor_fetch_an_export(
    owner: Caller, worker: Worker
) -> None:
    job = owner.make("/v1/exports")
    run_due(worker)
    clerk = owner.key_for("owner", scopes=["jobs:manage", "projects:delete"])
    assert clerk.ask("POST", "/v1/exports", {}).status_code == 403
    assert clerk.ask("GET", f"/v1/jobs/{job['id']}/result").status_code == 403
    assert clerk.ask("POST", "/v1/purges", {}).status_code == 403


def test_jobs_are_listed_by_state(owner: Caller, worker: Worker) -> None:
    first = owner.make("/v1/exports")["id"]
    run_due(worker)
    second = owner.make("/v1/exports")["id"]
    for state, expected in (("queued", [second]), ("succeeded", [first]), ("failed", [])):
        found = owner.read(f"/v1/jobs?state={state}")["items"]
        assert [job["id"] for job in found] == expected
    assert owner.ask("GET", f"/v1/jobs/{second}/result").get_json()["code"] == "job-unfinished"


def test_a_tenant_has_at_most_ten_unfinished_jobs(owner: Caller) -> None:
    for _ in range(10):
        owner.make("/v1/exports")
    refused = owner.ask("POST", "/v1/exports", {})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "too-many-jobs")
    tenant = owner.read("/v1/me")["tenant_id"]
    assert owner.ask("DELETE", f"/v1/tenants/{tenant}").status_code == 202  # and goes all the same


def test_a_queued_job_is_cancelled_at_once(owner: Caller, worker: Worker) -> None:
    job = owner.make("/v1/exports")
    assert owner.make(f"/v1/jobs/{job['id']}:cancel")["state"] == "cancelled"
    run_due(worker)
    assert owner.read(f"/v1/jobs/{job['id']}")["state"] == "cancelled"
    again = owner.ask("POST", f"/v1/jobs/{job['id']}:cancel")
    assert (again.status_code, again.get_json()["code"]) == (409, "job-finished")


def test_a_running_job_stops_before_its_next_step(owner: Caller, worker: Worker) -> None:
    build_world(owner, "mine")
    job = owner.make("/v1/exports")
    turn = jobs._begin(worker, entry_of(owner, job))
    assert turn is not None
    assert jobs._take_step(worker, turn)
    before = owner.make(f"/v1/jobs/{job['id']}:cancel")
    assert not jobs._take_step(worker, turn)
    assert owner.read(f"/v1/jobs/{job['id']}") == before


def test_a_worker_whose_turn_is_over_writes_nothing(owner: Caller, worker: Worker) -> None:
    job = owner.make("/v1/exports")
    late = jobs._begin(worker, entry_of(owner, job))
    current = jobs._begin(worker, entry_of(owner, job))
    assert late is not None
    assert current is not None
    assert jobs._take_step(worker, current)
    before = owner.read(f"/v1/jobs/{job['id']}")
    assert not jobs._take_step(worker, late)
    jobs._fail(worker, late, "late")
    jobs._retry(worker, late)
    jobs._hand_back(worker, late)
    assert owner.read(f"/v1/jobs/{job['id']}") == before


def broken(_: Step) -> Progress:
    raise RuntimeError("password=hunter2")


def test_a_step_that_fails_is_tried_again_and_then_given_up_without_its_words(
    owner: Caller,
    worker: Worker,
    superuser: Cursor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(STEPS, "export", broken)
    job = owner.make("/v1/exports")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert owner.read(f"/v1/jobs/{job['id']}")["state"] != "failed"
        assert run_due(worker) == 1
        assert owner.read(f"/v1/jobs/{job['id']}")["attempts"] == attempt
        assert run_due(worker) == 0  # it pauses
        lapse(superuser)
    failed = owner.ask("GET", f"/v1/jobs/{job['id']}")
    assert (failed.get_json()["state"], failed.get_json()["error"]) == ("failed", "internal")
    assert "hunter2" not in failed.text + caplog.text


def test_a_job_that_kills_its_workers_is_given_up(
    owner: Caller, worker: Worker, superuser: Cursor
) -> None:
    job = owner.make("/v1/exports")
    for _ in range(MOST_ATTEMPTS):
        assert jobs._begin(worker, entry_of(owner, job)) is not None
    lapse(superuser)
    run_due(worker)
    failed = owner.read(f"/v1/jobs/{job['id']}")
    assert (failed["state"], failed["error"]) == ("failed", "worker-died")


def test_a_tenants_deletion_is_never_given_up(
    owner: Caller, worker: Worker, superuser: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = owner.read("/v1/me")["tenant_id"]
    whole = STEPS["tenant-deletion"]
    monkeypatch.setitem(STEPS, "tenant-deletion", broken)
    assert owner.ask("DELETE", f"/v1/tenants/{tenant}").status_code == 202
    for _ in range(2 * MOST_ATTEMPTS):
        run_due(worker)
        lapse(superuser)
    monkeypatch.setitem(STEPS, "tenant-deletion", whole)
    run_due(worker)
    superuser.execute("SELECT count(*) FROM tenants WHERE id = %s", [tenant])
    assert superuser.fetchone() == (0,)


def test_only_one_worker_takes_a_task(owner: Caller, worker: Worker, config: Config) -> None:
    job = owner.make("/v1/exports")
    other = new_worker(config)
    assert tasks.take_next(worker) == entry_of(owner, job)
    assert tasks.take_next(other) is None
    assert tasks.take(other, entry_of(owner, job).tenant_id, UUID(job["id"])) is None
    other.close()


def test_one_tenant_does_not_keep_all_workers_busy(
    new_owner: Callable[..., Caller], worker: Worker
) -> None:
    busy, quiet = new_owner(), new_owner()
    first = busy.make("/v1/exports")
    busy.make("/v1/exports")
    third = quiet.make("/v1/exports")
    assert tasks.take_next(worker) == entry_of(busy, first)
    assert tasks.take_next(worker) == entry_of(quiet, third)
    assert tasks.take_next(worker) is None


def test_a_task_whose_job_is_gone_leaves_the_queue(
    owner: Caller, worker: Worker, superuser: Cursor
) -> None:
    job = owner.make("/v1/exports")
    superuser.execute("DELETE FROM jobs WHERE id = %s", [job["id"]])
    run_due(worker)
    superuser.execute("SELECT count(*) FROM tasks WHERE id = %s", [job["id"]])
    assert superuser.fetchone() == (0,)


def test_the_runner_sees_of_other_tenants_when_something_is_due_and_nothing_else(
    owner: Caller, worker: Worker
) -> None:
    build_world(owner, "mine")
    assert {column.name for column in Task.__table__.columns} == {
        "tenant_id", "id", "kind", "due_at", "leased",
    }  # fmt: skip
    with worker.as_runner() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tasks")) > 0
        for table in Base.metadata.tables.values():
            if table.name != "tasks":
                assert connection.execute(select(table)).all() == [], table.name


def test_a_transaction_of_a_tenant_or_of_nobody_sees_no_foreign_task(
    new_owner: Callable[..., Caller], worker: Worker
) -> None:
    victim, other = new_owner(), new_owner()
    victim.make("/v1/exports")
    tenant_id = UUID(other.read("/v1/me")["tenant_id"])
    with worker.as_tenant(tenant_id) as connection:
        assert set(connection.scalars(text("SELECT tenant_id FROM tasks"))) == {tenant_id}
    with worker.engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tasks")) == 0


def test_a_step_runs_under_its_own_tenant_only(
    new_owner: Callable[..., Caller], worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, other = new_owner(), new_owner()
    build_world(victim, "victim")
    run_due(worker)
    seen: list[Any] = []

    def look(step: Step) -> Progress:
        settings = text(
            "SELECT current_setting('app.operator'), current_setting('app.runner', true)"
        )
        seen.extend(step.connection.execute(settings).one())
        seen.append(step.connection.execute(select(Job.tenant_id).distinct()).scalars().all())
        raise JobError("seen")

    monkeypatch.setitem(STEPS, "export", look)
    other.make("/v1/exports")
    run_due(worker)
    assert [seen[0], seen[1] or "", seen[2]] == [
        "off",
        "",
        [UUID(other.read("/v1/me")["tenant_id"])],
    ]


def test_a_stopping_worker_hands_its_job_to_the_next(
    owner: Caller, worker: Worker, config: Config
) -> None:
    job = owner.make("/v1/exports")
    entry = tasks.take_next(worker)
    assert entry is not None
    worker.stopping.set()
    run_job(worker, entry)
    assert owner.read(f"/v1/jobs/{job['id']}")["state"] == "running"
    following = new_worker(config)
    assert run_due(following) == 1
    following.close()
    assert owner.read(f"/v1/jobs/{job['id']}")["state"] == "succeeded"


def test_the_services_thread_works_on_its_own_connection_and_ends_when_told(
    owner: Caller, config: Config, superuser: Cursor
) -> None:
    job = owner.make("/v1/exports")
    runner = start_runner(config)
    assert runner is not None
    assert until(lambda: owner.read(f"/v1/jobs/{job['id']}")["state"] == "succeeded", within=30)
    superuser.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%jobs'")
    assert superuser.fetchone() == (1,)
    runner.stop()
    runner.stop()
    assert not runner.thread.is_alive()


def test_the_services_thread_outlives_an_outage_of_postgresql(
    owner: Caller, config: Config, superuser: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.work.runner.OUTAGE_SECONDS", 0.0)
    runner = Runner(new_worker(config))
    runner.thread.start()
    owner.make("/v1/exports")
    superuser.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )

    def is_done() -> bool:
        """503 is right while the service's own connections are found to be dead."""
        answer = owner.ask("GET", "/v1/jobs?state=queued")
        assert answer.status_code in {200, 503}
        return answer.status_code == 200 and not answer.get_json()["items"]

    try:
        assert until(is_done, within=30)
    finally:
        runner.stop()


def test_a_job_that_has_moved_on_since_it_was_seen_is_not_cancelled(
    owner: Caller,
    service: APIFlask,
    worker: Worker,
    superuser: Cursor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker changes it outside of requests, and still not between comparing and cancelling."""
    path = f"/v1/jobs/{owner.make('/v1/exports')['id']}"
    pool, asked = ThreadPoolExecutor(1), []

    def step(given: Step) -> Progress:
        if given.checkpoint:
            return Progress(checkpoint=None, done=2, total=2)
        seen = {"If-Match": owner.ask("GET", path).headers["ETag"]}
        caller = Caller(service.test_client(), owner.key)
        asked.append(pool.submit(caller.ask, "POST", f"{path}:cancel", headers=seen))
        while True:
            superuser.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if superuser.fetchone() != (0,):
                return Progress(checkpoint={"one": 1}, done=1, total=2)

    monkeypatch.setitem(STEPS, "export", step)
    run_due(worker)
    pool.shutdown()
    assert [each.result().status_code for each in asked] == [412]
    assert owner.read(path)["state"] == "succeeded"
