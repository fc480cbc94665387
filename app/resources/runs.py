"""What can be asked of runs?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from app.database import db
from app.endpoint import endpoint
from app.lifetimes import remove
from app.metric_history import scoped_points, thin
from app.models import Run
from app.permissions import Permission
from app.prepared import fetch
from app.ready import Ready
from app.run_pages import read_page
from app.run_rows import create_whole_run, read_whole_run, store_log
from app.schemas.runs import (
    History,
    HistoryQuery,
    Logged,
    LogIn,
    RunChange,
    RunIn,
    RunOut,
    RunPage,
    RunQuery,
)
from app.tenancy import bring_back, find, read

bp = APIBlueprint("runs", __name__, tag="Runs")


@endpoint(
    bp,
    "GET /v1/experiments/{experiment_id}/runs",
    access=Permission.RUNS_READ,
    query=RunQuery,
    reply=(200, RunPage),
)
def list_runs(experiment_id: UUID, query: RunQuery) -> Ready:
    """List an experiment's runs, perhaps only those of one status."""
    return read_page(experiment_id, query)


@endpoint(
    bp,
    "POST /v1/experiments/{experiment_id}/runs",
    access=Permission.RUNS_WRITE,
    body=RunIn,
    reply=(201, RunOut),
    errors={409},
)
def create_run(experiment_id: UUID, body: RunIn) -> Ready:
    """Start a run."""
    return create_whole_run(experiment_id, body)


@endpoint(bp, "GET /v1/runs/{run_id}", access=Permission.RUNS_READ, reply=(200, RunOut))
def read_run(run_id: UUID) -> Ready:
    """Read a run with its params, tags and latest metrics."""
    return read_whole_run(run_id)


@endpoint(
    bp,
    "PATCH /v1/runs/{run_id}",
    access=Permission.RUNS_WRITE,
    body=RunChange,
    reply=(200, RunOut),
)
def update_run(run_id: UUID, body: RunChange) -> Ready:
    """Change a run's name or status."""
    body.apply(find(Run, run_id))
    db.session.flush()
    return read_whole_run(run_id)


@endpoint(bp, "DELETE /v1/runs/{run_id}", access=Permission.RUNS_DELETE, reply=(204, None))
def delete_run(run_id: UUID) -> None:
    """Delete a run until it is restored or purged; model versions it made stay."""
    remove(find(Run, run_id, lock=True))


@endpoint(
    bp,
    "POST /v1/runs/{run_id}:restore",
    access=Permission.RUNS_DELETE,
    reply=(200, RunOut),
    errors={409},
)
def restore_run(run_id: UUID) -> Ready:
    """Bring a deleted run back, with everything logged to it."""
    bring_back(Run, run_id)
    return read_whole_run(run_id)


@endpoint(
    bp,
    "POST /v1/runs/{run_id}/log",
    access=Permission.RUNS_WRITE,
    body=LogIn,
    reply=(200, Logged),
    errors={409},
)
def log_to_run(run_id: UUID, body: LogIn) -> dict[str, int]:
    """Log metrics, params and tags to a run in one transaction."""
    store_log(run_id, body)
    return {"metrics": len(body.metrics), "params": len(body.params), "tags": len(body.tags)}


@endpoint(
    bp,
    "GET /v1/runs/{run_id}/metrics/{key}",
    access=Permission.RUNS_READ,
    query=HistoryQuery,
    reply=(200, History),
)
def read_metric(run_id: UUID, key: str, query: HistoryQuery) -> dict[str, Any]:
    """Read a metric's history; it is empty for a key that was never logged.

    With `max_points` no peak and neither end of the history is lost.
    """
    read(Run, run_id)
    points = scoped_points(run_id, key, query.after)
    if query.max_points is not None:
        thinned = fetch(thin(points, query.max_points))
        return {"key": key, "points": thinned, "next_after": None}
    rows = fetch(points.limit(query.limit + 1))
    shown = rows[: query.limit]
    following = shown[-1].step if len(rows) > query.limit else None
    return {"key": key, "points": shown, "next_after": following}
