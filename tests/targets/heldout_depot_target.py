"""What is wrong with each build of the order service, what only looks so, how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

BASE = "/api/v2"
AUTH, ME, COMPANY = f"{BASE}/auth", f"{BASE}/users/me", f"{BASE}/companies/current"
EMPLOYEES, EMPLOYEE = f"{BASE}/employees", f"{BASE}/employees/{{employeeId}}"
INVITATIONS, INVITATION = f"{BASE}/invitations", f"{BASE}/invitations/{{invitationId}}"
CLIENTS, CLIENT = f"{BASE}/api-clients", f"{BASE}/api-clients/{{apiClientId}}"
NOTIFICATIONS, AUDIT = f"{BASE}/notifications", f"{BASE}/audit-events"
PRODUCTS, PRODUCT = f"{BASE}/products", f"{BASE}/products/{{productId}}"
LOCATIONS, LOCATION = f"{BASE}/locations", f"{BASE}/locations/{{locationId}}"
SUPPLIERS, SUPPLIER = f"{BASE}/suppliers", f"{BASE}/suppliers/{{supplierId}}"
PURCHASES, PURCHASE = f"{BASE}/purchase-orders", f"{BASE}/purchase-orders/{{purchaseOrderId}}"
PRICES, PRICE = f"{BASE}/price-lists", f"{BASE}/price-lists/{{priceListId}}"
CUSTOMERS, CUSTOMER = f"{BASE}/customers", f"{BASE}/customers/{{customerId}}"
STOCK = f"{LOCATION}/stock/{{productId}}"
CATEGORIES, TRANSFERS = f"{BASE}/categories", f"{BASE}/stock/transfers"
ORDERS, ORDER = f"{BASE}/orders", f"{BASE}/orders/{{orderId}}"
LINES, LINE = f"{ORDER}/lines", f"{ORDER}/lines/{{lineId}}"
SHIPMENTS, RETURNS = f"{ORDER}/shipments", f"{ORDER}/returns"
CARTS, CART = f"{BASE}/carts", f"{BASE}/carts/{{cartId}}"
COUPONS, CARDS = f"{BASE}/coupons", f"{BASE}/gift-cards"
CARD, PAY = f"{CARDS}/{{giftCardId}}", f"{ORDER}/gift-card"
DOCUMENTS, DOCUMENT = f"{BASE}/documents", f"{BASE}/documents/{{documentId}}"
FILE, REPORTS, REPORT = (
    f"{BASE}/files/{{documentId}}",
    f"{BASE}/reports",
    f"{BASE}/reports/{{reportId}}",
)
SALES, DASHBOARD = f"{BASE}/statistics/sales", f"{BASE}/statistics/dashboard"
HOOKS, HOOK = f"{BASE}/webhooks", f"{BASE}/webhooks/{{webhookId}}"
FLAWS = {
    "order-read": Planted("read", f"GET {ORDER}"),
    "purchase-read": Planted("read", f"GET {PURCHASE}"),
    "product-sku": Planted("read", f"GET {PRODUCTS}/by-sku/{{sku}}"),
    "document-download": Planted("read", f"GET {DOCUMENT}/content"),
    "dashboard-cached": Planted("read", f"GET {DASHBOARD}"),
    "customer-patch": Planted("write", f"PATCH {CUSTOMER}"),
    "product-put": Planted("write", f"PUT {PRODUCT}"),
    "order-cancel": Planted("write", f"POST {ORDER}/cancel"),
    "supplier-delete": Planted("delete", f"DELETE {SUPPLIER}"),
    "line-elsewhere": Planted("nested", f"GET {LINE}"),
    "line-delete": Planted("nested", f"DELETE {LINE}"),
    "shipments-list": Planted("nested", f"GET {SHIPMENTS}"),
    "prices-batch": Planted("bulk", f"POST {PRODUCTS}/batch-price"),
    "orders-batch": Planted("bulk", f"POST {ORDERS}/batch-get"),
    "notifications-mark": Planted("bulk", f"POST {NOTIFICATIONS}/mark-read"),
    "order-customer": Planted("reference", f"POST {ORDERS}"),
    "line-product": Planted("reference", f"POST {LINES}"),
    "purchase-supplier": Planted("reference", f"POST {PURCHASES}"),
    "transfer-location": Planted("reference", f"POST {TRANSFERS}"),
    "gift-card-redeem": Planted("reference", f"POST {PAY}"),
    "coupon-apply": Planted("reference", f"POST {CART}/coupon"),
    "orders-customer": Planted("list", f"GET {ORDERS}"),
    "products-sorted": Planted("list", f"GET {PRODUCTS}"),
    "orders-export": Planted("list", f"GET {ORDERS}/export"),
    "category-expand": Planted("list", f"GET {CATEGORIES}/{{categoryId}}"),
    "orders-search": Planted("search", f"POST {ORDERS}/search"),
    "customers-total": Planted("count", f"GET {CUSTOMERS}"),
    "category-counts": Planted("count", f"GET {CATEGORIES}"),
    "sales-all": Planted("count", f"GET {SALES}"),
    "audit-page": Planted("cursor", f"GET {AUDIT}"),
    "customer-company": Planted("mass assignment", f"POST {CUSTOMERS}"),
    "order-status": Planted("mass assignment", f"PATCH {ORDER}"),
    "line-price": Planted("mass assignment", f"POST {LINES}"),
    "gift-card-balance": Planted("mass assignment", f"PATCH {CARD}"),
    "me-role": Planted("mass assignment", f"PATCH {ME}"),
    "company-plan": Planted("mass assignment", f"PATCH {COMPANY}"),
    "accept-role": Planted("mass assignment", f"POST {INVITATIONS}/accept"),
    "refund-by-clerk": Planted("function", f"POST {ORDER}/refund"),
    "prices-by-clerk": Planted("function", f"PUT {PRICE}"),
    "invite-by-manager": Planted("function", f"POST {INVITATIONS}"),
    "client-secret": Planted("function", f"GET {CLIENTS}"),
    "customer-email": Planted("existence", f"POST {CUSTOMERS}"),
    "location-match": Planted("existence", f"PUT {LOCATION}"),
    "report-result": Planted("job", f"GET {REPORT}/result"),
    "signature-any": Planted("link", f"GET {FILE}"),
    "logout-refresh": Planted("revoked", f"POST {AUTH}/logout"),
    "password-refresh": Planted("revoked", f"POST {ME}/password"),
    "dismissed-undead": Planted("revoked", f"DELETE {EMPLOYEE}"),
    "client-undead": Planted("revoked", f"DELETE {CLIENT}"),
    "client-rotated": Planted("revoked", f"POST {CLIENT}/rotate-secret"),
    "invitation-undead": Planted("revoked", f"DELETE {INVITATION}"),
    "client-scope": Planted("scope", f"POST {AUTH}/token"),
    "header-company": Planted("header", f"GET {PRODUCTS}"),
    "cart-read": Planted("colleague", f"GET {CART}"),
}
# What every build does, and is right.
TRAPS = (
    (f"GET {BASE}/carriers", "the same list for everybody, without signing in"),
    (f"GET {BASE}/plans", "the same list for everybody, without signing in"),
    (f"GET {CATEGORIES}", "everybody has the same categories; the counts are each company's own"),
    (f"GET {CATEGORIES}/{{categoryId}}", "a category has no company and is everybody's"),
    (f"POST {AUTH}/login", "anybody may sign in; the tokens are new each time"),
    (f"POST {AUTH}/refresh", "a refresh token works once; the access token before goes on working"),
    (
        f"POST {AUTH}/token",
        "whoever has the secret of an API client is a manager within its scopes",
    ),
    (f"POST {AUTH}/logout", "other sessions of the same user go on"),
    (f"POST {ME}/password", "the session that changes the password goes on"),
    (f"GET {ME}", "names all companies of the caller, also those the header does not name"),
    (f"GET {BASE}/companies", "all companies of the caller, whichever the header names"),
    (f"GET {BASE}/companies/{{companyId}}", "another company of the caller, beside the header's"),
    (f"GET {BASE}/companies/{{companyId}}", "403, for companies of others and for none alike"),
    (f"PATCH {ME}", "role in the body is ignored, with 200"),
    (f"PATCH {COMPANY}", "plan in the body is ignored, with 200"),
    (f"GET {EMPLOYEES}", "everybody in a company sees the addresses of the others"),
    (f"DELETE {EMPLOYEE}", "204, also the second time"),
    (f"POST {INVITATIONS}/accept", "whoever has the token joins another company"),
    (f"DELETE {INVITATION}", "204 also for one that is not pending any more"),
    (f"POST {NOTIFICATIONS}/mark-read", "200; ids of others are repeated in skipped"),
    (f"POST {PRODUCTS}/batch-price", "200; ids of others are repeated in skipped"),
    (f"POST {ORDERS}/batch-get", "200 without those of others"),
    (f"GET {ORDERS}", "a customer of others finds nothing, with 200"),
    (f"POST {ORDERS}/search", "a customer of others finds nothing, with 200"),
    (f"GET {DOCUMENTS}", "an order of others finds nothing, with 200"),
    (f"GET {ORDER}", "404 repeats the id that was asked for; 400 what is no UUID"),
    (f"GET {ORDER}", "a deleted order of one's own is still shown, as deleted"),
    (f"DELETE {ORDER}", "204, also the second time"),
    (f"POST {ORDER}/cancel", "200, also the second time"),
    (f"GET {ORDERS}/by-number/{{number}}", "two companies have the same order numbers"),
    (f"GET {PRODUCTS}/by-sku/{{sku}}", "two companies have the same SKUs"),
    (f"POST {CUSTOMERS}", "409 for an address that the company has; others may have it too"),
    (f"POST {CUSTOMERS}", "companyId in the body is ignored, with 201 and no body"),
    (f"POST {COUPONS}", "two companies may have the same code"),
    (f"POST {LINES}", "unitPrice in the body is ignored, with 201"),
    (f"PUT {LOCATION}", "412 for an old version of one's own location"),
    (f"GET {PURCHASES}", "long ids go up through all companies, so that there are gaps"),
    (f"POST {DOCUMENT}/link", "a colleague may hand out a link to any document of the company"),
    (f"GET {FILE}", "whoever has the signed link reads the document, without a credential"),
    (f"POST {CARDS}", "the code is shown once, and again never"),
    (f"GET {CARTS}", "not even owners see the carts of colleagues"),
    (f"GET {DASHBOARD}", "kept until somebody orders something: old figures, but one's own"),
    (f"POST {BASE}/support-tickets", "202 for any order, with nothing read or changed"),
)
ALDER, BIRCH = "5f1c2b7e-90d4-4c1a-8a6e-2f7b61d0a3c5", "c83e07a1-4d5b-4f92-b1c7-90ae35f6d218"
COMPANIES = ((ALDER, "Alder Supply", "BUSINESS"), (BIRCH, "Birch Trading", "STARTER"))
RANKS = ("CLERK", "MANAGER", "OWNER")
# kim works for both companies and uli for none; both are in no target file.
PEOPLE: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("olga@alder.example", "Olga-8fKq2", {ALDER: "OWNER"}),
    ("max@alder.example", "Max-77dPz", {ALDER: "MANAGER"}),
    ("cleo@alder.example", "Cleo-1xWe9", {ALDER: "CLERK"}),
    ("otto@birch.example", "Otto-5rTy3", {BIRCH: "OWNER"}),
    ("mia@birch.example", "Mia-0pLs6", {BIRCH: "MANAGER"}),
    ("carl@birch.example", "Carl-4vBn8", {BIRCH: "CLERK"}),
    ("kim@both.example", "Kim-2hJm7", {BIRCH: "MANAGER", ALDER: "CLERK"}),
    ("uli@free.example", "Uli-9cXd1", {}),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/api/v2/auth/login"
body = {{ email = "{email}", password = "${{PASSWORD_{name}}}" }}
token = "accessToken"
"""
NAMED = [each for each in PEOPLE if len(each[2]) == 1]
ACTORS = "".join(
    ACTOR.format(
        tenant="alder" if company == ALDER else "birch",
        role=role.lower(),  # a target file's owner is called so
        email=email,
        name=email.partition("@")[0].upper(),
    )
    for email, _, roles in NAMED
    for company, role in roles.items()
)
ENVIRONMENT = {
    f"PASSWORD_{email.partition('@')[0].upper()}": password for email, password, _ in NAMED
}
HINTS = """
[hints]
roles = ["clerk", "manager", "owner"]
public = ["GET /api/v2/carriers", "GET /api/v2/plans", "GET /api/v2/files/{documentId}"]
values = { sku = "HAM-1" }
"""
