"""How does a job come from queued to its end, whatever happens to its worker?"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Update, func, select, update

from app.database import place_of
from app.models import Job
from app.models.base import now
from app.models.job import NEVER_GIVEN_UP, UNFINISHED
from app.work import tasks
from app.work.exports import export_step
from app.work.purges import purge_step
from app.work.removal import removal_step
from app.work.steps import JobError, Progress, Step, TakeStep
from app.work.tasks import Entry
from app.work.worker import Worker

STEPS: dict[str, TakeStep] = {
    "export": export_step,
    "purge": purge_step,
    "tenant-deletion": removal_step,
}
MOST_ATTEMPTS = 3
RETRY_SECONDS = 5
LONGEST_PAUSE = 600
log = logging.getLogger("maestro")


@dataclass(frozen=True, slots=True)
class Turn:
    """One worker's time with a job. Once `number` is not the job's own, another has taken over."""

    entry: Entry
    number: int
    attempts: int
    kind: str
    arguments: dict[str, Any]


def run_job(worker: Worker, entry: Entry) -> None:
    """Work on the leased job until it ends, is cancelled, or the worker is stopping."""
    turn = _begin(worker, entry)
    if turn is None:
        return
    try:
        while _take_step(worker, turn):
            if worker.stopping.is_set():
                _hand_back(worker, turn)
                return
    except JobError as error:
        _fail(worker, turn, error.code)
    except Exception as error:  # noqa: BLE001 - one job's defect must not end its worker
        log.error("job", extra={"error": type(error).__name__})  # noqa: TRY400 - no driver text
        _retry(worker, turn)


@contextmanager
def _holding(worker: Worker, entry: Entry) -> Iterator[Connection]:
    """A transaction of the job's tenant that holds the job's place, as requests for it do.

    So a request that counts on what it has read of the job waits for the step.
    """
    place = place_of(entry.tenant_id, "/v1/jobs/{job_id}", entry.id)
    with worker.as_tenant(entry.tenant_id) as connection:
        connection.execute(select(func.pg_advisory_xact_lock_shared(place)))
        yield connection


def _begin(worker: Worker, entry: Entry) -> Turn | None:
    """Start a turn; None when the job is finished, cancelled or has failed too often."""
    statement = (
        update(Job)
        .where(Job.tenant_id == entry.tenant_id, Job.id == entry.id, Job.state.in_(UNFINISHED))
        .values(state="running", turn=Job.turn + 1, attempts=Job.attempts + 1)
        .returning(Job.turn, Job.attempts, Job.kind, Job.arguments)
    )
    with _holding(worker, entry) as connection:
        row = connection.execute(statement).one_or_none()
        if row is None:
            tasks.finish(connection, entry.tenant_id, entry.id)
            return None
    turn = Turn(entry, *row)
    if turn.attempts > MOST_ATTEMPTS and turn.kind not in NEVER_GIVEN_UP:
        _fail(worker, turn, "worker-died")
        return None
    return turn


def _take_step(worker: Worker, turn: Turn) -> bool:
    """Take one step in one transaction; False when there is no next one, or not for this worker."""
    entry = turn.entry
    with _holding(worker, entry) as connection:
        job = _lock(connection, turn)
        if job is None:
            return False
        step = Step(
            worker=worker,
            connection=connection,
            tenant_id=entry.tenant_id,
            job_id=entry.id,
            arguments=turn.arguments,
            checkpoint=job.checkpoint,
        )
        progress = STEPS[turn.kind](step)
        return _store(connection, turn, progress)


def _lock(connection: Connection, turn: Turn) -> Row[Any] | None:
    """The job, which stays this worker's until the step is committed; None when it is not."""
    query = select(Job.checkpoint).where(
        Job.tenant_id == turn.entry.tenant_id,
        Job.id == turn.entry.id,
        Job.turn == turn.number,
        Job.state == "running",
    )
    return connection.execute(query.with_for_update()).one_or_none()


def _store(connection: Connection, turn: Turn, progress: Progress) -> bool:
    values: dict[str, Any] = {"done": progress.done, "total": progress.total, "attempts": 0}
    if progress.result_bytes is not None:
        values["result_bytes"] = progress.result_bytes
    if progress.checkpoint is None:
        connection.execute(_change(turn).values(state="succeeded", finished_at=now(), **values))
        tasks.finish(connection, turn.entry.tenant_id, turn.entry.id)
        return False
    connection.execute(_change(turn).values(checkpoint=dict(progress.checkpoint), **values))
    tasks.renew(connection, turn.entry)
    return True


def _hand_back(worker: Worker, turn: Turn) -> None:
    """The worker is stopping: let another one go on at once."""
    with _holding(worker, turn.entry) as connection:
        if _lock(connection, turn) is not None:
            tasks.postpone(connection, turn.entry, 0)


def _retry(worker: Worker, turn: Turn) -> None:
    """Try the step again later, or give the job up."""
    with _holding(worker, turn.entry) as connection:
        attempts = connection.execute(
            select(Job.attempts).where(
                Job.tenant_id == turn.entry.tenant_id,
                Job.id == turn.entry.id,
                Job.turn == turn.number,
                Job.state == "running",
            )
        ).scalar()
        if attempts is None:
            return
        if attempts < MOST_ATTEMPTS or turn.kind in NEVER_GIVEN_UP:
            pause = min(LONGEST_PAUSE, RETRY_SECONDS * 2 ** min(attempts, 10))
            tasks.postpone(connection, turn.entry, pause)
            return
    _fail(worker, turn, "internal")


def _fail(worker: Worker, turn: Turn, code: str) -> None:
    with _holding(worker, turn.entry) as connection:
        if _lock(connection, turn) is not None:
            connection.execute(_change(turn).values(state="failed", error=code, finished_at=now()))
            tasks.finish(connection, turn.entry.tenant_id, turn.entry.id)


def _change(turn: Turn) -> Update:
    entry = turn.entry
    return (
        update(Job)
        .where(Job.tenant_id == entry.tenant_id, Job.id == entry.id)
        .values(updated_at=now())
    )
