"""The media service's resources by their names, who may do what with them, and what is served.

From outside it is gRPC behind a gateway: resource names, custom methods, IAM policies, field
masks, etags in bodies, pages with tokens, and errors as google.rpc.Status.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from threading import RLock
from typing import Any, NamedTuple, TypeAlias

from werkzeug.wrappers import Request

from tests.targets.heldout_studio_schemas import LISTS, Invalid, Row, encoded, fields, message_of
from tests.targets.heldout_studio_target import FLAWS, PEOPLE, RANKS, WORKSPACES

INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED = 3, 5, 6, 7
FAILED_PRECONDITION, ABORTED, UNIMPLEMENTED, UNAUTHENTICATED = 9, 10, 12, 16
STATUSES = {3: 400, 5: 404, 6: 409, 7: 403, 9: 400, 10: 409, 12: 501, 16: 401}
CONTAINERS = ("workspaces", "projects")
PREFIXES = {
    "projects": "p",
    "assets": "a",
    "comments": "c",
    "tasks": "t",
    "collections": "col",
    "savedViews": "view",
    "shareLinks": "link",
    "exports": "exp",
    "operations": "op",
    "serviceAccounts": "sa",
    "keys": "key",
    "auditLogEntries": "log",
    "notifications": "n",
}


class Fault(Exception):  # noqa: N818 - what is said about it
    """Something to answer with google.rpc.Status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def missing(name: str) -> Fault:
    return Fault(NOT_FOUND, f"Resource '{name}' was not found.")


def parent(name: str) -> str:
    return name.rsplit("/", 2)[0]


def workspace(name: str) -> str:
    return "/".join(name.split("/")[:2])


class Store:
    """All resources of one build, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.lock = RLock()
        self.seconds = 1_767_225_600
        self.rows: dict[str, Row] = {}
        self.policies: dict[str, Row] = {}
        self.former: dict[str, list[Row]] = {}  # bindings that were replaced
        self.access: dict[str, Row] = {}  # sessions by token
        self.refresh: dict[str, Row] = {}
        self.keys: dict[str, Row] = {}  # of service accounts, by secret
        self.links: dict[str, Row] = {}  # by token
        self.signed: set[str] = set()
        self.signing = secrets.token_bytes(32)
        for key, title, plan in WORKSPACES:
            said: Row = {"displayName": title, "plan": plan, "quotaBytes": "1099511627776"}
            self.put(f"workspaces/{key}", "system", **said)
            self.policies[f"workspaces/{key}"] = {"bindings": [], "version": 1}
        for key, email, password, roles in PEOPLE:
            said = {"email": email, "password": password, "locale": "en"}
            said["displayName"] = email.partition("@")[0].capitalize()
            self.put(f"users/{key}", "system", **said)
            for at, role in roles.items():
                bindings = self.policies[f"workspaces/{at}"]["bindings"]
                bindings.append({"role": f"roles/{role}", "members": [f"user:{email}"]})

    def now(self, ahead: int = 0) -> str:
        """A second later each time, so that runs are alike."""
        self.seconds += 1
        at = datetime.fromtimestamp(self.seconds + ahead, UTC)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def put(self, name: str, creator: str, **values: Any) -> Row:
        now = self.now()
        made = {"name": name, "uid": name.rsplit("/", 1)[1], "createTime": now, "updateTime": now}
        self.rows[name] = made | {"creator": creator, "version": 1, "deleted": False} | values
        return self.rows[name]

    def new(self, above: str, kind: str) -> str:
        """A name for another resource of the kind."""
        return f"{above}/{kind}/{PREFIXES[kind]}-{secrets.token_hex(6)}".lstrip("/")

    def children(self, above: str, kind: str) -> list[Row]:
        """The resources of the kind under a parent, in which `-` stands for any."""
        pattern = f"{above}/{kind}/-".split("/")
        found = []
        for name, row in self.rows.items():
            parts = name.split("/")
            if len(parts) == len(pattern) and all(
                want in ("-", part) for want, part in zip(pattern, parts, strict=True)
            ):
                found.append(row)
        return found

    def rank(self, principal: str, name: str) -> int:
        """How high the principal stands by the policies of the project and its workspace, or -1."""
        parts, found = name.split("/"), -1
        for upto in (2, 4):
            at = "/".join(parts[:upto])
            bindings = list(self.policies.get(at, {"bindings": []})["bindings"])
            if self.flaw == "binding-undead":
                bindings += self.former.get(at, [])
            for each in bindings:
                if principal in each["members"]:
                    found = max(found, RANKS.index(each["role"].removeprefix("roles/")))
        return found


class Method(NamedTuple):
    """What is served, to whom, and what the document says about it."""

    verb: str
    path: str
    need: str
    rpc: str
    does: Callable[[Call], Any]
    takes: str = ""
    gives: str = ""
    asks: str = ""
    open: str = ""  # the flaw with which nobody asks whose it is
    low: str = ""  # the flaw with which the next lower role suffices

    def named(self) -> str:
        """The template of the resource's name, or its parent's."""
        return self.path[4 : self.path.rfind("}") + 1]


@dataclass
class Call:
    """A request: who asks, and about which resource."""

    at: Store
    request: Request
    method: Method
    name: str = ""
    path: dict[str, str] = field(default_factory=dict)
    session: Row = field(default_factory=dict)
    principal: str = ""
    who: str = ""  # the resource name of the caller

    def flawed(self, *flaws: str) -> bool:
        return self.at.flaw in flaws

    def asked(self, name: str) -> str:
        return str(self.request.args.get(name, ""))

    def flag(self, name: str) -> bool:
        said = self.asked(name)
        if said not in ("", "true", "false", "1", "0"):
            raise Invalid(f'parsing field "{name}": invalid syntax')
        return said in ("true", "1")

    def denied(self, name: str) -> Fault:
        permission = f"studio.{self.method.rpc[0].lower()}{self.method.rpc[1:]}"
        said = f"Permission '{permission}' denied on resource '{name}' (or it may not exist)."
        return Fault(PERMISSION_DENIED, said)

    def demand(self, role: str, name: str) -> None:
        if self.at.rank(self.principal, name) < RANKS.index(role):
            raise self.denied(name)

    def row(self, name: str) -> Row:
        found = self.at.rows.get(name)
        if found is None:
            raise missing(name)
        return found

    def own(self, by_id: str = "") -> Row:
        """The resource of the path; in a build with the flaw, found by its id alone."""
        if self.flawed(by_id) and self.name not in self.at.rows:
            tail = "/" + "/".join(self.name.split("/")[-2:])
            found = [row for name, row in self.at.rows.items() if name.endswith(tail)]
            if found:
                return found[0]
        return self.row(self.name)

    def live(self, by_id: str = "") -> Row:
        row = self.own(by_id)
        if row["deleted"]:
            raise missing(row["name"])
        return row

    def above(self) -> Row:
        """The parent of a new resource, which has to be there."""
        row = self.row(self.name)
        if row["deleted"]:
            raise missing(self.name)
        return row

    def referred(
        self, name: str, kind: str, *flaws: str, of: str = "", role: str = "viewer"
    ) -> Row:
        """A resource that the body names by its whole name: of this workspace, and open to us."""
        row = self.at.rows.get(name)
        ours = name.startswith(f"{of or workspace(self.name)}/")
        ours = ours and self.at.rank(self.principal, name) >= RANKS.index(role)
        fits = row is not None and name.split("/")[-2] == kind and not row["deleted"]
        if row is None or not fits or not (ours or self.flawed(*flaws)):
            raise Fault(INVALID_ARGUMENT, f"Invalid resource reference: '{name}'.")
        return row

    def said(self) -> Any:
        try:
            said = json.loads(self.request.get_data() or b"{}")
            json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            raise Invalid("syntax error (line 1:1): invalid value") from None
        return said

    def take(self, *required: str) -> Row:
        said = message_of(self.method.takes, self.said())
        for name in required:
            if said.get(name) in (None, "", []):
                raise Invalid(f"{name} is required")
        return said

    def bound(self, flaw: str, *names: str) -> Row:
        """Fields that are only put out, as only a build with the flaw takes them in."""
        said = self.said()
        taken = {name: said[name] for name in names if isinstance(said.get(name), str)}
        return taken if self.flawed(flaw) else {}

    def chosen(self, kind: str, parameter: str, body: str = "") -> str:
        """The name that the caller chose for a new resource, or another one."""
        said = body or self.asked(parameter)
        if not said:
            return self.at.new(self.name, kind)
        if not re.fullmatch(r"[a-z][a-z0-9-]{2,62}", said):
            raise Invalid(f"{parameter} must match ^[a-z][a-z0-9-]{{2,62}}$")
        name = f"{self.name}/{kind}/{said}"
        if name in self.at.rows:
            raise Fault(ALREADY_EXISTS, f"Resource '{name}' already exists.")
        return name

    def create(self, name: str, values: Row) -> Row:
        """The new resource; with validateOnly it is only shown."""
        values.pop("etag", None)
        row = self.at.put(name, self.who, **values)
        if "validateOnly" in self.method.asks and self.flag("validateOnly"):
            del self.at.rows[name]
        else:
            self.log(name)
        return row

    def log(self, name: str) -> None:
        at = self.at.new(workspace(name), "auditLogEntries")
        rpc = f"studio.v1.StudioService.{self.method.rpc}"
        said = {"methodName": rpc, "resource": name, "principal": self.principal}
        self.at.put(at, self.who, **said)

    def unchanged(self, row: Row, etag: str) -> None:
        if etag and etag != etag_of(row):
            raise Fault(ABORTED, f"The etag of '{row['name']}' does not match.")

    def patched(self, row: Row, message: str, said: Row, mask: str) -> Row:
        """Change what the mask names; without a mask, what the body has."""
        known = {name: output for name, _, output in fields(message)}
        empty = encoded(message, {})
        self.unchanged(row, said.pop("etag", ""))
        names = [each.strip() for each in mask.split(",")] if mask else list(said)
        if names == ["*"]:
            names = [name for name, output in known.items() if not output and name != "etag"]
        for name in names:
            if name not in known:
                raise Invalid(f"invalid path in updateMask: {name[:60]}")
            if not known[name] or name in said:
                row[name] = said.get(name, empty[name])
        return self.changed(row)

    def changed(self, row: Row, **values: Any) -> Row:
        row.update(values, version=row["version"] + 1, updateTime=self.at.now())
        self.log(row["name"])
        return row


def etag_of(row: Row) -> str:
    said = f"{row['name']}@{row['version']}"
    return f"BwX{zlib.crc32(said.encode()):08x}="


def shown(message: str, row: Row) -> Row:
    return encoded(message, row | {"etag": etag_of(row)})


Does: TypeAlias = Callable[[Call], Any]
METHODS: list[Method] = []


def op(operation: str, rpc: str, need: str = "viewer", **more: Any) -> Callable[[Does], Does]:
    """Serve a method to whoever has the role; to every `user`, or to `nobody` in particular."""
    verb, _, path = operation.partition(" ")

    def register(does: Does) -> Does:
        METHODS.append(Method(verb, path, need, rpc, does, **more))
        return does

    return register


LISTED = "pageSize:int32 pageToken:str"
FILTERED = f"{LISTED} filter:str orderBy:str"
TERM = re.compile(r'\s*([A-Za-z]+)(?:\.([\w-]+))?\s*(=|:)\s*(?:"([^"]*)"|([\w./@-]+))\s*')


def fits(value: Any, term: re.Match[str]) -> bool:
    want = term[4] or term[5] or ""
    if term[2] and isinstance(value, dict):
        value = value.get(term[2], "")
    text = value if isinstance(value, str) else json.dumps(value)
    return text == want if term[3] == "=" else want.lower() in text.lower()


def matching(rows: list[Row], message: str, said: str) -> list[Row]:
    """The rows that fit the filter, a conjunction of `field = "value"` and `field:"part"`."""
    known = {name for name, _, _ in fields(message)}
    for term in re.split(r"\s+AND\s+", said) if said.strip() else []:
        found = TERM.fullmatch(term)
        if found is None or found[1] not in known:
            raise Invalid(f"invalid filter: {said[:80]}")
        rows = [row for row in rows if fits(shown(message, row)[found[1]], found)]
    return rows


def ordered(rows: list[Row], message: str, said: str) -> list[Row]:
    known = {name for name, _, _ in fields(message)}
    for each in reversed(said.split(",") if said.strip() else []):
        name, _, way = each.strip().partition(" ")
        if name not in known or way.strip() not in ("", "asc", "desc"):
            raise Invalid(f"invalid orderBy: {said[:80]}")
        keyed = [(json.dumps(shown(message, row)[name]), row) for row in rows]
        keyed.sort(key=itemgetter(0), reverse=way.strip() == "desc")
        rows = [row for _, row in keyed]
    return rows


def token_of(name: str, offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([name, offset]).encode()).decode()


def read_token(said: str) -> tuple[str, int]:
    try:
        name, offset = json.loads(base64.urlsafe_b64decode(said.encode()))
        return str(name), max(0, int(offset))
    except (binascii.Error, OverflowError, TypeError, ValueError):
        raise Invalid("invalid page token") from None


def paged(call: Call, message: str, rows: list[Row], total: int | None = None) -> Row:
    """A page of the rows, with what is asked for with `filter` and `orderBy`."""
    rows = matching(rows, message, call.asked("filter"))
    rows = ordered(rows, message, call.asked("orderBy"))
    size = call.asked("pageSize") or "0"
    if not re.fullmatch(r"[0-9]{1,9}", size):
        raise Invalid('parsing field "pageSize": invalid syntax')
    start, limit, token = 0, min(int(size) or 50, 1000), call.asked("pageToken")
    if token:
        of, start = read_token(token)
        if of != call.name and not call.flawed("audit-page"):
            raise Invalid("invalid page token")
    more = start + limit < len(rows)
    return {
        LISTS[message]: [shown(message, row) for row in rows[start : start + limit]],
        "nextPageToken": token_of(call.name, start + limit) if more else "",
        "totalSize": len(rows) if total is None else total,
    }
