"""A marketplace as an Express service would be: every answer an envelope, and no two alike.

Users and addresses of mail are keys in its paths. Whoever is an admin is said in the user's row.
"""

from __future__ import annotations

import secrets
from typing import Any

from tests.targets.heldout_bazaar_users import Refused, Row, Users, ok

ROUTES: list[tuple[str, str, str]] = [
    ("POST", "/users/v1/register", "register"),
    ("POST", "/users/v1/login", "login"),
    ("POST", "/users/v1/logout", "logout"),
    ("POST", "/users/v1/forgot", "forgot"),
    ("POST", "/users/v1/reset", "reset"),
    ("GET", "/users/v1", "directory"),
    ("GET", "/users/v1/_debug", "debug"),
    ("GET", "/users/v1/<username>", "profile"),
    ("DELETE", "/users/v1/<username>", "remove_user"),
    ("PUT", "/users/v1/<username>/profile", "set_profile"),
    ("PUT", "/users/v1/<username>/email", "set_email"),
    ("PUT", "/users/v1/<username>/password", "set_password"),
    ("GET", "/users/v1/<username>/orders", "orders_of"),
    ("GET", "/customers/v1/<email>/addresses", "addresses"),
    ("POST", "/customers/v1/<email>/addresses", "add_address"),
    ("DELETE", "/customers/v1/<email>/addresses/<label>", "remove_address"),
    ("GET", "/products/v1", "products"),
    ("POST", "/products/v1", "add_product"),
    ("GET", "/products/v1/<sku>/reviews", "reviews"),
    ("POST", "/products/v1/<sku>/reviews", "add_review"),
    ("PUT", "/products/v1/<sku>/reviews/<int:key>", "set_review"),
    ("DELETE", "/products/v1/<sku>/reviews/<int:key>", "remove_review"),
    ("POST", "/orders/v1", "add_order"),
    ("GET", "/orders/v1/all", "orders"),
    ("GET", "/orders/v1/<int:key>", "order"),
    ("PUT", "/orders/v1/<int:key>", "set_order"),
    ("POST", "/orders/v1/<int:key>/return", "return_order"),
    ("GET", "/reports/v1", "report"),
    ("POST", "/reports/v1", "add_report"),
    ("POST", "/coupons/v1", "add_coupon"),
    ("POST", "/coupons/v1/validate", "check_coupon"),
    ("POST", "/giftcards/v1", "add_giftcard"),
    ("GET", "/giftcards/v1/<number>", "giftcard"),
    ("POST", "/giftcards/v1/redeem", "redeem"),
    ("GET", "/wallet/v1", "wallet"),
    ("GET", "/wallet/v1/transactions", "transactions"),
    ("POST", "/wallet/v1/transfer", "transfer"),
    ("GET", "/wallet/v1/<account>", "account"),
    ("POST", "/messages/v1", "send"),
    ("GET", "/messages/v1", "inbox"),
    ("GET", "/messages/v1/<key>", "message"),
    ("DELETE", "/messages/v1/<key>", "remove_message"),
]


def number(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdigit():
        raise Refused("must be a positive number", 400)
    return int(value)


class Bazaar(Users):
    """What users trade with each other."""

    routes = ROUTES

    def products(self, _: Row, __: Row) -> Any:
        return ok(list(self.products_.values()))

    def add_product(self, me: Row, body: Row) -> Any:
        if not me["admin"] and self.flaw != "product-create":
            return 401, {"status": "fail", "message": "Only Admins may do this"}
        sku = str(body.get("sku") or f"P-{next(self.serial)}")
        self.products_[sku] = {"sku": sku, "name": body.get("name"), "price": body.get("price", 1)}
        return 201, self.products_[sku]

    def reviews(self, _: Row, __: Row, sku: str) -> Any:
        return 200, [row for row in self.reviews_.values() if row["sku"] == sku]

    def add_review(self, me: Row, body: Row, sku: str) -> Any:
        if sku not in self.products_:
            raise Refused("no such product")
        key = next(self.serial)
        row = {"reviewId": key, "sku": sku, "author": me["username"], "text": body.get("text", "")}
        self.reviews_[key] = row
        return 201, row

    def review(self, me: Row, sku: str, key: int, flaw: str) -> Row:
        row = self.mine(me, self.reviews_.get(key), flaw, "author")
        if row["sku"] != sku:
            raise Refused("not found")
        return row

    def set_review(self, me: Row, body: Row, sku: str, key: int) -> Any:
        row = self.review(me, sku, key, "review-put")
        row["text"] = body.get("text", "")
        return ok(row, "updated")

    def remove_review(self, me: Row, _: Row, sku: str, key: int) -> Any:
        del self.reviews_[self.review(me, sku, key, "review-delete")["reviewId"]]
        return 204, None

    # -- orders and complaints

    def add_order(self, me: Row, body: Row) -> Any:
        sku = str(body.get("sku"))
        if sku not in self.products_:
            return 400, {"status": "fail", "message": "no such product"}
        row = {"orderId": next(self.serial), "username": me["username"], "sku": sku}
        if self.flaw == "order-username" and body.get("username") in self.users:
            row["username"] = body["username"]
        row |= {"quantity": number(body.get("quantity", 1)), "note": body.get("note", "")}
        self.orders_[row["orderId"]] = row | {"status": "placed"}
        return ok({"order": self.orders_[row["orderId"]]}, "Order placed", 201)

    def orders(self, me: Row, body: Row) -> Any:
        everybody = me["admin"] or self.flaw == "orders-all"
        rows = [
            row for row in self.orders_.values() if everybody or row["username"] == me["username"]
        ]
        start, size = number(body.get("offset", 0)), number(body.get("limit", 100))
        page = rows[start : start + size]
        return ok({"orders": page, "total": len(rows), "offset": start, "limit": size})

    def order(self, me: Row, _: Row, key: int) -> Any:
        return 200, {"order": self.mine(me, self.orders_.get(key), "order-read")}

    def set_order(self, me: Row, body: Row, key: int) -> Any:
        row = self.mine(me, self.orders_.get(key), "order-put")
        if "quantity" in body:
            row["quantity"] = number(body["quantity"])
        fields = ("note", *(("status",) if self.flaw == "order-status" else ()))
        row.update({field: body[field] for field in fields if field in body})
        return ok(row, "Order updated")

    def return_order(self, me: Row, _: Row, key: int) -> Any:
        row = self.orders_.get(key)
        if row is None or (row["username"] != me["username"] and self.flaw != "order-return"):
            return 200, {"status": "fail", "message": "order not found"}
        row["status"] = "return requested"
        return ok({"orderId": key, "status": row["status"]}, "We will send you a label")

    def add_report(self, me: Row, body: Row) -> Any:
        order = self.mine(me, self.orders_.get(number(body.get("orderId"))), "report-order")
        row = {"reportId": next(self.serial), "username": me["username"]}
        row |= {"text": body.get("text", ""), "order": dict(order)}
        self.reports[row["reportId"]] = row
        return ok({"id": row["reportId"], "report": row}, "We are sorry to hear that", 201)

    def report(self, me: Row, body: Row) -> Any:
        row = self.reports.get(number(body.get("report_id")))
        return ok(self.mine(me, row, "report-read"))

    # -- coupons, gift cards, money

    def add_coupon(self, me: Row, body: Row) -> Any:
        if not me["admin"] and self.flaw != "coupon-create":
            return 403, {"status": "fail", "message": "forbidden"}
        code = str(body.get("code"))
        self.coupons[code] = {"code": code, "percent": number(body.get("percent", 5))}
        return ok(self.coupons[code], code=201)

    def check_coupon(self, _: Row, body: Row) -> Any:
        coupon = self.coupons.get(str(body.get("code")))
        if coupon is None:
            return 200, {"status": "fail", "message": "Coupon is not valid"}
        return ok(coupon, "Coupon is valid")

    def add_giftcard(self, me: Row, body: Row) -> Any:
        amount = self.paid(me["row"], body)
        row = {"number": secrets.token_hex(6), "username": me["username"], "amount": amount}
        self.cards[row["number"]] = row | {"greeting": body.get("greeting", "")}
        return ok(self.cards[row["number"]], "Gift card bought", 201)

    def giftcard(self, me: Row, _: Row, number: str) -> Any:
        return ok(self.mine(me, self.cards.get(number), "giftcard-read"))

    def redeem(self, me: Row, body: Row) -> Any:
        card = self.cards.get(str(body.get("number")))
        if card is None or not card["amount"]:
            return 400, {"status": "fail", "message": "This card is empty"}
        me["row"]["balance"] += card["amount"]
        card["amount"] = 0
        return ok({"balance": me["row"]["balance"]}, "Redeemed")

    def paid(self, payer: Row, body: Row) -> int:
        amount = number(body.get("amount", 1))
        if not 0 < amount <= payer["balance"]:
            raise Refused("insufficient funds", 400)
        payer["balance"] -= amount
        return amount

    def wallet(self, me: Row, _: Row) -> Any:
        return 200, {"account": me["account"], "balance": me["row"]["balance"]}

    def holder(self, account: Any) -> Row:
        found = (user for user in self.users.values() if user["account"] == str(account))
        user = next(found, None)
        if user is None:
            raise Refused("no such account")
        return user

    def account(self, me: Row, _: Row, account: str) -> Any:
        user = self.holder(account)
        data = {"account": account, "valid": True, "holder": f"{user['username'][0].upper()}."}
        if user["username"] == me["username"] or self.flaw == "account-read":
            data |= {"holder": user["name"], "balance": user["balance"]}
        return ok(data)

    def transfer(self, me: Row, body: Row) -> Any:
        payer = self.holder(body.get("from_account", me["account"]))
        payee = self.holder(body.get("to_account"))
        if payer["username"] != me["username"] and self.flaw != "transfer-from":
            raise Refused("not your account", 403)
        amount = self.paid(payer, body)
        payee["balance"] += amount
        move = {"from_account": payer["account"], "to_account": payee["account"]}
        self.moves.append(move | {"amount": amount, "memo": body.get("memo", "")})
        return ok(self.moves[-1] | {"balance": payer["balance"]}, "Transferred", 201)

    def transactions(self, me: Row, _: Row) -> Any:
        own = me["account"]
        moves = [move for move in self.moves if own in (move["from_account"], move["to_account"])]
        return ok({"transactions": self.moves if self.flaw == "transactions-all" else moves})

    # -- messages

    def send(self, me: Row, body: Row) -> Any:
        to = self.named(str(body.get("to")))
        sender = body.get("from") if self.flaw == "message-from" else None
        row = {"messageId": secrets.token_hex(8), "from": sender or me["username"]}
        row |= {"to": to["username"], "text": body.get("text", "")}
        self.mail[row["messageId"]] = row
        return 201, {"status": "success", "data": row}

    def inbox(self, me: Row, body: Row) -> Any:
        whose = body.get("username") if self.flaw == "messages-of" else None
        owner = whose or me["username"]
        return ok([row for row in self.mail.values() if owner in (row["from"], row["to"])])

    def message(self, me: Row, _: Row, key: str) -> Any:
        row = self.mail.get(key)
        if row is None or (
            me["username"] not in (row["from"], row["to"]) and self.flaw != "message-read"
        ):
            raise Refused("message not found")
        return ok(row)

    def remove_message(self, me: Row, _: Row, key: str) -> Any:
        row = self.mail.get(key, {"from": "", "to": ""})
        if me["username"] in (row["from"], row["to"]) or self.flaw == "message-delete":
            self.mail.pop(key, None)
        return ok(message="deleted")
