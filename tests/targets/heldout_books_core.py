"""The bookkeeping service's tables, who is asking for which firm, and what is served.

From outside it is a usual ASP.NET Core application: controllers, PagedResult, ProblemDetails with
a traceId, and a session's cookie or an API key.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from werkzeug.wrappers import Request

from tests.targets.heldout_books_schemas import (
    Invalid,
    Row,
    checked,
    fields,
    valued,
    worded,
)
from tests.targets.heldout_books_target import FLAWS, NAMES, PEOPLE, RANKS

DRAFT, APPROVED, PAID, VOID = range(4)
GUIDS = ("Attachments", "Imports", "ApiKeys")
RATES = (("Standard", 20.0), ("Reduced", 10.0), ("Zero", 0.0))
# What one row of a table is called; its DTO is called so too.
KINDS = {
    "Customers": "Customer",
    "Vendors": "Vendor",
    "Invoices": "Invoice",
    "CreditNotes": "CreditNote",
    "RecurringInvoices": "RecurringInvoice",
    "BankAccounts": "BankAccount",
    "Transactions": "Transaction",
    "TaxRates": "TaxRate",
    "Attachments": "Attachment",
    "Imports": "Import",
    "Invitations": "Invitation",
    "ApiKeys": "ApiKey",
    "Users": "User",
    "Lines": "InvoiceLine",
    "Payments": "Payment",
    "AuditTrail": "AuditEntry",
}


class Problem(Exception):  # noqa: N818 - what is said about it
    """Something to answer with ProblemDetails."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(detail)
        self.status = status


def missing(table: str, key: Any) -> Problem:
    return Problem(404, f"{KINDS[table]} {key} was not found.")


class Store:
    """All tables of one build, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"
        self.seconds = 1_767_225_600
        self.tables: defaultdict[str, dict[Any, Row]] = defaultdict(dict)
        self.serials: defaultdict[str, count[int]] = defaultdict(lambda: count(1))
        self.numbers: defaultdict[int, count[int]] = defaultdict(lambda: count(1))
        self.sessions: dict[str, Row] = {}  # by cookie
        self.links: dict[str, int] = {}  # invoices by payment link
        self.files: dict[str, bytes] = {}
        self.recovery: defaultdict[int, set[str]] = defaultdict(set)
        self.reports: dict[Any, Row] = {}
        for key, name in NAMES.items():
            made = {"id": key, "name": name, "vatNumber": None, "plan": "Starter"}
            self.tables["Firms"][key] = made
        for name, percentage in RATES:
            self.add("TaxRates", 0, name=name, percentage=percentage)
        for email, password, roles in PEOPLE:
            name = email.partition("@")[0].capitalize()
            user = self.person(email, name, password)
            for firm, role in roles.items():
                self.join(user, firm, role)
        for firm in NAMES:
            walk: Row = {"name": "Walk-in", "email": "walk-in@customers.example"}
            self.add("Customers", firm, **walk, phone=None, address=None)
            said: Row = {"name": "Main account", "iban": f"DE0000{firm}", "type": 0}
            self.add("BankAccounts", firm, **said, openingBalance=100.0)

    def person(self, email: str, name: str, password: str) -> Row:
        return self.add("People", 0, email=email, fullName=name, password=password)

    def join(self, user: Row, firm: int, role: str) -> Row:
        """A user's membership has the user's id: see `member`."""
        said: Row = {"userId": user["id"], "role": role, "isActive": True}
        switches = dict.fromkeys(("invoicePaid", "invoiceOverdue"), True)
        switches |= dict.fromkeys(("importCompleted", "weeklySummary"), False)
        return self.add("Members", firm, **said, settings=switches)

    def now(self) -> str:
        """A second later each time, so that runs are alike."""
        self.seconds += 1
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def add(self, table: str, firm: int, **values: Any) -> Row:
        key: Any = next(self.serials[table])
        if table in GUIDS:
            key = str(UUID(hex=secrets.token_hex(16), version=4))
        self.tables[table][key] = {"id": key, "firmId": firm, "createdAt": self.now()} | values
        return self.tables[table][key]

    def rows(self, table: str, **having: Any) -> list[Row]:
        rows = list(self.tables[table].values())
        return [row for row in rows if all(row[name] == of for name, of in having.items())]


class Operation(NamedTuple):
    """What is served, to whom, and what the document says about it."""

    method: str
    path: str
    need: str
    does: Callable[[Call], Any]
    takes: str = ""
    gives: str = ""
    asks: str = ""
    status: int = 200
    lax: str = ""  # the flaw with which the role is not asked for

    @property
    def controller(self) -> str:
        return self.path.split("/")[2]


@dataclass
class Call:
    """A request: who asks, for which firm, for what."""

    at: Store
    request: Request
    operation: Operation
    path: dict[str, str]
    session: Row = field(default_factory=dict)
    user: Row = field(default_factory=dict)
    firm: int = 0
    role: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cookie: str | None = None  # to be set, or to be taken away

    def flawed(self, *flaws: str) -> bool:
        return self.at.flaw in flaws

    def query(self, name: str, default: Any = None) -> Any:
        """A parameter of the query, whatever its case, as the operation has declared it."""
        said = {key.lower(): value for key, value in self.request.args.items()}.get(name.lower())
        if said is None or said == "":
            return default
        known = dict(word.split(":") for word in paging(self.operation).split())
        return worded(known[name], said, name)

    def rows(self, table: str, **having: Any) -> list[Row]:
        return self.at.rows(table, firmId=self.firm, **having)

    def visible(self, table: str, *flaws: str, **having: Any) -> list[Row]:
        """The firm's rows; those of all firms in a build with one of the flaws."""
        return (self.at.rows if self.flawed(*flaws) else self.rows)(table, **having)

    def add(self, table: str, **values: Any) -> Row:
        return self.at.add(table, self.firm, **values)

    def demand(self, role: str, *flaws: str) -> None:
        if RANKS.index(self.role) < RANKS.index(role) and not self.flawed(*flaws):
            raise Problem(403)

    def key(self, table: str, name: str) -> Any:
        return worded("guid" if table in GUIDS else "int", self.path[name], name)

    def own(self, table: str, *flaws: str, name: str = "id") -> Row:
        """The firm's row that the path names, or 404."""
        key = self.key(table, name)
        row = self.at.tables[table].get(key)
        if row is None or not (row["firmId"] in (self.firm, 0) or self.flawed(*flaws)):
            raise missing(table, key)
        return row

    def named(self, table: str, key: Any, name: str, *flaws: str) -> Row:
        """The firm's row that the body names, or 400."""
        row = self.at.tables[table].get(key)
        if row is None or not (row["firmId"] in (self.firm, 0) or self.flawed(*flaws)):
            label = name[0].upper() + name[1:]
            raise Invalid(label, f"{KINDS[table]} {key} does not exist.")
        return row

    def member(self, name: str) -> Row:
        """The firm's user that the path names, or 404."""
        key = self.key("Users", name)
        found = self.rows("Members", userId=key)
        if not found:
            raise missing("Users", key)
        return found[0]

    def json(self) -> Any:
        try:
            said = json.loads(self.request.get_data() or b"null")
            json.dumps(said, ensure_ascii=False).encode()  # what can be said again
        except (ValueError, RecursionError):
            raise Invalid("$", "The JSON value could not be converted.") from None
        return said

    def take(self) -> Any:
        """The body as the operation's schema says."""
        said, kind = self.json(), self.operation.takes
        if said is None:
            raise Invalid("", "A non-empty request body is required.")
        return valued(kind, said, "") if kind[0] == "[" else checked(kind, said)

    def bound(self, name: str, flaw: str, *among: Any) -> Row:
        """A field of the body that the schema does not have, as only a build with the flaw does."""
        said = self.json().get(name)
        return {name: said} if self.flawed(flaw) and said in among else {}

    def log(self, action: str, table: str, row: Row) -> None:
        """What has happened is kept for the firm."""
        who = self.user.get("email", "API key")
        said: Row = {"action": action, "entity": KINDS[table], "entityId": str(row["id"])}
        self.add("AuditTrail", **said, user=who)


Does: TypeAlias = Callable[[Call], Any]
OPERATIONS: list[Operation] = []
VIEWS: dict[str, Callable[[Call, Row], Row]] = {}
PAGING = "PageIndex:int PageSize:int"


def paging(operation: Operation) -> str:
    """What the query may say: pages too where the answer is one."""
    pages = operation.gives.startswith("Page/") and operation.method == "GET"
    return f"{operation.asks} {PAGING}" if pages else operation.asks


def op(operation: str, need: str = "Bookkeeper", **said: Any) -> Callable[[Does], Does]:
    """Serve an operation to whoever has the role, or to nobody."""

    def register(does: Does) -> Does:
        method, _, path = operation.partition(" ")
        OPERATIONS.append(Operation(method, path, need, does, **said))
        return does

    return register


def shown(call: Call, dto: str, row: Row) -> Row:
    """A row as its DTO has it."""
    known = {each.name: row.get(each.name) for each in fields(dto)}
    return known | (VIEWS[dto](call, row) if dto in VIEWS else {})


def paged(call: Call, rows: list[Row], total: int | None = None, asked: Row | None = None) -> Row:
    """A page of a list as PagedResult has it; `asked` where the body says which page."""
    said = asked or {}
    index = said.get("pageIndex", 0) if asked is not None else call.query("PageIndex", 0)
    size = said.get("pageSize", 20) if asked is not None else call.query("PageSize", 20)
    index, size = max(0, index), min(max(1, size), 100)
    dto = call.operation.gives.removeprefix("Page/")
    part = [shown(call, dto, row) for row in rows[index * size : (index + 1) * size]]
    count_ = len(rows) if total is None else total
    return {"items": part, "totalCount": count_, "pageIndex": index, "pageSize": size}


def created(call: Call, row: Row) -> None:
    """Where the new resource is stands in a header."""
    host = call.request.host_url.rstrip("/")
    call.headers["Location"] = f"{host}/api/{call.operation.controller}/{row['id']}"


def contains(row: Row, word: str, *names: str) -> bool:
    return any(word.lower() in str(row[name] or "").lower() for name in names)


def blank(schema: str) -> Row:
    """What a body may leave out."""
    zero = {"num": 0, "bool": False, "BankAccountType": 0, "PaymentMethod": 0, "Frequency": ""}
    return {each.name: zero.get(each.kind) for each in fields(schema)}


NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
