"""Stays of one person, on Flask, described as FastAPI describes: forms, uploads, `detail[].loc`.

`flaw` names the one thing that a build does wrong; "" is the clean one. Its document says little:
optional fields as `anyOf` with null, no examples but one, a body that is an example only, rules
that no schema has (a prefix, an order of dates, a day to come). People register, sign in by a form
with their e-mail address as `username`, and are named by a user name in paths. On purpose: room
numbers are small integers, slugs are taken per person (409), an avatar answers 204 and changes the
caller's own, amenities are the same for all, the length of a file is in its description.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from flask import Flask, Response, jsonify, request

from tests.targets.stays_document import DOCUMENT

Row = dict[str, Any]
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]+")
SLUG = re.compile(r"[a-z]+(-[a-z0-9]+)*")


class RefusedError(Exception):
    def __init__(self, status: int, detail: Any) -> None:
        self.status, self.detail = status, detail


def wrong(name: str, message: str, place: str = "body") -> RefusedError:
    return RefusedError(422, [{"type": "value_error", "loc": [place, name], "msg": message}])


def text(sent: Row, name: str, pattern: str = r".{1,80}") -> str:
    if name not in sent:
        raise RefusedError(422, [{"type": "missing", "loc": ["body", name], "msg": "Required"}])
    if not isinstance(sent[name], str) or not re.fullmatch(pattern, sent[name]):
        raise wrong(name, f"String should match pattern '^{pattern}$'")
    found: str = sent[name]
    return found


def day(sent: Row, name: str) -> date:
    try:
        return date.fromisoformat(text(sent, name))
    except ValueError:
        raise wrong(name, "Input should be a valid date") from None


class Stays:
    """The state and the rules."""

    def __init__(self, flaw: str) -> None:
        self.flaw = flaw
        self.numbers = count(1)
        self.users: dict[str, Row] = {}
        self.tokens: dict[str, str] = {}
        self.rows: dict[str, dict[str, Row]] = {
            name: {} for name in ("room", "booking", "file", "contact", "note")
        }

    def me(self) -> Row:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise RefusedError(401, "Not authenticated")
        return self.users[self.tokens[token]]

    def own(self, kind: str, key: Any, *flaws: str) -> Row:
        user, row = self.me(), self.rows[kind].get(str(key))
        if row is None or (row["owner_id"] != user["id"] and self.flaw not in flaws):
            raise RefusedError(404, "Not found")
        return row

    def every(self, kind: str, flaw: str) -> list[Row]:
        return [*self.rows[kind].values()] if self.flaw == flaw else self.mine(kind)

    def mine(self, kind: str) -> list[Row]:
        user = self.me()
        return [row for row in self.rows[kind].values() if row["owner_id"] == user["id"]]

    def make(self, kind: str, row: Row, numbered: bool = False) -> Row:
        key = next(self.numbers) if numbered else str(uuid4())
        made = {**row, "id": key, "owner_id": self.me()["id"]}
        self.rows[kind][str(key)] = made
        return made

    # -- people ------------------------------------------------------------------------------

    def register(self) -> Any:
        sent = request.get_json()
        mail = text(sent, "email", MAIL.pattern)
        if mail in self.users:
            raise RefusedError(400, "The user with this email already exists")
        user = {
            "id": next(self.numbers),
            "email": mail,
            "password": text(sent, "password", r".{8,40}"),
            "username": text(sent, "username", r"[a-z0-9_]{3,20}"),
        }
        self.users[mail] = user
        return shown(user), 201

    def token(self) -> Any:
        if request.mimetype != "application/x-www-form-urlencoded":
            raise wrong("username", "Field required")
        user = self.users.get(request.form.get("username", ""))
        if user is None or user["password"] != request.form.get("password"):
            raise RefusedError(400, "Incorrect email or password")
        token = secrets.token_urlsafe(24)
        self.tokens[token] = user["email"]
        return {"access_token": token, "token_type": "bearer"}

    def read_me(self) -> Any:
        return shown(self.me())

    def profile(self, username: str) -> Any:
        user = self.me()
        found = [each for each in self.users.values() if each["username"] == username]
        if not found or (found[0] is not user and self.flaw != "read-profile"):
            raise RefusedError(404, "Not found")
        return shown(found[0])

    def avatar(self) -> Any:
        if "image" not in request.files:
            raise wrong("image", "Expected UploadFile")
        self.me()["avatar"] = request.files["image"].read().decode()
        return "", 204

    # -- rooms and bookings ------------------------------------------------------------------

    def create_room(self) -> Any:
        sent = request.get_json()
        text(sent, "title")
        if text(sent, "slug", SLUG.pattern) in {each["slug"] for each in self.mine("room")}:
            raise RefusedError(409, "This slug is taken")
        if sent.get("phone") is not None and not re.fullmatch(r"\+[1-9]\d{7,14}", sent["phone"]):
            raise wrong("phone", "String should match pattern '^\\+[1-9]\\d{7,14}$'")
        day(sent, "opens")
        names = ("title", "slug", "kind", "price", "opens", "description", "phone", "tags")
        return self.make("room", {each: sent.get(each) for each in names}, numbered=True), 201

    def rooms(self) -> Any:
        found = self.every("room", "list-rooms")
        return {"data": found, "count": len(found)}

    def read_room(self, room_id: int) -> Any:
        return self.own("room", room_id, "read-room")

    def update_room(self, room_id: int) -> Any:
        row, sent = self.own("room", room_id, "patch-room"), request.get_json()
        row.update({name: sent[name] for name in ("title", "description") if name in sent})
        return row

    def delete_room(self, room_id: int) -> Any:
        del self.rows["room"][str(self.own("room", room_id, "delete-room")["id"])]
        return "", 204

    def create_booking(self) -> Any:
        sent = request.get_json()
        room = self.own("room", sent.get("room_id"), "book-any")
        if not text(sent, "code").startswith("RES-"):
            raise wrong("code", "Value error, code must start with RES-")
        start, end = day(sent, "start"), day(sent, "end")
        if end <= start:
            raise RefusedError(
                422, [{"type": "value_error", "loc": ["body"], "msg": "end must be after start"}]
            )
        if start < datetime.now(UTC).date():
            raise RefusedError(400, "start must be in the future")
        row = {"room_id": room["id"], "code": sent["code"], "start": sent["start"]}
        return self.make("booking", {**row, "end": sent["end"]})

    def bookings(self) -> Any:
        return jsonify(self.every("booking", "list-bookings"))

    def read_booking(self, key: str) -> Any:
        return self.own("booking", key, "read-booking")

    def cancel_booking(self, key: str) -> Any:
        row = self.own("booking", key, "cancel-booking")
        row["cancelled"] = True
        return row

    # -- forms -------------------------------------------------------------------------------

    def upload(self) -> Any:
        if "file" not in request.files:
            raise wrong("file", "Expected UploadFile")
        content = request.files["file"].read().decode()
        note = text(request.form.to_dict(), "note")
        return described(self.make("file", {"note": note, "content": content}))

    def files(self) -> Any:
        return jsonify([described(each) for each in self.every("file", "list-files")])

    def read_file(self, key: str) -> Any:
        return described(self.own("file", key, "read-file"))

    def download(self, key: str) -> Any:
        row = self.own("file", key, "download-file")
        return Response(row["content"], mimetype="application/octet-stream")

    def replace_file(self, key: str) -> Any:
        if "file" not in request.files:
            raise wrong("file", "Expected UploadFile")
        self.own("file", key, "replace-file")["content"] = request.files["file"].read().decode()
        return "", 204

    def delete_file(self, key: str) -> Any:
        del self.rows["file"][self.own("file", key, "delete-file")["id"]]
        return "", 204

    def add_contact(self) -> Any:
        sent = self.contact_in()
        return self.make("contact", sent, numbered=True)

    def contact_in(self) -> Row:
        if request.mimetype != "application/x-www-form-urlencoded":
            raise wrong("name", "Field required")
        sent = request.form.to_dict()
        return {"name": text(sent, "name"), "email": text(sent, "email", MAIL.pattern)}

    def read_contact(self, contact_id: int) -> Any:
        return self.own("contact", contact_id, "read-contact")

    def put_contact(self, contact_id: int) -> Any:
        row = self.own("contact", contact_id, "put-contact")
        row.update(self.contact_in())
        return row

    def create_note(self) -> Any:
        sent = request.get_json()
        if not isinstance(sent, dict) or sent.get("mood") not in {"calm", "loud"}:
            raise RefusedError(400, "mood is not one of 'calm', 'loud'")
        return self.make("note", {"text": text(sent, "text"), "mood": sent["mood"]})

    def read_note(self, key: str) -> Any:
        return self.own("note", key, "read-note")

    def amenities(self) -> Any:
        self.me()
        return jsonify([{"name": "towels"}, {"name": "breakfast"}])


def shown(user: Row) -> Row:
    return {name: user[name] for name in ("id", "email", "username")}


def described(row: Row) -> Row:
    return {
        **{name: row[name] for name in ("id", "owner_id", "note")},
        "length": len(row["content"]),
    }


def refuse(refusal: RefusedError) -> Any:
    return jsonify(detail=refusal.detail), refusal.status


def stays(flaw: str = "") -> Flask:
    app, state = Flask("stays"), Stays(flaw)
    for path, item in DOCUMENT["paths"].items():
        for method, declared in item.items():
            if method == "parameters":
                continue
            view: Callable[..., Any] = getattr(state, declared["x-view"])
            rule = re.sub(r"\{(\w+)\}", lambda found: f"<{kind_of(found[1])}:{found[1]}>", path)
            rule = rule.replace(":id>", ":key>")
            app.add_url_rule(rule, f"{method} {path}", view, methods=[method.upper()])
    app.add_url_rule("/openapi.json", view_func=lambda: jsonify(DOCUMENT))
    app.register_error_handler(RefusedError, refuse)
    return app


def kind_of(name: str) -> str:
    return "int" if name in {"room_id", "contact_id"} else "string"
