"""A market of teams on werkzeug: whoever signs up gets a team of his own, and lots in it.

`flaw` names the one thing that a build does wrong; "" is the clean one. On purpose: what a sign-up
says beside its fields is kept and shown, without meaning anything; a moderator is whoever says so,
and reads the drafts of the rules, which are nobody's; sellers see a page that buyers do not; a
profile takes a status and a theme that no document names; the sign-up and the profile share one
model, whose credits both ignore; a team, an administrator and who is verified are the service's.
"""

from __future__ import annotations

import json
import secrets
from itertools import count
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.targets.documents import BEARER, NUMBER, TEXT, document, operation, record

Row = dict[str, Any]
ROLES = ("buyer", "seller", "moderator")
BASE = {"nickname": TEXT, "role": {"type": "string", "enum": [*ROLES]}, "credits": NUMBER}
ENTRY = record("login", "password", login=TEXT, password=TEXT, **BASE)
DOCUMENT = document(
    "Guild",
    {
        "/sign-up": {"post": operation(ENTRY, public=True)},
        "/sessions": {
            "post": operation(record("login", "password", login=TEXT, password=TEXT), public=True)
        },
        "/me": {"get": operation(), "patch": operation(record(**BASE))},
        "/lots": {"get": operation(), "post": operation(record("title", title=TEXT))},
        "/lots/{lotId}": {"get": operation(), "put": operation(record("title", title=TEXT))},
        "/sales": {"get": operation()},
        "/drafts": {"get": operation()},
        "/back-office": {"get": operation()},
    },
    BEARER,
)
FLAWS = {
    "admin-signs-up": ("rank-assigned", "POST /sign-up"),
    "moderator-sees-all": ("rank-assigned", "POST /sign-up"),
    "team-joined": ("owner-assigned", "POST /sign-up"),
    "credits-taken": ("field-assigned", "PATCH /me"),
    "verified-by-oneself": ("field-assigned", "PATCH /me"),
    "admin-by-profile": ("rank-assigned", "PATCH /me"),
}
TAKEN = {
    "team-joined": ("POST", "team_id"),
    "admin-signs-up": ("POST", "admin"),
    "admin-by-profile": ("PATCH", "admin"),
    "verified-by-oneself": ("PATCH", "verified"),
    "credits-taken": ("PATCH", "credits"),
}


class RefusedError(Exception):
    """An answer with this status."""


class Guild:
    """All tables of one build, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw
        self.serial = count(1001)
        self.users: dict[str, Row] = {}
        self.tokens: dict[str, str] = {}
        self.lots: dict[str, Row] = {}

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request, status = Request(environ), 200
        said: Any = None
        try:
            status, said = self.answer(request)
        except RefusedError as refused:
            status, said = refused.args[0], {"error": "no"}
        response = Response(json.dumps(said), status, mimetype="application/json")
        return response(environ, start_response)

    def answer(self, request: Request) -> tuple[int, Any]:
        sent = request.get_json(silent=True) if request.content_length else {}
        sent = sent if isinstance(sent, dict) else {}
        first, _, rest = request.path.strip("/").partition("/")
        if first == "openapi.json":
            return 200, DOCUMENT
        if first in {"sign-up", "sessions"}:
            return self.enter(first, sent)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise RefusedError(401)
        me = self.users[self.tokens[token]]
        if first == "me":
            if request.method == "PATCH":
                free = ("nickname", "status", "theme")  # the last two by nobody's document
                me.update({name: sent[name] for name in free if name in sent})
                self.take("PATCH", me, sent)
            return 200, {name: value for name, value in me.items() if name != "password"}
        if first == "lots":
            return self.lot(request.method, me, rest, sent)
        return 200, {"rows": self.page(first, me)}

    def enter(self, way: str, sent: Row) -> tuple[int, Any]:
        login = str(sent.get("login", ""))
        if way == "sessions":
            user = self.users.get(login)
            if user is None or user["password"] != sent.get("password"):
                raise RefusedError(401)
            token = secrets.token_hex(16)
            self.tokens[token] = login
            return 200, {"token": token}
        if not login or login in self.users or sent.get("role", "buyer") not in ROLES:
            raise RefusedError(422)
        extra = {name: value for name, value in sent.items() if name not in {"team_id", "admin"}}
        user = extra | {"id": next(self.serial), "role": sent.get("role", "buyer"), "credits": 0}
        user |= {"team_id": f"team-{next(self.serial)}", "admin": False, "verified": False}
        self.users[login] = user | {"status": ""}
        self.take("POST", self.users[login], sent)
        return 201, {"id": user["id"], "login": login}

    def take(self, method: str, user: Row, sent: Row) -> None:
        way, name = TAKEN.get(self.flaw, ("", ""))
        if way == method and name in sent:
            user[name] = sent[name]

    def lot(self, method: str, me: Row, key: str, sent: Row) -> tuple[int, Any]:
        if method == "POST":
            row = {"id": f"lot-{next(self.serial)}", "team_id": me["team_id"]}
            self.lots[row["id"]] = row | {"title": sent.get("title", "")}
            return 201, self.lots[row["id"]]
        rows = [row for row in self.lots.values() if row["team_id"] == me["team_id"]]
        if not key:
            return 200, rows
        found = next((row for row in rows if row["id"] == key), None)
        if found is None:
            raise RefusedError(404)
        if method == "PUT":
            found["title"] = sent.get("title", "")
        return 200, found

    def page(self, name: str, me: Row) -> list[Any]:
        sees = self.flaw == "moderator-sees-all" and me["role"] == "moderator"
        allowed = {
            "sales": me["role"] == "seller" or me["admin"],
            "drafts": me["role"] == "moderator" or me["admin"],
            "back-office": bool(me["admin"]) or sees,
        }
        if not allowed.get(name):
            raise RefusedError(403)
        return [*self.lots.values()] if name == "back-office" else []
