"""Recipes, which paths call by a slug or by an id, and whose maker is told the slug alone.

`flaw` names the one thing that a build does wrong; "" is the clean one.
"""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Request

from tests.targets.answering import Answering
from tests.targets.documents import BEARER, TEXT, document, operation, record

TOKENS = {f"token-{name}-{name * 9}-{name * 5}": name for name in ("ann", "bob")}
RECIPE = record("name", name=TEXT)
SLUGS = {"type": "array", "items": TEXT}
DOCUMENT = document(
    "Recipes",
    {
        "/recipes": {"get": operation(), "post": operation(RECIPE)},
        "/shopping/recipe/{recipe_id}": {"get": operation()},
        "/recipes/bulk-delete": {"post": operation(record("recipes", recipes=SLUGS))},
        "/recipes/{slug}": {
            "get": operation(),
            "patch": operation(record(summary=TEXT)),
            "delete": operation(),
        },
    },
    BEARER,
)


class Recipes(Answering):
    """A WSGI application."""

    def __init__(self, flaw: str) -> None:
        self.flaw = flaw
        self.rows: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> tuple[int, Any]:
        _, *parts = request.path.split("/")
        if parts == ["openapi.json"]:
            return 200, DOCUMENT
        user = TOKENS.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if user is None:
            return 401, {"detail": "Who are you?"}
        sent = request.get_json() if request.method in {"POST", "PATCH"} else {}
        if parts[1:]:
            return self.below(request.method, user, parts, sent)
        if request.method == "GET":
            return 200, [row for row in self.rows.values() if row["user"] == user]
        row = {"id": str(uuid.uuid4()), "slug": sent["name"].lower(), "user": user, **sent}
        self.rows[row["id"]] = row
        return 201, row["slug"]

    def below(self, method: str, user: str, parts: list[str], sent: Any) -> tuple[int, Any]:
        if parts[0] == "shopping":
            row = self.rows.get(parts[2])
            return (200, {}) if row and row["user"] == user else (404, {"detail": "No."})
        if parts[1] == "bulk-delete":
            return self.bulk(user, sent["recipes"])
        return self.one(method, user, parts[1], sent)

    def bulk(self, user: str, slugs: list[str]) -> tuple[int, Any]:
        whose = {row["slug"]: row["user"] for row in self.rows.values()}
        own = {slug for slug in slugs if whose.get(slug) == user or self.flaw == "bulk by slug"}
        self.rows = {name: row for name, row in self.rows.items() if row["slug"] not in own}
        return 200, None

    def one(self, method: str, user: str, name: str, sent: Any) -> tuple[int, Any]:
        by_slug = (row for row in self.rows.values() if row["slug"] == name)
        row = self.rows.get(name) or next(by_slug, None)
        whose = {user} if row is None or self.flaw != f"{method} by id" else {user, row["user"]}
        if row is None or row["user"] not in (whose if name == row["id"] else {user}):
            return 404, {"detail": "There is no such recipe."}
        if method == "DELETE":
            return 200, self.rows.pop(row["id"])
        row |= sent
        return 200, row
