"""What is wrong with each build of the bookkeeping service, and what only looks so?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

ACCOUNT, FIRMS, USERS = "/api/Account", "/api/Firms", "/api/Users"
USER, SETTINGS = f"{USERS}/{{id}}", "/api/NotificationSettings/{userId}"
INVITATIONS, INVITATION = "/api/Invitations", "/api/Invitations/{id}"
KEYS, KEY = "/api/ApiKeys", "/api/ApiKeys/{id}"
CUSTOMERS, CUSTOMER = "/api/Customers", "/api/Customers/{id}"
VENDORS, VENDOR = "/api/Vendors", "/api/Vendors/{id}"
INVOICES, INVOICE = "/api/Invoices", "/api/Invoices/{id}"
LINES = f"{INVOICES}/{{invoiceId}}/Lines"
LINE = f"{LINES}/{{lineId}}"
PAYMENTS, LINK = f"{INVOICES}/{{invoiceId}}/Payments", f"{INVOICE}/PaymentLink"
PUBLIC = "/api/Public/Invoices/{token}"
NOTES, NOTE = "/api/CreditNotes", "/api/CreditNotes/{id}"
RECURRINGS, RECURRING = "/api/RecurringInvoices", "/api/RecurringInvoices/{id}"
ACCOUNTS, BANK = "/api/BankAccounts", "/api/BankAccounts/{id}"
STATEMENT = f"{ACCOUNTS}/{{accountId}}/Transactions"
TRANSACTIONS, TRANSACTION = "/api/Transactions", "/api/Transactions/{id}"
RATES, REPORTS, AUDIT = "/api/TaxRates", "/api/Reports", "/api/AuditTrail"
FILES, FILE = "/api/Attachments", "/api/Attachments/{id}"
IMPORTS, IMPORT = "/api/Imports", "/api/Imports/{id}"
FLAWS = {
    "invoice-read": Planted("read", f"GET {INVOICE}"),
    "bank-account-read": Planted("read", f"GET {BANK}"),
    "attachment-download": Planted("read", f"GET {FILE}/Download"),
    "profit-cached": Planted("read", f"GET {REPORTS}/ProfitAndLoss"),
    "customer-put": Planted("write", f"PUT {CUSTOMER}"),
    "invoice-void": Planted("write", f"POST {INVOICE}/Void"),
    "vendor-delete": Planted("delete", f"DELETE {VENDOR}"),
    "attachment-delete": Planted("delete", f"DELETE {FILE}"),
    "line-elsewhere": Planted("nested", f"PUT {LINE}"),
    "payments-list": Planted("nested", f"GET {PAYMENTS}"),
    "statement": Planted("nested", f"GET {STATEMENT}"),
    "bulk-approve": Planted("bulk", f"POST {INVOICES}/BulkApprove"),
    "bulk-categorize": Planted("bulk", f"POST {TRANSACTIONS}/BulkCategorize"),
    "invoice-customer": Planted("reference", f"POST {INVOICES}"),
    "credit-note-invoice": Planted("reference", f"POST {NOTES}"),
    "payment-account": Planted("reference", f"POST {PAYMENTS}"),
    "recurring-customer": Planted("reference", f"PUT {RECURRING}"),
    "switch-any": Planted("reference", f"POST {ACCOUNT}/SwitchFirm"),
    "transactions-filter": Planted("list", f"GET {TRANSACTIONS}"),
    "invoices-customer": Planted("list", f"GET {INVOICES}"),
    "vendors-archived": Planted("list", f"GET {VENDORS}"),
    "invoices-export": Planted("list", f"GET {INVOICES}/Export"),
    "customers-search": Planted("search", f"GET {CUSTOMERS}/Search"),
    "invoices-search": Planted("search", f"POST {INVOICES}/Search"),
    "customers-total": Planted("count", f"GET {CUSTOMERS}"),
    "overview-all": Planted("count", f"GET {REPORTS}/Overview"),
    "audit-after": Planted("cursor", f"GET {AUDIT}"),
    "customer-firm": Planted("mass assignment", f"POST {CUSTOMERS}"),
    "invoice-status": Planted("mass assignment", f"PUT {INVOICE}"),
    "profile-role": Planted("mass assignment", f"PUT {ACCOUNT}/Profile"),
    "accept-role": Planted("mass assignment", f"POST {INVITATIONS}/Accept"),
    "approve-by-bookkeeper": Planted("function", f"POST {INVOICE}/Approve"),
    "key-by-accountant": Planted("function", f"POST {KEYS}"),
    "role-by-accountant": Planted("function", f"PUT {USER}/Role"),
    "customer-email": Planted("existence", f"POST {CUSTOMERS}"),
    "import-status": Planted("job", f"GET {IMPORT}"),
    "pay-by-number": Planted("link", f"GET {PUBLIC}"),
    "logout-cookie": Planted("revoked", f"POST {ACCOUNT}/Logout"),
    "password-sessions": Planted("revoked", f"POST {ACCOUNT}/ChangePassword"),
    "recovery-reused": Planted("revoked", f"POST {ACCOUNT}/LoginWithRecoveryCode"),
    "key-undead": Planted("revoked", f"DELETE {KEY}"),
    "link-undead": Planted("revoked", f"DELETE {LINK}"),
    "key-permission": Planted("scope", f"PUT {CUSTOMER}"),
    "firm-header": Planted("header", f"GET {ACCOUNTS}"),
    "settings-colleague": Planted("colleague", f"PUT {SETTINGS}"),
}
# What every build does, and is right.
TRAPS = (
    (f"GET {RATES}", "the same list for all firms"),
    (f"GET {RATES}/{{id}}", "a tax rate has no firm and is everybody's"),
    ("GET /api/Public/Plans", "the same list for everybody, without signing in"),
    (f"POST {ACCOUNT}/Login", "anybody may sign in; the cookie is new each time"),
    (f"POST {ACCOUNT}/LoginWithRecoveryCode", "whoever has an unused code signs in with it, once"),
    (f"POST {ACCOUNT}/Logout", "other sessions of the same user go on"),
    (f"POST {ACCOUNT}/ChangePassword", "the session that changes the password goes on"),
    (f"POST {ACCOUNT}/RecoveryCodes", "shown once; the codes before are gone"),
    (f"GET {ACCOUNT}/Me", "names all firms of the caller, also those not switched to"),
    (f"POST {ACCOUNT}/SwitchFirm", "the same cookie then works for another firm of the caller"),
    (f"PUT {ACCOUNT}/Profile", "role in the body is ignored, with 200"),
    (f"GET {USERS}", "everybody in a firm sees the addresses of the others"),
    (f"POST {USER}/Deactivate", "204, also the second time"),
    (f"POST {INVITATIONS}/Accept", "whoever has the token joins the firm without signing in"),
    (f"DELETE {INVITATION}", "204 also for one that is not pending any more"),
    (f"POST {KEYS}", "the key is shown once, and again never"),
    (f"GET {INVOICES}", "a customer of others finds nothing, with 200"),
    (f"POST {INVOICES}/Search", "a customer of others finds nothing, with 200"),
    (f"GET {INVOICES}", "ids go up over all firms, so that there are gaps"),
    (f"GET {INVOICES}/ByNumber/{{number}}", "two firms have the same invoice numbers"),
    (f"POST {INVOICES}/BulkApprove", "200; ids of others are repeated in skipped"),
    (f"POST {TRANSACTIONS}/BulkCategorize", "200; counts only those of one's own"),
    (f"GET {INVOICE}", "404 repeats the id that was asked for; 400 what is no number"),
    (f"POST {INVOICE}/Void", "200, also the second time"),
    (f"DELETE {VENDOR}", "204, also the second time: it is only archived"),
    (f"GET {VENDOR}", "an archived vendor of one's own is still shown"),
    (f"POST {CUSTOMERS}", "409 for an address that the firm has; others may have it too"),
    (f"POST {CUSTOMERS}", "firmId in the body is ignored, with 201"),
    (f"PUT {INVOICE}", "status in the body is ignored, with 200"),
    (f"GET {TRANSACTIONS}", "a filter by an account of others finds nothing, with 200"),
    (f"GET {PUBLIC}", "whoever has the payment link sees the invoice, without signing in"),
    (f"POST {PUBLIC}/Pay", "whoever has the payment link may pay, without signing in"),
    (f"POST {LINK}", "a new link each time; those before go on until they are revoked"),
    (f"GET {REPORTS}/ProfitAndLoss", "kept for a while: old figures, but one's own"),
    (f"GET {FILE}/Download", "a colleague downloads what others of the firm uploaded"),
    (f"GET {AUDIT}", "accountants read what admins of the firm did"),
    ("POST /api/Support/Contact", "202 for any invoice, with nothing read or changed"),
)
LARCH, MAPLE = 1, 2
NAMES = {LARCH: "Larch Bakery", MAPLE: "Maple Carpentry"}
RANKS = ("Bookkeeper", "Accountant", "Admin")
# nora works for both firms and is in no target file.
PEOPLE: tuple[tuple[str, str, dict[int, str]], ...] = (
    ("anna@larch.example", "Anna-6tGv1!", {LARCH: "Admin"}),
    ("aron@larch.example", "Aron-2pQx8!", {LARCH: "Accountant"}),
    ("berta@larch.example", "Berta-9mLk4!", {LARCH: "Bookkeeper"}),
    ("ada@maple.example", "Ada-3wZs7!", {MAPLE: "Admin"}),
    ("alma@maple.example", "Alma-5cRf0!", {MAPLE: "Accountant"}),
    ("boris@maple.example", "Boris-1hJn6!", {MAPLE: "Bookkeeper"}),
    ("nora@both.example", "Nora-8vBd2!", {MAPLE: "Accountant", LARCH: "Bookkeeper"}),
)
COOKIE = "Books.Session"
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/api/Account/Login"
body = {{ email = "{email}", password = "${{PASSWORD_{name}}}" }}
token = "cookie:{cookie}"
"""
NAMED = [each for each in PEOPLE if len(each[2]) == 1]
ACTORS = "".join(
    ACTOR.format(
        tenant="larch" if firm == LARCH else "maple",
        role="owner" if role == "Admin" else role.lower(),  # a target file's owner is called so
        email=email,
        name=email.partition("@")[0].upper(),
        cookie=COOKIE,
    )
    for email, _, roles in NAMED
    for firm, role in roles.items()
)
ENVIRONMENT = {
    f"PASSWORD_{email.partition('@')[0].upper()}": password for email, password, _ in NAMED
}
HINTS = """
[hints]
roles = ["bookkeeper", "accountant", "owner"]
public = ["GET /api/Public/Plans", "GET /api/Public/Invoices/{token}"]
shared = ["GET /api/TaxRates", "GET /api/TaxRates/{id}"]
values = { number = "INV-0001" }
"""
