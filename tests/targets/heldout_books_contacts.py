"""Customers and vendors, recurring invoices and bank accounts of the bookkeeping service."""

from __future__ import annotations

from collections import Counter

from tests.targets.heldout_books_core import (
    Call,
    Problem,
    blank,
    contains,
    created,
    op,
    paged,
    shown,
)
from tests.targets.heldout_books_schemas import Row
from tests.targets.heldout_books_target import (
    ACCOUNTS,
    BANK,
    CUSTOMER,
    CUSTOMERS,
    LARCH,
    MAPLE,
    RECURRING,
    RECURRINGS,
    VENDOR,
    VENDORS,
)


def make(call: Call, table: str, dto: str, said: Row, **more: object) -> Row:
    row = call.add(table, **(blank(call.operation.takes) | said | more))
    call.log("Created", table, row)
    created(call, row)
    return shown(call, dto, row)


def change(call: Call, table: str, dto: str, row: Row, said: Row) -> Row:
    """PUT replaces: what is left out is emptied."""
    row.update(blank(call.operation.takes) | said)
    call.log("Updated", table, row)
    return shown(call, dto, row)


@op(f"GET {CUSTOMERS}", gives="Page/CustomerDto")
def list_customers(call: Call) -> Row:
    rows = call.rows("Customers")
    return paged(call, rows, len(call.visible("Customers", "customers-total")))


@op(f"POST {CUSTOMERS}", takes="CreateCustomerRequest", gives="CustomerDto", status=201)
def create_customer(call: Call) -> Row:
    said = call.take()
    known = call.visible("Customers", "customer-email")
    if any(row["email"] == said["email"] for row in known):
        raise Problem(409, "A customer with this e-mail address already exists.")
    call.firm = call.bound("firmId", "customer-firm", LARCH, MAPLE).get("firmId", call.firm)
    return make(call, "Customers", "CustomerDto", said)


@op(f"GET {CUSTOMERS}/Search", gives="Page/CustomerDto", asks="Term:str")
def search_customers(call: Call) -> Row:
    word = call.query("Term", "")
    seen = call.visible("Customers", "customers-search") if word else call.rows("Customers")
    return paged(call, [row for row in seen if contains(row, word, "name", "email")])


@op(f"GET {CUSTOMER}", gives="CustomerDto")
def read_customer(call: Call) -> Row:
    return shown(call, "CustomerDto", call.own("Customers"))


@op(f"PUT {CUSTOMER}", takes="UpdateCustomerRequest", gives="CustomerDto")
def update_customer(call: Call) -> Row:
    row = call.own("Customers", "customer-put")
    return change(call, "Customers", "CustomerDto", row, call.take())


@op(f"DELETE {CUSTOMER}", "Accountant", status=204)
def delete_customer(call: Call) -> None:
    row = call.own("Customers")
    if call.rows("Invoices", customerId=row["id"]):
        raise Problem(409, "The customer has invoices.")
    del call.at.tables["Customers"][row["id"]]
    call.log("Deleted", "Customers", row)


@op(f"GET {VENDORS}", gives="Page/VendorDto", asks="IncludeArchived:bool")
def list_vendors(call: Call) -> Row:
    archived = call.query("IncludeArchived", False)
    rows = call.visible("Vendors", "vendors-archived") if archived else call.rows("Vendors")
    return paged(call, [row for row in rows if archived or not row["isArchived"]])


@op(f"POST {VENDORS}", takes="CreateVendorRequest", gives="VendorDto", status=201)
def create_vendor(call: Call) -> Row:
    return make(call, "Vendors", "VendorDto", call.take(), isArchived=False)


@op(f"GET {VENDOR}", gives="VendorDto")
def read_vendor(call: Call) -> Row:
    return shown(call, "VendorDto", call.own("Vendors"))


@op(f"PUT {VENDOR}", takes="UpdateVendorRequest", gives="VendorDto")
def update_vendor(call: Call) -> Row:
    row, said = call.own("Vendors"), call.take()
    if row["isArchived"]:
        raise Problem(409, "The vendor is archived.")
    return change(call, "Vendors", "VendorDto", row, said)


@op(f"DELETE {VENDOR}", "Accountant", status=204)
def delete_vendor(call: Call) -> None:
    row = call.own("Vendors", "vendor-delete")
    row["isArchived"] = True
    call.log("Archived", "Vendors", row)


def customer(call: Call, said: Row, *flaws: str) -> Row:
    """What is said, and the name of the customer that it names."""
    row = call.named("Customers", said["customerId"], "customerId", *flaws)
    return said | {"customerName": row["name"]}


@op(f"GET {RECURRINGS}", gives="Page/RecurringInvoiceDto")
def list_recurring(call: Call) -> Row:
    return paged(call, call.rows("RecurringInvoices"))


@op(
    f"POST {RECURRINGS}",
    takes="CreateRecurringInvoiceRequest",
    gives="RecurringInvoiceDto",
    status=201,
)
def create_recurring(call: Call) -> Row:
    said = customer(call, call.take())
    return make(call, "RecurringInvoices", "RecurringInvoiceDto", said, isPaused=False)


@op(f"GET {RECURRING}", gives="RecurringInvoiceDto")
def read_recurring(call: Call) -> Row:
    return shown(call, "RecurringInvoiceDto", call.own("RecurringInvoices"))


@op(f"PUT {RECURRING}", takes="UpdateRecurringInvoiceRequest", gives="RecurringInvoiceDto")
def update_recurring(call: Call) -> Row:
    row = call.own("RecurringInvoices")
    said = customer(call, call.take(), "recurring-customer")
    return change(call, "RecurringInvoices", "RecurringInvoiceDto", row, said)


@op(f"POST {RECURRING}/Pause", gives="RecurringInvoiceDto")
def pause_recurring(call: Call) -> Row:
    row = call.own("RecurringInvoices")
    row["isPaused"] = True
    return shown(call, "RecurringInvoiceDto", row)


@op(f"DELETE {RECURRING}", status=204)
def delete_recurring(call: Call) -> None:
    del call.at.tables["RecurringInvoices"][call.own("RecurringInvoices")["id"]]


@op(f"GET {ACCOUNTS}", gives="[BankAccountDto]")
def list_accounts(call: Call) -> list[Row]:
    """An older list, without pages."""
    asked = call.request.headers.get("X-Firm-Id", "")
    if call.flawed("firm-header") and asked.isdecimal():
        call.firm = int(asked)
    return [shown(call, "BankAccountDto", row) for row in call.rows("BankAccounts")]


@op(
    f"POST {ACCOUNTS}",
    "Accountant",
    takes="CreateBankAccountRequest",
    gives="BankAccountDto",
    status=201,
)
def create_account(call: Call) -> Row:
    return make(call, "BankAccounts", "BankAccountDto", call.take())


@op(f"GET {BANK}", gives="BankAccountDto")
def read_account(call: Call) -> Row:
    return shown(call, "BankAccountDto", call.own("BankAccounts", "bank-account-read"))


@op(f"PUT {BANK}", "Accountant", takes="UpdateBankAccountRequest", gives="BankAccountDto")
def update_account(call: Call) -> Row:
    return change(call, "BankAccounts", "BankAccountDto", call.own("BankAccounts"), call.take())


@op(f"DELETE {BANK}", "Admin", status=204)
def delete_account(call: Call) -> None:
    row = call.own("BankAccounts")
    used = Counter(each["bankAccountId"] for each in call.rows("Transactions"))
    if used[row["id"]]:
        raise Problem(409, "The account has transactions.")
    del call.at.tables["BankAccounts"][row["id"]]
