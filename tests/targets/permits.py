"""Notes of teams, in which whoever may manage says who else may.

`flaw` names the one thing that a build does wrong; "" is the clean one.
"""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug.wrappers import Request

from tests.targets.answering import Answering
from tests.targets.documents import BEARER, TEXT, document, operation, record

TOKENS = {
    f"token-{team}-{role}-{team * 5}": (team, role)
    for team in ("red", "blue")
    for role in ("owner", "member")
}
RIGHTS = record("userId", "canManage", userId=TEXT, canManage={"type": "boolean"})
DOCUMENT = document(
    "Permits",
    {
        "/me": {"get": operation()},
        "/permissions": {"put": operation(RIGHTS)},
        "/invitations": {"get": operation()},
        "/notes": {"get": operation(), "post": operation(record("text", text=TEXT))},
        "/notes/{note_id}": {"get": operation()},
    },
    BEARER,
)


class Permits(Answering):
    """A WSGI application."""

    def __init__(self, flaw: str) -> None:
        self.flaw = flaw
        self.people = {
            token: {"id": f"user-{team}-{role}", "team": team, "canManage": role == "owner"}
            for token, (team, role) in TOKENS.items()
        }
        self.notes: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> tuple[int, Any]:
        _, *parts = request.path.split("/")
        if parts == ["openapi.json"]:
            return 200, DOCUMENT
        me = self.people.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if me is None:
            return 401, {"detail": "Who are you?"}
        sent = request.get_json() if request.method in {"POST", "PUT"} else {}
        if parts == ["me"]:
            return 200, me
        if parts == ["invitations"]:
            return (200, []) if me["canManage"] else (403, {"detail": "No."})
        if parts == ["permissions"]:
            return self.permit(me, sent)
        return self.noted(request.method, me["team"], parts[1:], sent)

    def permit(self, me: dict[str, Any], sent: Any) -> tuple[int, Any]:
        if not (me["canManage"] or self.flaw == "permits-himself"):
            return 403, {"detail": "No."}
        for each in self.people.values():
            if each["id"] == sent["userId"] and each["team"] == me["team"]:
                each["canManage"] = sent["canManage"]
                return 200, each
        return 404, {"detail": "There is nobody of the kind."}

    def noted(self, method: str, team: str, rest: list[str], sent: Any) -> tuple[int, Any]:
        if not rest and method == "POST":
            row = {"id": secrets.token_hex(8), "team": team, "text": sent["text"]}
            self.notes[row["id"]] = row
            return 201, row
        own = {name: row for name, row in self.notes.items() if row["team"] == team}
        if not rest:
            return 200, [*own.values()]
        return (200, own[rest[0]]) if rest[0] in own else (404, {"detail": "No such note."})
