"""The campus's tables, and who is asking: what all of its views stand on."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha1
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, Response, abort, current_app, g, jsonify, request
from werkzeug.exceptions import HTTPException

from tests.targets.heldout_campus_target import FLAWS, PEOPLE

Row = dict[str, Any]
View = TypeVar("View", bound=Callable[..., Any])
RANKS = ("student", "teacher", "admin")
PREFIXES = {"courses": "crs_", "files": "fil_", "keys": "key_", "users": "usr_", "orgs": "org_"}
NUMBERED = ("modules", "lessons", "messages", "notifications", "invitations")
NAMES = {
    "orgs": "orgId",
    "users": "userId",
    "keys": "keyId",
    "invitations": "invitationId",
    "messages": "messageId",
    "notifications": "notificationId",
    "courses": "courseId",
    "modules": "moduleId",
    "lessons": "lessonId",
    "submissions": "submissionId",
    "files": "fileId",
    "reports": "reportId",
}
ORGS = (("oak", "Oak School"), ("elm", "Elm Academy"))
PUBLIC: set[str] = set()


class Campus:
    """All tables of one build, who is signed in, and the flaw that it has."""

    def __init__(self, flaw: str) -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.serials = {table: count(101) for table in NAMES}
        self.tables: dict[str, dict[Any, Row]] = {table: {} for table in NAMES}
        self.sessions: dict[str, str] = {}  # the user of each token
        self.links: dict[str, str] = {}  # the file of each token
        self.follows: set[tuple[str, str]] = set()
        self.favourites: set[tuple[str, str]] = set()
        self.hidden: set[tuple[str, int]] = set()
        self.preferences: dict[str, Row] = {}
        for org_id, name in ORGS:
            self.tables["orgs"][org_id] = {"orgId": org_id, "name": name, "about": ""}
        for name, org_id, role, token in PEOPLE:
            key = f"usr_{sha1(name.encode()).hexdigest()[:8]}"  # noqa: S324 - a name, no secret
            row: Row = {"userId": key, "orgId": org_id, "role": role, "name": name.capitalize()}
            row |= {"email": f"{name}@{org_id}.example", "bio": "", "password": f"{name}-pw"}
            row["removed"] = False
            self.tables["users"][key] = row
            self.sessions[token] = key

    def add(self, table: str, row: Row) -> Row:
        made: Any = str(UUID(int=int(secrets.token_hex(16), 16), version=4))
        if table in NUMBERED:
            made = next(self.serials[table])
        elif table in PREFIXES:
            made = PREFIXES[table] + secrets.token_hex(6)
        self.tables[table][made] = {NAMES[table]: made} | row
        return self.tables[table][made]

    def rows(self, table: str, **having: Any) -> list[Row]:
        rows = list(self.tables[table].values())
        return [row for row in rows if all(row[name] == value for name, value in having.items())]

    def notify(self, user_id: str, text: str) -> None:
        self.add("notifications", {"userId": user_id, "text": text, "read": False})


def store() -> Campus:
    found: Campus = current_app.config["CAMPUS"]
    return found


def me() -> Row:
    found: Row = g.me
    return found


def flawed(*flaws: str) -> bool:
    return store().flaw in flaws


def public(view: View) -> View:
    """Let everybody call it."""
    PUBLIC.add(view.__name__)
    return view


def demand(role: str, flaw: str = "") -> None:
    """403 to whoever has less than this role."""
    if RANKS.index(me()["role"]) < RANKS.index(role) and not flawed(flaw):
        abort(403, f"only for the role {role}")


def of_org(table: str, key: Any, *flaws: str) -> Row:
    """A row of the caller's organisation, or 404."""
    row = store().tables[table].get(key)
    if row is None or (row["orgId"] != me()["orgId"] and not flawed(*flaws)):
        abort(404, f"no such {NAMES[table][:-2]}")
    return row


def of_mine(table: str, key: Any, *flaws: str) -> Row:
    """A row of the caller, or 404."""
    row = store().tables[table].get(key)
    if row is None or (row["userId"] != me()["userId"] and not flawed(*flaws)):
        abort(404, f"no such {NAMES[table][:-2]}")
    return row


def given(**fields: type | tuple[type, ...]) -> Row:
    """What the body has of these fields; those with an underscore at their end are required."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        abort(400, "a JSON object is expected")
    found = {}
    for said, kind in fields.items():
        name = said.rstrip("_")
        value = body.get(name)
        wrong = not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
        needed = said.endswith("_")
        if (wrong and (needed or value is not None)) or (needed and value == ""):
            abort(400, f"{name} is missing or wrong")
        if value is not None:
            found[name] = value
    return found


def asked(name: str) -> Any:
    """What a body has that no view is to look at, but a flawed one does."""
    body = request.get_json(silent=True)
    return body.get(name) if isinstance(body, dict) else None


def shown(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def none() -> Response:
    return Response(status=204)


def authenticate() -> None:
    """Who is asking, by a session's token or by an API key?"""
    if request.endpoint is None or request.endpoint.rpartition(".")[2] in PUBLIC:
        return
    at = store()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    key = next((row for row in at.rows("keys") if row["secret"] == token), None)
    dead = key is not None and key["revoked"] and not flawed("key-undead")
    user = key["userId"] if key and not dead else at.sessions.get(token)
    found = at.tables["users"].get(user)
    gone = found is None or (found["removed"] and not flawed("removed-member"))
    if kind != "Bearer" or found is None or gone:
        abort(401, "sign in first")
    reading = request.method in ("GET", "HEAD")
    if key and "write" not in key["scopes"] and not reading and not flawed("key-readonly"):
        abort(403, "this key may only read")
    g.me, g.key, g.token = found, key, token
    org = request.headers.get("X-Org-Id")
    if flawed("header-org") and org in at.tables["orgs"]:
        g.me = found | {"orgId": org}


def refused(error: HTTPException) -> Response:
    """An error, as RFC 9457 has it."""
    said = {"title": error.name, "status": error.code, "detail": error.description}
    answer = jsonify(said)
    answer.status_code = error.code or 500
    answer.content_type = "application/problem+json"
    return answer


def base(flaw: str) -> Flask:
    app = Flask("campus")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["CAMPUS"] = Campus(flaw)
    app.before_request(authenticate)
    app.register_error_handler(HTTPException, refused)
    return app
