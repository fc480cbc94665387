"""What is wrong with each build of the bazaar, what only looks so, and how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

USER, ORDER, REVIEW = "/users/v1/{username}", "/orders/v1/{orderId}", "/products/v1/{sku}/reviews"
ADDRESSES, MESSAGE = "/customers/v1/{email}/addresses", "/messages/v1/{messageId}"
FLAWS = {
    "profile-email": Planted("read", f"GET {USER}"),
    "order-read": Planted("read", f"GET {ORDER}"),
    "report-read": Planted("read", "GET /reports/v1"),
    "giftcard-read": Planted("read", "GET /giftcards/v1/{number}"),
    "message-read": Planted("read", f"GET {MESSAGE}"),
    "account-read": Planted("read", "GET /wallet/v1/{accountNo}"),
    "otp-shown": Planted("read", "POST /users/v1/forgot"),
    "orders-of": Planted("nested", f"GET {USER}/orders"),
    "addresses-of": Planted("nested", f"GET {ADDRESSES}"),
    "address-add": Planted("nested", f"POST {ADDRESSES}"),
    "email-set": Planted("write", f"PUT {USER}/email"),
    "password-set": Planted("write", f"PUT {USER}/password"),
    "order-put": Planted("write", f"PUT {ORDER}"),
    "order-return": Planted("write", f"POST {ORDER}/return"),
    "review-put": Planted("write", f"PUT {REVIEW}/{{reviewId}}"),
    "otp-any": Planted("write", "POST /users/v1/reset"),
    "address-delete": Planted("delete", f"DELETE {ADDRESSES}/{{label}}"),
    "review-delete": Planted("delete", f"DELETE {REVIEW}/{{reviewId}}"),
    "message-delete": Planted("delete", f"DELETE {MESSAGE}"),
    "transfer-from": Planted("reference", "POST /wallet/v1/transfer"),
    "report-order": Planted("reference", "POST /reports/v1"),
    "orders-all": Planted("list", "GET /orders/v1/all"),
    "transactions-all": Planted("list", "GET /wallet/v1/transactions"),
    "messages-of": Planted("list", "GET /messages/v1"),
    "register-admin": Planted("mass assignment", "POST /users/v1/register"),
    "profile-admin": Planted("mass assignment", f"PUT {USER}/profile"),
    "order-username": Planted("mass assignment", "POST /orders/v1"),
    "order-status": Planted("mass assignment", f"PUT {ORDER}"),
    "message-from": Planted("mass assignment", "POST /messages/v1"),
    "logout-nothing": Planted("revoked", "POST /users/v1/logout"),
    "debug": Planted("function", "GET /users/v1/_debug"),
    "user-delete": Planted("function", f"DELETE {USER}"),
    "product-create": Planted("function", "POST /products/v1"),
    "coupon-create": Planted("function", "POST /coupons/v1"),
}
# What every build does, and is right.
TRAPS = (
    (f"PUT {USER}/password", "204, and changes the caller's password whoever is named"),
    (f"GET {USER}/orders", "answers with the caller's orders whoever is named"),
    ("GET /users/v1", "all user names are shown to everybody"),
    (f"GET {USER}", "other users' public profile: name and bio"),
    ("POST /users/v1/forgot", "success for every address; says nothing about accounts"),
    (f"DELETE {MESSAGE}", "success for what is somebody else's, without effect"),
    (f"POST {ORDER}/return", "200 with status fail for what is somebody else's"),
    ("POST /wallet/v1/transfer", "moves money to anybody's account, whose owner then has it"),
    ("GET /wallet/v1/transactions", "the receiver sees the sender's account and memo"),
    ("GET /wallet/v1/{accountNo}", "confirms a payee: the initial of any account's holder"),
    ("POST /messages/v1", "writes into anybody's inbox; the name of the sender is the caller's"),
    ("POST /giftcards/v1/redeem", "whoever has the number may redeem it, once"),
    ("POST /coupons/v1/validate", "coupons are everybody's"),
    ("GET /products/v1", "the catalogue is public"),
    (f"GET {REVIEW}", "reviews are public, with their authors' names"),
    ("POST /users/v1/register", "admin in the body is ignored"),
    ("POST /orders/v1", "username in the body is ignored"),
    (f"PUT {ORDER}", "status in the body is ignored, with 200"),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/users/v1/login"
body = {{ username = "{username}", password = "${{{variable}}}" }}
token = "data.session.auth.token"
"""
SEATS = (("ann", "owner", "ann"), ("ann", "admin", "admin"), ("bob", "owner", "bob"))
ACTORS = "".join(
    ACTOR.format(tenant=tenant, role=role, username=name, variable=f"PASSWORD_{name}")
    for tenant, role, name in SEATS
)
PASSWORDS = {"admin": "adm1n-of-bazaar", "ann": "ann-at-bazaar", "bob": "bob-at-bazaar"}
ENVIRONMENT = {f"PASSWORD_{name}": password for name, password in PASSWORDS.items()}
HINTS = """
[hints]
roles = ["owner", "admin"]
public = ["GET /products/v1", "GET /products/v1/*"]
shared = ["GET /users/v1", "POST /coupons/v1/validate"]
values = { sku = "TEA-1" }
"""
