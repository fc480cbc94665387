"""A club whose document says in prose who may do what; Werkzeug, two tenants.

`flaw` names the one thing that a build does wrong; "" is the clean one. The same service has staff
(temp, member, manager and an admin, who is the owner in the target file), and ordinary people with
one account each (`ALONE`). Built in, on purpose, is what looks like a missing permission: an
operation that notifies the admin; one under /admin that is said to be for administrators and needs
no credential at all, and one that all who are signed in may read; a list of which only admins see a
part; a change that ordinary callers are granted without effect; a list that is empty for them; who
may create but not edit, edit but not delete, remove what others wrote, replace a secret without
reading it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets.documents import BEARER, TEXT, document, operation, record

Row = dict[str, Any]
TEMP, MEMBER, MANAGER = "temp", "member", "manager"
ALL = {TEMP, MEMBER, MANAGER}
NEW = record("text", text=TEXT)
ROW = record(id=TEXT, text=TEXT)


def making(summary: str = "", **more: Any) -> Any:
    return operation(NEW, reply=ROW, summary=summary, **more)


def said(summary: str = "", **more: Any) -> Any:
    return operation(summary=summary, **more)


DOCUMENT = document(
    "Club",
    {
        "/notices": {"get": said(), "post": making()},
        "/notices/{notice_id}": {"get": said(), "patch": making(), "delete": said()},
        "/notices/{notice_id}/report": {"post": said("Notify the admin of a notice")},
        "/comments": {"get": said(), "post": making("Comment, as a user or as an admin")},
        "/comments/{comment_id}": {"get": said(), "patch": making(), "delete": said()},
        "/documents": {"get": said(), "post": making()},
        "/documents/{document_id}": {"get": said(), "patch": making(), "delete": said()},
        "/entries": {"get": said(), "post": making()},
        "/entries/{entry_id}": {"get": said(), "patch": making(), "delete": said()},
        "/secrets/{secret_name}": {"get": said(), "put": making()},
        "/announcements": {
            "get": said(),
            "post": making(description="Only administrators can create announcements."),
        },
        "/announcements/{announcement_id}": {"get": said(), "delete": said("Admins only")},
        "/audit": {"get": said("Administrators only")},
        "/banner": {"get": said(), "patch": making("Admins only")},
        "/reports": {"get": said("For managers")},
        "/budgets": {"get": said("For managers"), "post": making("For managers")},
        "/stocktakes": {"get": said(), "post": making("Requires the manager role")},
        "/people": {"get": said("The people. Only admins see their addresses.")},
        "/mentors": {"get": said("List mentors (managers)")},
        "/admin/users": {"get": said(), "post": making()},
        "/admin/users/{user_id}": {"get": said(), "delete": said()},
        "/admin/settings": {"get": said(), "patch": making()},
        "/admin/health": {"get": said("Is everything well? Administrators only.")},
        "/admin/motd": {"get": said("The message of the day")},
    },
    BEARER,
)
# Who beside an admin may; what is not named here is for all.
MAY: dict[str, set[str]] = {
    "POST /notices": {MEMBER, MANAGER},
    "PATCH /notices/{notice_id}": {MANAGER},
    "DELETE /notices/{notice_id}": set(),
    "PATCH /comments/{comment_id}": set(),
    "DELETE /comments/{comment_id}": {MANAGER},
    "POST /documents": {MANAGER},
    "PATCH /documents/{document_id}": {MANAGER},
    "DELETE /documents/{document_id}": {MANAGER},
    "GET /entries": {MANAGER},
    "POST /entries": {MANAGER},
    "GET /entries/{entry_id}": {MANAGER},
    "PATCH /entries/{entry_id}": {MANAGER},
    "DELETE /entries/{entry_id}": {MANAGER},
    "GET /secrets/{secret_name}": {MANAGER},
    "POST /announcements": set(),
    "DELETE /announcements/{announcement_id}": set(),
    "GET /audit": set(),
    "GET /budgets": {MANAGER},
    "POST /budgets": {MANAGER},
    "POST /stocktakes": {MANAGER},
    "GET /admin/users": set(),
    "POST /admin/users": set(),
    "GET /admin/users/{user_id}": set(),
    "DELETE /admin/users/{user_id}": set(),
    "GET /admin/settings": set(),
    "PATCH /admin/settings": set(),
}
# The flaw: the operation, and who is let in.
LOOSE = {
    "announce": ("POST /announcements", MEMBER),
    "audit": ("GET /audit", MEMBER),
    "stocktake": ("POST /stocktakes", MEMBER),
    "budget": ("POST /budgets", TEMP),
    "admin-create": ("POST /admin/users", MEMBER),
    "admin-list": ("GET /admin/users", MEMBER),
    "delete-only": ("DELETE /documents/{document_id}", TEMP),
    "blind-edit": ("PATCH /entries/{entry_id}", MEMBER),
    "banner": ("PATCH /banner", MEMBER),
}
# Another tenant's role for which the lookup is not scoped.
UNSCOPED = {
    "foreign-read": ("GET /documents/{document_id}", TEMP),
    "foreign-edit": ("PATCH /notices/{notice_id}", MANAGER),
}
ALONE = {f"{name}-alone-0123456789": (name, MEMBER) for name in ("ann", "bob")}
STAFF = {
    f"{tenant}-{role}-0123456789": (tenant, role)
    for tenant in ("red", "blue")
    for role in (TEMP, MEMBER, MANAGER, "owner")
}
FIXED = {
    "audit": [{"id": "1", "text": "somebody signed in at the office"}],
    "reports": [{"id": "1", "text": "what the quarter brought"}],
    "people": [{"id": "1", "text": "who is here"}],
    "mentors": [{"id": "1", "text": "who helps"}],
    "health": [{"id": "1", "text": "all is well here"}],
    "motd": [{"id": "1", "text": "open on Sunday"}],
}


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message


@dataclass
class Club:
    """The service; WSGI."""

    flaw: str = ""
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    single: dict[tuple[str, str], str] = field(default_factory=dict)
    ids: Any = field(default_factory=lambda: count(40001))

    tokens: ClassVar[dict[str, tuple[str, str]]] = {**STAFF, **ALONE}
    routes: ClassVar[Map] = Map(
        [
            Rule(
                path.replace("{", "<").replace("}", ">"),
                methods=[method.upper()],
                endpoint=f"{method.upper()} {path}",
            )
            for path, item in DOCUMENT["paths"].items()
            for method in item
            if method != "parameters"
        ]
        + [Rule("/openapi.json", endpoint="document")]
    )

    def __call__(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        try:
            label, values = self.routes.bind_to_environ(environ).match()
            status, value = (
                (200, DOCUMENT) if label == "document" else self.run(request, label, values)
            )
        except RefusedError as refusal:
            status, value = refusal.status, {"error": refusal.message}
        except HTTPException as error:
            status, value = error.code or 500, {"error": error.name}
        text = None if value is None else json.dumps(value)
        return Response(text, status, content_type="application/json")(environ, start)

    def run(self, request: Request, label: str, values: dict[str, str]) -> tuple[int, Any]:
        method, _, path = label.partition(" ")
        kind = path.removeprefix("/admin").split("/")[1]
        if kind == "health":
            return 200, FIXED[kind]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise RefusedError(401, "sign in")
        tenant, role = self.tokens[token]
        may = {*MAY.get(label, ALL), "owner"}
        if self.flaw in LOOSE and LOOSE[self.flaw][0] == label:
            may.add(LOOSE[self.flaw][1])
        if role not in may:
            raise RefusedError(403, "for administrators" if not MAY[label] else "not allowed")
        body = request.get_json(silent=True) or {}
        writes = method in {"POST", "PATCH", "PUT"} and not path.endswith("/report")
        if writes and not isinstance(body.get("text"), str):
            raise RefusedError(422, "text is needed")
        if kind in FIXED:
            empty = kind == "reports" and role in {TEMP, MEMBER}
            return 200, [] if empty else FIXED[kind]
        if kind in {"banner", "settings"}:
            return self.once(kind, method, tenant, role, body)
        (key,) = values.values() or ("",)
        unscoped = UNSCOPED.get(self.flaw) == (label, role)
        return self.many(kind, method, (tenant, key), body, unscoped)

    def once(self, kind: str, method: str, tenant: str, role: str, body: Row) -> tuple[int, Any]:
        if method == "GET":
            return 200, {"text": self.single.get((kind, tenant), "nothing yet")}
        if role == "owner" or kind != "banner" or self.flaw == "banner":
            self.single[kind, tenant] = body["text"]
        return 204, None

    def many(
        self, kind: str, method: str, named: tuple[str, str], body: Row, unscoped: bool
    ) -> tuple[int, Any]:
        tenant, key = named
        if not key and method == "GET":
            mine = [row for (of, _), row in self.rows.items() if of == kind]
            if kind == "users":
                mine.append({"id": f"office-{tenant}", "text": "the office", "tenant": tenant})
            return 200, [shown(row) for row in mine if row["tenant"] == tenant]
        if not key or (kind == "secrets" and method == "PUT"):
            row = {"id": key or str(next(self.ids)), "text": body["text"], "tenant": tenant}
            self.rows[kind, f"{tenant} {key}" if key else row["id"]] = row
            return 201, shown(row)
        place = (kind, f"{tenant} {key}" if kind == "secrets" else key)
        found = self.rows.get(place)
        if found is None or (found["tenant"] != tenant and not unscoped):
            raise RefusedError(404, f"no {kind} {key}")
        if method == "DELETE":
            del self.rows[place]
            return 204, None
        if method == "PATCH":
            found["text"] = body["text"]
        return 200, shown(found)


def shown(row: Row) -> Row:
    return {"id": row["id"], "text": row["text"]}
