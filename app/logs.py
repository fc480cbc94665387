"""What does the service write down about each request?

One JSON object per line on standard error. Bodies, headers and credentials are never logged.
"""

from __future__ import annotations

import logging
import time

import orjson
from apiflask import APIFlask
from flask import Response, g, has_request_context, request

from app.errors import REQUEST_ID
from app.metrics import observe

FIELDS = ("error", "place", "method", "route", "status", "milliseconds")
UNMATCHED = "unmatched"
log = logging.getLogger("maestro")


class JsonLines(logging.Formatter):
    """One record as one line of JSON, with the request and the tenant it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a line break."""
        line = {
            "time": record.created,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if has_request_context():
            line["request_id"] = request.environ.get(REQUEST_ID)
            principal = g.get("principal")
            line["tenant_id"] = str(principal.tenant_id) if principal else None
        return orjson.dumps(line).decode()


def configure() -> None:
    """Send the service's log, and its rate limiter's, to standard error."""
    lines = logging.StreamHandler()
    lines.setFormatter(JsonLines())
    for name in ("maestro", "flask-limiter"):
        logger = logging.getLogger(name)
        logger.handlers = [lines]
        logger.propagate = False
    log.setLevel(logging.INFO)
    logging.getLogger("flask-limiter").setLevel(logging.WARNING)


def register(app: APIFlask) -> None:
    """Time, count and log every request."""

    def start() -> None:
        g.started = time.perf_counter()

    def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        route = request.url_rule.rule if request.url_rule else UNMATCHED
        method = request.method if request.url_rule else UNMATCHED
        observe(method, route, response.status_code, seconds)
        found = {"method": method, "route": route, "status": response.status_code}
        log.info("request", extra={**found, "milliseconds": round(seconds * 1000, 3)})
        return response

    app.before_request(start)
    app.after_request(finish)
