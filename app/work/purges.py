"""What is removed for good of what was deleted or has ended long ago?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    delete,
    exists,
    or_,
    select,
    tuple_,
)

from app.artifacts.sweep import sweep_artifacts, sweep_uploads
from app.models import Base, Job, JobResult, WebhookDelivery
from app.work.exports import PARENTS
from app.work.steps import Progress, Step

# Children first, so that no cascade has more than one batch of parents to follow.
SOFT_DELETED = ("runs", "models", "experiments", "projects")
BATCH = 100
# What others hang below, and may be restored at any moment.
PARENTS_LOCKED = ("experiments", "projects")


def purge_step(step: Step) -> Progress:
    """Remove one batch; done when nothing is left that was deleted or ended before `cutoff`."""
    cutoff = datetime.fromisoformat(step.arguments["cutoff"])
    removed = next(filter(None, _removals(step, cutoff)), 0)
    done = step.checkpoint.get("removed", 0) + removed
    left = {"removed": done} if removed else None
    return Progress(checkpoint=left, done=done, total=done)


def anything_to_purge(connection: Connection, tenant_id: UUID, cutoff: datetime) -> bool:
    """Is there anything that a purge with this cutoff would remove?"""
    moments = dict.fromkeys(SOFT_DELETED, "deleted_at")
    moments |= {"uploads": "created_at", "webhook_deliveries": "finished_at"}
    tables = Base.metadata.tables
    old = [
        exists().where(tables[name].c.tenant_id == tenant_id, tables[name].c[moment] < cutoff)
        for name, moment in moments.items()
    ]
    results = exists().where(
        JobResult.tenant_id == tenant_id, JobResult.job_id.in_(_old_jobs(tenant_id, cutoff))
    )
    return bool(connection.scalar(select(or_(*old, results))))


def _old_jobs(tenant_id: UUID, cutoff: datetime) -> Select[tuple[UUID]]:
    return select(Job.id).where(Job.tenant_id == tenant_id, Job.finished_at < cutoff)


def _removals(step: Step, cutoff: datetime) -> Iterator[int]:
    """Bytes on their way go before their runs, and whole ones after nobody has them any more."""
    _lock_parents(step, cutoff)
    store = step.worker.store
    yield sweep_uploads(step.connection, store, step.tenant_id, cutoff)
    for name in SOFT_DELETED:
        table = Base.metadata.tables[name]
        gone = _gone(table, step.tenant_id, cutoff)
        yield _remove(step.connection, table, step.tenant_id, gone)
    yield sweep_artifacts(step.connection, store, step.tenant_id)
    yield _remove_results(step, cutoff)
    ended = WebhookDelivery.finished_at < cutoff
    deliveries = Base.metadata.tables[WebhookDelivery.__tablename__]
    yield _remove(step.connection, deliveries, step.tenant_id, ended)


def _lock_parents(step: Step, cutoff: datetime) -> None:
    """Let nobody restore what is about to go with everything below it."""
    for name in PARENTS_LOCKED:
        table = Base.metadata.tables[name]
        gone = (table.c.tenant_id == step.tenant_id, table.c.deleted_at < cutoff)
        step.connection.execute(select(table.c.id).where(*gone).with_for_update())


def _gone(table: Table, tenant_id: UUID, cutoff: datetime) -> ColumnElement[bool]:
    """Was the row, or anything that it is a part of, deleted before the cutoff?"""
    deleted: ColumnElement[bool] = table.c.deleted_at < cutoff
    if table.name not in PARENTS:
        return deleted
    reference, name = PARENTS[table.name]
    parent = Base.metadata.tables[name]
    parents = select(parent.c.id).where(
        parent.c.tenant_id == tenant_id, _gone(parent, tenant_id, cutoff)
    )
    return or_(deleted, table.c[reference].in_(parents))


def _remove(
    connection: Connection, table: Table, tenant_id: UUID, gone: ColumnElement[bool]
) -> int:
    own = table.c.tenant_id == tenant_id
    batch = select(table.c.id).where(own, gone).limit(BATCH).correlate(None)
    # `gone` once more: a row that is restored meanwhile is looked at anew, the batch is not.
    return connection.execute(delete(table).where(own, gone, table.c.id.in_(batch))).rowcount


def _remove_results(step: Step, cutoff: datetime) -> int:
    """Results of old jobs; the job itself stays, without its link."""
    old = _old_jobs(step.tenant_id, cutoff)
    batch = (
        select(JobResult.job_id, JobResult.number)
        .where(JobResult.tenant_id == step.tenant_id, JobResult.job_id.in_(old))
        .limit(BATCH)
        .correlate(None)
    )
    place = tuple_(JobResult.job_id, JobResult.number)
    return step.connection.execute(
        delete(JobResult).where(JobResult.tenant_id == step.tenant_id, place.in_(batch))
    ).rowcount
