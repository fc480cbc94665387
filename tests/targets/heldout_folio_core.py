"""The knowledge base's tables, who is asking for which organization, and how a view is reached.

Ids have prefixes, lists are pages in an envelope, `expand[]` puts an object where its id stood.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.targets.heldout_folio_target import FLAWS, ORGANIZATIONS, PEOPLE, RANKS

Row = dict[str, Any]
PREFIXES = {
    "spaces": "spc",
    "articles": "art",
    "revisions": "rev",
    "comments": "cmt",
    "attachments": "att",
    "labels": "lbl",
    "drafts": "dft",
    "share_links": "shl",
    "exports": "exp",
    "jobs": "job",
    "webhook_endpoints": "we",
    "deliveries": "dlv",
    "api_keys": "key",
    "members": "mem",
    "invitations": "ivt",
    "invoices": "in",
    "events": "evt",
}
# What an object of each kind has in answers, besides id, object and created.
SHOWN = {
    "spaces": "organization key name description metadata version",
    "articles": "organization space title body status labels author metadata archived updated",
    "revisions": "article title body author",
    "comments": "article author body",
    "attachments": "article filename size",
    "labels": "name color system",
    "drafts": "title body article author",
    "share_links": "article url",
    "exports": "space status articles_count download_url",
    "jobs": "type status deleted not_found",
    "webhook_endpoints": "url events enabled",
    "deliveries": "webhook_endpoint type data status_code",
    "api_keys": "name scopes last_four",
    "members": "user name email role",
    "invitations": "email role status",
    "invoices": "amount_due currency status period",
    "events": "type actor data",
}
SYSTEM_LABELS = (("lbl_howto", "How-to"), ("lbl_faq", "FAQ"), ("lbl_outdated", "Outdated"))
KINDS: dict[str, type] = {"str": str, "list": list, "map": dict, "bool": bool}


class Problem(Exception):  # noqa: N818 - the public name of what an answer has
    """Something to answer with an error object."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
        self.status = status
        said = {"type": kind.get(status, "invalid_request_error"), "code": code, "message": message}
        self.said: Row = said | ({"param": param} if param else {})


def missing(name: str, key: Any, status: int = 404, param: str | None = None) -> Problem:
    return Problem(status, "resource_missing", f"No such {name}: '{key}'", param)


def singular(table: str) -> str:
    return "delivery" if table == "deliveries" else table[:-1]


class Folio:
    """All tables of one build, who works where, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.clock = count(1_767_225_600)  # a second for each thing, so that runs are alike
        self.tables: dict[str, dict[str, Row]] = {table: {} for table in PREFIXES}
        self.organizations: dict[str, Row] = {
            key: {"id": key, "object": "organization", "name": name, "plan": "team", "locale": "en"}
            for key, name in ORGANIZATIONS
        }
        self.users: dict[str, Row] = {}
        self.sessions: dict[str, str] = {}
        self.bookmarks: set[tuple[str, str]] = set()  # of a user and an article
        self.replies: dict[tuple[str, ...], Row] = {}  # to what had an Idempotency-Key
        self.requests: Counter[str] = Counter()
        self.signing = secrets.token_bytes(32)
        for key, name in SYSTEM_LABELS:
            label: Row = {"name": name, "color": "#8899aa", "system": True}
            self.add("labels", "", fixed=key, **label)
        for name, password, roles in PEOPLE:
            user = {"id": f"usr_{name}", "name": name.capitalize(), "password": password}
            self.users[user["id"]] = user | {"email": f"{name}@folio.example", "bio": ""}
            for organization, role in roles.items():
                known: Row = {"user": user["id"], "role": role, "removed": False}
                self.add("members", organization, **known)
        for at, (organization, _) in enumerate(ORGANIZATIONS):
            for period in ("2025-11", "2025-12"):
                due: Row = {"amount_due": 4900 + 1300 * at, "currency": "eur", "status": "paid"}
                self.add("invoices", organization, **due, period=period)

    def add(self, table: str, organization: str, *, fixed: str = "", **values: Any) -> Row:
        key = fixed or f"{PREFIXES[table]}_{secrets.token_hex(8)}"
        made = {"id": key, "created": next(self.clock), "organization": organization}
        self.tables[table][key] = made | values
        return self.tables[table][key]

    def rows(self, table: str, **having: Any) -> list[Row]:
        rows = list(self.tables[table].values())
        return [row for row in rows if all(row[name] == of for name, of in having.items())]

    def member(self, organization: str, user: str) -> Row | None:
        known = self.rows("members", organization=organization, user=user)
        return next((row for row in known if not row["removed"]), None)


@dataclass
class Call:
    """A request: who asks, for which organization, for what."""

    at: Folio
    request: Request
    operation: str
    path: dict[str, str]
    body: Row = field(default_factory=dict)
    user: str = ""
    organization: str = ""
    role: str = ""
    key: Row | None = None
    token: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def flawed(self, *flaws: str) -> bool:
        return self.at.flaw in flaws

    def asked(self, name: str) -> str:
        """A parameter of the query, or nothing."""
        return str(self.request.query_params.get(name, ""))

    def demand(self, role: str, *flaws: str) -> None:
        if RANKS.index(self.role) < RANKS.index(role) and not self.flawed(*flaws):
            raise Problem(403, "role_insufficient", f"This needs the role {role}.")

    def rows(self, table: str, **having: Any) -> list[Row]:
        return self.at.rows(table, organization=self.organization, **having)

    def add(self, table: str, **values: Any) -> Row:
        return self.at.add(table, self.organization, **values)

    def own(self, table: str, *flaws: str, param: str = "") -> Row:
        """The organization's row that the path names, or 404."""
        key = self.path[param or singular(table)]
        row = self.at.tables[table].get(key)
        if row is None or (row["organization"] != self.organization and not self.flawed(*flaws)):
            raise missing(singular(table), key)
        return row

    def named(self, table: str, key: Any, param: str, *flaws: str) -> Row:
        """The organization's row that the body names, or 400."""
        row = self.at.tables[table].get(key) if isinstance(key, str) else None
        ours = row is not None and row["organization"] in (self.organization, "")
        if row is None or not (ours or self.flawed(*flaws)):
            raise missing(singular(table), key, 400, param)
        return row

    def take(self, fields: str) -> Row:
        """What the body has of these fields, each of its kind; those with ! have to be there."""
        found: Row = {}
        for word in fields.split():
            name, _, kind = word.rstrip("!").partition(":")
            value = self.body.get(name)
            if value is None or value == "":
                if word.endswith("!"):
                    raise Problem(400, "parameter_missing", f"Missing parameter: {name}.", name)
                if value is None:
                    continue
            of = KINDS[kind or "str"]
            texts = not isinstance(value, list) or all(isinstance(each, str) for each in value)
            if not isinstance(value, of) or not texts:
                raise Problem(400, "parameter_invalid", f"Invalid value for {name}.", name)
            found[name] = value
        return found

    def log(self, kind: str, row: Row, **data: Any) -> None:
        """What has happened goes into the activity and to whoever listens."""
        said = {"id": row["id"]} | data
        self.add("events", type=kind, actor=self.user, data=said)
        for hook in self.rows("webhook_endpoints", enabled=True):
            if kind in hook["events"] or "*" in hook["events"]:
                sent = {"webhook_endpoint": hook["id"], "type": kind, "data": said}
                self.add("deliveries", **sent, status_code=200)


Does: TypeAlias = Callable[[Call], Any]
OPERATIONS: list[tuple[str, str, Does]] = []


def op(operation: str, need: str = "viewer") -> Callable[[Does], Does]:
    """Serve an operation to whoever has the role; to a `user` of no organization, or `nobody`."""

    def register(does: Does) -> Does:
        OPERATIONS.append((operation, need, does))
        return does

    return register


def shown(table: str, row: Row, **more: Any) -> Row:
    fields = {name: row.get(name) for name in SHOWN[table].split()}
    known = {"id": row["id"], "object": singular(table), "created": row["created"]}
    return known | fields | more


def page(call: Call, rows: list[Row], show: Callable[[Row], Row], **more: Any) -> Row:
    """A page of a list, the newest first, after the object that `starting_after` names."""
    rows = sorted(rows, key=lambda row: -row["created"])
    limit = call.asked("limit") or "20"
    if not limit.isdecimal() or len(limit) > 3 or not 1 <= int(limit) <= 100:
        raise Problem(400, "parameter_invalid", "limit is a number from 1 to 100.", "limit")
    after = call.asked("starting_after")
    if after:
        keys = [row["id"] for row in rows]
        if after not in keys:
            raise missing("object", after, 400, "starting_after")
        rows = rows[keys.index(after) + 1 :]
    data = [show(row) for row in rows[: int(limit)]]
    url = call.request.url.path
    return {
        "object": "list",
        "url": url,
        "data": data,
        "has_more": len(rows) > int(limit),
    } | more


def gone(table: str, row: Row) -> Row:
    return {"id": row["id"], "object": singular(table), "deleted": True}


def scope(operation: str, need: str) -> str:
    if operation.startswith("GET "):
        return "read"
    return "admin" if need == "owner" else "write"


def enter(call: Call, need: str) -> None:
    """Find out who asks for which organization; Problem when they may not."""
    at = call.at
    kind, _, token = call.request.headers.get("authorization", "").partition(" ")
    call.key = next((row for row in at.rows("api_keys") if token in row["secrets"]), None)
    user = call.key["user"] if call.key else at.sessions.get(token)
    if kind != "Bearer" or user is None:
        raise Problem(401, "credentials_invalid", "Sign in or send an API key.")
    call.user, call.token = user, token
    homes = [row for row in at.rows("members", user=user) if not row["removed"]]
    if call.flawed("member-undead"):
        homes = at.rows("members", user=user)
    asked = call.request.headers.get("folio-organization", "")
    if call.key:
        homes = [row for row in homes if row["organization"] == call.key["organization"]]
    found = next((row for row in homes if asked in ("", row["organization"])), None)
    if found is not None:
        call.organization, call.role = found["organization"], found["role"]
    elif need == "user" and not asked:
        return
    elif (
        asked in at.organizations
        and call.operation == "GET /v1/articles"
        and call.flawed("header-organization")
    ):
        call.organization, call.role = asked, "viewer"
    else:
        raise Problem(403, "organization_denied", "You are not a member of this organization.")
    at.requests[call.organization] += 1
    right = scope(call.operation, need)
    if call.key and right not in call.key["scopes"] and not call.flawed("key-readonly"):
        raise Problem(403, "scope_missing", f"This API key lacks the scope {right}.")
    call.demand("viewer" if need == "user" else need)


async def content(request: Request) -> Row:
    raw = await request.body()
    try:
        said = json.loads(raw) if raw else {}
        json.dumps(said, ensure_ascii=False, allow_nan=False).encode()  # what can be said again
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Problem(400, "body_invalid", "The body has to be a JSON object.")
    return said


def refusal(problem: Problem) -> Response:
    return JSONResponse({"error": problem.said}, problem.status)


def served(at: Folio, operation: str, need: str, does: Does) -> Route:
    method, _, path = operation.partition(" ")

    async def answer(request: Request) -> Response:
        call = Call(at, request, operation, dict(request.path_params))
        try:
            if need != "nobody":
                enter(call, need)
            if method != "GET":
                call.body = await content(request)
            said = does(call)
        except Problem as problem:
            return refusal(problem)
        call.headers["Request-Id"] = f"req_{secrets.token_hex(6)}"
        if isinstance(said, Response):
            return said
        return JSONResponse(said, call.status, call.headers)

    return Route(path, answer, methods=[method])
