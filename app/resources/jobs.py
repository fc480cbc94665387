"""What can be asked of jobs?"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy import Engine, select

from app.cursors import page
from app.database import SET_SCOPE, Scope, db
from app.endpoint import endpoint
from app.errors import conflict, forbidden, not_found
from app.models import Job, JobResult, Project
from app.models.base import now
from app.models.job import NEVER_GIVEN_UP, UNFINISHED
from app.permissions import Permission
from app.schemas.jobs import ExportIn, JobOut, JobPage, JobQuery, PurgeIn
from app.tenancy import find, principal, scoped
from app.work import tasks
from app.work.starting import require_room, start_job

bp = APIBlueprint("jobs", __name__, tag="Jobs")
LINES = "application/x-ndjson"
# What an export shows, and what a purge removes, needs the rights to see and to remove it.
SHOWN = (
    Permission.MEMBERS_READ,
    Permission.PROJECTS_READ,
    Permission.EXPERIMENTS_READ,
    Permission.RUNS_READ,
    Permission.MODELS_READ,
    Permission.ARTIFACTS_READ,
    Permission.DEPLOYMENTS_READ,
)
REMOVED = (
    Permission.EXPERIMENTS_DELETE,
    Permission.RUNS_DELETE,
    Permission.MODELS_DELETE,
    Permission.ARTIFACTS_DELETE,
)


@endpoint(bp, "GET /v1/jobs", access=Permission.JOBS_MANAGE, query=JobQuery, reply=(200, JobPage))
def list_jobs(query: JobQuery) -> dict[str, Any]:
    """List the tenant's jobs, perhaps only those of one state."""
    rows = scoped(Job)
    if query.state is not None:
        rows = rows.where(Job.state == query.state)
    found = page(rows, Job, query)
    return found | {"items": [shown(job) for job in found["items"]]}


@endpoint(
    bp,
    "POST /v1/exports",
    access=Permission.JOBS_MANAGE,
    body=ExportIn,
    reply=(202, JobOut),
    errors={404, 409},
)
def create_export(body: ExportIn) -> dict[str, Any]:
    """Start an export of a project, or of the tenant, as JSON lines."""
    require(SHOWN)
    require_room()
    if body.project_id is not None:
        find(Project, body.project_id)
    project = None if body.project_id is None else str(body.project_id)
    return shown(start_job("export", project_id=project, note=body.note))


@endpoint(
    bp,
    "POST /v1/purges",
    access=Permission.PROJECTS_DELETE,
    body=PurgeIn,
    reply=(202, JobOut),
    errors={409},
)
def create_purge(body: PurgeIn) -> dict[str, Any]:
    """Start to remove for good what was deleted, and uploads, results and deliveries as old."""
    require(REMOVED)
    require_room()
    cutoff = now() - timedelta(days=body.older_than_days)
    return shown(start_job("purge", cutoff=cutoff.isoformat(), note=body.note))


@endpoint(bp, "GET /v1/jobs/{job_id}", access=Permission.JOBS_MANAGE, reply=(200, JobOut))
def read_job(job_id: UUID) -> dict[str, Any]:
    """Read a job's state and progress."""
    return shown(find(Job, job_id))


@endpoint(
    bp,
    "POST /v1/jobs/{job_id}:cancel",
    access=Permission.JOBS_MANAGE,
    reply=(200, JobOut),
    errors={409},
)
def cancel_job(job_id: UUID) -> dict[str, Any]:
    """Cancel a job. One that runs stops before its next step; what it did stays done."""
    job = find(Job, job_id, lock=True)
    if job.kind in NEVER_GIVEN_UP:
        raise conflict("not-cancellable", "Of a tenant that is being deleted nothing is kept.")
    if job.state not in UNFINISHED:
        raise conflict("job-finished", f"The job has {job.state} already.")
    job.state = "cancelled"
    job.finished_at = now()
    tasks.finish(db.session.connection(), job.tenant_id, job.id)
    db.session.flush()
    return shown(job)


@endpoint(
    bp,
    "GET /v1/jobs/{job_id}/result",
    access=Permission.JOBS_MANAGE,
    reply=(200, None),
    media=LINES,
    errors={409},
)
def read_job_result(job_id: UUID) -> Response:
    """Read what a job made: an export's JSON lines."""
    require(SHOWN)
    job = find(Job, job_id)
    if job.kind != "export":
        raise not_found("result")
    if job.state != "succeeded":
        raise conflict("job-unfinished", f"The job is {job.state}: there is no result.")
    numbers = db.session.scalars(
        select(JobResult.number)
        .where(JobResult.tenant_id == job.tenant_id, JobResult.job_id == job.id)
        .order_by(JobResult.number)
    ).all()
    if job.result_bytes and not numbers:
        raise not_found("result")
    # The pieces are read outside of this transaction, which must not last as long as the client.
    db.session.rollback()
    pieces = _pieces(db.engine, job.tenant_id, job_id, list(numbers))
    headers = {"Content-Length": str(job.result_bytes or 0)}
    return Response(pieces, content_type=LINES, headers=headers)


def _pieces(engine: Engine, tenant_id: UUID, job_id: UUID, numbers: list[int]) -> Iterator[bytes]:
    query = select(JobResult.content).where(
        JobResult.tenant_id == tenant_id, JobResult.job_id == job_id
    )
    for number in numbers:
        with engine.begin() as connection:
            connection.execute(SET_SCOPE, Scope(tenant_id).parameters())
            content = connection.execute(query.where(JobResult.number == number)).scalar_one()
        yield zlib.decompress(content)


def require(permissions: tuple[Permission, ...]) -> None:
    """Refuse a key that is cut down to less than all of these."""
    missing = set(permissions) - principal().permissions
    if missing:
        raise forbidden(f"This needs {', '.join(sorted(missing))} as well.")


def shown(job: Job) -> dict[str, Any]:
    """The job as it is answered, with a link to its result once there is one."""
    fields = {name: getattr(job, name) for name in JobOut.model_fields if name != "result_url"}
    ready = job.kind == "export" and job.state == "succeeded"
    return fields | {"result_url": f"/v1/jobs/{job.id}/result" if ready else None}
