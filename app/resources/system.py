"""Is the service alive, ready and described?"""

from __future__ import annotations

from typing import Any

import orjson
from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app
from redis.exceptions import RedisError
from sqlalchemy import text

from app.context import current
from app.database import db
from app.endpoint import Audience, endpoint
from app.schemas.system import Alive, Document, Ready
from app.telemetry.exposition import exposition

bp = APIBlueprint("system", __name__, tag="System")


@endpoint(bp, "GET /healthz", access=Audience.PUBLIC, reply=(200, Alive))
def read_health() -> dict[str, str]:
    """Tell that the process answers, whatever else is broken."""
    return {"status": "alive"}


@endpoint(bp, "GET /readyz", access=Audience.PUBLIC, reply=(200, Ready), errors={503})
def read_readiness() -> dict[str, str]:
    """Tell that requests can be answered: 503 without the database, and 200 without Redis."""
    db.session.execute(text("SELECT 1"))
    return {"status": "ready", "database": "up", "redis": _redis_state()}


@endpoint(
    bp,
    "GET /metrics",
    access=Audience.PUBLIC,
    reply=(200, None),
    media="text/plain",
)
def read_metrics() -> Response:
    """Give the metrics in Prometheus' text format."""
    body, content_type = exposition(current().config)
    return Response(body, content_type=content_type)


@endpoint(bp, "GET /openapi.json", access=Audience.PUBLIC, reply=(200, Document))
def read_document() -> Response:
    """Give this document."""
    return Response(orjson.dumps(_document()), content_type="application/json")


def _document() -> Any:
    app = current_app
    return app.spec if isinstance(app, APIFlask) else {}


def _redis_state() -> str:
    try:
        return "up" if current().redis.ping() else "down"
    except (RedisError, OSError):
        return "down"
