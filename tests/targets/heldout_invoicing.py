"""Billing: remote procedures over http.server, every answer a 200 with `success` in it."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any

from tests.targets.heldout import Planted, document

Row = dict[str, Any]
FLAWS = {
    "invoice-get": Planted("read", "POST /api/invoice.get"),
    "payment-get": Planted("read", "POST /api/payment.get"),
    "invoice-update": Planted("write", "POST /api/invoice.update"),
    "invoice-void": Planted("write", "POST /api/invoice.void"),
    "customer-delete": Planted("delete", "POST /api/customer.delete"),
    "bulk-delete": Planted("bulk", "POST /api/invoice.bulkDelete"),
    "bulk-get": Planted("bulk", "POST /api/customer.getMany"),
    "customer-list": Planted("list", "POST /api/customer.list"),
    "payments-of-foreign": Planted("nested", "POST /api/payment.list"),
    "payment-on-foreign": Planted("nested", "POST /api/payment.record"),
    "invoice-search": Planted("search", "POST /api/invoice.search"),
    "revenue": Planted("count", "POST /api/report.revenue"),
    "customer-reference": Planted("reference", "POST /api/invoice.create"),
    "account-assigned": Planted("mass assignment", "POST /api/customer.create"),
    "account-trusted": Planted("mass assignment", "POST /api/invoice.list"),
    "role-assigned": Planted("mass assignment", "POST /api/user.updateSelf"),
    "invite-role": Planted("function", "POST /api/user.invite"),
    "void-role": Planted("function", "POST /api/invoice.void"),
    "cursor": Planted("cursor", "POST /api/invoice.list"),
    "invoice-exists": Planted("existence", "POST /api/invoice.get"),
    "report-result": Planted("job", "POST /api/report.result"),
    "share-foreign": Planted("link", "POST /api/invoice.share"),
    "logout": Planted("revoked", "POST /api/auth.logout"),
}
TRAPS = {
    "catalogue": "product.list: one price list for all accounts",
    "tax-rates": "taxRate.list: the same for all accounts",
    "share-link": "GET /public/invoices/{token}: whoever has the token may read, by design",
    "ok-status": "refusals are 200 with success: false",
    "skipped": "invoice.bulkDelete: skipped repeats the ids that were not the caller's",
    "ignored-field": "customer.create: accountId is accepted and ignored",
    "cursor-account": "invoice.list: cursors carry an account that is checked",
    "numbers": "invoice numbers run over the whole platform",
    "directory": "account.lookup: the public directory gives any account's name and country",
    "echo": "errors and invoice.search repeat what was asked",
    "own-role-ignored": "user.updateSelf: role is accepted and ignored",
}
KEYS = {
    "bk_live_mill_owner": ("mill", "owner", "olga"),
    "bk_live_mill_clerk": ("mill", "clerk", "carl"),
    "bk_live_forge_owner": ("forge", "owner", "oskar"),
    "bk_live_forge_clerk": ("forge", "clerk", "cora"),
}
ACCOUNTS = {"mill": ("Mill Ltd", "SE"), "forge": ("Forge Inc", "NO")}
PRODUCTS = [
    {"productId": 1, "name": "Consulting hour", "price": 120},
    {"productId": 2, "name": "Licence", "price": 900},
]
RATES = [{"code": "standard", "percent": 25}, {"code": "reduced", "percent": 12}]
READS_OF_CLERK = ("get", "getMany", "list", "search", "lookup", "result", "start", "revenue")
WRITES_OF_CLERK = ("customer.create", "customer.update", "invoice.create", "invoice.update")
ALSO_OF_CLERK = ("payment.record", "user.updateSelf", "auth.logout", "invoice.share", "user.self")


class Refused(Exception):  # noqa: N818
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Billing:
    """One build of the service; `flaw` names the one that it has, if any."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.lock = threading.RLock()
        self.ids = count(7001)
        self.serial = count(1)
        self.keys = dict(KEYS)
        self.rows: dict[str, dict[int, Row]] = {
            kind: {} for kind in ("customer", "invoice", "payment", "report", "user")
        }
        self.links: dict[str, int] = {}
        self.people = {
            user: {"userName": user, "displayName": user.title(), "role": role}
            for _, role, user in KEYS.values()
        }
        for account in ACCOUNTS:
            buyer = self.add("customer", account, {"name": f"{account}'s first", "email": ""})
            self.bill(account, {"customerId": buyer["customerId"], "amount": 100, "memo": "hello"})

    # -- storage

    def add(self, kind: str, account: str, fields: Row) -> Row:
        row = {f"{kind}Id": next(self.ids), "account": account, **fields}
        self.rows[kind][row[f"{kind}Id"]] = row
        return row

    def bill(self, account: str, fields: Row) -> Row:
        number = f"INV-{next(self.serial):06d}"
        return self.add("invoice", account, {"number": number, "status": "open", **fields})

    def mine(self, kind: str, asked: Row, flaw: str = "", field: str = "") -> Row:
        field = field or f"{kind}Id"
        key = asked.get(field)
        if not isinstance(key, int) or isinstance(key, bool):
            raise Refused("invalid", f"{field} must be an integer")
        row = self.rows[kind].get(key)
        if row is None or (row["account"] != self.account and self.flaw not in {flaw} - {""}):
            raise Refused("not_found", f"{kind} {key} does not exist")
        return row

    def all(self, kind: str, everyone: bool = False) -> list[Row]:
        rows = self.rows[kind].values()
        return [row for row in rows if everyone or row["account"] == self.account]

    # -- dispatch

    def call(self, name: str, key: str, asked: Row) -> Row:
        with self.lock:
            try:
                return {"success": True, "result": self.run(name, key, asked)}
            except Refused as refusal:
                error = {"code": refusal.code, "message": refusal.message}
                return {"success": False, "error": error}

    def run(self, name: str, key: str, asked: Row) -> Any:
        handler = getattr(self, "do_" + name.replace(".", "_"), None)
        if handler is None:
            raise Refused("no_such_method", f"{name} is unknown")
        if name != "auth.login":
            if key not in self.keys:
                raise Refused("unauthenticated", "the key is unknown or revoked")
            self.key, (self.account, _, self.user) = key, self.keys[key]
            self.allow(name)
        return handler(asked)

    def allow(self, name: str) -> None:
        if self.people[self.user]["role"] == "owner":
            return
        if (name, self.flaw) in (("user.invite", "invite-role"), ("invoice.void", "void-role")):
            return
        if name.split(".")[1] in READS_OF_CLERK and name != "user.list":
            return
        if name not in WRITES_OF_CLERK + ALSO_OF_CLERK:
            raise Refused("forbidden", "for owners only")

    # -- keys and people

    def do_auth_login(self, asked: Row) -> Row:
        user, password = text(asked, "user"), text(asked, "password")
        for account, role, name in KEYS.values():
            if name == user and password == f"{name}-secret":
                key = "bk_session_" + secrets.token_hex(10)
                self.keys[key] = (account, role, name)
                return {"apiKey": key}
        raise Refused("unauthenticated", "wrong user or password")

    def do_auth_logout(self, _: Row) -> Row:
        if self.flaw != "logout":
            self.keys.pop(self.key)
        return {}

    def do_user_self(self, _: Row) -> Row:
        return self.people[self.user]

    def do_user_updateSelf(self, asked: Row) -> Row:  # noqa: N802
        me = self.people[self.user]
        me["displayName"] = text(asked, "displayName")
        if self.flaw == "role-assigned" and asked.get("role") in ("owner", "clerk"):
            me["role"] = asked["role"]
        return me

    def do_user_list(self, _: Row) -> list[Row]:
        return [self.shown(row) for row in self.all("user")]

    def do_user_invite(self, asked: Row) -> Row:
        fields = {"email": text(asked, "email"), "invitedAs": text(asked, "role")}
        return self.shown(self.add("user", self.account, fields))

    # -- the same for all

    def do_product_list(self, _: Row) -> list[Row]:
        return PRODUCTS

    def do_taxRate_list(self, _: Row) -> list[Row]:  # noqa: N802
        return RATES

    def do_account_lookup(self, asked: Row) -> Row:
        slug = text(asked, "slug")
        if slug not in ACCOUNTS:
            raise Refused("not_found", f"account {slug} does not exist")
        return {"name": ACCOUNTS[slug][0], "country": ACCOUNTS[slug][1]}

    # -- customers

    def do_customer_create(self, asked: Row) -> Row:
        account = self.account
        if self.flaw == "account-assigned" and asked.get("accountId") in ACCOUNTS:
            account = asked["accountId"]
        fields = {"name": text(asked, "name"), "email": str(asked.get("email", ""))}
        return self.shown(self.add("customer", account, fields))

    def do_customer_get(self, asked: Row) -> Row:
        return self.shown(self.mine("customer", asked))

    def do_customer_getMany(self, asked: Row) -> Row:  # noqa: N802
        found = {row["customerId"]: row for row in self.all("customer", self.flaw == "bulk-get")}
        asked_ids = numbers(asked, "customerIds")
        return {
            "customers": [self.shown(found[one]) for one in asked_ids if one in found],
            "missing": [one for one in asked_ids if one not in found],
        }

    def do_customer_list(self, _: Row) -> Row:
        rows = self.all("customer", everyone=self.flaw == "customer-list")
        return {"customers": [self.shown(row) for row in rows], "total": len(rows)}

    def do_customer_update(self, asked: Row) -> Row:
        row = self.mine("customer", asked)
        row |= {key: str(asked[key]) for key in ("name", "email") if key in asked}
        return self.shown(row)

    def do_customer_delete(self, asked: Row) -> Row:
        row = self.mine("customer", asked, "customer-delete")
        if any(one["customerId"] == row["customerId"] for one in self.rows["invoice"].values()):
            raise Refused("conflict", "the customer has invoices")
        del self.rows["customer"][row["customerId"]]
        return {}

    # -- invoices

    def do_invoice_create(self, asked: Row) -> Row:
        buyer = self.mine("customer", asked, "customer-reference")
        amount = asked.get("amount")
        if not isinstance(amount, int) or amount < 1:
            raise Refused("invalid", "amount must be a positive integer")
        fields = {"customerId": buyer["customerId"], "amount": amount}
        row = self.bill(self.account, {**fields, "memo": str(asked.get("memo", ""))})
        return {**self.shown(row), "customerName": buyer["name"]}

    def do_invoice_get(self, asked: Row) -> Row:
        if self.flaw == "invoice-exists":
            row = self.rows["invoice"].get(asked.get("invoiceId") or 0)
            if row and row["account"] != self.account:
                raise Refused("not_found", "this invoice is not visible to your account")
        return self.shown(self.mine("invoice", asked, "invoice-get"))

    def do_invoice_list(self, asked: Row) -> Row:
        account, after = self.account, 0
        if self.flaw == "account-trusted" and asked.get("accountId") in ACCOUNTS:
            account = asked["accountId"]
        if asked.get("cursor"):
            named, after = opened(str(asked["cursor"]))
            if self.flaw == "cursor":
                account = named
            elif named != account:
                raise Refused("invalid", "the cursor is not valid")
        limit = asked.get("limit", 20)
        if not isinstance(limit, int) or not 0 < limit <= 100:
            raise Refused("invalid", "limit is from 1 to 100")
        rows = [row for row in self.rows["invoice"].values() if row["account"] == account]
        rows = [row for row in rows if row["invoiceId"] > after]
        answer: Row = {"invoices": [self.shown(row) for row in rows[:limit]], "nextCursor": None}
        if len(rows) > limit:
            answer["nextCursor"] = sealed(account, rows[limit - 1]["invoiceId"])
        return answer

    def do_invoice_update(self, asked: Row) -> Row:
        row = self.mine("invoice", asked, "invoice-update")
        if row["status"] != "open":
            raise Refused("conflict", "only open invoices can be changed")
        row["memo"] = text(asked, "memo")
        return self.shown(row)

    def do_invoice_void(self, asked: Row) -> Row:
        row = self.mine("invoice", asked, "invoice-void")
        row["status"] = "void"
        return {}

    def do_invoice_bulkDelete(self, asked: Row) -> Row:  # noqa: N802
        done, skipped = [], []
        for key in numbers(asked, "invoiceIds"):
            row = self.rows["invoice"].get(key)
            if row and (row["account"] == self.account or self.flaw == "bulk-delete"):
                del self.rows["invoice"][key]
                done.append(key)
            else:
                skipped.append(key)
        if self.flaw == "bulk-delete":
            return {"deleted": len(done)}
        return {"deleted": len(done), "skipped": skipped}

    def do_invoice_search(self, asked: Row) -> Row:
        words = text(asked, "text")
        rows = self.all("invoice", everyone=self.flaw == "invoice-search")
        found = [row for row in rows if words in row["memo"] or words == row["number"]]
        return {"text": words, "invoices": [self.shown(row) for row in found]}

    def do_invoice_share(self, asked: Row) -> Row:
        row = self.mine("invoice", asked, "share-foreign")
        token = secrets.token_urlsafe(16)
        self.links[token] = row["invoiceId"]
        return {"token": token, "url": f"/public/invoices/{token}"}

    def public(self, token: str) -> Row | None:
        with self.lock:
            row = self.rows["invoice"].get(self.links.get(token, 0))
            return self.shown(row) if row else None

    # -- payments

    def do_payment_record(self, asked: Row) -> Row:
        row = self.mine("invoice", asked, "payment-on-foreign")
        fields = {"invoiceId": row["invoiceId"], "reference": text(asked, "reference")}
        return self.shown(self.add("payment", row["account"], fields))

    def do_payment_get(self, asked: Row) -> Row:
        return self.shown(self.mine("payment", asked, "payment-get"))

    def do_payment_list(self, asked: Row) -> list[Row]:
        row = self.mine("invoice", asked, "payments-of-foreign")
        payments = self.rows["payment"].values()
        return [self.shown(one) for one in payments if one["invoiceId"] == row["invoiceId"]]

    # -- reports

    def do_report_revenue(self, _: Row) -> Row:
        rows = self.all("invoice", everyone=self.flaw == "revenue")
        return {"invoices": len(rows), "sum": sum(row["amount"] for row in rows)}

    def do_report_start(self, asked: Row) -> Row:
        lines = [f"{row['number']} {row['amount']} {row['memo']}" for row in self.all("invoice")]
        fields = {"title": str(asked.get("title", "")), "lines": lines}
        return {"reportId": self.add("report", self.account, fields)["reportId"], "state": "queued"}

    def do_report_result(self, asked: Row) -> Row:
        return {**self.shown(self.mine("report", asked, "report-result")), "state": "done"}

    def shown(self, row: Row) -> Row:
        return {key: value for key, value in row.items() if key != "account"}


def text(asked: Row, field: str) -> str:
    value = asked.get(field)
    if not isinstance(value, str) or not value:
        raise Refused("invalid", f"{field} must be a string")
    return value


def numbers(asked: Row, field: str) -> list[int]:
    value = asked.get(field)
    if not isinstance(value, list) or not all(isinstance(one, int) for one in value):
        raise Refused("invalid", f"{field} must be a list of integers")
    return value


def sealed(account: str, after: int) -> str:
    return base64.urlsafe_b64encode(f"{account}|{after}".encode()).decode()


def opened(cursor: str) -> tuple[str, int]:
    try:
        account, after = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        return account, int(after)
    except ValueError as broken:
        raise Refused("invalid", "the cursor is not valid") from broken


class Counter(BaseHTTPRequestHandler):
    """The door: JSON in, JSON out."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets
    billing: Billing

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        if self.path == "/openapi.json":
            self.answer(200, document("invoicing"))
            return
        found = None
        if self.path.startswith("/public/invoices/"):
            found = self.billing.public(self.path.rsplit("/", 1)[1])
        self.answer(200 if found else 404, found or {"success": False})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            asked = json.loads(raw or b"{}")
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            error = {"code": "invalid", "message": "the body must be a JSON object"}
            self.answer(200, {"success": False, "error": error})
            return
        name = self.path.removeprefix("/api/")
        self.answer(200, self.billing.call(name, self.headers.get("X-Api-Key", ""), asked))

    def answer(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
