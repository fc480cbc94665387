"""A market of teams on werkzeug: whoever signs up gets a team of his own, and lots in it.

`flaw` names the one thing that a build does wrong; "" is the clean one. On purpose: what a sign-up
says beside its fields is kept and shown, without meaning anything; a moderator is whoever says so,
and reads the drafts of the rules, which are nobody's; sellers see a page that buyers do not; a
profile takes a status and a theme that no document names; the sign-up and the profile share one
model, whose credits both ignore; a team, an administrator and who is verified are the service's;
a lot's review passes by itself right after it was made. Bids are read by the lot only, notices are
written by a form, and lots are imported by rows.
"""

from __future__ import annotations

import csv
import json
import re
import secrets
from itertools import count
from typing import Any

from werkzeug.wrappers import Request, Response

from gate.forms import TABLE, URLENCODED
from tests.targets.documents import BEARER, NUMBER, TEXT, document, operation, record

Row = dict[str, Any]
ROLES = ("buyer", "seller", "moderator")
BASE = {"nickname": TEXT, "role": {"type": "string", "enum": [*ROLES]}, "credits": NUMBER}
LOT = record(
    id=TEXT,
    team_id=TEXT,
    title=TEXT,
    handler=TEXT,
    state={"type": "string", "enum": ["draft", "offered", "sold"]},
    review={"type": "string", "enum": ["pending", "passed"]},
)
TITLE, WORDS = record("title", title=TEXT), record("text", text=TEXT)
ENTRY = record("login", "password", login=TEXT, password=TEXT, **BASE)
DOCUMENT = document(
    "Guild",
    {
        "/sign-up": {"post": operation(ENTRY, public=True)},
        "/sessions": {
            "post": operation(record("login", "password", login=TEXT, password=TEXT), public=True)
        },
        "/me": {"get": operation(), "patch": operation(record(**BASE))},
        "/lots": {"get": operation(), "post": operation(TITLE, reply=LOT)},
        "/lots/batch": {"post": operation(record("lots", lots={"type": "array", "items": TITLE}))},
        "/lots/import": {
            "post": operation(
                requestBody={"content": {TABLE: {"schema": TEXT, "example": "title\nA chair"}}}
            )
        },
        "/lots/{lotId}": {"get": operation(reply=LOT), "put": operation(TITLE, reply=LOT)},
        "/lots/{lotId}/bids": {"get": operation(), "post": operation(record("bid", bid=WORDS))},
        "/lots/{lotId}/bids/{bidId}": {"put": operation(WORDS)},
        "/notices": {
            "get": operation(),
            "post": operation(requestBody={"content": {URLENCODED: {"schema": WORDS}}}),
        },
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
    "handler-chosen": ("owner-assigned", "POST /lots"),
    "state-chosen": ("field-assigned", "PUT /lots/{lotId}"),
    "bid-elsewhere": ("owner-assigned", "POST /lots/{lotId}/bids"),
    "bid-handed-over": ("owner-assigned", "PUT /lots/{lotId}/bids/{bidId}"),
    "import-elsewhere": ("owner-assigned", "POST /lots/import"),
    "batch-elsewhere": ("owner-assigned", "POST /lots/batch"),
    "notice-pinned": ("field-assigned", "POST /notices"),
}
TAKEN = {
    "team-joined": ("POST", "team_id"),
    "admin-signs-up": ("POST", "admin"),
    "admin-by-profile": ("PATCH", "admin"),
    "verified-by-oneself": ("PATCH", "verified"),
    "credits-taken": ("PATCH", "credits"),
}


def is_documented(method: str, path: str) -> bool:
    return any(
        method in item and re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), path)
        for each, item in DOCUMENT["paths"].items()
    )


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
        self.bids: dict[str, Row] = {}
        self.notices: list[Row] = []

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
        given = request.get_json(silent=True) if request.content_length else {}
        sent: Row = given if isinstance(given, dict) else dict(request.form)
        first, _, rest = request.path.strip("/").partition("/")
        if first == "openapi.json":
            return 200, DOCUMENT
        if not is_documented(request.method.lower(), request.path):
            raise RefusedError(404)
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
        if request.path == "/lots/import":
            lines = csv.DictReader(request.get_data(as_text=True).splitlines())
            return 201, {"made": [self.brought(me, each, "import")["id"] for each in lines]}
        if request.path == "/lots/batch":
            rows = sent.get("lots")
            return 201, [self.brought(me, each, "batch") for each in rows or () if each]
        return self.table(first, request.method, me, rest, sent)

    def brought(self, me: Row, row: Row, way: str) -> Row:
        team = row.get("team_id") if self.flaw == f"{way}-elsewhere" else None
        whose = me | {"team_id": team or me["team_id"]}
        made: Row = self.lot("POST", whose, "", {"title": row.get("title", "")})[1]
        return made

    def table(self, name: str, method: str, me: Row, rest: str, sent: Row) -> tuple[int, Any]:
        if name == "lots":
            key, *more = rest.split("/")
            if more:
                return self.bid(method, self.mine(me, key), more[1:], sent)
            return self.lot(method, me, key, sent)
        if name == "notices":
            return self.notice(method, me, sent)
        return 200, {"rows": self.page(name, me)}

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
        self.users[login] = user | {"status": "", "shownName": f"Member {user['id']}"}
        self.take("POST", self.users[login], sent)
        return 201, {"id": user["id"], "login": login}

    def take(self, method: str, user: Row, sent: Row) -> None:
        way, name = TAKEN.get(self.flaw, ("", ""))
        if way == method and name in sent:
            user[name] = sent[name]

    def mine(self, me: Row, key: str) -> Row:
        row = self.lots.get(key, {"team_id": ""})
        if row["team_id"] != me["team_id"]:
            raise RefusedError(404)
        return row

    def lot(self, method: str, me: Row, key: str, sent: Row) -> tuple[int, Any]:
        if method == "POST":
            row = {"id": f"lot-{next(self.serial)}", "team_id": me["team_id"], "state": "draft"}
            row |= {"title": sent.get("title", ""), "review": "pending", "handler": me["shownName"]}
            known = {user["shownName"] for user in self.users.values()}
            if self.flaw == "handler-chosen" and sent.get("handler") in known:
                row["handler"] = sent["handler"]
            self.lots[row["id"]] = row | {"review": "passed"}
            return 201, row
        if not key:
            return 200, [row for row in self.lots.values() if row["team_id"] == me["team_id"]]
        found = self.mine(me, key)
        if method == "PUT":
            found["title"] = sent.get("title", "")
            if self.flaw == "state-chosen" and "state" in sent:
                if sent["state"] not in LOT["properties"]["state"]["enum"]:
                    raise RefusedError(422)
                found["state"] = sent["state"]
        return 200, found

    def bid(self, method: str, lot: Row, key: list[str], sent: Row) -> tuple[int, Any]:
        if method == "GET":
            return 200, [row for row in self.bids.values() if row["lot_id"] == lot["id"]]
        if method == "POST":
            sent = sent.get("bid") if isinstance(sent.get("bid"), dict) else {}
            wished = str(sent.get("lot_id")) if self.flaw == "bid-elsewhere" else lot["id"]
            where = wished if wished in self.lots else lot["id"]
            row = {"id": f"bid-{next(self.serial)}", "lot_id": where, "team_id": lot["team_id"]}
            self.bids[row["id"]] = row | {"text": sent.get("text", "")}
            return 201, self.bids[row["id"]]
        found = self.bids.get(key[0], {"lot_id": ""})
        if found["lot_id"] != lot["id"]:
            raise RefusedError(404)
        names = ("text", *(("team_id",) if self.flaw == "bid-handed-over" else ()))
        found.update({name: sent[name] for name in names if name in sent})
        return 200, found

    def notice(self, method: str, me: Row, sent: Row) -> tuple[int, Any]:
        if method == "POST":
            pinned = self.flaw == "notice-pinned" and sent.get("pinned") == "true"
            row = {"id": f"notice-{next(self.serial)}", "team_id": me["team_id"], "pinned": pinned}
            self.notices.append(row | {"text": sent.get("text", "")})
            return 201, self.notices[-1]
        return 200, [row for row in self.notices if row["team_id"] == me["team_id"]]

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
