"""What does the service write down about each request?

One JSON object per line on standard error. Bodies, headers and credentials are never logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson
from apiflask import APIFlask
from flask import Response, g, has_request_context, request

from app.config import Config
from app.errors import REQUEST_ID
from app.telemetry.answers import IN_FLIGHT, UNMATCHED, count_answer
from app.telemetry.watch import CURRENT, Watch

if TYPE_CHECKING:
    from app.telemetry.tracing import Tracing

FIELDS = ("error", "place", "method", "route", "status", "milliseconds")
LOGGERS = ("maestro", "flask-limiter", "opentelemetry")
TRACING = "maestro.tracing"
log = logging.getLogger("maestro")


class JsonLines(logging.Formatter):
    """One record as one line of JSON, with the request, trace and tenant it belongs to."""

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
            watch = CURRENT.get()
            if watch is not None and watch.trace is not None:
                line["trace_id"], line["span_id"] = watch.trace.trace_id, watch.trace.span_id
        return orjson.dumps(line).decode()


def configure() -> None:
    """Send the service's log, and those of its rate limiter and its traces, to standard error."""
    lines = logging.StreamHandler()
    lines.setFormatter(JsonLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [lines]
        logger.propagate = False
        logger.setLevel(logging.INFO if name == "maestro" else logging.WARNING)


def register(app: APIFlask, config: Config) -> None:
    """Time, trace, count and log every request."""
    tracing: Tracing | None = None
    if config.otlp_endpoint is not None:
        from app.telemetry.tracing import Tracing  # noqa: PLC0415 - most need none of it

        tracing = Tracing(config.otlp_endpoint, config.trace_ratio, config.cursor_secret)
        app.extensions[TRACING] = tracing

    def start() -> None:
        watch = Watch(route=request.url_rule.rule if request.url_rule else UNMATCHED)
        CURRENT.set(watch)
        IN_FLIGHT.inc()
        if tracing is not None:
            watch.trace = tracing.begin(request.method, request.headers.get("traceparent"))

    def finish(response: Response) -> Response:
        watch = CURRENT.get()
        if watch is None:  # a hook before ours has answered
            return response
        seconds = count_answer(watch, response)
        method = request.method if request.url_rule else UNMATCHED
        found = {"method": method, "route": watch.route, "status": response.status_code}
        log.info("request", extra={**found, "milliseconds": round(seconds * 1000, 3)})
        if watch.trace is not None and tracing is not None:
            principal = g.get("principal")
            who = {"maestro.tenant": tracing.pseudonym(principal.tenant_id)} if principal else {}
            name = str(request.environ.get(REQUEST_ID))
            watch.trace.end(watch.route, response.status_code, who | {"maestro.request_id": name})
        CURRENT.set(None)
        return response

    app.before_request(start)
    app.after_request(finish)


def register_sign_in(app: APIFlask) -> None:
    """Note when the caller is known. Register it right after the check."""
    app.before_request(lambda: _note(Watch.sign_in))


def register_admission(app: APIFlask) -> None:
    """Note when the caller is within the rate limit. Register it right after the limiter."""
    app.before_request(lambda: _note(Watch.admit))


def _note(moment: Callable[[Watch], None]) -> None:
    watch = CURRENT.get()
    if watch is not None:
        moment(watch)
