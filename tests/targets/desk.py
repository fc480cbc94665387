"""Notes of people who sign up by themselves, and the staff who switch an account off.

`flaw` names the one thing that a build does wrong; "" is the clean one.
"""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug.wrappers import Request

from tests.targets.answering import Answering
from tests.targets.documents import TEXT, document, operation, record

STAFF = "token-staff-staffstaff-staff"
TOKENS = {f"token-{name}-{name * 9}-{name * 5}": name for name in ("ann", "bob")}
ACCOUNT = record("email", "password", email=TEXT, password=TEXT)
DOCUMENT = document(
    "Desk",
    {
        "/signup": {"post": {**operation(ACCOUNT), "security": []}},
        "/login": {"post": {**operation(ACCOUNT), "security": []}},
        "/me": {"get": operation()},
        "/users/{user_id}": {"patch": operation(record(is_active={"type": "boolean"}))},
        "/notes": {"get": operation(), "post": operation(record("text", text=TEXT))},
        "/notes/{note_id}": {"get": operation()},
    },
    {"type": "http", "scheme": "bearer"},
)


class Desk(Answering):
    """A WSGI application."""

    def __init__(self, flaw: str) -> None:
        self.flaw = flaw
        self.people: dict[str, dict[str, Any]] = {}
        self.tokens = {**TOKENS, STAFF: "staff"}
        self.notes: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> tuple[int, Any]:
        _, *parts = request.path.split("/")
        if parts == ["openapi.json"]:
            return 200, DOCUMENT
        sent = request.get_json() if request.method in {"POST", "PATCH"} else {}
        if parts in (["signup"], ["login"]):
            return self.enter(parts[0], str(sent["email"]), str(sent["password"]))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        user = self.tokens.get(token)
        if user is None or not (self.is_active(user) or self.flaw == "undead"):
            return 401, {"detail": "Who are you?"}
        if parts[0] == "users":
            return self.switch(user, parts[1], sent)
        if parts == ["me"]:
            return 200, {"id": user, "email": self.people.get(user, {}).get("email", user)}
        return self.noted(request.method, user, parts[1:], sent)

    def is_active(self, user: str) -> bool:
        return bool(self.people.get(user, {}).get("is_active", True))

    def enter(self, how: str, email: str, password: str) -> tuple[int, Any]:
        known = [each for each in self.people.values() if each["email"] == email]
        if how == "signup":
            if known:
                return 409, {"detail": "There is such an account."}
            row = {"id": secrets.token_hex(8), "email": email, "password": password}
            self.people[row["id"]] = {**row, "is_active": True}
            return 201, {"id": row["id"], "email": email, "is_active": True}
        if not known or known[0]["password"] != password or not known[0]["is_active"]:
            return 401, {"detail": "No."}
        token = f"token-{secrets.token_hex(16)}"
        self.tokens[token] = known[0]["id"]
        return 200, {"access_token": token}

    def switch(self, user: str, whom: str, sent: Any) -> tuple[int, Any]:
        if user != "staff":
            return 403, {"detail": "That is for the staff."}
        if whom not in self.people:
            return 404, {"detail": "There is nobody of the kind."}
        self.people[whom] |= {"is_active": sent["is_active"]}
        return 200, {"id": whom, "is_active": sent["is_active"]}

    def noted(self, method: str, user: str, rest: list[str], sent: Any) -> tuple[int, Any]:
        if not rest and method == "POST":
            row = {"id": secrets.token_hex(8), "user": user, **sent}
            self.notes[row["id"]] = row
            return 201, row
        own = {name: row for name, row in self.notes.items() if row["user"] == user}
        if not rest:
            return 200, [*own.values()]
        return (200, own[rest[0]]) if rest[0] in own else (404, {"detail": "No such note."})
