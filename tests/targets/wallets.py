"""Wallets, where one person sends two credentials: a token for the account, a key for the wallet.

Each operation is content with one of them and does not look at the other; the document names the
token only. Bob may label, and not bill. No invoice has a picture, and the owner of one is told so
in the same sentence as everybody else. `flaw` names the one thing that a build does wrong; "" is
the clean one.
"""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug.wrappers import Request

from tests.targets.answering import Answering
from tests.targets.documents import TEXT, document, operation, record

TOKENS = {f"token-{name}-{name * 9}-{name * 5}": name for name in ("ann", "bob")}
KEYS = {f"key-{name * 4}-{name * 9}-{name * 5}": name for name in ("ann", "bob")}
INVOICE = record("memo", memo=TEXT)
DOCUMENT = document(
    "Wallets",
    {
        "/me": {"get": operation(), "patch": operation(record(motto=TEXT))},
        "/labels": {"get": operation(), "post": operation(record("text", text=TEXT))},
        "/invoices": {"get": operation(), "post": operation(INVOICE)},
        "/invoices/{invoice_id}": {"get": operation(), "delete": operation()},
        "/invoices/{invoice_id}/picture": {"get": operation()},
    },
    {"type": "http", "scheme": "bearer"},
)


class Wallets(Answering):
    """A WSGI application."""

    def __init__(self, flaw: str) -> None:
        self.flaw = flaw
        self.mottos = {"ann": "ann's motto", "bob": "bob's motto"}
        self.rows: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> tuple[int, Any]:
        _, *parts = request.path.split("/")
        if parts == ["openapi.json"]:
            return 200, DOCUMENT
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        user = TOKENS.get(token) if parts == ["me"] else self.holder(request)
        if user is None:
            return 401, {"detail": "Who are you?"}
        sent = request.get_json() if request.method in {"POST", "PATCH"} else {}
        if parts == ["me"]:
            self.mottos[user] = sent.get("motto", self.mottos[user])
            return 200, {"name": user, "motto": self.mottos[user]}
        return self.billed(request.method, user, parts, sent)

    def holder(self, request: Request) -> str | None:
        key = request.headers.get("X-Api-Key", "")
        if self.flaw == "half-a-key":
            return next((KEYS[each] for each in KEYS if each[:12] == key[:12]), None)
        return KEYS.get(key)

    def billed(self, method: str, user: str, parts: list[str], sent: Any) -> tuple[int, Any]:
        kind, *rest = parts
        if not rest and method == "POST":
            if (user, kind) == ("bob", "invoices"):
                return 403, {"detail": "Your wallet may not bill."}
            row = {"id": secrets.token_hex(8), "user": user, "kind": kind, **sent}
            self.rows[row["id"]] = row
            return 201, row
        own = {n: r for n, r in self.rows.items() if (r["user"], r["kind"]) == (user, kind)}
        if not rest:
            return 200, [*own.values()]
        if rest[1:] or rest[0] not in own:
            return 404, {"detail": "There is nothing of the kind."}
        return 200, self.rows.pop(rest[0]) if method == "DELETE" else own[rest[0]]
