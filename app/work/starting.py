"""How does a request start a job?"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from app.database import db
from app.errors import conflict
from app.ids import new_id
from app.models import Job
from app.models.job import UNFINISHED
from app.tenancy import principal
from app.work.tasks import JOB, enqueue

MOST_UNFINISHED = 10


def require_room() -> None:
    """409 while the tenant has ten unfinished jobs; concurrent requests may start a few more."""
    unfinished = select(func.count()).where(
        Job.tenant_id == principal().tenant_id, Job.state.in_(UNFINISHED)
    )
    if (db.session.scalar(unfinished) or 0) >= MOST_UNFINISHED:
        raise conflict("too-many-jobs", f"The tenant has {MOST_UNFINISHED} unfinished jobs.")


def start_job(kind: str, **arguments: Any) -> Job:
    """Store a job and its entry in the queue, in the request's transaction."""
    caller = principal()
    job = Job(
        id=new_id(),
        tenant_id=caller.tenant_id,
        kind=kind,
        arguments=arguments,
        created_by=caller.member_id,
    )
    db.session.add(job)
    db.session.flush()
    db.session.execute(enqueue(JOB, caller.tenant_id, [job.id]))
    return job
