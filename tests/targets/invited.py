"""Clubs that whoever is signed in may join by an invitation: accounts are nobody's but their own.

`flaw` names the one thing that a build does wrong; "" is the clean one. On purpose: the code of an
invitation stands in the list of invitations only, and in the path that takes it up; one's own
account names the clubs that one has left; in the build `OPEN` invitations are links that many may
join by, and stay in the list as they were.
"""

from __future__ import annotations

import json
import secrets
from itertools import count
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets.documents import BEARER, TEXT, document, operation, record

Row = dict[str, Any]
OPEN = "open-links"
FLAWS = {
    "undead": ("issued-credentials", "DELETE /clubs/{clubId}/members/{memberId}"),
    "reused": ("issued-credentials", "POST /invitations/{token}/accept"),
    "role-taken": ("mass-assignment", "POST /invitations/{token}/accept"),
}
ENTRY = record("login", "password", login=TEXT, password=TEXT)
NOTE = record("text", id=TEXT, text=TEXT)
DOCUMENT = document(
    "Clubs",
    {
        "/sign-up": {"post": operation(ENTRY, public=True)},
        "/sessions": {"post": operation(ENTRY, public=True)},
        "/me": {"get": operation()},
        "/clubs": {"get": operation()},
        "/clubs/{clubId}/notes": {
            "get": operation(),
            "post": operation(record("text", text=TEXT), reply=NOTE),
        },
        "/clubs/{clubId}/members": {"get": operation()},
        "/clubs/{clubId}/members/{memberId}": {"delete": operation()},
        "/clubs/{clubId}/invitations": {
            "get": operation(),
            "post": operation(record("login", login=TEXT)),
        },
        "/invitations/{token}/accept": {"post": operation()},
    },
    BEARER,
)
ROUTES = Map(
    [
        Rule(path.replace("{", "<").replace("}", ">"), methods=[method.upper()], endpoint=path)
        for path, item in DOCUMENT["paths"].items()
        for method in ("get", "post", "delete")
        if method in item
    ]
)
PEOPLE = {
    f"{club}-{role}": (f"{club}-{role}-token", club, role)
    for club in ("red", "blue")
    for role in ("player", "owner")
}


class RefusedError(Exception):
    """An answer with this status."""


class Clubs:
    """All tables of one build, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw not in {"", OPEN, *FLAWS}:
            raise ValueError(flaw)
        self.flaw = flaw
        self.serial = count(1001)
        self.passwords: dict[str, str] = {}
        self.tokens = {token: login for login, (token, _, _) in PEOPLE.items()}
        self.members: list[Row] = []
        self.notes: list[Row] = []
        self.invitations: list[Row] = []
        for login, (_, club, role) in PEOPLE.items():
            self.admit(login, club, role)

    def admit(self, login: str, club: str, role: str) -> Row:
        row = {"id": f"m-{next(self.serial)}", "user": {"login": login}, "role": role}
        self.members.append(row | {"club": club, "left": False})
        return row

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request, status = Request(environ), 200
        said: Any = DOCUMENT
        if request.path != "/openapi.json":
            try:
                said = self.answer(request)
            except RefusedError as refused:
                status, said = refused.args[0], {"error": "no"}
        response = Response(json.dumps(said), status, mimetype="application/json")
        return response(environ, start_response)

    def answer(self, request: Request) -> Any:
        try:
            path, values = ROUTES.bind("").match(request.path, str(request.method))
        except HTTPException as unknown:
            raise RefusedError(unknown.code) from None
        given = request.get_json(silent=True) if request.content_length else {}
        sent: Row = given if isinstance(given, dict) else {}
        if path in {"/sign-up", "/sessions"}:
            return self.enter(path, sent)
        me = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if me is None:
            raise RefusedError(401)
        mine = [row for row in self.members if row["user"]["login"] == me]
        if path == "/me":
            return {"login": me, "clubs": [shown(row, "club", "left") for row in mine]}
        if path == "/clubs":
            return [{"id": row["club"]} for row in mine if not row["left"]]
        if path.startswith("/invitations/"):
            return self.accept(me, values["token"], sent)
        roles = [
            row["role"]
            for row in mine
            if row["club"] == values["clubId"] and (not row["left"] or self.flaw == "undead")
        ]
        if not roles:
            raise RefusedError(404)
        return self.inside(path, str(request.method), values, sent, "owner" in roles)

    def enter(self, path: str, sent: Row) -> Row:
        login, password = str(sent.get("login")), str(sent.get("password"))
        if path == "/sign-up":
            if login in {*self.passwords, *PEOPLE}:
                raise RefusedError(409)
            self.passwords[login] = password
            self.admit(login, f"club-{next(self.serial)}", "owner")
            return {"login": login}
        if self.passwords.get(login) != password:
            raise RefusedError(401)
        token = secrets.token_hex(16)
        self.tokens[token] = login
        return {"token": token}

    def accept(self, me: str, token: str, sent: Row) -> Row:
        found = next((row for row in self.invitations if row["token"] == token), None)
        if found is None or (found["state"] != "open" and self.flaw != "reused"):
            raise RefusedError(404)
        here = [row for row in self.members if row["club"] == found["club"] and not row["left"]]
        if any(row["user"]["login"] == me for row in here):
            raise RefusedError(409)
        if self.flaw != OPEN:
            found["state"] = "accepted"
        role = str(sent.get("role", "player")) if self.flaw == "role-taken" else "player"
        return self.admit(me, found["club"], role)

    def inside(self, path: str, method: str, values: Any, sent: Row, owner: bool) -> Any:
        club, last = values["clubId"], path.rpartition("/")[2]
        if last == "notes" and method == "POST":
            note = {"id": f"n-{next(self.serial)}", "club": club, "text": sent.get("text", "")}
            self.notes.append(note)
            return note
        if last == "notes":
            return [row for row in self.notes if row["club"] == club]
        here = [row for row in self.members if row["club"] == club and not row["left"]]
        if last == "members":
            return [shown(row, "id", "user", "role") for row in here]
        if not owner:
            raise RefusedError(403)
        if last == "invitations":
            return self.invite(club, method, sent)
        found = next((row for row in here if row["id"] == values["memberId"]), None)
        if found is None:
            raise RefusedError(404)
        found["left"] = True
        return {}

    def invite(self, club: str, method: str, sent: Row) -> Any:
        known = [row for row in self.invitations if row["club"] == club]
        if method == "GET":
            return known
        row = {"id": f"i-{next(self.serial)}", "club": club, "login": sent.get("login", "")}
        self.invitations.append(row | {"token": secrets.token_hex(16), "state": "open"})
        return row


def shown(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}
