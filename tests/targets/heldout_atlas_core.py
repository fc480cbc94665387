"""The issue tracker's tables, who is asking, and how a view is reached, in the manner of DRF.

What somebody may not see is not found; what they may see but not do is forbidden.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, TypeAlias
from uuid import UUID

from werkzeug.wrappers import Request

from tests.targets.heldout_atlas_schemas import CHOICES, Field, Row, fields
from tests.targets.heldout_atlas_target import FLAWS, PEOPLE, RANKS, WORKSPACES

TABLES = """
users memberships invitations audit projects issues comments attachments labels time_entries views
tokens webhooks deliveries exports notifications
"""
UUIDS = ("invitations", "attachments", "exports")
EXPANDS = {"projects": "Project", "users": "User", "issues": "Issue", "labels": "Label"}
SYSTEM_LABELS = (("bug", "#d73a4a"), ("question", "#d876e3"), ("wontfix", "#ffffff"))
DENIED = "You do not have permission to perform this action."
MISSING = "Not found."


class Problem(Exception):  # noqa: N818 - the public name of what an answer has
    """Something to answer instead."""

    def __init__(self, status: int, said: str | Row) -> None:
        super().__init__(said)
        self.status = status
        self.said = {"detail": said} if isinstance(said, str) else said


class Store:
    """All tables of one build and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw
        self.clock = count(1_767_225_600)  # a second for each thing, so that runs are alike
        self.tables: dict[str, dict[Any, Row]] = {table: {} for table in TABLES.split()}
        self.serials = {table: count(1) for table in TABLES.split()}
        self.cached: dict[str, Row] = {}
        self.calls: Counter[str] = Counter()
        self.signing = secrets.token_bytes(32)
        self.stars: set[tuple[int, str]] = set()
        self.workspaces: dict[str, Row] = {}
        for slug, name in WORKSPACES:
            about: Row = {"description": "", "timezone": "UTC", "plan": "team"}
            self.workspaces[slug] = {"slug": slug, "name": name, "created_at": self.now()} | about
        for name, color in SYSTEM_LABELS:
            self.add("labels", None, name=name, color=color, is_system=True)
        for name, password, roles in PEOPLE:
            email = f"{name}@atlas.example"
            said: Row = {"username": name, "first_name": name.capitalize(), "email": email}
            user = self.add("users", None, **said, password=password, is_staff=False)
            for slug, role in roles.items():
                self.join(slug, user["id"], role)

    def now(self) -> str:
        return datetime.fromtimestamp(next(self.clock), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def add(self, table: str, workspace: str | None, **values: Any) -> Row:
        uuid = table in UUIDS
        key: Any = str(UUID(hex=secrets.token_hex(16))) if uuid else next(self.serials[table])
        made = {"id": key, "workspace": workspace, "created_at": self.now()}
        self.tables[table][key] = made | values
        return self.tables[table][key]

    def join(self, workspace: str, user: int, role: str) -> Row:
        joined: Row = {"user": user, "role": role, "removed": False, "joined_at": self.now()}
        return self.add("memberships", workspace, **joined)

    def rows(self, table: str, **having: Any) -> list[Row]:
        rows = list(self.tables[table].values())
        return [row for row in rows if all(row[name] == of for name, of in having.items())]

    def get(self, table: str, key: Any) -> Row | None:
        """The row with this key, however it is written."""
        if table not in UUIDS and isinstance(key, str):
            key = int(key) if re.fullmatch(r"[0-9]{1,15}", key) else None
        elif not isinstance(key, str | int) or isinstance(key, bool):
            return None
        return self.tables[table].get(key)


Does: TypeAlias = Callable[["Call"], Any]


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    does: Does
    gives: str = ""
    takes: str = ""
    many: str = ""  # how a list comes: as a page, by offset or whole
    status: int = 200
    params: tuple[str, ...] = ()
    open: bool = False
    uuid: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


OPERATIONS: list[Operation] = []
# Values that are counted or looked up when a row is shown, and rows that not all colleagues see.
COMPUTED: dict[tuple[str, str], Callable[[Call, Row], Any]] = {}
HIDDEN: dict[str, Callable[[Call, Row], bool]] = {}


def op(operation: str, gives: str = "", params: str = "", **more: Any) -> Callable[[Does], Does]:
    method, _, path = operation.partition(" ")
    usual = {"POST": 201, "DELETE": 204}.get(method, 200) if gives else 204
    known: Row = {"status": usual, "params": tuple(params.split())} | more

    def register(does: Does) -> Does:
        OPERATIONS.append(Operation(method, path, does, gives, **known))
        return does

    return register


@dataclass
class Call:
    """A request: who asks, for what."""

    at: Store
    request: Request
    operation: Operation
    path: dict[str, str]
    body: Row = field(default_factory=dict)
    user: Row = field(default_factory=dict)
    token: Row = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)  # the role in each workspace
    headers: dict[str, str] = field(default_factory=dict)

    def flawed(self, *flaws: str) -> bool:
        return self.at.flaw in flaws

    def asked(self, name: str) -> str:
        return self.request.args.get(name, "")

    def sees(self, table: str, row: Row) -> bool:
        ours = row["workspace"] in self.homes or (table == "labels" and row["is_system"])
        return ours and not (table in HIDDEN and HIDDEN[table](self, row))

    def rows(self, table: str, **having: Any) -> list[Row]:
        return [row for row in self.at.rows(table, **having) if self.sees(table, row)]

    def own(self, table: str, *flaws: str, key: str = "id") -> Row:
        """What the path names, when the caller sees it."""
        row = self.at.get(table, self.path[key])
        if row is None or not (self.sees(table, row) or self.flawed(*flaws)):
            raise Problem(404, MISSING)
        return row

    def demand(self, workspace: str | None, role: str, *flaws: str) -> None:
        """Forbid what the caller's role in this workspace does not reach."""
        home = self.homes.get(str(workspace), "admin")
        if RANKS.index(home) < RANKS.index(role) and not self.flawed(*flaws):
            raise Problem(403, DENIED)

    def workspace(self, role: str = "viewer", *flaws: str) -> str:
        slug = self.path.get("workspace_slug") or self.path["slug"]
        if slug not in self.homes:
            raise Problem(404, MISSING)
        self.demand(slug, role, *flaws)
        return slug

    def admins(self) -> set[str]:
        """The workspaces that the caller runs; who runs none is forbidden to come in."""
        found = {slug for slug, role in self.homes.items() if role == "admin"}
        if not found:
            raise Problem(403, DENIED)
        return found

    def members(self, workspace: str) -> set[int]:
        known = self.at.rows("memberships", workspace=workspace, removed=False)
        return {row["user"] for row in known}

    def named(self, of: Field, value: Any, within: str | None) -> int:
        """The key of what a related field names, from the same workspace."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            kind = type(value).__name__
            raise ValueError(f"Incorrect type. Expected pk value, received {kind}.")  # noqa: TRY004
        row = self.at.get(of.of, value)
        if of.of == "users":
            ours = row is not None and within is not None and row["id"] in self.members(within)
        else:
            ours = row is not None and self.sees(of.of, row) and not row.get("deleted_at")
            ours = ours and row is not None and row["workspace"] in (within, None)
        if row is None or not (ours or self.referred(of)):
            raise ValueError(f'Invalid pk "{value}" - object does not exist.')
        return int(row["id"])

    def referred(self, of: Field) -> bool:
        """Whether this build looks up this field of this operation among everybody's rows."""
        flaw = FLAWS.get(self.at.flaw)
        here = flaw is not None and flaw.operation == self.operation.name
        return here and self.at.flaw.endswith(f"-{of.name}")

    def converted(self, of: Field, value: Any, within: str | None) -> Any:
        """A value of the body as it is kept; ValueError says what is wrong with it."""
        if value is None:
            if "?" in of.flags and of.kind != "slug":
                return None
            raise ValueError("This field may not be null.")
        if value == "" and "!" in of.flags:
            raise ValueError("This field may not be blank.")
        if of.kind == "pk":  # the first thing that is named says where everything is
            row = self.at.get(of.of, value) if within is None else None
            return self.named(of, value, row["workspace"] if row else within)
        if of.kind in ("many", "ints", "strs"):
            if not isinstance(value, list):
                raise ValueError(f'Expected a list of items but got type "{type(value).__name__}".')
            if of.kind == "many":
                return list(dict.fromkeys(self.named(of, each, within) for each in value))
            inner = Field(of.name, of.kind.rstrip("s"), "", "")
            return [self.converted(inner, each, within) for each in value]
        if of.kind == "slug":
            return self.slug(of, value)
        return simple(of.kind, value)

    def slug(self, of: Field, value: Any) -> str:
        known = self.at.workspaces if self.referred(of) else self.homes
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"Object with slug={value} does not exist.")
        return value

    def valid(
        self, within: str | None = None, *, partial: bool = False, without: tuple[str, ...] = ()
    ) -> Row:
        """What the body says in the operation's serializer, or 400 with each field's errors."""
        found: Row = {}
        errors: dict[str, list[str]] = {}
        for each in fields(self.operation.takes):
            if "*" in each.flags or each.name in without:
                continue
            if each.name not in self.body:
                if "!" in each.flags and not partial:
                    errors[each.name] = ["This field is required."]
                continue
            try:
                found[each.name] = self.converted(each, self.body[each.name], within)
            except ValueError as error:
                errors[each.name] = [str(error)]
                continue
            if each.kind == "slug" and within is None:
                within = found[each.name]
            elif each.kind == "pk" and each.of != "users" and within is None:
                row = self.at.get(each.of, found[each.name])
                within = row["workspace"] if row else None
        if errors:
            raise Problem(400, errors)
        return found


def simple(kind: str, value: Any) -> Any:
    if kind == "bool" and not isinstance(value, bool):
        raise ValueError("Must be a valid boolean.")
    if kind == "int":
        if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,15}", str(value)):
            raise ValueError("A valid integer is required.")
        return int(value)
    if kind in CHOICES and (not isinstance(value, str) or value not in CHOICES[kind].split()):
        raise ValueError(f'"{value}" is not a valid choice.')
    return value if kind in CHOICES or kind == "bool" else text(kind, value)


def text(kind: str, value: Any) -> str:
    if isinstance(value, bool | list | dict):
        raise ValueError("Not a valid string.")  # noqa: TRY004 - it is a value of the body
    said = str(value).strip()
    if kind == "date":
        try:
            return date.fromisoformat(said).isoformat()
        except ValueError:
            raise ValueError("Date has wrong format. Use one of these: YYYY-MM-DD.") from None
    if kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", said):
        raise ValueError("Enter a valid email address.")
    if kind == "url" and not re.match(r"https?://\w", said):
        raise ValueError("Enter a valid URL.")
    return said


def shown(call: Call, serializer: str, row: Row) -> Row:
    """A row as it comes out, with what `expand` asks for in the place of its key."""
    wanted = call.asked("expand").split(",")
    said: Row = {}
    for each in fields(serializer):
        if ">" in each.flags:
            continue
        computed = COMPUTED.get((serializer, each.name))
        value = computed(call, row) if computed else row.get(each.name)
        if each.kind in ("pk", "many") and each.name in wanted and value:
            keys = [value] if each.kind == "pk" else value
            inner = [plain(EXPANDS[each.of], call.at.tables[each.of][key]) for key in keys]
            value = inner[0] if each.kind == "pk" else inner
        said[each.name] = value
    return said


def plain(serializer: str, row: Row) -> Row:
    known = [each for each in fields(serializer) if (serializer, each.name) not in COMPUTED]
    return {each.name: row.get(each.name) for each in known if ">" not in each.flags}


def dumped(said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
