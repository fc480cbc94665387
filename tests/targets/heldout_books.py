"""A bookkeeping and billing service for small firms: a usual ASP.NET Core Web API from outside."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets import (
    heldout_books_contacts,
    heldout_books_files,
    heldout_books_money,
    heldout_books_people,
    heldout_books_sales,
)
from tests.targets.heldout_books_core import OPERATIONS, Call, Operation, Problem, Store
from tests.targets.heldout_books_document import openapi
from tests.targets.heldout_books_schemas import Invalid, Row
from tests.targets.heldout_books_target import COOKIE

PARTS = (
    heldout_books_contacts,
    heldout_books_sales,
    heldout_books_money,
    heldout_books_files,
    heldout_books_people,
)
RULES = [
    Rule(each.path.replace("{", "<").replace("}", ">"), endpoint=each, methods=[each.method])
    for each in OPERATIONS
]
# What API keys are for; all else wants a session.
REACHED = {"Invoices": "Invoices", "Customers": "Contacts", "Vendors": "Contacts"}
SECTIONS = {
    400: ("15.5.1", "Bad Request"),
    401: ("15.5.2", "Unauthorized"),
    403: ("15.5.4", "Forbidden"),
    404: ("15.5.5", "Not Found"),
    405: ("15.5.6", "Method Not Allowed"),
    409: ("15.5.10", "Conflict"),
    415: ("15.5.16", "Unsupported Media Type"),
}
PROBLEM = "application/problem+json; charset=utf-8"
DOCUMENTS = ("/openapi.json", "/swagger/v1/swagger.json")


def as_key(call: Call, said: str) -> None:
    """An API key is an accountant of its firm, within its permissions."""
    found = call.at.rows("ApiKeys", key=said)
    if not found or (found[0]["isRevoked"] and not call.flawed("key-undead")):
        raise Problem(401)
    part = REACHED.get(call.operation.controller)
    lax = call.flawed("key-permission") and call.operation.method == "PUT"
    right = "Read" if call.operation.method == "GET" or lax else "Write"
    if part is None or f"{right}{part}" not in found[0]["permissions"]:
        raise Problem(403)
    call.firm, call.role = found[0]["firmId"], "Accountant"


def enter(call: Call) -> None:
    """Find out who asks for which firm; Problem when they may not."""
    if key := call.request.headers.get("X-Api-Key"):
        as_key(call, key)
    else:
        session = call.at.sessions.get(call.request.cookies.get(COOKIE, ""))
        if session is None:
            raise Problem(401)
        call.session, call.user, call.firm = session, session["user"], session["firm"]
        homes = call.rows("Members", userId=call.user["id"], isActive=True)
        if not homes and "role" not in session:
            raise Problem(401)
        call.role = homes[0]["role"] if homes else session["role"]
    call.demand(call.operation.need, call.operation.lax)


def readable(request: Request, takes: str) -> None:
    """Formatters refuse what they do not read."""
    media = request.mimetype
    plain = media in ("application/json", "text/json") or media.endswith("+json")
    if not (media == "multipart/form-data" if takes == "file" else plain):
        raise Problem(415)


def problem(status: int, detail: str = "", errors: Row | None = None) -> Response:
    """An answer as RFC 9457 has it, with the id of the trace."""
    section, title = SECTIONS[status]
    said: Row = {"type": f"https://tools.ietf.org/html/rfc9110#section-{section}"}
    said |= {"title": title, "status": status}
    if errors is not None:
        said |= {"title": "One or more validation errors occurred.", "errors": errors}
    if detail:
        said["detail"] = detail
    said["traceId"] = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    return Response(json.dumps(said), status, content_type=PROBLEM)


class Books:
    """One build of the service, as a WSGI application."""

    def __init__(self, flaw: str = "") -> None:
        self.at = Store(flaw)
        self.rules = Map([rule.empty() for rule in RULES])
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        found: tuple[Operation, Any] = self.rules.bind_to_environ(request.environ).match()
        operation, path = found
        call = Call(self.at, request, operation, path, status=operation.status)
        if operation.need != "nobody":
            enter(call)
        if operation.takes:
            readable(request, operation.takes)
        said = operation.does(call)
        if isinstance(said, Response):
            return said
        if said is None:
            answer = Response(b"", call.status, call.headers)
        else:
            media = "application/json; charset=utf-8"
            answer = Response(json.dumps(said), call.status, call.headers, content_type=media)
        if call.cookie:
            answer.set_cookie(COOKIE, call.cookie, path="/", httponly=True, samesite="Strict")
        elif call.cookie is not None:
            answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
        return answer

    def respond(self, request: Request) -> Response:
        if request.path in DOCUMENTS:
            return Response(json.dumps(openapi()), mimetype="application/json")
        try:
            with self.lock:
                return self.answer(request)
        except Problem as refused:
            return problem(refused.status, str(refused))
        except Invalid as invalid:
            return problem(400, errors={invalid.name: [str(invalid)]})
        except MethodNotAllowed:
            return problem(405)
        except HTTPException:
            return problem(404)

    def __call__(self, environ: Any, start: Any) -> Any:
        answer = self.respond(Request(environ))
        answer.headers["Server"] = "Kestrel"
        return answer(environ, start)
