"""Projects of clubs, as a framework with typed models serves them: numbers, camel case, `data`.

`flaw` names the one thing that a build does wrong; "" is the clean one. On purpose: a member's
e-mail is the key, and both clubs may have the same; a bulk change answers 200 with the number of
what it changed; an unknown field is ignored, `role` of `/users/me` among them; plans are the same
for all; `/load` counts the projects of all, and says so; a shared link is for whoever has it;
deleting what is not there answers 204; a new project of anybody moves nothing else of another.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote

from tests.targets.rowing_document import DOCUMENT

Row = dict[str, Any]
Answer = tuple[int, Any]
PLANS = [{"id": 1, "title": "Basic"}, {"id": 2, "title": "Large"}]
PROJECT_FIELDS = ("title", "budget", "state")


class RefusedError(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class Rowing:
    """The service; WSGI. Tokens are `club-…`."""

    tokens: ClassVar[dict[str, tuple[str, str]]] = {
        f"club-{club}-{role}-0123456789": (club, role)
        for club in ("rowers", "climbers")
        for role in ("helper", "owner")
    }

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.numbers = count(1)
        self.projects: dict[int, Row] = {}
        self.tasks: dict[int, Row] = {}
        self.members: dict[tuple[str, str], Row] = {}
        self.subscriptions: list[Row] = []
        self.shared: dict[str, int] = {}
        self.people = {
            who: {"id": at + 11, "club": who[0], "role": who[1], "fullName": who[1]}
            for at, who in enumerate(self.tokens.values())
        }
        self.me: Row = {}
        self.query: dict[str, str] = {}

    def __call__(self, environ: Any, start: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        raw = environ["wsgi.input"].read(length)
        self.query = {k: v[-1] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
        try:
            status, said = self.answer(environ, json.loads(raw or b"{}"))
        except RefusedError as error:
            status, said = error.status, {"detail": "no"}
        start(f"{status} Word", [("Content-Type", "application/json")])
        return [b"" if status == 204 else json.dumps(said).encode()]

    def answer(self, environ: Any, sent: Row) -> Answer:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == "/openapi.json":
            return 200, DOCUMENT
        found = [(p, m) for p, m in ROUTES if m.fullmatch(path)]
        route = next((p for p, _ in found if method.lower() in DOCUMENT["paths"][p]), "")
        if not route:
            raise RefusedError(405 if found else 404)
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        public = DOCUMENT["paths"][route][method.lower()].get("security") == []
        if token not in self.tokens and not public:
            raise RefusedError(401)
        self.me = self.people[self.tokens[token]] if token in self.tokens else {"club": ""}
        match = dict(found and [(p, m) for p, m in found])[route].fullmatch(path)
        parts = [unquote(part) for part in match.groups()] if match else []
        named = re.sub(r"\W+", "_", route.removeprefix("/api/v1")).strip("_")
        handler: Callable[..., Answer] = getattr(self, f"{method.lower()}_{named}")
        values = [int(part) if part.isdigit() else part for part in parts]
        return handler(*values, **({"sent": sent} if method in {"POST", "PUT", "PATCH"} else {}))

    # -- finding

    def own(self, rows: dict[int, Row], key: Any, flaw: str = "-") -> Row:
        row = rows.get(key)
        if row is None or (row["club"] != self.me["club"] and self.flaw != flaw):
            raise RefusedError(404)
        return row

    def every(self, rows: Iterable[Row], *, all_clubs: bool = False) -> list[Row]:
        return [shown(row) for row in rows if all_clubs or row["club"] == self.me["club"]]

    # -- the caller

    def get_users_me(self) -> Answer:
        return 200, {"data": self.me}

    def patch_users_me(self, sent: Row) -> Answer:
        self.me["fullName"] = str(sent.get("fullName") or self.me["fullName"])
        if self.flaw == "own-role" and sent.get("role") in {"helper", "owner"}:
            self.me["role"] = sent["role"]
        return 200, {"data": self.me}

    # -- projects

    def get_projects(self) -> Answer:
        asked = {
            "list-owner": self.query.get("ownerId"),
            "list-archived": self.query.get("includeArchived") == "true",
            "list-sorted": self.query.get("sort"),
        }
        rows = self.every(self.projects.values(), all_clubs=bool(asked.get(self.flaw)))
        rows = [row for row in rows if self.query.get("ownerId", "") in {"", str(row["ownerId"])}]
        page, size = int(self.query.get("page", 1)), int(self.query.get("perPage", 50))
        if page < 1 or not 0 < size <= 100:
            raise RefusedError(422)
        part = rows[(page - 1) * size : page * size]
        return 200, {"data": part, "meta": {"page": page, "total": len(rows)}}

    def post_projects(self, sent: Row) -> Answer:
        club = self.me["club"]
        if self.flaw == "club-assigned" and sent.get("organizationId") in {"rowers", "climbers"}:
            club = sent["organizationId"]
        row = {"id": next(self.numbers), "club": club, "ownerId": self.me["id"], "state": "draft"}
        row |= {"title": text(sent, "title"), "budget": sent.get("budget") or 1}
        self.projects[row["id"]] = row
        return 201, {"data": shown(row)}

    def get_projects_project_id(self, key: int) -> Answer:
        return 200, {"data": shown(self.own(self.projects, key, "read-project"))}

    def put_projects_project_id(self, key: int, sent: Row) -> Answer:
        row = self.own(self.projects, key, "put-project")
        if not all(sent.get(name) for name in PROJECT_FIELDS):
            raise RefusedError(422)
        row |= {name: sent[name] for name in PROJECT_FIELDS}
        return 200, {"data": shown(row)}

    def patch_projects_project_id(self, key: int, sent: Row) -> Answer:
        row = self.own(self.projects, key, "patch-project")
        row |= {name: sent[name] for name in PROJECT_FIELDS if sent.get(name) is not None}
        if self.flaw == "owner-patched" and isinstance(sent.get("ownerId"), int):
            row["ownerId"] = sent["ownerId"]
        return 200, {"data": shown(row)}

    def delete_projects_project_id(self, key: int) -> Answer:
        row = self.projects.get(key)
        if row and (row["club"] == self.me["club"] or self.flaw == "delete-project"):
            del self.projects[key]
        return 204, None

    def post_projects_project_id_share(self, key: int, sent: Row) -> Answer:
        del sent
        row, token = self.own(self.projects, key), secrets.token_hex(8)
        self.shared[token] = row["id"]
        return 200, {"data": {"share_token": token}}

    def get_shared_share_token(self, token: Any) -> Answer:
        row = self.projects.get(self.shared.get(str(token), 0))
        if row is None:
            raise RefusedError(404)
        return 200, {"data": {"title": row["title"]}}

    # -- tasks

    def get_projects_project_id_tasks(self, key: int) -> Answer:
        self.own(self.projects, key)
        offset, limit = int(self.query.get("offset", 0)), int(self.query.get("limit", 50))
        all_clubs = self.flaw == "tasks-offset" and offset > 0
        rows = [row for row in self.tasks.values() if all_clubs or row["projectId"] == key]
        return 200, {"data": [shown(row) for row in rows[0 if all_clubs else offset :][:limit]]}

    def post_projects_project_id_tasks(self, key: int, sent: Row) -> Answer:
        self.own(self.projects, key, "task-in-foreign")
        row = {"id": next(self.numbers), "club": self.projects[key]["club"], "projectId": key}
        row |= {"title": text(sent, "title"), "state": "draft"}
        self.tasks[row["id"]] = row
        return 201, {"data": shown(row)}

    def get_tasks_task_id(self, key: int) -> Answer:
        return 200, {"data": shown(self.own(self.tasks, key, "read-task"))}

    def patch_tasks_task_id(self, key: int, sent: Row) -> Answer:
        row = self.own(self.tasks, key)
        if isinstance(sent.get("projectId"), int):
            row["projectId"] = self.own(self.projects, sent["projectId"], "move-task")["id"]
        row["title"] = str(sent.get("title") or row["title"])
        return 200, {"data": shown(row)}

    def post_tasks_bulk_update(self, sent: Row) -> Answer:
        keys, changed = sent.get("taskIds"), 0
        if not isinstance(keys, list) or sent.get("state") not in {"draft", "open", "done"}:
            raise RefusedError(422)
        for row in [self.tasks[key] for key in keys if key in self.tasks]:
            if row["club"] == self.me["club"] or self.flaw == "bulk-tasks":
                row["state"] = sent["state"]
                changed += 1
        return 200, {"data": {"changed": changed}}

    # -- members, by e-mail

    def get_members(self) -> Answer:
        found = self.every(self.members.values(), all_clubs=self.flaw == "search-members")
        term = self.query.get("q", "")
        rows = [row for row in found if not term or term in row["email"] + row["displayName"]]
        plain = self.every(self.members.values())
        return 200, {"data": rows if term else plain, "query": term}

    def member(self, email: Any, flaw: str) -> Row:
        row = self.members.get((self.me["club"], str(email)))
        others = [each for (_, key), each in self.members.items() if key == email]
        if row is None and self.flaw == flaw and others:
            return others[0]
        if row is None:
            raise RefusedError(404)
        return row

    def get_members_email(self, email: Any) -> Answer:
        return 200, {"data": shown(self.member(email, "read-member"))}

    def put_members_email(self, email: Any, sent: Row) -> Answer:
        row = {"email": str(email), "club": self.me["club"]}
        row["displayName"] = text(sent, "displayName")
        self.members[self.me["club"], str(email)] = row
        return 200, {"data": shown(row)}

    def delete_members_email(self, email: Any) -> Answer:
        row = self.member(email, "delete-member")
        del self.members[row["club"], row["email"]]
        return 204, None

    # -- for all, and figures

    def get_plans(self) -> Answer:
        return 200, {"data": PLANS}

    def get_subscriptions(self) -> Answer:
        return 200, {"data": self.every(self.subscriptions)}

    def post_subscriptions(self, sent: Row) -> Answer:
        if sent.get("planId") not in {plan["id"] for plan in PLANS}:
            raise RefusedError(422)
        row = {"id": next(self.numbers), "club": self.me["club"], "planId": sent["planId"]}
        self.subscriptions.append({**row, "note": str(sent.get("note") or "")})
        return 201, {"data": shown(self.subscriptions[-1])}

    def post_figures(self, sent: Row) -> Answer:
        del sent
        rows = self.every(self.projects.values(), all_clubs=self.flaw == "figures-of-all")
        return 200, {"data": {"projects": len(rows), "budget": sum(r["budget"] for r in rows)}}

    def get_load(self) -> Answer:
        return 200, {"data": {"projects": len(self.projects)}}


ROUTES = [(path, re.compile(re.sub(r"{[^}]*}", "([^/]+)", path))) for path in DOCUMENT["paths"]]


def shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "club"}


def text(sent: Row, name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not value:
        raise RefusedError(422)
    return value
