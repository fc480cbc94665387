"""Is the service alive, ready and described?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app
from sqlalchemy import text

from app.context import current
from app.database import db
from app.endpoint import Audience, endpoint
from app.errors import unavailable
from app.redis_pool import answers
from app.schemas.system import Alive, Document, Ready
from app.telemetry.exposition import exposition

bp = APIBlueprint("system", __name__, tag="System")


@endpoint(bp, "GET /healthz", access=Audience.PUBLIC, reply=(200, Alive))
def read_health() -> dict[str, str]:
    """Tell that the process answers, whatever else is broken."""
    return {"status": "alive"}


@endpoint(bp, "GET /readyz", access=Audience.PUBLIC, reply=(200, Ready), errors={503})
def read_readiness() -> dict[str, str]:
    """Tell that requests can be answered: 503 without the database, and 200 without Redis.

    503 as well while the server ends: nothing new should be sent here.
    """
    drain_file = current().config.drain_file
    if drain_file is not None and Path(drain_file).exists():
        raise unavailable("server")
    db.session.execute(text("SELECT 1"))
    redis = "up" if answers(current().redis) else "down"
    return {"status": "ready", "database": "up", "redis": redis}


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
