"""The payroll's tables, who may see what in them, and how a call reaches a method.

Every method is `POST /api/<name>` with a JSON object, and every answer is HTTP 200: what went
wrong stands in the body. The OpenAPI document is made from what the methods say of themselves.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import Any, TypeAlias
from uuid import UUID

from werkzeug.wrappers import Request, Response

from tests.targets.heldout_payroll_target import COMPANIES, FLAWS, PEOPLE, ROLES

Row = dict[str, Any]
KINDS: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "number": (int, float),
    "bool": bool,
    "ints": list,
    "strs": list,
}
SHAPES: dict[str, Row] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "ints": {"type": "array", "items": {"type": "integer"}},
    "strs": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object"},
}
# What an object of each name has in answers.
OBJECTS = {
    "Company": "company_id name country plan address",
    "Employee": "employee_id:int company_id name email title role manager_id:int phone"
    " active:bool salary:number",
    "BankAccount": "employee_id:int iban holder",
    "PayRun": "payrun_id company_id period note status",
    "Payslip": "payslip_id payrun_id employee_id:int employee_name gross:number net:number note",
    "Timesheet": "timesheet_id employee_id:int week hours:number note status",
    "Expense": "expense_id:int employee_id:int title amount:number note status",
    "Comment": "comment_id:int expense_id:int author_id:int text",
    "Attachment": "attachment_id expense_id:int filename size:int content",
    "Webhook": "webhook_id company_id url events:strs secret",
    "Export": "export_id:int kind status",
    "TaxCode": "code rate:number",
}
EPOCH = 7_340_032_000_000_000_000


class RpcError(Exception):
    """Something to answer with `ok: false`."""


@dataclass(frozen=True)
class Method:
    """A method of the API, and what the document says of it."""

    name: str
    takes: str
    gives: str
    public: bool
    does: Callable[[Any, Row, Row], Row]


METHODS: dict[str, Method] = {}
Does: TypeAlias = Callable[["Office", Row, Row], Row]


def rpc(
    name: str, takes: str = "", gives: str = "", *, public: bool = False
) -> Callable[[Does], Does]:
    def register(does: Does) -> Does:
        METHODS[name] = Method(name, takes, gives, public, does)
        return does

    return register


def fields(said: str) -> list[tuple[str, str, bool]]:
    """The names, kinds and whether they are required, of "name! amount:number"."""
    found = []
    for word in said.split():
        name, _, kind = word.rstrip("!").partition(":")
        found.append((name, kind or "str", word.endswith("!")))
    return found


def schema(said: str) -> Row:
    properties = {}
    for name, kind, _ in fields(said):
        plain = kind.strip("[]")
        ref = SHAPES.get(plain) or {"$ref": f"#/components/schemas/{plain}"}
        properties[name] = {"type": "array", "items": ref} if kind.startswith("[") else ref
    required = [name for name, _, needed in fields(said) if needed]
    return {"type": "object", "properties": properties} | (
        {"required": required} if required else {}
    )


def accept(method: Method, args: Any) -> Row:
    """The arguments, if those that the method knows are of their kinds."""
    if not isinstance(args, dict):
        raise RpcError("invalid_json")
    for name, kind, needed in fields(method.takes):
        value = args.get(name)
        if value is None and not needed:
            continue
        if not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "bool"):
            raise RpcError(f"invalid_argument: {name}")
        inner = {"ints": int, "strs": str}.get(kind)
        if inner and not all(isinstance(one, inner) for one in args[name]):
            raise RpcError(f"invalid_argument: {name}")
    return args


def picked(args: Row, *names: str) -> Row:
    """What was given of those names."""
    return {name: args[name] for name in names if args.get(name) is not None}


class Office:
    """One build: its tables by kind and id, its sessions, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.lock = Lock()
        self.serials = {kind: count(1001) for kind in (*OBJECTS, "snow")}
        self.tables: dict[str, dict[Any, Row]] = {kind: {} for kind in OBJECTS}
        self.passwords: dict[int, str] = {}
        self.sessions: dict[str, int] = {}  # the employee of each
        self.access: dict[str, str] = {}  # the session of each token
        self.refresh: dict[str, str] = {}
        self.links: dict[str, str] = {}  # the payslip that each shows
        self.files: dict[str, str] = {}  # the text behind each download link
        self.preferences: dict[int, Row] = {}
        for company_id, name, country in COMPANIES:
            company = {"company_id": company_id, "name": name, "country": country}
            self.tables["Company"][company_id] = company | {"plan": "starter", "address": ""}
        for company_id, role, name, password in PEOPLE:
            self.hire(company_id, f"{name}@{company_id}.example", name, role, password)
        for code, rate in (("A1", 0.21), ("B2", 0.32), ("C0", 0.0)):
            self.tables["TaxCode"][code] = {"code": code, "rate": rate}

    def hire(self, company_id: str, email: str, name: str, role: str, password: str) -> Row:
        """A new employee, who reports to the last one of the rank above."""
        above = ROLES[ROLES.index(role) + 1 :]
        bosses = [row for row in self.rows("Employee") if row["company_id"] == company_id]
        boss = next((row for row in reversed(bosses) if row["role"] in above), None)
        row = self.add("Employee", "employee_id", {
            "company_id": company_id, "name": name, "email": email, "title": "", "role": role,
            "manager_id": boss and boss["employee_id"], "phone": "", "active": True, "salary": 3000,
        })  # fmt: skip
        self.passwords[row["employee_id"]] = password
        return row

    def rows(self, kind: str) -> list[Row]:
        return list(self.tables[kind].values())

    def add(self, kind: str, key: str, row: Row, style: str = "serial") -> Row:
        """Keep a row under a new id: a number, a snowflake or a UUID, as each team liked it."""
        made: Any = next(self.serials["snow" if style == "snowflake" else kind])
        if style == "snowflake":
            made = str(EPOCH + made * 4_194_304)
        elif style == "uuid":
            made = str(UUID(int=int(secrets.token_hex(16), 16), version=4))
        self.tables[kind][made] = {key: made} | row
        return self.tables[kind][made]

    def rules(self, me: Row, row: Row, flaw: str = "") -> bool:
        """May somebody see what is this employee's own: theirs, their team's, or anybody's?"""
        if row["company_id"] != me["company_id"]:
            return False
        if me["role"] == "payroll_admin" or self.flaw == flaw:
            return True
        own: bool = row["employee_id"] == me["employee_id"]
        return own or (me["role"] == "manager" and row["manager_id"] == me["employee_id"])

    def reaches(self, me: Row, row: Row, flaw: str = "", within: str = "") -> bool:
        """May somebody see a row of an employee or of a company?"""
        if self.flaw == flaw:
            return True
        if "employee_id" in row:
            return self.rules(me, self.tables["Employee"][row["employee_id"]], within)
        return bool(row["company_id"] == me["company_id"])

    def one(self, kind: str, me: Row, key: Any, flaw: str = "", within: str = "") -> Row:
        row = self.tables[kind].get(key)
        if row is None or not self.reaches(me, row, flaw, within):
            raise RpcError(f"{kind.lower()}_not_found")
        return row

    def mine(self, kind: str, me: Row, flaw: str = "", within: str = "") -> list[Row]:
        return [row for row in self.rows(kind) if self.reaches(me, row, flaw, within)]

    def demand(self, me: Row, role: str, flaw: str = "") -> None:
        """Go on only for somebody of at least this role."""
        if ROLES.index(me["role"]) < ROLES.index(role) and self.flaw != flaw:
            raise RpcError("permission_denied")

    def caller(self, request: Request) -> tuple[Row, str]:
        token = re.fullmatch(r"Bearer (\S+)", request.headers.get("Authorization", ""))
        session = self.access.get(token[1], "") if token else ""
        me = self.tables["Employee"].get(self.sessions.get(session))
        if me is None or not (me["active"] or self.flaw == "deactivated-token"):
            raise RpcError("not_authed")
        company = request.headers.get("X-Company-Id")
        if self.flaw == "header-company" and company in self.tables["Company"]:
            me = me | {"company_id": company}
        return me, session

    def said(self, request: Request) -> Row:
        method = METHODS.get(request.path.removeprefix("/api/"))
        if method is None or request.method != "POST":
            return {"ok": False, "error": "unknown_method"}
        try:
            me, session = ({}, "") if method.public else self.caller(request)
            args = request.get_json(silent=True) if request.data else {}
            given = accept(method, args)
            hidden = {"_session": session}  # who signs out has to say which session
            return {"ok": True} | method.does(self, me, given | hidden)
        except RpcError as fault:
            return {"ok": False, "error": str(fault)}

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        place, _, token = request.path.strip("/").partition("/")
        with self.lock:
            if place == "openapi.json":
                answer: Any = document()
            elif place == "files" and token in self.files and request.method == "GET":
                return Response(self.files[token], mimetype="text/csv")(environ, start_response)
            elif place in ("files", "s"):
                slip = self.tables["Payslip"].get(self.links.get(token))
                known = place == "s" and slip is not None and request.method == "GET"
                answer = {"ok": False, "error": "link_expired"}
                if known and slip is not None:
                    answer = {"ok": True, "payslip": slip}
            else:
                answer = self.said(request)
            body = json.dumps(answer)
        return Response(body, mimetype="application/json")(environ, start_response)


LINKS = {
    "/s/{share_token}": "A shared payslip, for whoever has its link.",
    "/files/{file_token}": "A finished export, for whoever has its link.",
}


PARTNER = {
    "name": "X-Company-Id",
    "in": "header",
    "description": "For partners who look after several companies; ignored for everybody else.",
    "schema": {"type": "string"},
}


def document() -> Row:
    paths: Row = {}
    for method in METHODS.values():
        answer = schema(f"ok:bool! error {method.gives}")
        said = method.does.__doc__ or ""
        paths[f"/api/{method.name}"] = {
            "post": {
                "operationId": method.name,
                "tags": [method.name.partition(".")[0]],
                "description": " ".join(said.split()),
                "requestBody": {"content": {"application/json": {"schema": schema(method.takes)}}},
                "responses": {
                    "200": {
                        "description": "Whether it worked, and what came of it",
                        "content": {"application/json": {"schema": answer}},
                    }
                },
            }
            | ({"security": []} if method.public else {})
        }
    paths["/api/employees.list"]["post"]["parameters"] = [PARTNER]
    for path, said in LINKS.items():
        name = path[path.index("{") + 1 : -1]
        where = {"name": name, "in": "path", "required": True, "schema": SHAPES["str"]}
        read = {"description": said, "parameters": [where], "security": []}
        paths[path] = {"get": read | {"responses": {"200": {"description": "It"}}}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Payroll", "version": "2026.11", "description": ABOUT},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {name: schema(said) for name, said in OBJECTS.items()},
        },
    }


ABOUT = (
    "Payroll for many companies. A company never sees another one's data. Within a company an"
    " employee sees what is theirs, a manager also what is their direct reports', and a payroll"
    " admin everything; names and titles are known to all colleagues. Errors come with HTTP 200,"
    " `ok: false` and an `error` code."
)
