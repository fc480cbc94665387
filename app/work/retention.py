"""Who purges what was deleted, when nobody asks for it?

Each tenant has one entry in the queue that is due once a day, for whoever works on the queue: the
thread of the service or Celery. Nothing else keeps the time, so nothing else can stop.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, insert, select

from app.ids import new_id
from app.models import Job
from app.models.base import now
from app.models.job import UNFINISHED
from app.work import tasks
from app.work.purges import anything_to_purge
from app.work.tasks import DAY_SECONDS, Entry
from app.work.worker import Worker


def run_retention(worker: Worker, entry: Entry) -> None:
    """Start a purge where something is older than the configuration keeps it; again in a day."""
    days = worker.config.retention_days
    with worker.as_tenant(entry.tenant_id) as connection:
        if days:
            _purge(connection, entry, now() - timedelta(days=days))
        tasks.postpone(connection, entry, DAY_SECONDS)


def _purge(connection: Connection, entry: Entry, cutoff: datetime) -> None:
    """Start a job, unless one is purging already or nothing is that old."""
    running = exists().where(
        Job.tenant_id == entry.tenant_id, Job.kind == "purge", Job.state.in_(UNFINISHED)
    )
    if connection.scalar(select(running)) or not anything_to_purge(
        connection, entry.tenant_id, cutoff
    ):
        return
    job_id = new_id()
    arguments = {"cutoff": cutoff.isoformat(), "note": "retention"}
    connection.execute(
        insert(Job).values(id=job_id, tenant_id=entry.tenant_id, kind="purge", arguments=arguments)
    )
    connection.execute(tasks.enqueue(tasks.JOB, entry.tenant_id, [job_id]))
