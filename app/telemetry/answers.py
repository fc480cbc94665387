"""What is counted about each answer?

Everything is read off at the end, from the declaration, the caller and the status, so that no view
has to count for itself.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from flask import Response, g, request
from prometheus_client import Histogram

from app.endpoint import Audience, Declaration
from app.keys import parse
from app.leases import Standing
from app.permissions import Permission
from app.telemetry import domain
from app.telemetry.instruments import count, gauge, histogram, observe
from app.telemetry.watch import Watch
from app.tenancy import Principal

UNMATCHED = "unmatched"
DEFECTS = frozenset(
    {
        "AssertionError",
        "AttributeError",
        "IndexError",
        "IntegrityError",
        "KeyError",
        "ProgrammingError",
        "RuntimeError",
        "TypeError",
        "UnicodeError",
        "ValueError",
    }
)
KINDS = {"": "none", "mml": "key", "mmo": "operator"}
IN_FLIGHT = gauge("http_in_flight")


@dataclass(frozen=True, slots=True)
class Route:
    """The distributions of one route, found once."""

    seconds: Histogram
    sent: Histogram
    answered: Histogram
    statements: Histogram


@cache
def _route(method: str, route: str) -> Route:
    return Route(
        histogram("http_request_duration_seconds", method, route),
        histogram("http_request_bytes", route),
        histogram("http_response_bytes", route),
        histogram("db_queries_per_request", route),
    )


def count_answer(watch: Watch, response: Response) -> float:
    """Count everything about an answer; the seconds that it took."""
    seconds = time.perf_counter() - watch.started
    IN_FLIGHT.dec()
    method = request.method if request.url_rule else UNMATCHED
    status = response.status_code
    count("http_requests_total", method, watch.route, str(status))
    route = _route(method, watch.route)
    route.seconds.observe(seconds)
    route.sent.observe(request.content_length or 0)
    route.answered.observe(response.content_length or 0)
    route.statements.observe(watch.statements)
    _count_failures(watch, status)
    _count_limits(watch)
    declared: Declaration | None = g.get("declared")
    if declared is not None and declared.access is not Audience.PUBLIC:
        _count_access(watch, declared, status, seconds)
        domain.count_change(declared, response)
    return seconds


def _count_failures(watch: Watch, status: int) -> None:
    if request.url_rule is None:
        count("http_unmatched_total")
    elif status == 422:  # noqa: PLR2004
        count("http_validation_failures_total", watch.route)
    if watch.defect:
        kind = watch.defect if watch.defect in DEFECTS else "other"
        count("http_exceptions_total", watch.route, kind)


def _count_access(watch: Watch, declared: Declaration, status: int, seconds: float) -> None:
    caller: Principal | None = g.get("principal")
    kind = _credential_kind()
    known = caller is not None or g.get("operator", False)
    result = "accepted" if known else "unavailable" if status == 503 else "refused"  # noqa: PLR2004
    count("auth_attempts_total", kind, result)
    observe("auth_duration_seconds", (watch.signed_in - watch.started) or seconds, kind)
    if status == 401:  # noqa: PLR2004
        count("token_rejected_total", _refusal(kind))
    if caller is not None:
        _count_caller(watch, declared, caller, status)


def _credential_kind() -> str:
    """Key, operator, token or none: by the shape, as the text itself is a secret."""
    credential = request.headers.get("Authorization", "").partition(" ")[2]
    prefix = credential[:3] if credential[3:4] == "_" or not credential else "other"
    return KINDS.get(prefix, "token")


def _refusal(kind: str) -> str:
    if kind == "none":
        return "missing"
    credential = request.headers.get("Authorization", "").partition(" ")[2]
    return "malformed" if kind == "key" and parse(credential) is None else "unknown"


def _count_caller(watch: Watch, declared: Declaration, caller: Principal, status: int) -> None:
    if watch.signed_in:
        count("cache_requests_total", "keys", "hit" if watch.key_was_cached else "miss")
    if isinstance(declared.access, Permission):
        allowed = declared.access in caller.permissions
        count("permission_checks_total", str(declared.access), "allowed" if allowed else "denied")
    if status == 404 and "{" in declared.path:  # noqa: PLR2004
        count("tenant_guard_denied_total", noun_of(declared.path))


@cache
def noun_of(path: str) -> str:
    """What the path's first id names: `run` of `/v1/runs/{run_id}/log`."""
    return path.partition("{")[2].partition("}")[0].removesuffix("_id")


def _count_limits(watch: Watch) -> None:
    """Count what the tenant's plan, the address and strict operations were each granted."""
    standings: Sequence[Standing] = g.get("standings", ())
    for standing in standings:
        result = "allowed" if standing.allowed else "limited"
        count("ratelimit_decisions_total", standing.tier.name, result)
    if watch.admitted and standings:
        observe("ratelimit_check_seconds", watch.admitted - watch.signed_in)
