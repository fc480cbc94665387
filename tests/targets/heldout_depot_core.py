"""The order and inventory service's tables, who is asking for which company, and what is served.

From outside it is a usual Spring application: pages with `content`, HAL for some resources, error
bodies with `timestamp` and `path`, `If-Match` versions, and a company chosen by `X-Company-Id`.
"""

from __future__ import annotations

import json
import math
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

from tests.targets.heldout_depot_schemas import Invalid, Row, checked, fields, identity, valued
from tests.targets.heldout_depot_target import COMPANIES, FLAWS, PEOPLE, RANKS

BASE = "/api/v2"
HAL = ("suppliers", "locations", "price-lists")
LONG = (
    *("purchase-orders", "price-lists", "audit-events", "notifications"),
    *("categories", "carriers"),
)
PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    422: "Unprocessable Entity",
}


class Problem(Exception):  # noqa: N818 - what is said about it
    """Something to answer with Spring's error body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def kind(table: str) -> str:
    """What one of the table's rows is called: `PurchaseOrder` for `purchase-orders`."""
    single = re.sub(r"ie$", "y", table.removesuffix("s"))
    return "".join(word.capitalize() for word in single.split("-"))


def parameter(table: str) -> str:
    return "lineId" if table == "order-lines" else f"{kind(table)[0].lower()}{kind(table)[1:]}Id"


def missing(table: str, key: Any, status: int = 404) -> Problem:
    return Problem(status, f"{kind(table)} {key} not found")


class Store:
    """All tables of one build, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.seconds = 1_767_225_600
        self.tables: defaultdict[str, dict[str, Row]] = defaultdict(dict)
        self.serials: defaultdict[str, count[int]] = defaultdict(lambda: count(1001))
        self.access: dict[str, Row] = {}  # sessions by token
        self.refresh: dict[str, Row] = {}
        self.contents: dict[str, bytes] = {}  # of documents and reports
        self.stock: defaultdict[tuple[str, str], int] = defaultdict(int)  # of location and product
        self.dashboards: dict[str, Row] = {}
        self.signed: set[str] = set()
        self.signing = secrets.token_bytes(32)
        for key, name, plan in COMPANIES:
            self.tables["companies"][key] = {"id": key, "name": name, "phone": "", "plan": plan}
        for email, password, roles in PEOPLE:
            said: Row = {"email": email, "password": password, "phone": None}
            user = self.add("users", "", name=email.partition("@")[0].capitalize(), **said)
            for company, role in roles.items():
                self.add("employees", company, userId=user["id"], role=role, active=True)

    def now(self) -> str:
        """A second later each time, so that runs are alike."""
        self.seconds += 1
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def add(self, table: str, company: str, **values: Any) -> Row:
        key: Any = str(UUID(hex=secrets.token_hex(16), version=4))
        if table in LONG:
            key = next(self.serials[table])
        made = {"id": key, "companyId": company, "createdAt": self.now(), "version": 0}
        self.tables[table][str(key)] = made | {"deleted": False} | values
        return self.tables[table][str(key)]

    def rows(self, table: str, **having: Any) -> list[Row]:
        rows = list(self.tables[table].values())
        return [row for row in rows if all(row[name] == of for name, of in having.items())]


class Operation(NamedTuple):
    """What is served, to whom, and what the document says about it."""

    method: str
    path: str
    need: str
    name: str
    does: Callable[[Call], Any]
    takes: str = ""
    gives: str = ""
    asks: str = ""
    status: int = 200
    lax: str = ""  # the flaw with which the role is not asked for


@dataclass
class Call:
    """A request: who asks, for which company, for what."""

    at: Store
    request: Request
    operation: Operation
    path: dict[str, str]
    session: Row = field(default_factory=dict)
    user: Row = field(default_factory=dict)
    company: str = ""
    role: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def flawed(self, *flaws: str) -> bool:
        return self.at.flaw in flaws

    def asked(self, name: str) -> str:
        return str(self.request.args.get(name, ""))

    def rows(self, table: str, **having: Any) -> list[Row]:
        return self.at.rows(table, companyId=self.company, **having)

    def visible(self, table: str, *flaws: str, **having: Any) -> list[Row]:
        """The company's rows; those of all companies in a build with one of the flaws."""
        return (self.at.rows if self.flawed(*flaws) else self.rows)(table, **having)

    def add(self, table: str, **values: Any) -> Row:
        return self.at.add(table, self.company, **values)

    def demand(self, role: str, *flaws: str) -> None:
        if RANKS.index(self.role) < RANKS.index(role) and not self.flawed(*flaws):
            raise Problem(403, "Access Denied")

    def key(self, table: str) -> str:
        said = self.path[parameter(table)]
        if table not in LONG:
            return identity(said)
        if not re.fullmatch(r"[0-9]{1,18}", said):
            raise Invalid(f'For input string: "{said}"')
        return str(int(said))

    def own(self, table: str, *flaws: str, **having: Any) -> Row:
        """The company's row that the path names, or 404."""
        row = self.at.tables[table].get(self.key(table))
        ours = row is not None and row["companyId"] in (self.company, "")
        if row is None or not (ours or self.flawed(*flaws)):
            raise missing(table, self.path[parameter(table)])
        if any(row[name] != of for name, of in having.items()):
            raise missing(table, self.path[parameter(table)])
        return row

    def named(self, table: str, key: Any, *flaws: str) -> Row:
        """The company's row that the body names, or 422."""
        row = self.at.tables[table].get(str(key))
        ours = row is not None and row["companyId"] in (self.company, "")
        if row is None or row["deleted"] or not (ours or self.flawed(*flaws)):
            raise missing(table, key, 422)
        return row

    def json(self) -> Any:
        try:
            said = json.loads(self.request.get_data() or b"null")
            json.dumps(said, ensure_ascii=False).encode()  # what can be said again
        except (ValueError, RecursionError):
            raise Invalid("JSON parse error: Unexpected character") from None
        return said

    def take(self) -> Any:
        """The body as the operation's schema says."""
        takes = self.operation.takes
        return valued(takes, self.json(), "") if takes[0] == "[" else checked(takes, self.json())

    def bound(self, name: str, flaw: str, *among: str) -> Row:
        """A field of the body that the schema does not have, as only a build with the flaw does."""
        said = self.json().get(name)
        fits = said in among if among else isinstance(said, int)
        return {name: said} if self.flawed(flaw) and fits else {}

    def forget(self) -> None:
        """What was counted of the company's orders is counted again."""
        for key in (self.company, ""):
            self.at.dashboards.pop(key, None)

    def log(self, action: str, table: str, row: Row) -> None:
        """What has happened is kept for the owners and told to everybody else in the company."""
        said = f"{kind(table)} {row['id']}"
        self.add("audit-events", action=action, entity=said, actor=self.user.get("email", "client"))
        for employee in self.rows("employees", active=True):
            if table == "orders" and employee["userId"] != self.user.get("id"):
                told: Row = {"userId": employee["userId"], "text": f"{action} {row['number']}"}
                self.add("notifications", **told, read=False)


Does: TypeAlias = Callable[[Call], Any]
Sees: TypeAlias = Callable[[Call, Row], Row]
OPERATIONS: list[Operation] = []
VIEWS: dict[str, Sees] = {}
CHECKS: dict[str, Callable[[Call, Row, Row | None], Row]] = {}


def op(operation: str, need: str = "CLERK", **said: Any) -> Callable[[Does], Does]:
    """Serve an operation to whoever has the role; to a USER of no company, or to nobody."""

    def register(does: Does) -> Does:
        method, _, path = operation.partition(" ")
        head, *words = does.__name__.strip("_").split("_")
        name = head + "".join(word.capitalize() for word in words)
        OPERATIONS.append(Operation(method, path, need, name, does, **said))
        return does

    return register


def shown(call: Call, table: str, row: Row) -> Row:
    """A row as its DTO has it, with links where the resource is HAL."""
    known = {each.name: row.get(each.name) for each in fields(f"{kind(table)}Dto")}
    known |= VIEWS[table](call, row) if table in VIEWS else {}
    if table in HAL:
        host = "" if table == "price-lists" else call.request.host_url.rstrip("/")
        me = f"{host}{BASE}/{table}/{row['id']}"
        links = {"self": {"href": me}}
        if table == "suppliers":
            orders = f"{host}{BASE}/purchase-orders?supplierId={row['id']}"
            links["purchaseOrders"] = {"href": orders}
        known["_links"] = links
    return known


def number(said: str, default: int, most: int) -> int:
    """Spring passes over what is no number here."""
    return min(int(said), most) if re.fullmatch(r"[0-9]{1,9}", said) else default


def ordered(call: Call, table: str, rows: list[Row]) -> list[Row]:
    for said in reversed(call.request.args.getlist("sort")):
        name, _, way = said.partition(",")
        plain = {each.name for each in fields(f"{kind(table)}Dto") if each.kind[0].islower()}
        if name not in plain:
            raise Problem(400, f"No property '{name}' found for type '{kind(table)}'")

        def place(row: Row, name: str = name) -> tuple[bool, Any]:
            value = row.get(name)
            numeric = isinstance(value, (int, float))
            return (not numeric, value if numeric else str(value))

        rows = sorted(rows, key=place, reverse=way.lower() == "desc")
    return rows


def paged(call: Call, table: str, rows: list[Row], total: int | None = None) -> Row:
    """A page of a list as Spring Data says it, or as HAL does."""
    rows = ordered(call, table, rows)
    page = number(call.asked("page"), 0, 10**6)
    size = max(1, number(call.asked("size"), 20, 200))
    total = len(rows) if total is None else total
    part = [shown(call, table, row) for row in rows[page * size : (page + 1) * size]]
    pages = math.ceil(total / size)
    if table in HAL:
        me = f"{call.request.host_url.rstrip('/')}{BASE}/{table}?page={{}}&size={size}"
        links = {"self": {"href": me.format(page)}}
        if page + 1 < pages:
            links["next"] = {"href": me.format(page + 1)}
        sizes = {"size": size, "totalElements": total, "totalPages": pages, "number": page}
        name = f"{kind(table)[0].lower()}{kind(table)[1:]}DtoList"
        return {"_embedded": {name: part}, "_links": links, "page": sizes}
    asked = bool(call.asked("sort"))
    sort = {"empty": not asked, "sorted": asked, "unsorted": not asked}
    where = {"pageNumber": page, "pageSize": size, "offset": page * size, "sort": sort}
    return {
        "content": part,
        "pageable": where | {"paged": True, "unpaged": False},
        "totalElements": total,
        "totalPages": pages,
        "last": page + 1 >= pages,
        "first": page == 0,
        "size": size,
        "number": page,
        "sort": sort,
        "numberOfElements": len(part),
        "empty": not part,
    }


def unchanged(call: Call, row: Row | None) -> None:
    said = call.request.headers.get("If-Match", "*")
    if row and said not in ("*", f'"{row["version"]}"'):
        raise Problem(412, "The resource has been modified by another transaction")


def created(call: Call, table: str, row: Row) -> None:
    """Where the new resource is stands in a header, also when there is no body."""
    call.headers["Location"] = f"{call.request.host_url.rstrip('/')}{BASE}/{table}/{row['id']}"
