"""What can an attacker with a pencil do to the bookkeeping service, step by step?

`v` is the admin of Larch. At Maple `a` is the admin, `m` the accountant and `l` the bookkeeper; `b`
is Nora, who is an accountant there and a bookkeeper at Larch. `n` is nobody, or whoever's cookie or
key stands in the headers.
"""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_books_target import (
    ACCOUNT,
    ACCOUNTS,
    AUDIT,
    BANK,
    COOKIE,
    CUSTOMER,
    CUSTOMERS,
    FILE,
    FILES,
    FIRMS,
    IMPORT,
    IMPORTS,
    INVITATION,
    INVITATIONS,
    INVOICE,
    INVOICES,
    KEY,
    KEYS,
    LARCH,
    LINE,
    LINES,
    LINK,
    NOTE,
    NOTES,
    PAYMENTS,
    PEOPLE,
    PUBLIC,
    RATES,
    RECURRING,
    RECURRINGS,
    REPORTS,
    SETTINGS,
    STATEMENT,
    TRANSACTION,
    TRANSACTIONS,
    USER,
    USERS,
    VENDOR,
    VENDORS,
)

SIGNED = {email.partition("@")[0]: (email, password) for email, password, _ in PEOPLE}
MULTIPART = {"Content-Type": "multipart/form-data"}
BORIS = "6"
ITEM = {"description": "work", "quantity": 2, "unitPrice": 50, "taxRateId": 1}


def entry(name: str, keep: str) -> Step:
    email, password = SIGNED[name]
    said = {"email": email, "password": password}
    return step("n", f"POST {ACCOUNT}/Login", said, f"{keep}=Set-Cookie")


def cookie(name: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={{{name}}}"}


def key(name: str) -> dict[str, str]:
    return {"X-Api-Key": f"{{{name}}}"}


def contact(name: str, **more: Any) -> Any:
    return {"name": name, "email": f"{name[0]}@mail.example", **more}


def invoice(customer: str, notes: str) -> Any:
    line = ITEM | {"description": notes}
    return {"customerId": f"{{{customer}}}", "notes": notes, "lines": [line]}


def own(who: str, whose: str) -> list[Step]:
    """What a firm has: its things are kept under the first letter of whose they are."""
    bank = {"name": whose, "iban": f"DE99{who}", "type": 1, "openingBalance": 7}
    repeated = {"customerId": f"{{{who}c}}", "frequency": "Monthly", "amount": 5}
    moved = {"amount": -12.5, "description": whose}
    file = {"file": [f"{who}.txt", f"{whose} text"], "invoiceId": f"{{{who}i}}"}
    return [
        step(who, f"POST {CUSTOMERS}", contact(whose), f"{who}c=id"),
        step(who, f"POST {VENDORS}", contact(whose), f"{who}s=id"),
        step(who, f"POST {INVOICES}", invoice(f"{who}c", whose), f"{who}i=id"),
        step(who, f"POST {INVOICES}", invoice(f"{who}c", f"{whose} next"), f"{who}j=id"),
        step(who, f"GET {LINES}", None, f"{who}l=id", invoiceId=f"{{{who}i}}"),
        step(who, f"POST {ACCOUNTS}", bank, f"{who}b=id"),
        step(who, f"POST {STATEMENT}", moved, f"{who}t=id", accountId=f"{{{who}b}}"),
        step(who, f"POST {RECURRINGS}", repeated, f"{who}r=id"),
        step(who, f"POST {FILES}", file, f"{who}f=id", MULTIPART),
        step(who, f"POST {IMPORTS}", {"file": ["c.csv", f"{whose}\n"]}, f"{who}x=id", MULTIPART),
    ]


BEFORE = [
    entry("anna", "v"),
    entry("ada", "a"),
    entry("alma", "m"),
    entry("boris", "l"),
    entry("nora", "b"),
    *own("v", "victim's"),
    *own("a", "attacker's"),
    step(
        *("v", f"POST {PAYMENTS}"),
        {"amount": 1, "method": 1, "bankAccountId": "{vb}", "reference": "victim's"},
        invoiceId="{vi}",
    ),
    step("v", f"POST {INVOICE}/Approve", id="{vi}"),
    step("v", f"POST {NOTES}", {"invoiceId": "{vi}", "amount": 3, "reason": "victim's"}, "vn=id"),
    step("v", f"POST {VENDORS}", contact("victim's old"), "vo=id"),
    step("v", f"DELETE {VENDOR}", id="{vo}"),
    step("v", f"GET {AUDIT}", {"Take": 1}, "vu=nextCursor"),
    step("v", f"GET {REPORTS}/ProfitAndLoss"),
]
READS = [
    step("a", f"GET {REPORTS}/ProfitAndLoss"),
    step("a", f"GET {REPORTS}/ProfitAndLoss", {"Year": 2025}),
    step("a", f"GET {REPORTS}/Overview"),
    step("a", f"GET {INVOICE}", id="{vi}"),
    step("a", f"GET {INVOICE}", id="none"),
    step("a", f"GET {INVOICES}/ByNumber/{{number}}", number="INV-0001"),
    step("a", f"GET {CUSTOMER}", id="{vc}"),
    step("a", f"GET {VENDOR}", id="{vs}"),
    step("a", f"GET {BANK}", id="{vb}"),
    step("a", f"GET {TRANSACTION}", id="{vt}"),
    step("a", f"GET {RECURRING}", id="{vr}"),
    step("a", f"GET {NOTE}", id="{vn}"),
    step("a", f"GET {FILE}", id="{vf}"),
    step("a", f"GET {FILE}/Download", id="{vf}"),
    step("m", f"GET {FILE}/Download", id="{af}"),
    step("a", f"GET {IMPORT}", id="{vx}"),
    step("a", f"GET {IMPORT}", id="{ax}"),
    step("a", f"GET {LINES}", invoiceId="{vi}"),
    step("a", f"GET {PAYMENTS}", invoiceId="{vi}"),
    step("a", f"GET {STATEMENT}", accountId="{vb}"),
    step("a", f"GET {INVOICES}"),
    step("a", f"GET {INVOICES}", {"CustomerId": "{vc}"}),
    step("a", f"GET {INVOICES}", {"Status": 0}),
    step("a", f"GET {INVOICES}/Export"),
    step("a", f"POST {INVOICES}/Search", {"text": "m's"}),
    step("a", f"POST {INVOICES}/Search", {"customerId": "{vc}"}),
    step("a", f"GET {CUSTOMERS}"),
    step("a", f"GET {CUSTOMERS}/Search", {"Term": "m's"}),
    step("a", f"GET {VENDORS}"),
    step("a", f"GET {VENDORS}", {"IncludeArchived": "true"}),
    step("a", f"GET {ACCOUNTS}"),
    step("a", f"GET {ACCOUNTS}", headers={"X-Firm-Id": str(LARCH)}),
    step("a", f"GET {TRANSACTIONS}", {"$orderby": "amount desc"}),
    step("a", f"GET {TRANSACTIONS}", {"$filter": "amount lt 0 and isReconciled eq false"}),
    step("a", f"GET {TRANSACTIONS}", {"$filter": "contains(description, 'm''s')"}),
    step("a", f"GET {TRANSACTIONS}", {"$filter": "firmId eq 1"}),
    step("a", f"GET {AUDIT}", {"Take": 3}),
    step("a", f"GET {AUDIT}", {"After": "{vu}"}),
    *[step("a", f"GET {path}") for path in (NOTES, RECURRINGS, FILES, IMPORTS, USERS, KEYS, RATES)],
    step("a", f"GET {FILES}", {"InvoiceId": "{vi}"}),
    step("a", f"GET {USER}", id="1"),
    step("a", f"GET {SETTINGS}", userId=BORIS),
    step("n", f"GET {PUBLIC}", token="INV-0001"),
    step("a", "POST /api/Support/Contact", {"message": "what is this?", "invoiceId": "{vi}"}),
]
ROLES = [
    step("l", f"POST {INVOICE}/Approve", id="{aj}"),
    step("l", f"GET {AUDIT}"),
    step("l", f"GET {INVOICES}/Export"),
    step("l", f"PUT {ACCOUNT}/Profile", {"fullName": "Boris B.", "role": "Admin"}),
    step("m", f"POST {KEYS}", {"name": "m", "permissions": ["ReadContacts"]}),
    step("m", f"GET {KEYS}"),
    step("m", f"PUT {USER}/Role", {"role": "Accountant"}, id=BORIS),
    step("m", f"POST {INVITATIONS}", {"email": "m@m.example", "role": "Admin"}),
    step("m", f"PUT {FIRMS}/Current", {"name": "accountant's"}),
    step("m", f"PUT {SETTINGS}", {"weeklySummary": True}, userId=BORIS),
    step("l", f"PUT {SETTINGS}", {"weeklySummary": True}, userId=BORIS),
    step("a", f"PUT {USER}/Role", {"role": "Admin"}, id="1"),
    step("a", f"POST {KEYS}", {"name": "r", "permissions": ["ReadContacts"]}, "ak=id as=key"),
    step("n", f"GET {CUSTOMERS}", headers=key("as")),
    step("n", f"GET {INVOICES}", headers=key("as")),
    step("n", f"POST {CUSTOMERS}", contact("key's"), headers=key("as")),
    step("n", f"PUT {CUSTOMER}", contact("key's"), headers=key("as"), id="{ac}"),
    step("n", f"GET {USERS}", headers=key("as")),
]
WRITES = [
    step("a", f"POST {INVOICES}", invoice("vc", "attacker's")),
    step("a", f"PUT {INVOICE}", {"customerId": "{vc}"}, id="{ai}"),
    step("a", f"PUT {INVOICE}", {"notes": "paid?", "status": 2}, id="{ai}"),
    step("a", f"PUT {INVOICE}", {"notes": "x"}, id="{vj}"),
    step("a", f"PUT {LINE}", ITEM, invoiceId="{ai}", lineId="{vl}"),
    step("a", f"PUT {LINE}", ITEM, invoiceId="{vi}", lineId="{vl}"),
    step("a", f"DELETE {LINE}", invoiceId="{ai}", lineId="{vl}"),
    step("a", f"POST {LINES}", ITEM, invoiceId="{vj}"),
    step("a", f"POST {PAYMENTS}", {"amount": 1, "bankAccountId": "{vb}"}, invoiceId="{ai}"),
    step("a", f"POST {PAYMENTS}", {"amount": 1, "bankAccountId": "{ab}"}, invoiceId="{ai}"),
    step("a", f"POST {PAYMENTS}", {"amount": 1}, invoiceId="{vi}"),
    step("a", f"POST {NOTES}", {"invoiceId": "{vi}", "amount": 1}),
    step("a", f"POST {RECURRINGS}", {"customerId": "{vc}", "frequency": "Yearly", "amount": 1}),
    step(
        *("a", f"PUT {RECURRING}", {"customerId": "{vc}", "frequency": "Yearly", "amount": 1}),
        id="{ar}",
    ),
    step("a", f"POST {RECURRING}/Pause", id="{vr}"),
    step("a", f"POST {FILES}", {"file": ["a.txt", "x"], "invoiceId": "{vi}"}, "", MULTIPART),
    step("a", f"POST {TRANSACTION}/Reconcile", {}, id="{vt}"),
    step("a", f"POST {TRANSACTION}/Reconcile", {"invoiceId": "{vi}"}, id="{at}"),
    step("a", f"POST {TRANSACTIONS}/BulkCategorize", {"ids": ["{vt}", "{at}"], "category": "x"}),
    step("a", f"POST {INVOICES}/BulkApprove", {"ids": ["{vj}", "{aj}"]}),
    step("a", f"POST {INVOICE}/Void", id="{vj}"),
    step("a", f"POST {INVOICE}/Approve", id="{vj}"),
    step("a", f"POST {LINK}", id="{vi}"),
    step("a", f"POST {CUSTOMERS}", {"name": "same", "email": "v@mail.example"}),
    step("a", f"POST {CUSTOMERS}", {"name": "same", "email": "a@mail.example"}),
    step("a", f"POST {CUSTOMERS}", contact("gift", firmId=LARCH)),
    step("v", f"GET {CUSTOMERS}"),
    step("a", f"PUT {CUSTOMER}", contact("changed"), id="{vc}"),
    step("a", f"PUT {VENDOR}", contact("changed"), id="{vo}"),
    step("a", f"PUT {BANK}", {"name": "x", "iban": "x"}, id="{vb}"),
]
ENDS = [
    step("a", f"DELETE {VENDOR}", id="{vs}"),
    step("a", f"DELETE {FILE}", id="{vf}"),
    step("a", f"DELETE {CUSTOMER}", id="{vc}"),
    step("a", f"DELETE {INVOICE}", id="{vj}"),
    step("a", f"DELETE {RECURRING}", id="{vr}"),
    step("a", f"DELETE {BANK}", id="{vb}"),
    step("a", f"DELETE {LINK}", id="{vi}"),
    step("v", f"GET {INVOICE}", id="{vi}"),
    step("a", f"POST {LINK}", None, "ap=token", id="{aj}"),
    step("n", f"GET {PUBLIC}", token="{ap}"),
    step("a", f"DELETE {LINK}", id="{aj}"),
    step("n", f"GET {PUBLIC}", token="{ap}"),
    step("a", f"DELETE {KEY}", id="{ak}"),
    step("n", f"GET {CUSTOMERS}", headers=key("as")),
    step(
        *("a", f"POST {INVITATIONS}", {"email": "u@u.example", "role": "Bookkeeper"}),
        "aq=id ay=acceptUrl?token",
    ),
    step("a", f"DELETE {INVITATION}", id="{aq}"),
    step(
        *("n", f"POST {INVITATIONS}/Accept"),
        {"token": "{ay}", "fullName": "Una", "password": "Una-12345!"},
    ),
    step(
        *("a", f"POST {INVITATIONS}", {"email": "u@u.example", "role": "Bookkeeper"}),
        "ay=acceptUrl?token",
    ),
    step(
        *("n", f"POST {INVITATIONS}/Accept"),
        {"token": "{ay}", "fullName": "Una", "password": "Una-12345!", "role": "Admin"},
        "au=id",
    ),
    step("a", f"POST {USER}/Deactivate", id="{au}"),
    step("n", f"POST {ACCOUNT}/Login", {"email": "u@u.example", "password": "Una-12345!"}),
    entry("boris", "s1"),
    step("n", f"POST {ACCOUNT}/Logout", headers=cookie("s1")),
    step("n", f"GET {ACCOUNT}/Me", headers=cookie("s1")),
    step("l", f"POST {ACCOUNT}/RecoveryCodes", {"password": SIGNED["boris"][1]}, "rc=code"),
    *[
        step(
            *("n", f"POST {ACCOUNT}/LoginWithRecoveryCode"),
            {"email": SIGNED["boris"][0], "recoveryCode": "{rc}"},
        )
        for _ in range(2)
    ],
    entry("boris", "s2"),
    step(
        *("l", f"POST {ACCOUNT}/ChangePassword"),
        {"currentPassword": SIGNED["boris"][1], "newPassword": "Another-1!"},
    ),
    step("n", f"GET {ACCOUNT}/Me", headers=cookie("s2")),
    step("l", f"GET {ACCOUNT}/Me"),
    step("b", f"POST {ACCOUNT}/SwitchFirm", {"firmId": LARCH}),
    step("b", f"GET {INVOICES}"),
    step("a", f"POST {ACCOUNT}/SwitchFirm", {"firmId": LARCH}),
]
BOOKS = [*BEFORE, *READS, *ROLES, *WRITES, *ENDS]
# Where the attacker's own words come back.
ECHOES: set[str] = set()
# What is answered with success for somebody else's ids too: without effect.
HARMLESS = {
    f"GET {INVOICES}",
    f"POST {INVOICES}/Search",
    f"POST {INVOICES}/BulkApprove",
    f"POST {TRANSACTIONS}/BulkCategorize",
    f"GET {FILES}",
    "POST /api/Support/Contact",
}
