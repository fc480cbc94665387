"""The fleet's tables, which account a call is for, and how it reaches its view.

Every answer is an envelope with a request's id in it. The account stands in a header.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from werkzeug.wrappers import Request, Response

from tests.targets.heldout import document
from tests.targets.heldout_fleet_target import ACCOUNTS, FLAWS, PEOPLE, RANKS

Row = dict[str, Any]
NUMBERED = ("sites", "alerts", "exports", "keys", "activity")
PREFIXES = {"devices": "dv", "rules": "rl-", "boards": "", "invites": "iv-"}


class FleetError(Exception):
    """Something to answer with `ok: false`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Call:
    """A request: who asks, for which account, for what."""

    fleet: Fleet
    query: Row
    body: Row
    path: dict[str, str]
    headers: Any
    user: str = ""
    account: str = ""
    role: str = ""
    key: Row | None = None
    meta: Row = field(default_factory=dict)
    status: int = 200

    def flawed(self, *flaws: str) -> bool:
        return self.fleet.flaw in flaws

    def demand(self, role: str, *flaws: str) -> None:
        if RANKS.index(self.role) < RANKS.index(role) and not self.flawed(*flaws):
            raise FleetError(403, f"only for the role {role}")

    def own(self, table: str, key: Any, *flaws: str) -> Row:
        """A row of the account, or 404."""
        row = self.fleet.tables[table].get(key) if isinstance(key, str | int) else None
        if row is None or (row["account"] != self.account and not self.flawed(*flaws)):
            raise FleetError(404, f"not found in {table}")
        return row

    def rows(self, table: str, **having: Any) -> list[Row]:
        return self.fleet.rows(table, account=self.account, **having)

    def add(self, table: str, **values: Any) -> Row:
        return self.fleet.add(table, self.account, **values)

    def log(self, what: str) -> None:
        self.add("activity", what=what, user=self.user)

    def text(self, *names: str, needed: str = "") -> Row:
        """What the body has of these fields, all of them text."""
        found = {name: self.body[name] for name in names if self.body.get(name) is not None}
        if any(not isinstance(value, str) for value in found.values()):
            raise FleetError(400, "text is expected")
        if any(not found.get(name) for name in needed.split()):
            raise FleetError(400, f"missing: {needed}")
        return found

    def strings(self, name: str) -> list[str]:
        found = self.body.get(name)
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise FleetError(400, f"{name} is a list of text")
        return found

    def number(self, name: str) -> int:
        """A number of the query."""
        said = str(self.query.get(name, ""))
        if not re.fullmatch(r"\d{1,9}", said):
            raise FleetError(400, f"{name} is a number")
        return int(said)


Does: TypeAlias = Callable[[Call], Any]
ROUTES: list[tuple[str, re.Pattern[str], str, Does]] = []


def route(operation: str, need: str = "observer") -> Callable[[Does], Does]:
    """Serve an operation to whoever has this role; to a `user` without an account, or `nobody`."""
    method, _, path = operation.partition(" ")
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def register(does: Does) -> Does:
        ROUTES.append((method, pattern, need, does))
        return does

    return register


class Fleet:
    """One build: its tables, who works where, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.serials = {table: count(501) for table in NUMBERED}
        names = (*NUMBERED, *PREFIXES, "commands", "readings")
        self.tables: dict[str, dict[Any, Row]] = {table: {} for table in names}
        self.accounts = {
            key: {"account": key, "name": name, "timezone": "UTC", "device_limit": 100}
            for key, name in ACCOUNTS
        }
        self.members: dict[tuple[str, str], str] = {}
        self.gone: dict[tuple[str, str], str] = {}
        self.tokens = {token: user for user, token, _ in PEOPLE}
        self.users = {
            user: {
                "user": user,
                "name": user[2:].capitalize(),
                "email": f"{user[2:]}@fleet.example",
            }
            for user, _, _ in PEOPLE
        }
        self.shares: dict[str, str] = {}  # the dashboard of each link
        self.requests: Counter[str] = Counter()
        for user, _, roles in PEOPLE:
            for account, role in roles.items():
                self.members[account, user] = role

    def rows(self, table: str, **having: Any) -> list[Row]:
        rows = list(self.tables[table].values())
        return [row for row in rows if all(row[name] == of for name, of in having.items())]

    def add(self, table: str, account: str, **values: Any) -> Row:
        key: Any = values.pop("key", None)
        if key is None and table in NUMBERED:
            key = next(self.serials[table])
        elif key is None:
            key = PREFIXES.get(table, "") + secrets.token_hex(5)
        self.tables[table][key] = {"id": key, "account": account} | values
        return self.tables[table][key]

    def enter(self, call: Call, need: str, method: str) -> None:
        """Find out who asks for which account; FleetError when they may not."""
        kind, _, token = call.headers.get("Authorization", "").partition(" ")
        known = [row for row in self.rows("keys") if row["secret"] == token]
        if known and (not known[0]["revoked"] or call.flawed("key-undead")):
            call.key = known[0]
        user = call.key["user"] if call.key else self.tokens.get(token)
        if kind != "Token" or user is None:
            raise FleetError(401, "sign in first")
        call.user = user
        if need == "user":
            if call.key:
                raise FleetError(403, "not by a key")
            return
        asked = call.headers.get("X-Account", "")
        role = self.members.get((asked, user))
        if role is None and call.flawed("member-undead"):
            role = self.gone.get((asked, user))
        if role is None and call.flawed("account-any") and asked in self.accounts:
            role = "observer"
        bound = call.key is not None and call.key["account"] != asked
        if role is None or (bound and not call.flawed("key-account")):
            raise FleetError(403, "not a member of this account, if there is one")
        call.account, call.role = asked, role
        writing = method != "GET" and call.key is not None and call.key["scope"] != "write"
        if writing and not call.flawed("key-scope"):
            raise FleetError(403, "this key only reads")
        self.requests[asked] += 1
        call.demand("observer" if need == "any" else need)

    def answer(self, request: Request) -> tuple[int, Row]:
        found = [
            (match, need, does)
            for method, pattern, need, does in ROUTES
            if method == request.method and (match := pattern.fullmatch(request.path))
        ]
        if not found:
            raise FleetError(404, "no such operation")
        match, need, does = found[0]
        body: Any = {}
        if request.method in ("POST", "PUT", "PATCH") and request.get_data():
            body = request.get_json(silent=True, force=True)
        call = Call(self, request.args.to_dict(), {}, match.groupdict(), request.headers)
        if need != "nobody":
            self.enter(call, need, str(request.method))
        if not isinstance(body, dict):
            raise FleetError(400, "a JSON object is expected")
        call.body = body
        result = does(call)
        return call.status, {"ok": True, "result": result} | call.meta

    @Request.application
    def __call__(self, request: Request) -> Response:
        if request.path == "/openapi.json":
            return Response(json.dumps(document("fleet")), mimetype="application/json")
        try:
            status, said = self.answer(request)
        except FleetError as refusal:
            status = refusal.status
            said = {"ok": False, "error": {"code": status, "message": str(refusal)}}
        said = {"request_id": f"rq_{secrets.token_hex(6)}"} | said
        return Response(json.dumps(said), status, mimetype="application/json")


def shown(row: Row, names: str) -> Row:
    return {name: row[name] for name in names.split()}


def each_shown(rows: Iterable[Row], names: str) -> list[Row]:
    return [shown(row, names) for row in rows]
