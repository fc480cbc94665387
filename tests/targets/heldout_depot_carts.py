"""What customers may buy and pay with: carts, coupons and gift cards."""

from __future__ import annotations

import secrets

from tests.targets.heldout_depot_catalogue import unique
from tests.targets.heldout_depot_core import (
    CHECKS,
    VIEWS,
    Call,
    Problem,
    created,
    op,
    paged,
    shown,
)
from tests.targets.heldout_depot_crud import deletes, lists, makes, merges, reads, replaces
from tests.targets.heldout_depot_orders import name, write
from tests.targets.heldout_depot_schemas import Row


def mine(call: Call, *flaws: str) -> Row:
    """A cart of one's own: not even owners see those of colleagues."""
    having = {} if call.flawed(*flaws) else {"userId": call.user["id"]}
    return call.own("carts", **having)


def items(call: Call, said: Row) -> list[Row]:
    found = said.get("items", [])
    for each in found:
        call.named("products", each["product"]["id"])
    return list(found)


def cart(call: Call, row: Row) -> Row:
    known = [
        each | {"product": name(call, "products", each["product"]["id"])} for each in row["items"]
    ]
    return {"items": known}


VIEWS["carts"] = cart


@op("GET /carts", gives="Page/carts")
def list_carts(call: Call) -> Row:
    return paged(call, "carts", call.rows("carts", userId=call.user["id"]))


@op("POST /carts", takes="CreateCartRequest", gives="CartDto", status=201)
def create_cart(call: Call) -> Row:
    row = call.add("carts", userId=call.user["id"], items=items(call, call.take()))
    created(call, "carts", row)
    return shown(call, "carts", row)


@op("GET /carts/{cartId}", gives="CartDto")
def get_cart(call: Call) -> Row:
    return shown(call, "carts", mine(call, "cart-read"))


@op("PUT /carts/{cartId}", takes="CreateCartRequest", gives="CartDto")
def replace_cart(call: Call) -> Row:
    row = mine(call)
    row.update(items=items(call, call.take()), version=row["version"] + 1)
    return shown(call, "carts", row)


@op("DELETE /carts/{cartId}", status=204)
def delete_cart(call: Call) -> None:
    del call.at.tables["carts"][mine(call)["id"]]


@op("POST /carts/{cartId}/coupon", takes="ApplyCouponRequest", gives="CartDto")
def apply_coupon(call: Call) -> Row:
    row, said = mine(call), call.take()
    found = call.visible("coupons", "coupon-apply", code=said["code"])
    if not found or found[0]["active"] is False:
        raise Problem(422, "Unknown coupon")
    row.update(couponCode=found[0]["code"], discountPercent=found[0]["percent"])
    return shown(call, "carts", row)


@op("POST /carts/{cartId}/checkout", takes="CheckoutRequest", gives="OrderDto", status=201)
def checkout(call: Call) -> Row:
    row, said = mine(call), call.take()
    customer = call.named("customers", said["customerId"])
    made = write(call, customer, row["items"])
    del call.at.tables["carts"][row["id"]]
    created(call, "orders", made)
    return shown(call, "orders", made)


def coupon(call: Call, said: Row, row: Row | None) -> Row:
    return unique(call.rows("coupons"), "code", said, row)


CHECKS["coupons"] = coupon
lists("coupons")
makes("coupons")
reads("coupons")
replaces("coupons")
deletes("coupons")


def gift_card(_: Call, row: Row) -> Row:
    return {"maskedCode": f"****{row['code'][-4:]}"}


VIEWS["gift-cards"] = gift_card
lists("gift-cards")


@op(
    "POST /gift-cards",
    "MANAGER",
    takes="CreateGiftCardRequest",
    gives="CreatedGiftCardDto",
    status=201,
)
def create_gift_card(call: Call) -> Row:
    said = call.take()
    made = {"code": secrets.token_hex(8), "balance": said["amount"], "note": said.get("note")}
    row = call.add("gift-cards", **made)
    created(call, "gift-cards", row)
    return {"id": row["id"]} | made


reads("gift-cards")


def balance(call: Call, said: Row, _: Row | None) -> Row:
    return said | call.bound("balance", "gift-card-balance")


CHECKS["gift-cards"] = balance
merges("gift-cards")
