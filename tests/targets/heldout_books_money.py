"""Bank transactions with `$filter` and `$orderby`, tax rates, reports and the audit trail."""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections import defaultdict
from typing import Any

from tests.targets.heldout_books_core import (
    APPROVED,
    NUMBER,
    PAID,
    Call,
    Problem,
    blank,
    contains,
    missing,
    op,
    paged,
    shown,
)
from tests.targets.heldout_books_sales import summary
from tests.targets.heldout_books_schemas import Invalid, Row, fields
from tests.targets.heldout_books_target import (
    AUDIT,
    RATES,
    REPORTS,
    STATEMENT,
    TRANSACTION,
    TRANSACTIONS,
)

COMPARED = {name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")}
CLAUSE = re.compile(r"(\w+) (eq|ne|gt|ge|lt|le) ('[^']*'|[\w.:-]+)")
CONTAINS = re.compile(r"contains\((\w+), ?'([^']*)'\)")
FRESH = 60  # seconds that a report is kept for
WORDS = {"true": True, "false": False, "null": None}


def known(name: str, what: str) -> str:
    for each in fields("TransactionDto"):
        if each.name.lower() == name.lower():
            return each.name
    told = f"Could not find a property named '{name}' on type 'TransactionDto'."
    raise Invalid(what, told)


def literal(said: str) -> Any:
    if said.startswith("'"):
        return said[1:-1]
    if NUMBER.fullmatch(said):
        return float(said)
    return WORDS.get(said, said)


def fits(row: Row, clause: str) -> bool:
    """Whether the row is as one clause of a filter says."""
    if within := CONTAINS.fullmatch(clause):
        return contains(row, within[2], known(within[1], "$filter"))
    said = CLAUSE.fullmatch(clause)
    if said is None:
        raise Invalid("$filter", f"Syntax error in '{clause}'.")
    left, right = row[known(said[1], "$filter")], literal(said[3])
    try:
        return bool(COMPARED[said[2]](left, right))
    except TypeError:
        return False


def ordered(rows: list[Row], said: str) -> list[Row]:
    for part in reversed(said.split(",")):
        name, _, way = part.strip().partition(" ")
        field = known(name, "$orderby")

        def place(row: Row, field: str = field) -> tuple[bool, Any]:
            value = row[field]
            numeric = isinstance(value, (int, float))
            return (not numeric, value if numeric else str(value))

        rows = sorted(rows, key=place, reverse=way == "desc")
    return rows


@op(
    f"GET {TRANSACTIONS}",
    gives="Page/TransactionDto",
    asks="$filter:str $orderby:str",
)
def list_transactions(call: Call) -> Row:
    rows, asked = call.rows("Transactions"), call.query("$filter")
    if asked:
        clauses = re.split(r" and ", asked)
        for each in clauses:
            fits(blank("TransactionDto"), each)  # wrong also where there is no row
        seen = call.visible("Transactions", "transactions-filter")
        rows = [row for row in seen if all(fits(row, each) for each in clauses)]
    return paged(call, ordered(rows, call.query("$orderby", "id")))


@op(f"GET {TRANSACTION}", gives="TransactionDto")
def read_transaction(call: Call) -> Row:
    return shown(call, "TransactionDto", call.own("Transactions"))


@op(f"POST {TRANSACTION}/Reconcile", takes="ReconcileRequest", gives="TransactionDto")
def reconcile(call: Call) -> Row:
    row, said = call.own("Transactions"), call.take()
    if said.get("invoiceId") is not None:
        call.named("Invoices", said["invoiceId"], "invoiceId")
    row["isReconciled"] = True
    call.log("Reconciled", "Transactions", row)
    return shown(call, "TransactionDto", row)


@op(f"POST {TRANSACTIONS}/BulkCategorize", takes="BulkCategorizeRequest", gives="CountDto")
def categorize(call: Call) -> Row:
    said = call.take()
    rows = call.visible("Transactions", "bulk-categorize")
    found = [row for row in rows if row["id"] in said["ids"]]
    for row in found:
        row["category"] = said["category"]
    return {"count": len(found)}


@op(f"GET {STATEMENT}", gives="Page/TransactionDto")
def list_statement(call: Call) -> Row:
    of = call.own("BankAccounts", "statement", name="accountId")
    return paged(call, call.at.rows("Transactions", bankAccountId=of["id"]))


@op(f"POST {STATEMENT}", takes="CreateTransactionRequest", gives="TransactionDto", status=201)
def create_transaction(call: Call) -> Row:
    of, said = call.own("BankAccounts", name="accountId"), call.take()
    more: Row = {"bankAccountId": of["id"], "isReconciled": False}
    row = call.add("Transactions", **(blank("CreateTransactionRequest") | said | more))
    call.log("Created", "Transactions", row)
    return shown(call, "TransactionDto", row)


@op(f"GET {RATES}", gives="[TaxRateDto]")
def list_rates(call: Call) -> list[Row]:
    return [shown(call, "TaxRateDto", row) for row in call.at.rows("TaxRates")]


@op(f"GET {RATES}/{{id}}", gives="TaxRateDto")
def read_rate(call: Call) -> Row:
    row = call.at.tables["TaxRates"].get(call.key("TaxRates", "id"))
    if row is None:
        raise missing("TaxRates", call.path["id"])
    return shown(call, "TaxRateDto", row)


def profit(call: Call, year: int) -> Row:
    sums: defaultdict[str, Row] = defaultdict(lambda: {"income": 0.0, "expenses": 0.0})
    for row in call.rows("Invoices"):
        if row["status"] in (APPROVED, PAID) and row["createdAt"].startswith(str(year)):
            sums[row["createdAt"][:7]]["income"] += summary(call, row)["total"]
    for row in call.rows("Transactions"):
        if row["amount"] < 0 and row["createdAt"].startswith(str(year)):
            sums[row["createdAt"][:7]]["expenses"] -= row["amount"]
    periods = [{"period": period, **sums[period]} for period in sorted(sums)]
    total = round(sum(each["income"] - each["expenses"] for each in periods), 2)
    return {"year": year, "periods": periods, "total": total}


@op(f"GET {REPORTS}/ProfitAndLoss", gives="ProfitAndLossDto", asks="Year:int")
def profit_and_loss(call: Call) -> Row:
    """Kept in a memory cache for a minute."""
    year = call.query("Year", 2026)
    key = (0 if call.flawed("profit-cached") else call.firm, year)
    kept = call.at.reports.get(key)
    if kept is None or kept["until"] < call.at.seconds:
        kept = {"until": call.at.seconds + FRESH, "said": profit(call, year)}
        call.at.reports[key] = kept
    said: Row = kept["said"]
    return said


@op(f"GET {REPORTS}/Overview", gives="OverviewDto")
def overview(call: Call) -> Row:
    invoices = call.visible("Invoices", "overview-all")
    unpaid = sum(summary(call, row)["total"] for row in invoices if row["status"] == APPROVED)
    banks = sum(row["openingBalance"] for row in call.rows("BankAccounts"))
    balance = banks + sum(row["amount"] for row in call.rows("Transactions"))
    counts = {"invoices": len(invoices), "customers": len(call.rows("Customers"))}
    return counts | {"unpaid": round(unpaid, 2), "balance": round(balance, 2)}


def understood(said: str) -> tuple[int, int]:
    """What a cursor says: of which firm, and before which entry."""
    try:
        firm, before = base64.urlsafe_b64decode(said.encode()).decode().split(":")
        return int(firm), int(before)
    except (binascii.Error, ValueError):
        raise Invalid("After", f"The value '{said}' is not valid.") from None


@op(f"GET {AUDIT}", "Accountant", gives="AuditPageDto", asks="After:str Take:int")
def list_audit(call: Call) -> Row:
    rows, after = call.rows("AuditTrail"), call.query("After")
    take = min(max(1, call.query("Take", 10)), 50)
    if after:
        firm, before = understood(after)
        if firm != call.firm and not call.flawed("audit-after"):
            raise Problem(400, "This cursor is not valid.")
        rows = [row for row in call.at.rows("AuditTrail", firmId=firm) if row["id"] < before]
    rows = sorted(rows, key=lambda row: -row["id"])
    items = [shown(call, "AuditEntryDto", row) for row in rows[:take]]
    following = None
    if len(rows) > take:
        last = rows[take - 1]
        following = base64.urlsafe_b64encode(f"{last['firmId']}:{last['id']}".encode()).decode()
    return {"items": items, "nextCursor": following}


@op("POST /api/Support/Contact", takes="ContactRequest", status=202)
def contact(call: Call) -> None:
    """They answer by mail."""
    call.take()
