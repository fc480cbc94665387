"""Invoices per user, RPC style: everything is a POST, ids are in bodies, errors are HTTP 200.

`flaw` names the one thing that a build does wrong; "" is the clean one. On purpose: a refusal with
`success: false`, the sent id echoed in it, a counter of calls, a transfer that names a user by
handle and is refused, `archiveInvoice` that succeeds for any id without doing anything.
"""

# ruff: noqa: ARG002 - the routes of a service share one signature
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

from tests.targets.documents import API_KEY, NUMBER, TEXT, document, operation, record

Row = dict[str, Any]
ID = {"type": "string"}
ONE = record("invoice", invoice=ID)
DOCUMENT = document(
    "Ledgers",
    {
        "/whoAmI": {"post": operation()},
        "/createCustomer": {"post": operation(record("name", name=TEXT))},
        "/getCustomer": {"post": operation(record("customer", customer=ID))},
        "/listCustomers": {"post": operation()},
        "/createInvoice": {
            "post": operation(
                record("customer", "memo", "amount", customer=ID, memo=TEXT, amount=NUMBER)
            )
        },
        "/getInvoice": {"post": operation(ONE)},
        "/listInvoices": {"post": operation()},
        "/countInvoices": {"post": operation()},
        "/searchInvoices": {"post": operation(record("term", term=TEXT))},
        "/updateInvoice": {"post": operation(record("invoice", "memo", invoice=ID, memo=TEXT))},
        "/archiveInvoice": {"post": operation(ONE)},
        "/deleteInvoice": {"post": operation(ONE)},
        "/moveInvoice": {"post": operation(record("invoice", "customer", invoice=ID, customer=ID))},
    },
    API_KEY,
)


class RefusedError(Exception):
    """Told as HTTP 200."""


@dataclass
class Ledgers:
    """The service; a bare WSGI callable. Keys are `key-of-…`."""

    flaw: str = ""
    customers: dict[str, Row] = field(default_factory=dict)
    invoices: dict[str, Row] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(70_001))
    calls: int = 0

    tokens: ClassVar[dict[str, str]] = {
        f"key-of-{user}-0123456789": user for user in ("red", "blue")
    }

    def __call__(self, environ: Any, start: Any) -> Iterable[bytes]:
        self.calls += 1
        name = environ["PATH_INFO"].strip("/")
        if name == "openapi.json":
            said: Any = DOCUMENT
        else:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            sent = json.loads(environ["wsgi.input"].read(length) or b"{}")
            said = self.attempt(name, environ.get("HTTP_X_API_KEY", ""), sent)
        body = json.dumps(said).encode()
        length_header = ("Content-Length", str(len(body)))
        start("200 OK", [("Content-Type", "application/json"), length_header])
        return [body]

    def attempt(self, name: str, key: str, sent: Row) -> Row:
        try:
            data = self.call(name, key, sent)
        except (RefusedError, TypeError) as error:
            return {"success": False, "message": str(error), "calls": self.calls}
        return {"success": True, "data": data, "calls": self.calls}

    def call(self, name: str, key: str, sent: Row) -> Any:
        user = self.tokens.get(key, "")
        if not user and not (self.flaw == "nobody-reads" and name == "getInvoice"):
            raise RefusedError("unknown key")
        if f"/{name}" not in DOCUMENT["paths"]:
            raise RefusedError("unknown call")
        named = {("for_user" if key == "user" else key): value for key, value in sent.items()}
        return getattr(self, name)(user, **named)

    def customer_of(self, user: str, customer: str, flaw: str = "-") -> Row:
        row = self.customers.get(customer)
        if row is None or (row["user"] != user and self.flaw != flaw):
            raise RefusedError(f"no customer {customer}")
        return row

    def invoice_of(self, user: str, invoice: str, flaw: str = "-") -> Row:
        row = self.invoices.get(invoice)
        if row is not None and row["user"] != user and self.flaw == "refusal-tells":
            raise RefusedError(f"invoice {invoice} ({row['memo']}) is not yours")
        if row is not None and row["user"] != user and self.flaw == "refusal-differs":
            raise RefusedError("that is not yours")
        allowed = self.flaw == flaw or (self.flaw == "nobody-reads" and not user)
        if row is None or (row["user"] != user and not allowed):
            raise RefusedError(f"no invoice {invoice}")
        return row

    def mine(self, rows: dict[str, Row], user: str, flaw: str) -> list[Row]:
        return [row for row in rows.values() if row["user"] == user or self.flaw == flaw]

    def whoAmI(self, user: str) -> Row:  # noqa: N802
        return {"user": user}

    def createCustomer(self, user: str, name: str, **more: Any) -> Row:  # noqa: N802
        made = {"customer": f"C{next(self.numbers)}", "name": name, "user": user}
        if self.flaw == "assign-user":
            made["user"] = more.get("for_user", user)
        self.customers[made["customer"]] = made
        return made

    def getCustomer(self, user: str, customer: str) -> Row:  # noqa: N802
        return self.customer_of(user, customer, "get-customer")

    def listCustomers(self, user: str) -> list[Row]:  # noqa: N802
        return self.mine(self.customers, user, "list-customers")

    def createInvoice(  # noqa: N802
        self, user: str, customer: str, memo: str, amount: int, **_: Any
    ) -> Row:
        found = self.customer_of(user, customer, "bill-anybody")
        made = {
            "invoice": f"I{next(self.numbers)}",
            "customer": found["customer"],
            "memo": memo,
            "amount": amount,
            "user": user,
        }
        self.invoices[made["invoice"]] = made
        return made

    def getInvoice(self, user: str, invoice: str) -> Row:  # noqa: N802
        return self.invoice_of(user, invoice, "get-invoice")

    def listInvoices(self, user: str) -> list[Row]:  # noqa: N802
        return self.mine(self.invoices, user, "list-invoices")

    def countInvoices(self, user: str) -> Row:  # noqa: N802
        return {"number": len(self.mine(self.invoices, user, "count-invoices"))}

    def searchInvoices(self, user: str, term: str) -> list[Row]:  # noqa: N802
        rows = self.mine(self.invoices, user, "search-invoices")
        return [row for row in rows if term in row["memo"]]

    def updateInvoice(self, user: str, invoice: str, memo: str, **_: Any) -> Row:  # noqa: N802
        row = self.invoice_of(user, invoice, "update-invoice")
        row["memo"] = memo
        return row

    def archiveInvoice(self, user: str, invoice: str) -> Row:  # noqa: N802
        return {"queued": True}

    def deleteInvoice(self, user: str, invoice: str) -> Row:  # noqa: N802
        del self.invoices[self.invoice_of(user, invoice, "delete-invoice")["invoice"]]
        return {}

    def moveInvoice(self, user: str, invoice: str, customer: str) -> Row:  # noqa: N802
        found = self.customer_of(user, customer, "move-to-anybody")
        row = self.invoice_of(user, invoice, "move-any-invoice")
        row["customer"] = found["customer"]
        return row
