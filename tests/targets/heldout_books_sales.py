"""Invoices with their lines, payments and payment links, and credit notes."""

from __future__ import annotations

import csv
import io
import secrets
from typing import Any

from werkzeug.wrappers import Response

from tests.targets.heldout_books_contacts import make
from tests.targets.heldout_books_core import (
    APPROVED,
    DRAFT,
    PAID,
    VIEWS,
    VOID,
    Call,
    Problem,
    blank,
    contains,
    created,
    missing,
    op,
    paged,
    shown,
)
from tests.targets.heldout_books_schemas import Row
from tests.targets.heldout_books_target import (
    INVOICE,
    INVOICES,
    LINE,
    LINES,
    LINK,
    NOTE,
    NOTES,
    PAYMENTS,
    PUBLIC,
)

PLANS = (("Starter", 0.0), ("Business", 19.0), ("Enterprise", 79.0))


def line(_: Call, row: Row) -> Row:
    return {"total": round(row["quantity"] * row["unitPrice"], 2)}


def summary(call: Call, row: Row) -> Row:
    lines = call.at.rows("Lines", invoiceId=row["id"])
    return {"total": round(sum(line(call, each)["total"] for each in lines), 2)}


def whole(call: Call, row: Row) -> Row:
    lines = call.at.rows("Lines", invoiceId=row["id"])
    buyer = call.at.tables["Customers"].get(row["customerId"])
    shown_ = [shown(call, "InvoiceLineDto", each) for each in lines]
    return {"customerName": buyer and buyer["name"], "lines": shown_} | summary(call, row)


VIEWS |= {"InvoiceLineDto": line, "InvoiceSummaryDto": summary, "InvoiceDto": whole}


def draft(row: Row) -> Row:
    if row["status"] != DRAFT:
        raise Problem(409, "Only drafts can be changed.")
    return row


def put(call: Call, invoice: Row, said: Row) -> Row:
    """A line as it is kept."""
    if said.get("taxRateId") is not None:
        call.named("TaxRates", said["taxRateId"], "taxRateId")
    return call.add("Lines", **(blank("CreateInvoiceLineRequest") | said), invoiceId=invoice["id"])


@op(f"GET {INVOICES}", gives="Page/InvoiceSummaryDto", asks="CustomerId:int Status:InvoiceStatus")
def list_invoices(call: Call) -> Row:
    customer, status = call.query("CustomerId"), call.query("Status")
    rows = call.rows("Invoices")
    if customer is not None:
        rows = call.visible("Invoices", "invoices-customer", customerId=customer)
    return paged(call, [row for row in rows if status in (None, row["status"])])


@op(f"POST {INVOICES}", takes="CreateInvoiceRequest", gives="InvoiceDto", status=201)
def create_invoice(call: Call) -> Row:
    said = call.take()
    lines = said.pop("lines", [])
    call.named("Customers", said["customerId"], "customerId", "invoice-customer")
    number = f"INV-{next(call.at.numbers[call.firm]):04}"
    more: Row = {"status": DRAFT, "createdBy": call.user.get("email"), "number": number}
    row = call.add("Invoices", **({"dueDate": None, "notes": None} | said | more))
    for each in lines:
        put(call, row, each)
    call.log("Created", "Invoices", row)
    created(call, row)
    return shown(call, "InvoiceDto", row)


@op(f"POST {INVOICES}/Search", takes="InvoiceSearchRequest", gives="Page/InvoiceSummaryDto")
def search_invoices(call: Call) -> Row:
    said = call.take()
    rows = call.rows("Invoices")
    if word := said.get("text"):
        seen = call.visible("Invoices", "invoices-search")
        rows = [row for row in seen if contains(row, word, "number", "notes")]
    for name in ("customerId", "status"):
        rows = [row for row in rows if said.get(name) in (None, row[name])]
    return paged(call, rows, asked=said)


@op(f"GET {INVOICES}/Export", "Accountant", gives="text/csv", asks="Status:InvoiceStatus")
def export_invoices(call: Call) -> Response:
    status = call.query("Status")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Number", "Customer", "Status", "Total", "Notes"])
    for row in call.visible("Invoices", "invoices-export"):
        if status in (None, row["status"]):
            known = shown(call, "InvoiceDto", row)
            names = ("number", "customerName", "status", "total", "notes")
            writer.writerow([known[name] for name in names])
    headers = {"Content-Disposition": "attachment; filename=invoices.csv"}
    return Response(text.getvalue(), 200, headers, mimetype="text/csv")


@op(f"GET {INVOICES}/ByNumber/{{number}}", gives="InvoiceDto")
def read_numbered(call: Call) -> Row:
    rows = call.rows("Invoices", number=call.path["number"])
    if not rows:
        raise missing("Invoices", call.path["number"])
    return shown(call, "InvoiceDto", rows[0])


@op(f"POST {INVOICES}/BulkApprove", "Accountant", takes="BulkRequest", gives="BulkResultDto")
def approve_invoices(call: Call) -> Row:
    known = {row["id"]: row for row in call.visible("Invoices", "bulk-approve", status=DRAFT)}
    asked = list(dict.fromkeys(call.take()["ids"]))
    for key in asked:
        if key in known:
            known[key]["status"] = APPROVED
            call.log("Approved", "Invoices", known[key])
    skipped = [key for key in asked if key not in known]
    return {"succeeded": [key for key in asked if key in known], "skipped": skipped}


@op(f"GET {INVOICE}", gives="InvoiceDto")
def read_invoice(call: Call) -> Row:
    return shown(call, "InvoiceDto", call.own("Invoices", "invoice-read"))


@op(f"PUT {INVOICE}", takes="UpdateInvoiceRequest", gives="InvoiceDto")
def update_invoice(call: Call) -> Row:
    row, said = call.own("Invoices"), call.take()
    draft(row)
    if said.get("customerId") is not None:
        call.named("Customers", said["customerId"], "customerId")
    row.update(said | call.bound("status", "invoice-status", APPROVED, PAID))
    call.log("Updated", "Invoices", row)
    return shown(call, "InvoiceDto", row)


@op(f"DELETE {INVOICE}", status=204)
def delete_invoice(call: Call) -> None:
    row = draft(call.own("Invoices"))
    del call.at.tables["Invoices"][row["id"]]
    call.log("Deleted", "Invoices", row)


@op(f"POST {INVOICE}/Approve", "Accountant", gives="InvoiceDto", lax="approve-by-bookkeeper")
def approve_invoice(call: Call) -> Row:
    row = draft(call.own("Invoices"))
    row["status"] = APPROVED
    call.log("Approved", "Invoices", row)
    return shown(call, "InvoiceDto", row)


@op(f"POST {INVOICE}/Void", "Accountant", gives="InvoiceSummaryDto")
def void_invoice(call: Call) -> Row:
    row = call.own("Invoices", "invoice-void")
    if row["status"] == PAID:
        raise Problem(409, "A paid invoice needs a credit note.")
    row["status"] = VOID
    call.log("Voided", "Invoices", row)
    return shown(call, "InvoiceSummaryDto", row)


@op(f"GET {LINES}", gives="[InvoiceLineDto]")
def list_lines(call: Call) -> list[Row]:
    of = call.own("Invoices", name="invoiceId")
    return [shown(call, "InvoiceLineDto", row) for row in call.at.rows("Lines", invoiceId=of["id"])]


@op(f"POST {LINES}", takes="CreateInvoiceLineRequest", gives="InvoiceLineDto", status=201)
def create_line(call: Call) -> Row:
    of = draft(call.own("Invoices", name="invoiceId"))
    return shown(call, "InvoiceLineDto", put(call, of, call.take()))


def part(call: Call, of: Row, *flaws: str) -> Row:
    key = call.key("Lines", "lineId")
    row = call.at.tables["Lines"].get(key)
    if row is None or (row["invoiceId"] != of["id"] and not call.flawed(*flaws)):
        raise missing("Lines", key)
    return row


@op(f"PUT {LINE}", takes="CreateInvoiceLineRequest", gives="InvoiceLineDto")
def update_line(call: Call) -> Row:
    row = part(call, draft(call.own("Invoices", name="invoiceId")), "line-elsewhere")
    said = call.take()
    if said.get("taxRateId") is not None:
        call.named("TaxRates", said["taxRateId"], "taxRateId")
    row.update(said)
    return shown(call, "InvoiceLineDto", row)


@op(f"DELETE {LINE}", status=204)
def delete_line(call: Call) -> None:
    row = part(call, draft(call.own("Invoices", name="invoiceId")))
    del call.at.tables["Lines"][row["id"]]


@op(f"GET {PAYMENTS}", gives="[PaymentDto]")
def list_payments(call: Call) -> list[Row]:
    of = call.own("Invoices", "payments-list", name="invoiceId")
    rows = call.at.rows("Payments", invoiceId=of["id"])
    return [shown(call, "PaymentDto", row) for row in rows]


@op(f"POST {PAYMENTS}", takes="CreatePaymentRequest", gives="PaymentDto", status=201)
def create_payment(call: Call) -> Row:
    of, said = call.own("Invoices", name="invoiceId"), call.take()
    if of["status"] in (PAID, VOID):
        raise Problem(409, "The invoice is paid or void.")
    key = said.get("bankAccountId")
    bank: Any = key and call.named("BankAccounts", key, "bankAccountId", "payment-account")
    made = {"invoiceId": of["id"], "bankAccountName": bank and bank["name"]}
    row = call.add("Payments", **(blank("CreatePaymentRequest") | said | made))
    paid = sum(each["amount"] for each in call.at.rows("Payments", invoiceId=of["id"]))
    if paid >= summary(call, of)["total"] > 0:
        of["status"] = PAID
    call.log("Created", "Payments", row)
    return shown(call, "PaymentDto", row)


@op(f"POST {LINK}", gives="PaymentLinkDto")
def create_link(call: Call) -> Row:
    row, token = call.own("Invoices"), secrets.token_urlsafe(24)
    call.at.links[token] = row["id"]
    return {"token": token, "url": f"https://pay.books.example/{token}"}


@op(f"DELETE {LINK}", status=204)
def delete_links(call: Call) -> None:
    row = call.own("Invoices")
    if not call.flawed("link-undead"):
        call.at.links = {at: key for at, key in call.at.links.items() if key != row["id"]}


def linked(call: Call, *flaws: str) -> Row:
    token = call.path["token"]
    row = call.at.tables["Invoices"].get(call.at.links.get(token))
    numbered = call.at.rows("Invoices", number=token) if call.flawed(*flaws) else []
    if row is None and not numbered:
        raise Problem(404, "This link is not valid any more.")
    return row or numbered[0]


def public(call: Call, row: Row) -> Row:
    known = shown(call, "InvoiceDto", row)
    firm = call.at.tables["Firms"][row["firmId"]]["name"]
    names = ("number", "customerName", "total", "status")
    return {"firmName": firm} | {name: known[name] for name in names}


@op(f"GET {PUBLIC}", "nobody", gives="PublicInvoiceDto")
def read_public(call: Call) -> Row:
    return public(call, linked(call, "pay-by-number"))


@op(f"POST {PUBLIC}/Pay", "nobody", takes="PublicPayRequest", gives="PublicInvoiceDto")
def pay_public(call: Call) -> Row:
    row = linked(call)
    call.take()
    if row["status"] != APPROVED:
        raise Problem(409, "This invoice cannot be paid.")
    row["status"] = PAID
    return public(call, row)


@op("GET /api/Public/Plans", "nobody", gives="[PlanDto]")
def list_plans(_: Call) -> list[Row]:
    return [{"name": name, "monthlyPrice": price} for name, price in PLANS]


@op(f"GET {NOTES}", gives="Page/CreditNoteDto")
def list_notes(call: Call) -> Row:
    return paged(call, call.rows("CreditNotes"))


@op(
    f"POST {NOTES}",
    "Accountant",
    takes="CreateCreditNoteRequest",
    gives="CreditNoteDto",
    status=201,
)
def create_note(call: Call) -> Row:
    said = call.take()
    of = call.named("Invoices", said["invoiceId"], "invoiceId", "credit-note-invoice")
    return make(call, "CreditNotes", "CreditNoteDto", said, invoiceNumber=of["number"])


@op(f"GET {NOTE}", gives="CreditNoteDto")
def read_note(call: Call) -> Row:
    return shown(call, "CreditNoteDto", call.own("CreditNotes"))
