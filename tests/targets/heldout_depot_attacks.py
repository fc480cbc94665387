"""What can an attacker with a pencil do to the order service, step by step?

`v` is the owner of Alder. At Birch `a` is the owner, `m` the manager and `l` the clerk; `b` is
Kim, a manager there and a clerk at Alder; `u` is Uli, who is at neither. `n` is nobody, or
whoever's token stands in the headers.
"""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_depot_target import (
    ALDER,
    AUDIT,
    AUTH,
    BASE,
    BIRCH,
    CARD,
    CARDS,
    CART,
    CARTS,
    CATEGORIES,
    CLIENT,
    CLIENTS,
    COMPANY,
    COUPONS,
    CUSTOMER,
    CUSTOMERS,
    DASHBOARD,
    DOCUMENT,
    DOCUMENTS,
    EMPLOYEE,
    EMPLOYEES,
    FILE,
    HOOK,
    HOOKS,
    INVITATION,
    INVITATIONS,
    LINE,
    LINES,
    LOCATION,
    LOCATIONS,
    ME,
    NOTIFICATIONS,
    ORDER,
    ORDERS,
    PAY,
    PEOPLE,
    PRICE,
    PRICES,
    PRODUCT,
    PRODUCTS,
    PURCHASE,
    PURCHASES,
    REPORT,
    REPORTS,
    RETURNS,
    SALES,
    SHIPMENTS,
    STOCK,
    SUPPLIER,
    SUPPLIERS,
    TRANSFERS,
)

ADDRESSES = {email.partition("@")[0]: (email, password) for email, password, _ in PEOPLE}
NEWEST = {"sort": "createdAt,desc"}
OLD = {"If-Match": '"99"'}


def entry(name: str, keep: str) -> Step:
    email, password = ADDRESSES[name]
    return step("n", f"POST {AUTH}/login", {"email": email, "password": password}, keep)


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {{{name}}}"}


def line(product: str, quantity: int = 1) -> Any:
    return {"product": {"id": product}, "quantity": quantity}


def at(company: str) -> dict[str, str]:
    return {"X-Company-Id": company}


def person(name: str, **more: str) -> Any:
    return {"name": name, "email": f"{name[0]}@mail.example", **more}


def own(who: str, customer: str) -> list[Step]:
    """What a company has: its newest things are kept under the first letter of whose they are."""
    sku = {"sku": f"{who}-1", "name": customer, "price": 100, "categoryId": 1002}
    return [
        step(who, f"POST {CUSTOMERS}", person(customer)),
        step(who, f"GET {CUSTOMERS}", NEWEST, f"{who}c=id"),
        step(who, f"POST {PRODUCTS}", sku),
        step(who, f"GET {PRODUCTS}/by-sku/{{sku}}", None, f"{who}p=id", sku=f"{who}-1"),
        step(who, f"POST {LOCATIONS}", {"name": customer}, f"{who}l=id"),
        step(who, f"POST {SUPPLIERS}", {"name": customer}, f"{who}s=id"),
        step(
            *(who, f"POST {ORDERS}"),
            {"customer": {"id": f"{{{who}c}}"}, "lines": [line(f"{{{who}p}}")], "note": customer},
            *(f"{who}o=id",),
        ),
        step(who, f"GET {LINES}", None, f"{who}i=id", orderId=f"{{{who}o}}"),
        step(who, f"POST {DOCUMENTS}", {"name": customer}, f"{who}d=id"),
        step(*(who, f"PUT {DOCUMENT}/content", {"text": customer}), documentId=f"{{{who}d}}"),
        step(who, f"POST {REPORTS}", {"type": "SALES"}, f"{who}r=id"),
        step(who, f"POST {PRICES}", {"name": customer, "currency": "EUR"}, f"{who}t=id"),
    ]


BEFORE = [
    entry("olga", "v=accessToken"),
    entry("otto", "a=accessToken"),
    entry("mia", "m=accessToken"),
    entry("carl", "l=accessToken"),
    entry("kim", "b=accessToken"),
    entry("uli", "u=accessToken"),
    entry("cleo", "w=accessToken"),
    *own("v", "victim's"),
    *own("a", "attacker's"),
    step("v", f"POST {PURCHASES}", {"supplierId": "{vs}", "reference": "victim's", "amount": 9}),
    step("v", f"GET {PURCHASES}", None, "vb=id"),
    step("v", f"POST {CARDS}", {"amount": 70, "note": "victim's"}, "vg=id vk=code"),
    step("v", f"POST {COUPONS}", {"code": "VICTIM20", "percent": 20}, "vq=id"),
    step("v", f"POST {HOOKS}", {"url": "https://victim.example", "events": []}, "vh=id"),
    step("v", f"POST {INVITATIONS}", {"email": "x@victim.example", "role": "CLERK"}, "vv=id"),
    step("v", f"POST {SHIPMENTS}", {"carrierId": 1001, "locationId": "{vl}"}, orderId="{vo}"),
    step("v", f"POST {RETURNS}", {"lineId": "{vi}", "quantity": 1}, orderId="{vo}"),
    step("w", f"GET {NOTIFICATIONS}", None, "vn=id"),
    step("v", f"POST {ORDERS}", {"customer": {"id": "{vc}"}, "note": "victim's next"}, "ve=id"),
    step("v", f"GET {DASHBOARD}"),
    step("v", f"POST {CARTS}", {"items": [line("{vp}")]}, "vx=id"),
]
READS = [
    step("a", f"GET {ORDER}", orderId="{vo}"),
    step("a", f"GET {ORDER}", orderId="none"),
    step("a", f"GET {PURCHASE}", purchaseOrderId="{vb}"),
    step("a", f"GET {PRODUCT}", productId="{vp}"),
    step("a", f"GET {PRODUCTS}/by-sku/{{sku}}", sku="v-1"),
    step("a", f"GET {PRODUCT}/stock", productId="{vp}"),
    step("a", f"GET {CUSTOMER}", customerId="{vc}"),
    step("a", f"GET {SUPPLIER}", supplierId="{vs}"),
    step("a", f"GET {LOCATION}", locationId="{vl}"),
    step("a", f"GET {PRICE}", priceListId="{vt}"),
    step("a", f"GET {DOCUMENT}", documentId="{vd}"),
    step("a", f"GET {DOCUMENT}/content", documentId="{vd}"),
    step("a", f"POST {DOCUMENT}/link", documentId="{vd}"),
    step("a", f"POST {DOCUMENT}/link", None, "until=expires sign=signature", documentId="{ad}"),
    step("n", f"GET {FILE}", {"expires": "{until}", "signature": "{sign}"}, documentId="{ad}"),
    step("a", f"GET {FILE}", {"expires": "{until}", "signature": "{sign}"}, documentId="{vd}"),
    step("a", f"GET {FILE}", {"expires": "9", "signature": "guessed"}, documentId="{vd}"),
    step("a", f"GET {REPORT}", reportId="{vr}"),
    step("a", f"GET {REPORT}/result", reportId="{vr}"),
    step("a", f"GET {HOOK}", webhookId="{vh}"),
    step("a", f"GET {LINES}", orderId="{vo}"),
    step("a", f"GET {LINE}", orderId="{ao}", lineId="{vi}"),
    step("a", f"GET {SHIPMENTS}", orderId="{vo}"),
    step("a", f"GET {RETURNS}", orderId="{vo}"),
    step("a", f"GET {DASHBOARD}"),
    step("a", f"GET {SALES}"),
    step("a", f"GET {ORDERS}"),
    step("a", f"GET {ORDERS}", {"customerId": "{vc}"}),
    step("a", f"GET {ORDERS}/count"),
    step("a", f"GET {ORDERS}/export"),
    step("a", f"GET {ORDERS}/by-number/{{number}}", number="SO-1001"),
    step("a", f"POST {ORDERS}/search", {"text": "m's"}),
    step("a", f"POST {ORDERS}/search", {"customerId": "{vc}"}),
    step("a", f"POST {ORDERS}/batch-get", {"ids": ["{vo}", "{ao}"]}),
    step("a", f"GET {PRODUCTS}"),
    step("a", f"GET {PRODUCTS}", {"sort": "price,desc"}),
    step("a", f"GET {PRODUCTS}", headers=at(ALDER)),
    step("a", f"GET {CUSTOMERS}", headers=at(ALDER)),
    step("b", f"GET {CUSTOMERS}", headers=at(ALDER)),
    step("b", f"GET {PURCHASES}", headers=at(ALDER)),
    step("b", f"GET {BASE}/companies/{{companyId}}", companyId=ALDER),
    step("a", f"GET {BASE}/companies/{{companyId}}", companyId=ALDER),
    step("a", f"GET {CUSTOMERS}"),
    step("a", f"GET {CATEGORIES}"),
    step("a", f"GET {CATEGORIES}/{{categoryId}}/products", categoryId="1002"),
    step("a", f"GET {CATEGORIES}/{{categoryId}}", {"expand": "products"}, categoryId="1002"),
    step("a", f"GET {AUDIT}"),
    step("a", f"GET {AUDIT}", {"page": "1", "size": "3"}),
    *[
        step("a", f"GET {path}")
        for path in (SUPPLIERS, LOCATIONS, PURCHASES, PRICES, DOCUMENTS, REPORTS, HOOKS, COUPONS)
    ],
    step("a", f"GET {DOCUMENTS}", {"orderId": "{vo}"}),
    step("a", f"GET {EMPLOYEES}"),
    step("a", f"GET {INVITATIONS}"),
    step("a", f"GET {NOTIFICATIONS}"),
    step("a", f"GET {CARDS}"),
    step("a", f"GET {CARD}", giftCardId="{vg}"),
    step("a", f"POST {BASE}/support-tickets", {"message": "what is this?", "orderId": "{vo}"}),
]
ROLES = [
    step("a", f"POST {CARTS}", {"items": [line("{ap}")]}, "ax=id"),
    step("m", f"GET {CART}", cartId="{ax}"),
    step("m", f"GET {CARTS}"),
    step("m", f"POST {INVITATIONS}", {"email": "m@m.example", "role": "OWNER"}),
    step("m", f"PATCH {COMPANY}", {"name": "manager's"}),
    step("l", f"POST {ORDER}/refund", orderId="{ao}"),
    step("l", f"PUT {PRICE}", {"name": "clerk's"}, priceListId="{at}"),
    step("l", f"POST {PRODUCTS}", {"sku": "l-1", "name": "clerk's", "price": 1}),
    step("l", f"GET {AUDIT}"),
    step("l", f"GET {ORDERS}/export"),
    step("l", f"PATCH {ME}", {"role": "OWNER"}),
    step("l", f"GET {CLIENTS}"),
    step("a", f"PATCH {COMPANY}", {"phone": "1", "plan": "ENTERPRISE"}),
    step(
        *("a", f"POST {CLIENTS}", {"name": "reader", "scopes": ["orders:read"]}),
        "ay=id as1=clientSecret",
    ),
    step("m", f"GET {CLIENTS}"),
    step(
        *("n", f"POST {AUTH}/token", {"clientId": "{ay}", "clientSecret": "{as1}"}),
        "at1=accessToken",
    ),
    step("n", f"GET {ORDERS}", headers=bearer("at1")),
    step("n", f"GET {ORDERS}", headers=bearer("at1") | at(ALDER)),
    step("n", f"GET {CUSTOMERS}", headers=bearer("at1")),
    step("n", f"PATCH {ORDER}", {"note": "client's"}, headers=bearer("at1"), orderId="{ao}"),
    step(
        *("n", f"POST {AUTH}/token"),
        {"clientId": "{ay}", "clientSecret": "{as1}", "scopes": ["orders:write"]},
    ),
]
WRITES = [
    step("a", f"POST {ORDERS}", {"customer": {"id": "{vc}"}}),
    step("a", f"POST {ORDERS}", {"customer": {"id": "{ac}"}, "lines": [line("{vp}")]}),
    step("a", f"PATCH {ORDER}", {"customer": {"id": "{vc}"}}, orderId="{ao}"),
    step("a", f"PATCH {ORDER}", {"note": "paid?", "status": "REFUNDED"}, orderId="{ao}"),
    step("a", f"POST {LINES}", line("{vp}"), orderId="{ao}"),
    step("a", f"POST {LINES}", line("{ap}"), orderId="{vo}"),
    step("a", f"POST {LINES}", line("{ap}") | {"unitPrice": 1}, orderId="{ao}"),
    step("a", f"POST {PURCHASES}", {"supplierId": "{vs}", "amount": 1}),
    step("a", f"PUT {STOCK}", {"quantity": 5}, locationId="{al}", productId="{ap}"),
    step("a", f"PUT {STOCK}", {"quantity": 5}, locationId="{vl}", productId="{ap}"),
    step("a", f"PUT {STOCK}", {"quantity": 5}, locationId="{al}", productId="{vp}"),
    step(
        *("a", f"POST {TRANSFERS}"),
        {"productId": "{ap}", "fromLocationId": "{al}", "toLocationId": "{vl}", "quantity": 1},
    ),
    step("a", f"POST {PAY}", {"code": "{vk}"}, orderId="{ao}"),
    step("a", f"POST {CARDS}", {"amount": 5}, "ag=id ak=code"),
    step("a", f"PATCH {CARD}", {"note": "more", "balance": 5000}, giftCardId="{ag}"),
    step("a", f"PATCH {CARD}", {"note": "x"}, giftCardId="{vg}"),
    step("a", f"POST {PAY}", {"code": "{ak}"}, orderId="{ao}"),
    step("a", f"POST {CART}/coupon", {"code": "VICTIM20"}, cartId="{ax}"),
    step("a", f"POST {CART}/checkout", {"customerId": "{vc}"}, cartId="{ax}"),
    step("a", f"POST {COUPONS}", {"code": "VICTIM20", "percent": 5}),
    step("a", f"POST {CUSTOMERS}", {"name": "same", "email": "v@mail.example"}),
    step("a", f"POST {CUSTOMERS}", {"name": "same", "email": "a@mail.example"}),
    step("a", f"POST {CUSTOMERS}", person("gift", companyId=ALDER)),
    step("v", f"GET {CUSTOMERS}"),
    step("a", f"PATCH {CUSTOMER}", {"phone": "666"}, customerId="{vc}"),
    step("a", f"PUT {PRODUCT}", {"sku": "x", "name": "x", "price": 1}, productId="{vp}"),
    step("a", f"PATCH {PRODUCT}", {"price": 1}, productId="{vp}"),
    step("a", f"PUT {LOCATION}", {"name": "x"}, headers=OLD, locationId="{vl}"),
    step("a", f"PUT {LOCATION}", {"name": "x"}, headers=OLD, locationId="{al}"),
    step("a", f"POST {PRODUCTS}/batch-price", [{"id": "{vp}", "price": 1}]),
    step("a", f"POST {NOTIFICATIONS}/mark-read", {"ids": ["{vn}"]}),
    step("a", f"POST {ORDER}/cancel", orderId="{ve}"),
    step("a", f"POST {ORDER}/refund", orderId="{vo}"),
    step("a", f"POST {PURCHASE}/receive", purchaseOrderId="{vb}"),
    step("a", f"PATCH {HOOK}", {"url": "https://attacker.example"}, webhookId="{vh}"),
]
ENDS = [
    step("a", f"DELETE {LINE}", orderId="{ao}", lineId="{vi}"),
    step("a", f"DELETE {SUPPLIER}", supplierId="{vs}"),
    step("a", f"DELETE {PRODUCT}", productId="{vp}"),
    step("a", f"DELETE {ORDER}", orderId="{vo}"),
    step("a", f"DELETE {DOCUMENT}", documentId="{vd}"),
    step("a", f"DELETE {INVITATION}", invitationId="{vv}"),
    step("v", f"GET {ORDER}", orderId="{vo}"),
    step(*("a", f"POST {CLIENT}/rotate-secret", None, "as2=clientSecret"), apiClientId="{ay}"),
    step("n", f"POST {AUTH}/token", {"clientId": "{ay}", "clientSecret": "{as1}"}),
    step(
        *("n", f"POST {AUTH}/token", {"clientId": "{ay}", "clientSecret": "{as2}"}),
        "at2=accessToken",
    ),
    step("a", f"DELETE {CLIENT}", apiClientId="{ay}"),
    step("n", f"GET {ORDERS}", headers=bearer("at2")),
    step(
        *("a", f"POST {INVITATIONS}", {"email": "u@u.example", "role": "CLERK"}), "aq=id aj=token"
    ),
    step("a", f"DELETE {INVITATION}", invitationId="{aq}"),
    step("u", f"POST {INVITATIONS}/accept", {"token": "{aj}"}),
    step("a", f"POST {INVITATIONS}", {"email": "u@u.example", "role": "CLERK"}, "aj=token"),
    step("u", f"POST {INVITATIONS}/accept", {"token": "{aj}", "role": "OWNER"}),
    step("u", f"GET {CUSTOMERS}"),
    step("a", f"GET {EMPLOYEES}", NEWEST, "ae=id"),
    step("a", f"DELETE {EMPLOYEE}", employeeId="{ae}"),
    step("u", f"GET {CUSTOMERS}"),
    entry("carl", "s1=accessToken f1=refreshToken"),
    step("n", f"POST {AUTH}/logout", headers=bearer("s1")),
    step("n", f"POST {AUTH}/refresh", {"refreshToken": "{f1}"}),
    step("n", f"GET {ME}", headers=bearer("s1")),
    entry("carl", "s2=accessToken f2=refreshToken"),
    step(
        *("l", f"POST {ME}/password"),
        {"currentPassword": ADDRESSES["carl"][1], "newPassword": "another"},
    ),
    step("n", f"POST {AUTH}/refresh", {"refreshToken": "{f2}"}),
    step("n", f"GET {ME}", headers=bearer("s2")),
    step("l", f"GET {ME}"),
    step("b", f"GET {COMPANY}", headers=at(BIRCH)),
]
DEPOT = [*BEFORE, *READS, *ROLES, *WRITES, *ENDS]
# Where the attacker's own words come back.
ECHOES: set[str] = {f"POST {COUPONS}"}
# What is answered with success for somebody else's ids too: without effect.
HARMLESS = {
    f"GET {ORDERS}",
    f"POST {ORDERS}/search",
    f"POST {ORDERS}/batch-get",
    f"GET {DOCUMENTS}",
    f"POST {PRODUCTS}/batch-price",
    f"POST {NOTIFICATIONS}/mark-read",
    f"POST {BASE}/support-tickets",
}
