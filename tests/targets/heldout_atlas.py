"""An issue tracker for agencies and their clients, as a Django REST framework project serves it.

Ids count up over all workspaces, lists are pages with `count`, what one may not see is not found.
Its OpenAPI document is in the manner of drf-spectacular.
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.targets import heldout_atlas_issues, heldout_atlas_people, heldout_atlas_work
from tests.targets.heldout_atlas_core import (
    MISSING,
    OPERATIONS,
    Call,
    Operation,
    Problem,
    Store,
    dumped,
    op,
)
from tests.targets.heldout_atlas_schemas import CHOICES, Row, document

PARTS = (heldout_atlas_issues, heldout_atlas_people, heldout_atlas_work)


@op("GET /api/plans/", "Plan", many="list", open=True)
def list_plans(_: Call) -> list[Row]:
    prices = zip(CHOICES["PlanEnum"].split(), (0, 12, 29), strict=True)
    return [{"slug": slug, "name": slug.capitalize(), "price": price} for slug, price in prices]


@op("GET /api/issue-types/", "IssueType", many="list")
def list_types(_: Call) -> list[Row]:
    kinds = CHOICES["TypeEnum"].split()
    return [{"slug": kind, "name": kind.capitalize(), "icon": f"{kind}.svg"} for kind in kinds]


@op("GET /api/public/roadmaps/{token}/", "Roadmap", open=True)
def read_roadmap(call: Call) -> Row:
    known = call.at.rows("projects", roadmap_token=call.path["token"], is_public=True)
    if not known:
        raise Problem(404, MISSING)
    issues = call.at.rows("issues", project=known[0]["id"], deleted_at=None)
    said = [{name: row[name] for name in ("key", "title", "status")} for row in issues]
    return {name: known[0][name] for name in ("name", "description")} | {"issues": said}


@op("GET /api/search/", "Search", "q")
def search(call: Call) -> Row:
    word = call.asked("q").strip().lower()
    found = [
        {"kind": kind, "id": row["id"], "title": row[name]}
        for kind, table, name in (("project", "projects", "name"), ("issue", "issues", "title"))
        for row in call.rows(table)
        if word and word in row[name].lower()
    ]
    return {"q": call.asked("q"), "results": found[:50]}


@op("POST /api/feedback/", "Feedback", takes="Feedback", status=202)
def give_feedback(call: Call) -> Row:
    return call.valid()


def compiled(operation: Operation) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/.]+)", operation.path))


# What is written out comes before what a parameter would take for itself.
ROUTES = [
    (compiled(each), each) for each in sorted(OPERATIONS, key=lambda at: at.path.replace("{", "~"))
]


def enter(call: Call) -> None:
    """Find out who asks and where they work; Problem when nobody is known by this token."""
    kind, _, key = call.request.headers.get("authorization", "").partition(" ")
    if kind != "Token" or not key:
        raise Problem(401, "Authentication credentials were not provided.")
    known = call.at.rows("tokens", key=key)
    if not known:
        raise Problem(401, "Invalid token.")
    call.token, call.user = known[0], call.at.tables["users"][known[0]["user"]]
    for row in call.at.rows("memberships", user=call.user["id"]):
        if not row["removed"] or call.flawed("member-undead"):
            call.homes[row["workspace"]] = row["role"]
            call.at.calls[row["workspace"]] += 1
    reads = call.operation.method == "GET" or call.flawed("token-readonly")
    if call.token["read_only"] and not reads:
        raise Problem(403, "This token is read-only.")


def content(request: Request) -> Row:
    raw = request.get_data()
    try:
        said = json.loads(raw) if raw else {}
        dumped(said)  # what can be said again
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"JSON parse error - {type(error).__name__}") from None
    if not isinstance(said, dict):
        told = f"Invalid data. Expected a dictionary, but got {type(said).__name__}."
        raise Problem(400, {"non_field_errors": [told]})
    return said


class Atlas:
    """One build of the service, as a WSGI application."""

    def __init__(self, flaw: str = "") -> None:
        self.at = Store(flaw)
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        if request.path in ("/openapi.json", "/api/schema/"):
            return Response(dumped(document(OPERATIONS)), mimetype="application/json")
        matched = [
            (found, each) for path, each in ROUTES if (found := path.fullmatch(request.path))
        ]
        if not matched:
            slashed = f"{request.path}/"
            if method == "GET" and any(path.fullmatch(slashed) for path, _ in ROUTES):
                return Response(status=301, headers={"Location": slashed})
            return Response("<h1>Not Found</h1>", 404, mimetype="text/html")
        path = matched[0][1].path
        fits = [pair for pair in matched if pair[1].path == path]
        exact = [pair for pair in fits if pair[1].method == method]
        found, operation = (exact or fits)[0]
        call = Call(self.at, request, operation, found.groupdict())
        if not operation.open:
            enter(call)
        if not exact:
            raise Problem(405, f'Method "{request.method}" not allowed.')
        if operation.method != "GET":
            call.body = content(request)
        said: Any = operation.does(call)
        if isinstance(said, Response):
            return said
        if said is None:
            return Response(status=204)
        return Response(dumped(said), operation.status, call.headers, mimetype="application/json")

    def respond(self, request: Request) -> Response:
        try:
            with self.lock:
                return self.answer(request)
        except Problem as problem:
            if problem.status == 304:
                return Response(status=304)
            told = {"WWW-Authenticate": "Token"} if problem.status == 401 else {}
            said = dumped(problem.said)
            return Response(said, problem.status, told, mimetype="application/json")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self.respond(Request(environ))(environ, start_response)
