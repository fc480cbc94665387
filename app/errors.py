"""What does a caller read when a request cannot be answered?

Every error is a problem detail (RFC 9457) and never carries driver text.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from apiflask import APIFlask, HTTPError
from flask import Response, request
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from app.schemas.basics import NO_NUL
from app.telemetry.watch import note_defect

PROBLEM_TYPE = "application/problem+json"
REQUEST_ID = "maestro.request_id"
RETRY_SECONDS = "1"
# Connection lost, out of resources, cancelled or shut down, deadlock, object state, system error.
UNAVAILABLE = ("08", "53", "57", "40", "55", "58")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# Raised by the triggers that count (migration 0004), with the resource as the constraint.
QUOTA = "MQ403"
# What werkzeug and pydantic say, where it would not help whoever reads it.
DETAILS = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON.",
    HTTPStatus.NOT_FOUND: "This is no path of the API, or an id in it is malformed: see /docs.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path has no such method: Allow has those that it has.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request is not valid.",
}
WORDS = {
    "Extra inputs are not permitted": "This field does not exist.",
    "Field required": "This field is required.",
    f"String should match pattern '{NO_NUL}'": "NUL is not a character of a text.",
}
WHOLE, OWN_WORDS = "_schema", "Value error, "
log = logging.getLogger("maestro")


class ProblemError(Exception):
    """A refusal with its HTTP status, a stable code for programs and a sentence for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = list(errors)


def not_found(what: str) -> ProblemError:
    """404: it does not exist, or it belongs to another tenant; the caller cannot tell which."""
    return ProblemError(404, "not-found", f"There is no such {what}.")


def forbidden(detail: str) -> ProblemError:
    """403: the caller is known and lacks the right."""
    return ProblemError(403, "forbidden", detail)


def conflict(code: str, detail: str) -> ProblemError:
    """409: the request contradicts the present state."""
    return ProblemError(409, code, detail)


def invalid(location: str, detail: str) -> ProblemError:
    """422: one part of the request breaks its declaration."""
    errors = [{"location": location, "detail": detail}]
    return ProblemError(422, "invalid-request", "The request is not valid.", errors=errors)


def refuse_lone_surrogates(text: str | bytes) -> None:
    """422 for JSON that is well formed (RFC 8259, section 8.2) and still holds no text.

    Anything else that is wrong with it is malformed JSON, which is not decided here.
    """
    try:
        parsed = json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):
        return
    if LONE_SURROGATE.search(parsed):
        raise invalid("json", "A lone surrogate is not a character.")


def unavailable(what: str) -> ProblemError:
    """503: a part the service needs does not answer now; trying again is right."""
    headers = {"Retry-After": RETRY_SECONDS}
    return ProblemError(503, "unavailable", f"The {what} is not available now.", headers=headers)


def quota_exceeded(resource: str | None) -> ProblemError:
    """403: the tenant has as much as it may have. No waiting helps, as after a 429."""
    return ProblemError(403, "quota-exceeded", f"The tenant's quota of {resource} is used up.")


def database_problem(error: SQLAlchemyError) -> ProblemError | None:
    """The problem that a database error means to the caller, or None for a defect of ours."""
    state = str(getattr(error.orig, "pgcode", None) or "") if isinstance(error, DBAPIError) else ""
    if state == "23505":
        return conflict("already-exists", "An object with this name exists already.")
    if state == QUOTA and isinstance(error, DBAPIError):
        return quota_exceeded(getattr(getattr(error.orig, "diag", None), "constraint_name", None))
    if state == "23503":
        return conflict("in-use", "The object refers to, or is needed by, another object.")
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    busy = state.startswith(UNAVAILABLE) or isinstance(error, OperationalError | PoolTimeoutError)
    if lost or busy:
        return unavailable("database")
    # What was read has been removed for good since.
    return not_found("object any more") if isinstance(error, StaleDataError) else None


def respond(problem: ProblemError) -> Response:
    """The problem as an HTTP answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request.environ.get(REQUEST_ID, ""),
        "errors": problem.errors,
    }
    response = Response(orjson.dumps(body), problem.status, content_type=PROBLEM_TYPE)
    response.headers.update(problem.headers)
    return response


def register(app: APIFlask) -> None:
    """Answer every error of the application with a problem detail."""
    app.register_error_handler(ProblemError, respond)
    app.register_error_handler(SQLAlchemyError, _answer_database_error)
    app.register_error_handler(Exception, _answer_defect)
    app.error_processor(_answer_http_error)


def _answer_database_error(error: SQLAlchemyError) -> Response:
    problem = database_problem(error)
    if problem is None:
        return _answer_defect(error)
    log.warning("database", extra={"error": type(error).__name__, "status": problem.status})
    return respond(problem)


def _answer_defect(error: Exception) -> Response:
    """500: a defect of ours. The log has the place, without values that could be secret."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    place = f"{last.tb_frame.f_code.co_filename}:{last.tb_lineno}" if last else ""
    note_defect(error)
    log.error("defect", extra={"error": type(error).__name__, "place": place})
    return respond(ProblemError(500, "internal", "The service failed to answer."))


def _answer_http_error(error: HTTPError) -> Response:
    status = HTTPStatus(error.status_code)
    code = "invalid-request" if status == HTTPStatus.UNPROCESSABLE_ENTITY else status.name
    kept = {
        name: str(value)
        for name, value in dict(error.headers).items()
        if name.lower() not in {"content-length", "content-type"}
    }
    problem = ProblemError(
        error.status_code,
        code.lower().replace("_", "-"),
        DETAILS.get(status, status.description),
        headers=kept,
        errors=_list_errors(error.detail),
    )
    return respond(problem)


def _list_errors(detail: object) -> list[dict[str, str]]:
    if not isinstance(detail, Mapping):
        return []
    return [
        {"location": _location(part, name), "detail": _reword(str(message))}
        for part, fields in detail.items()
        for name, messages in fields.items()
        for message in messages
    ]


def _location(part: str, name: str) -> str:
    return part if name == WHOLE else f"{part}.{name}"


def _reword(message: str) -> str:
    return WORDS.get(message, message.removeprefix(OWN_WORDS))
