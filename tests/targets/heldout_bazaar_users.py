"""The bazaar's tables, its envelope, and what users do: the first half of its service."""

from __future__ import annotations

import json
import secrets
from itertools import count
from typing import Any

import jwt
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets.heldout import document
from tests.targets.heldout_bazaar_target import FLAWS, PASSWORDS

Row = dict[str, Any]
KEY = "a-key-of-more-than-thirty-two-bytes-for-hs256"
PRODUCTS = {"TEA-1": ("Green tea", 7), "POT-1": ("Tea pot", 31)}
OPEN = {"register", "login", "forgot", "reset", "products", "reviews"}


class Refused(Exception):  # noqa: N818 - an answer like others
    def __init__(self, message: str, code: int = 404) -> None:
        self.answer = (code, {"status": "fail", "message": message})


def shown(user: Row) -> Row:
    return {key: user[key] for key in ("username", "email", "name", "bio", "admin", "account")}


def ok(data: Any = None, message: str = "ok", code: int = 200) -> tuple[int, Any]:
    return code, {"status": "success", "message": message, "data": data}


class Users:
    """All tables of one build, and the flaw that it has."""

    routes: list[tuple[str, str, str]]

    def __init__(self, flaw: str) -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.serial = count(1)
        self.map = Map(
            [Rule(path, methods=[verb], endpoint=name) for verb, path, name in self.routes]
        )
        self.users: dict[str, Row] = {}
        self.products_: dict[str, Row] = {
            sku: {"sku": sku, "name": name, "price": price}
            for sku, (name, price) in PRODUCTS.items()
        }
        tables: list[dict[Any, Row]] = [{}, {}, {}, {}, {}, {}]
        self.orders_, self.reviews_, self.reports, self.coupons, self.cards, self.mail = tables
        self.coupons["SPRING"] = {"code": "SPRING", "percent": 10}
        self.moves: list[Row] = []
        self.otps: dict[str, str] = {}
        self.ended: set[str] = set()
        for name, password in PASSWORDS.items():
            self.new_user(name, f"{name}@bazaar.example", password, admin=name == "admin")

    def new_user(self, username: str, email: str, password: str, *, admin: bool) -> Row:
        user = {"username": username, "email": email, "password": password, "admin": admin}
        user |= {"bio": "", "name": username.title(), "balance": 1000, "addresses": {}}
        self.users[username] = user | {"account": str(10001 + len(self.users))}
        return self.users[username]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if request.path == "/openapi.json":
            answer: tuple[int, Any] = 200, document("bazaar")
        else:
            try:
                name, values = self.map.bind_to_environ(environ).match()
                body = request.get_json(silent=True) if request.content_length else None
                body = body if isinstance(body, dict) else {}
                me = {} if name in OPEN else self.caller(request)
                answer = getattr(self, name)(me, {**request.args, **body}, **values)
            except Refused as refused:
                answer = refused.answer
            except HTTPException as error:
                answer = error.code or 500, {"status": "fail", "message": error.name}
        code, content = answer
        text = "" if content is None else json.dumps(content)
        return Response(text, code, mimetype="application/json")(environ, start_response)

    def caller(self, request: Request) -> Row:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            said = jwt.decode(token, KEY, algorithms=["HS256"])
        except jwt.InvalidTokenError:
            raise Refused("Invalid token. Please log in again.", 401) from None
        if said["jti"] in self.ended or said["sub"] not in self.users:
            raise Refused("Invalid token. Please log in again.", 401)
        return self.users[said["sub"]] | {"jti": said["jti"], "row": self.users[said["sub"]]}

    def mine(self, me: Row, row: Row | None, flaw: str, owner: str = "username") -> Row:
        allowed = row is not None and (row[owner] == me["username"] or me["admin"])
        if row is None or not (allowed or self.flaw == flaw):
            raise Refused("not found")
        return row

    # -- users

    def register(self, _: Row, body: Row) -> Any:
        username, email = str(body.get("username", "")), str(body.get("email", ""))
        if not username or not body.get("password") or "/" in username:
            return 400, {"status": "fail", "message": "username, email and password are required"}
        if username in self.users:
            return 200, {"status": "fail", "message": "User already exists. Please log in."}
        admin = self.flaw == "register-admin" and body.get("admin") is True
        user = self.new_user(username, email, str(body["password"]), admin=admin)
        return ok({"user": shown(user)}, "Successfully registered.")

    def login(self, _: Row, body: Row) -> Any:
        user = self.users.get(str(body.get("username")))
        if user is None or user["password"] != body.get("password"):
            return 200, {"status": "fail", "message": "Username or password is not correct"}
        said = {"sub": user["username"], "jti": secrets.token_hex(8)}
        token = jwt.encode(said, KEY, "HS256")
        session = {"auth": {"type": "bearer", "token": token}}
        return ok({"user": {"username": user["username"]}, "session": session}, "Welcome back")

    def logout(self, me: Row, _: Row) -> Any:
        if self.flaw != "logout-nothing":
            self.ended.add(me["jti"])
        return ok(message="bye")

    def forgot(self, _: Row, body: Row) -> Any:
        email = str(body.get("email"))
        data = None
        if any(user["email"] == email for user in self.users.values()):
            self.otps[email] = secrets.token_hex(4)
            data = {"otp": self.otps[email]} if self.flaw == "otp-shown" else None
        return ok(data, "If we know this address, a code is on its way.")

    def reset(self, _: Row, body: Row) -> Any:
        email = str(body.get("email"))
        user = next((user for user in self.users.values() if user["email"] == email), None)
        right = email in self.otps and self.otps[email] == body.get("otp")
        if user is None or not (right or self.flaw == "otp-any") or not body.get("password"):
            return 400, {"status": "fail", "message": "Invalid OTP"}
        self.otps.pop(email, None)
        user["password"] = body["password"]
        return ok(message="Password changed, please log in.")

    def directory(self, _: Row, __: Row) -> Any:
        return ok([{"username": name} for name in self.users])

    def debug(self, me: Row, _: Row) -> Any:
        if not me["admin"] and self.flaw != "debug":
            raise Refused("admins only", 403)
        return 200, {"users": [shown(user) | {"password": "***"} for user in self.users.values()]}

    def named(self, username: str) -> Row:
        if username not in self.users:
            raise Refused("User not found")
        return self.users[username]

    def profile(self, me: Row, _: Row, username: str) -> Any:
        user = self.named(username)
        if username == me["username"] or me["admin"] or self.flaw == "profile-email":
            return ok(shown(user))
        return ok({key: user[key] for key in ("username", "bio")})

    def remove_user(self, me: Row, _: Row, username: str) -> Any:
        if not me["admin"] and self.flaw != "user-delete":
            return 401, {"status": "fail", "message": "Only Admins may delete users!"}
        del self.users[self.named(username)["username"]]
        return ok(message="User deleted.")

    def changeable(self, me: Row, username: str, flaw: str) -> Row:
        user = self.named(username)
        if username != me["username"] and self.flaw != flaw:
            raise Refused("you can only change yourself", 403)
        return user

    def set_profile(self, me: Row, body: Row, username: str) -> Any:
        user = self.changeable(me, username, "")
        fields = ("bio", "name", *(("admin",) if self.flaw == "profile-admin" else ()))
        user.update({key: body[key] for key in fields if key in body})
        return ok({"profile": shown(user)}, "saved")

    def set_email(self, me: Row, body: Row, username: str) -> Any:
        user = self.changeable(me, username, "email-set")
        if "@" not in str(body.get("email")):
            return 400, {"status": "fail", "message": "Please give a valid address"}
        user["email"] = body["email"]
        return 204, None

    def set_password(self, me: Row, body: Row, username: str) -> Any:
        if not body.get("password"):
            return 400, {"status": "fail", "message": "password is required"}
        user = self.named(username) if self.flaw == "password-set" else me["row"]
        user["password"] = body["password"]
        return 204, None

    def orders_of(self, me: Row, _: Row, username: str) -> Any:
        whose = username if self.flaw == "orders-of" or me["admin"] else me["username"]
        return ok([row for row in self.orders_.values() if row["username"] == whose])

    # -- addresses, by the customer's address of mail

    def customer(self, me: Row, email: str, flaw: str) -> Row:
        user = next((user for user in self.users.values() if user["email"] == email), None)
        if user is None or (user["username"] != me["username"] and self.flaw != flaw):
            raise Refused("not your account", 403)
        return user

    def addresses(self, me: Row, _: Row, email: str) -> Any:
        return ok(list(self.customer(me, email, "addresses-of")["addresses"].values()))

    def add_address(self, me: Row, body: Row, email: str) -> Any:
        user = self.customer(me, email, "address-add")
        row = {"label": str(body.get("label") or "home"), "street": body.get("street", "")}
        user["addresses"][row["label"]] = row
        return ok(row, "address saved", 201)

    def remove_address(self, me: Row, _: Row, email: str, label: str) -> Any:
        found = self.customer(me, email, "address-delete")["addresses"]
        if found.pop(label, None) is None:
            return 200, {"status": "fail", "message": "no such address"}
        return ok()
