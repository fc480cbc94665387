"""A source host, from outside like GitHub's and Gitea's API."""

from __future__ import annotations

import hashlib
import json
from threading import RLock
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets import (
    heldout_forge_access,
    heldout_forge_actions,
    heldout_forge_issues,
    heldout_forge_orgs,
    heldout_forge_people,
    heldout_forge_pulls,
    heldout_forge_repos,
    heldout_forge_teams,
)
from tests.targets.heldout_forge_core import OPERATIONS, Call, Operation, Problem, Store
from tests.targets.heldout_forge_document import openapi

PARTS = (
    heldout_forge_repos,
    heldout_forge_access,
    heldout_forge_issues,
    heldout_forge_pulls,
    heldout_forge_actions,
    heldout_forge_orgs,
    heldout_forge_teams,
    heldout_forge_people,
)
RULES = [
    Rule(each.path.replace("{", "<").replace("}", ">"), endpoint=each, methods=[each.method])
    for each in OPERATIONS
]
CATEGORIES = {"orgs": "organization", "notifications": "notification", "search": "repository"}
TRACKED = ("issues", "labels", "milestones")
HELP = "https://docs.forge.example/rest"


def scope(each: Operation) -> str:
    """What a token has to be for."""
    parts = each.path.strip("/").split("/")
    part = CATEGORIES.get(parts[0], "user" if parts[0] in ("user", "users") else "repository")
    if parts[0] == "issues" or (parts[0] == "repos" and {*parts} & {*TRACKED}):
        part = "issue"
    return f"{'read' if each.method == 'GET' else 'write'}:{part}"


def enter(call: Call) -> None:
    """Find out who asks, by the token; Problem when it is none, or not for this."""
    kind, _, said = call.request.headers.get("Authorization", "").partition(" ")
    token = call.at.tokens.get(said.strip())
    if not kind:
        raise Problem(401, "Requires authentication")
    live = token is not None and token["id"] in call.at.tables["tokens"]
    if kind.lower() not in ("token", "bearer") or token is None:
        raise Problem(401, "Bad credentials")
    if not (live or call.flawed("token-undead")):
        raise Problem(401, "Bad credentials")
    call.token, call.login, needed = token, token["user"], scope(call.operation)
    having = {needed, needed.replace("read:", "write:"), "all"}
    lax = call.flawed("issue-scope") and call.operation.name == "issues/update"
    if not having & {*token["scopes"]} and not lax:
        message = f"token does not have at least one of required scope(s): [{needed}]"
        raise Problem(403, message)
    sudo = call.request.headers.get("Sudo", "").lower()
    if sudo:
        lax = call.flawed("sudo-anybody") and call.operation.path == "/user/repos"
        if not (call.me["site_admin"] or lax):
            raise Problem(403, "Only administrators allowed to sudo.")
        call.login = call.user(sudo)["login"]


class Forge:
    """The service as a WSGI application."""

    def __init__(self, flaw: str = "") -> None:
        self.at, self.lock = Store(flaw), RLock()
        self.rules = Map([rule.empty() for rule in RULES])

    def answer(self, request: Request) -> Response:
        found: tuple[Operation, Any] = self.rules.bind_to_environ(request.environ).match()
        operation, path = found
        call = Call(self.at, request, operation, path, status=operation.status)
        with self.lock:
            if not operation.open:
                enter(call)
            said = operation.does(call)
        if isinstance(said, Response):
            return said
        if said is None:
            return Response(b"", call.status, call.headers)
        body = json.dumps(said)
        made = Response(body, call.status, call.headers, "application/json")
        if request.method == "GET":
            digest = hashlib.sha256(body.encode()).hexdigest()[:32]
            made.headers.setdefault("ETag", f'W/"{digest}"')
            if request.headers.get("If-None-Match") in ("*", made.headers["ETag"]):
                return Response(b"", 304, {"ETag": made.headers["ETag"]})
        return made

    def refused(self, status: int, message: str, errors: Any = None) -> Response:
        if status == 304:
            return Response(b"", status)
        said = {"message": message, "documentation_url": HELP}
        body = json.dumps(said | ({"errors": errors} if errors else {}))
        return Response(body, status, mimetype="application/json")

    def __call__(self, environ: Any, start: Any) -> Any:
        return self.respond(Request(environ))(environ, start)

    def respond(self, request: Request) -> Response:
        if request.path == "/openapi.json":
            return Response(json.dumps(openapi()), mimetype="application/json")
        try:
            return self.answer(request)
        except Problem as problem:
            return self.refused(problem.status, str(problem), problem.errors)
        except MethodNotAllowed:
            return self.refused(405, "Method Not Allowed")
        except HTTPException:
            return self.refused(404, "Not Found")
