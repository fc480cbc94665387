"""Which answers are events of the business: a run made, points logged, a key revoked?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, g, request

from app.endpoint import Declaration
from app.idempotency import REPLAYED
from app.telemetry.instruments import count, observe

FINAL = ("finished", "failed", "killed")
STAGES = ("none", "staging", "production", "archived")
DEPLOYING = frozenset({"create_deployment", "promote_deployment", "rollback_deployment"})
BINARY = "application/octet-stream"


def count_change(declared: Declaration, response: Response) -> None:
    """Count the event, if the answer to this operation is one and not a repeated one."""
    if REPLAYED in response.headers:
        return
    good = response.status_code < 300  # noqa: PLR2004
    event = EVENTS.get(declared.operation)
    if good and event is not None:
        event()
    elif declared.operation in DEPLOYING:
        count("deployments_total", "accepted" if good else "refused")
    if good:
        _count_bytes(declared, response)


def _count_bytes(declared: Declaration, response: Response) -> None:
    if declared.raw is not None:
        count("artifact_bytes_total", "in", by=request.content_length or 0)
    if declared.media == BINARY and request.method == "GET":
        count("artifact_bytes_total", "out", by=response.content_length or 0)


def _sent() -> Mapping[str, Any]:
    """The body, which was parsed and found valid before the view ran."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _project_created() -> None:
    count("projects_created_total", g.principal.plan)


def _run_changed() -> None:
    status = _sent().get("status")
    if status in FINAL:
        count("runs_finished_total", status)


def _points_logged() -> None:
    points = len(_sent().get("metrics", ()))
    if points:
        count("run_metrics_ingested_total", by=points)
        observe("metric_ingest_batch_size", points)


def _stage_reached() -> None:
    stage = _sent().get("stage", "none")
    count("model_versions_total", stage if stage in STAGES else "other")


def _counting(name: str) -> Callable[[], None]:
    return lambda: count(name)


EVENTS: Mapping[str, Callable[[], None]] = {
    "create_api_key": _counting("apikey_created_total"),
    "delete_api_key": _counting("apikey_revoked_total"),
    "create_project": _project_created,
    "create_experiment": _counting("experiments_created_total"),
    "create_run": _counting("runs_started_total"),
    "update_run": _run_changed,
    "log_to_run": _points_logged,
    "create_version": _stage_reached,
    "transition_version": _stage_reached,
}
