"""The CRM's tables, who is asking for which organization, and how its document is made.

Answers are HAL: what an object links to stands in `_links`, what it holds in `_embedded`.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, jsonify, request
from werkzeug.exceptions import HTTPException

from tests.targets.heldout_deals_target import FLAWS, ORGANIZATIONS, PEOPLE

Row = dict[str, Any]
View = TypeVar("View", bound=Callable[..., Any])
RIGHTS = ("read", "write", "export", "audit", "admin")
BUILT_IN = ((1, "viewer", 1), (2, "rep", 3), (3, "admin", 5))
# What an object of each kind has in answers.
OBJECTS = {
    "contacts": "name email phone notes",
    "deals": "title value:integer stage contactId:integer ownerId:integer",
    "comments": "text authorId:integer mentions:array",
    "views": "name filter shared:boolean",
    "webhooks": "url event secret",
    "deliveries": "event payload:object status:integer",
    "roles": "name permissions:array builtIn:boolean",
    "invitations": "email roleId:integer status",
    "api-keys": "name scopes:array",
    "exports": "status",
    "imports": "status created:integer updated:integer contacts:array",
    "notifications": "text read:boolean",
    "audit": "action subject:integer by",
    "operations": "kind subject:integer",
}
ABOUT = """A CRM. Contacts, deals, webhooks and logs belong to an organization; a token is for one
organization. Viewers read; reps also write and export; admins do everything. A key without the
scope `write` only reads. Views are private unless shared, notifications are the user's own."""
OPERATIONS: list[tuple[str, str, Row, View]] = []  # type: ignore[valid-type]
PUBLIC: set[str] = set()
NEEDS: dict[str, str] = {}


class Crm:
    """All tables of one build, who is signed in, and the flaw that it has."""

    def __init__(self, flaw: str) -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.serial = count(1001)
        self.tables: dict[str, dict[int, Row]] = {name: {} for name in OBJECTS}
        self.organizations = {
            key: {"id": key, "name": name, "plan": "team", "footer": ""}
            for key, name in ORGANIZATIONS
        }
        self.users: dict[int, Row] = {}
        self.members: dict[tuple[int, int], Row] = {}  # by organization and user
        self.sessions: dict[str, tuple[int, int]] = {}
        self.stars: set[tuple[int, int]] = set()
        self.requests: Counter[int] = Counter()
        self.signing = secrets.token_bytes(16)
        for key, name, most in BUILT_IN:
            row = {"id": key, "organizationId": 0, "name": name, "builtIn": True}
            self.tables["roles"][key] = row | {"permissions": list(RIGHTS[:most])}
        for key, name, password, roles in PEOPLE:
            row = {"id": key, "name": name.capitalize(), "email": f"{name}@crm.example"}
            self.users[key] = row | {"password": password, "locale": "en"}
            for org, role in roles.items():
                self.members[org, key] = {"roleId": role, "removed": False}

    def add(self, table: str, **values: Any) -> Row:
        key = next(self.serial)
        self.tables[table][key] = {"id": key, "organizationId": g.org} | values
        return self.tables[table][key]

    def rows(self, table: str, **having: Any) -> list[Row]:
        rows = list(self.tables[table].values())
        return [row for row in rows if all(row.get(name) == of for name, of in having.items())]

    def log(self, action: str, subject: int) -> None:
        self.add("audit", action=action, subject=subject, by=g.user["name"])


def store() -> Crm:
    found: Crm = current_app.config["CRM"]
    return found


def flawed(*flaws: str) -> bool:
    return store().flaw in flaws


def colleague(key: Any) -> bool:
    member = store().members.get((g.org, key)) if isinstance(key, int) else None
    return member is not None and not member["removed"]


def demand(right: str, flaw: str = "") -> None:
    """403 to whoever's role has no such right."""
    if right not in g.rights and not flawed(flaw):
        abort(403, f"Your role lacks the right to {right}.")


def ours(table: str, key: Any, *flaws: str) -> Row:
    """A row of the caller's organization that is not in the trash, or 404."""
    row = store().tables[table].get(key) if isinstance(key, int) else None
    if row is None or row.get("deleted") or (not flawed(*flaws) and row["organizationId"] != g.org):
        abort(404, f"There is no such thing in {table}.")
    return row


def body(*required: str) -> Row:
    """The body, an object; what is required has to stand in it."""
    said = request.get_json(silent=True, force=True)
    if not isinstance(said, dict):
        abort(400, "A JSON object is expected.")
    for name in required:
        if said.get(name) in (None, ""):
            abort(400, f"{name} is missing.")
    return said


def words(said: Row, *names: str) -> Row:
    """What the body has of these fields, all of them text."""
    found = {name: said[name] for name in names if said.get(name) is not None}
    for name, value in found.items():
        if not isinstance(value, str):
            abort(400, f"{name} has to be text.")
    return found


def hal(table: str, row: Row, **embedded: Any) -> Row:
    fields = [word.partition(":")[0] for word in OBJECTS[table].split()]
    shown = {"id": row["id"]} | {name: row.get(name) for name in fields}
    shown["_links"] = {"self": {"href": f"/{table}/{row['id']}"}}
    return shown | ({"_embedded": embedded} if embedded else {})


def hals(table: str, rows: list[Row], **more: Any) -> Row:
    found = [hal(table, row) for row in rows]
    return {"_embedded": {table: found}, "_links": {"self": {"href": request.path}}} | more


def none() -> Response:
    return Response(status=204)


def op(operation: str, summary: str, need: str = "read", **said: Any) -> Callable[[View], View]:
    """Serve an operation, and say so in the document."""

    def register(view: View) -> View:
        OPERATIONS.append((operation, summary, said, view))
        name = view.__name__
        PUBLIC.update([name] if need == "nobody" else [])
        NEEDS[name] = need
        return view

    return register


def schema(fields: str) -> Row:
    properties, required = {}, []
    for word in fields.split():
        name, _, kind = word.rstrip("!").partition(":")
        properties[name] = {"type": kind or "string"}
        if kind == "array":
            numbers = name in ("mergeIds", "mentions", "contacts")
            kinds = {"operations": "object", "rows": "object"}
            inner = "integer" if numbers else kinds.get(name, "string")
            properties[name]["items"] = {"type": inner}
        if word.endswith("!"):
            required.append(name)
    return {"type": "object", "properties": properties} | (
        {"required": required} if required else {}
    )


def described(operation: str, summary: str, said: Row) -> Row:
    gives, status = said.get("gives", ""), str(said.get("status", 200))
    answer: Row = {"description": "Done"}
    if gives:
        content: Row = {"$ref": f"#/components/schemas/{gives.rstrip('*')}"}
        if gives.endswith("*"):
            table = {"type": "object", "properties": {gives[:-1]: {"type": "array"}}}
            table["properties"][gives[:-1]]["items"] = content
            content = {"type": "object", "properties": {"_embedded": table}}
        answer["content"] = {"application/hal+json": {"schema": content}}
    found: Row = {"summary": summary, "responses": {status: answer}}
    known = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}
        for name in re.findall(r"\{(\w+)\}", operation)
    ]
    for word in said.get("query", "").split():
        name = word.rstrip("!")
        needed = {"required": True} if word.endswith("!") else {}
        known.append({"name": name, "in": "query", "schema": {"type": "string"}} | needed)
    if known:
        found["parameters"] = known
    if "takes" in said:
        kind = said.get("kind", "application/json")
        shape = said.get("shape") or schema(said["takes"])
        found["requestBody"] = {"required": True, "content": {kind: {"schema": shape}}}
    if said.get("public"):
        found["security"] = []
    return found


def openapi() -> Row:
    paths: Row = {}
    for operation, summary, said, view in OPERATIONS:
        method, _, path = operation.partition(" ")
        known = said | {"public": view.__name__ in PUBLIC}
        paths.setdefault(path, {})[method.lower()] = described(operation, summary, known)
    shapes = {name: schema(f"id:integer {fields}") for name, fields in OBJECTS.items()}
    return {
        "openapi": "3.0.2",
        "info": {
            "title": "Deals",
            "version": "2024-11-01",
            "description": ABOUT,
        },
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": shapes,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def authenticate() -> None:
    """Who is asking and for which organization, by a session's token or an API key?"""
    name = request.endpoint
    if name is None or name in PUBLIC or name == "openapi":
        return
    at = store()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    key = next((row for row in at.rows("api-keys") if row["secret"] == token), None)
    if key is not None and key["revoked"] and not flawed("key-undead"):
        abort(401, "This key is revoked.")
    owner = (key["organizationId"], key["userId"]) if key else at.sessions.get(token)
    member = at.members.get(owner) if owner else None
    gone = member is None or (member["removed"] and not flawed("removed-user"))
    if kind != "Bearer" or owner is None or member is None or gone:
        abort(401, "Sign in first.")
    g.org, g.user, g.token, g.key = owner[0], at.users[owner[1]], token, key
    g.rights = set(at.tables["roles"][member["roleId"]]["permissions"])
    if key and not flawed("key-readonly"):
        g.rights &= set(key["scopes"])
        if "write" not in key["scopes"] and request.method != "GET":
            abort(403, "This key only reads.")
    at.requests[g.org] += 1
    asked = request.headers.get("X-Organization-Id", "")
    if flawed("header-org") and asked.isdigit() and int(asked) in at.organizations:
        g.org = int(asked)
    if NEEDS[name] in RIGHTS:
        demand(NEEDS[name])


def refused(error: HTTPException) -> Response:
    answer = jsonify(message=error.description, logref=error.code)
    answer.status_code = error.code or 500
    answer.content_type = "application/vnd.error+json"
    return answer


def place(found: re.Match[str]) -> str:
    """Where Flask looks for a number, by its name in Python."""
    name = re.sub("([A-Z])", r"_\1", found[1]).lower()
    return f"<int:{name}>"


def base(flaw: str) -> Flask:
    app = Flask("deals")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["CRM"] = Crm(flaw)
    app.before_request(authenticate)
    app.register_error_handler(HTTPException, refused)
    app.add_url_rule("/openapi.json", "openapi", openapi)
    for operation, _, _, view in OPERATIONS:
        method, _, path = operation.partition(" ")
        rule = re.sub(r"\{(\w+)\}", place, path)
        app.add_url_rule(rule, view.__name__, view, methods=[method])
    return app
