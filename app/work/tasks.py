"""Which task is due, and who works on it?

PostgreSQL is the queue: an entry is written in the transaction of the change that needs the work,
and taken with a lease. A worker that dies lets its lease run out, and the task is taken again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Update, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.models import Task
from app.work.worker import LEASE_SECONDS, Worker

JOB, DELIVERY, RETENTION = "job", "delivery", "retention"
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Entry:
    """What the runner learns of a task across tenants."""

    tenant_id: UUID
    id: UUID
    kind: str


def enqueue(kind: str, tenant_id: UUID, ids: Sequence[UUID], seconds: float = 0) -> Any:
    """The statement that queues these jobs or deliveries; they are due in so many seconds."""
    due_at = func.now() + timedelta(seconds=seconds)
    shared = {"tenant_id": tenant_id, "kind": kind, "due_at": due_at, "leased": False}
    return insert(Task).values([shared | {"id": each} for each in ids])


def due(worker: Worker, most: int) -> list[Entry]:
    """The tasks that have been due for longest, at most this many; none is taken."""
    query = _due().with_only_columns(Task.tenant_id, Task.id, Task.kind).limit(most)
    with worker.as_runner() as connection:
        return [Entry(*row) for row in connection.execute(query)]


def take_next(worker: Worker) -> Entry | None:
    """Lease the task that has been due for longest, skipping what others are taking."""
    chosen = _due().limit(1).with_for_update(skip_locked=True)
    with worker.as_runner() as connection:
        row = connection.execute(chosen.with_only_columns(Task.tenant_id, Task.id)).one_or_none()
        return None if row is None else _lease(connection, row.tenant_id, row.id)


def take(worker: Worker, tenant_id: UUID, task_id: UUID) -> Entry | None:
    """Lease this task, unless somebody else has it or it is not due."""
    with worker.as_runner() as connection:
        return _lease(connection, tenant_id, task_id)


def _due() -> Any:
    """One task of each kind and tenant at a time, so that no tenant keeps all workers busy."""
    busy = aliased(Task)
    same = (busy.tenant_id == Task.tenant_id) & (busy.kind == Task.kind)
    running = select(busy.id).where(same, busy.leased, busy.due_at > func.now()).exists()
    return select(Task).where(Task.due_at <= func.now(), ~running).order_by(Task.due_at)


def _lease(connection: Connection, tenant_id: UUID, task_id: UUID) -> Entry | None:
    statement = (
        _change(tenant_id, task_id)
        .where(Task.due_at <= func.now())
        .values(due_at=after(LEASE_SECONDS), leased=True)
        .returning(Task.tenant_id, Task.id, Task.kind)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else Entry(*row)


def after(seconds: float) -> ColumnElement[datetime]:
    """A moment on the server's clock, so that workers' clocks may differ."""
    return func.clock_timestamp() + timedelta(seconds=seconds)


def renew(connection: Connection, entry: Entry) -> None:
    """Keep the lease for another while: the worker's heartbeat."""
    connection.execute(_change(entry.tenant_id, entry.id).values(due_at=after(LEASE_SECONDS)))


def postpone(connection: Connection, entry: Entry, seconds: float) -> None:
    """Give the lease back; the task is due again after so many seconds."""
    later = _change(entry.tenant_id, entry.id).values(due_at=after(seconds), leased=False)
    connection.execute(later)


def finish(connection: Connection, tenant_id: UUID, task_id: UUID) -> None:
    """Take the task off the queue."""
    gone = delete(Task).where(Task.tenant_id == tenant_id, Task.id == task_id)
    connection.execute(gone)


def _change(tenant_id: UUID, task_id: UUID) -> Update:
    return update(Task).where(Task.tenant_id == tenant_id, Task.id == task_id)
