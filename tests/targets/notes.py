"""Notes per user, on plain `http.server`: small numbers as ids, login with a password, comments.

`flaw` names the one thing that a build does wrong; "" is the clean one. On purpose: people may be
looked up by anybody who is signed in (their public profile), tags are the same words for all, a
note's `views` counter grows with every read of its owner, deleted notes answer 404 like absent
ones, `POST /notes/{id}/star` by a stranger stars nothing and answers 204.
"""

# ruff: noqa: ARG002 - the routes of a service share one signature
from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.targets.documents import BEARER, TEXT, document, operation, record

Row = dict[str, Any]
DOCUMENT = document(
    "Notes",
    {
        "/register": {
            "post": operation(record("name", "password", name=TEXT, password=TEXT), public=True)
        },
        "/login": {
            "post": operation(
                record("name", "password", name=TEXT, password=TEXT),
                public=True,
                reply=record(session=record(token=TEXT)),
            )
        },
        "/profile": {"get": operation(), "patch": operation(record(motto=TEXT))},
        "/notes": {
            "get": operation(query={"search": {"type": "string"}, "folder": {"type": "integer"}}),
            "post": operation(record("title", "text", title=TEXT, text=TEXT)),
        },
        "/notes/{noteId}": {
            "get": operation(),
            "put": operation(record("title", "text", title=TEXT, text=TEXT)),
            "delete": operation(),
        },
        "/notes/{noteId}/star": {"post": operation()},
        "/notes/{noteId}/comments": {
            "get": operation(),
            "post": operation(record("text", text=TEXT)),
        },
        "/notes/{noteId}/comments/{commentId}": {
            "get": operation(),
            "patch": operation(record(text=TEXT)),
            "delete": operation(),
        },
        "/tags": {"get": operation()},
        "/links": {
            "get": operation(),
            "post": operation(
                record(
                    "fromNoteId",
                    "toNoteId",
                    fromNoteId={"type": "integer"},
                    toNoteId={"type": "integer"},
                )
            ),
        },
    },
    BEARER,
)


class RefusedError(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


@dataclass
class Notes:
    """The service's state and rules; `Door` speaks HTTP for it."""

    flaw: str = ""
    users: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, Row] = field(default_factory=dict)
    notes: dict[int, Row] = field(default_factory=dict)
    comments: dict[int, Row] = field(default_factory=dict)
    links: dict[int, Row] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def answer(self, method: str, path: str, token: str, sent: Row) -> tuple[int, Any]:
        parsed = urlsplit(path)
        parts = parsed.path.strip("/").split("/")
        query = {name: values[0] for name, values in parse_qs(parsed.query).items()}
        if parts == ["openapi.json"]:
            return 200, DOCUMENT
        if parts in (["register"], ["login"]):
            return self.enter(parts[0], sent)
        user = self.user_of(token, method, parts)
        numbers = [int(part) for part in parts[1::2] if part.isdigit()]
        if len(numbers) != len([part for part in parts[1::2] if part != "star"]):
            raise RefusedError(404)
        handler = getattr(self, f"{method.lower()}_{'_'.join(parts[::2])}{len(numbers)}", None)
        if parts[-1] == "star":
            handler = self.star
        if handler is None:
            raise RefusedError(405)
        called: tuple[int, Any] = handler(user, {**query, **sent}, *numbers)
        return called

    def user_of(self, token: str, method: str, parts: list[str]) -> str:
        user = token.removeprefix("session-").removesuffix("-0123456789")
        if user not in self.users and not (self.flaw == "open-tags" and parts == ["tags"]):
            raise RefusedError(401)
        return user

    def enter(self, way: str, sent: Row) -> tuple[int, Any]:
        if way == "register":
            if sent["name"] in self.users:
                return 409, {"error": "that name is taken"}
            self.users[sent["name"]] = sent["password"]
            self.profiles[sent["name"]] = {"id": sent["name"], "motto": "", "level": "basic"}
            return 201, {"name": sent["name"]}
        if self.users.get(sent["name"]) != sent["password"]:
            return 401, {"error": "wrong name or password"}
        return 200, {"session": {"token": f"session-{sent['name']}-0123456789"}}

    def note(self, user: str, note_id: int, flaw: str = "-") -> Row:
        row = self.notes.get(note_id)
        if row is None or (row["author"] != user and self.flaw != flaw):
            raise RefusedError(404)
        return row

    def comment(self, user: str, note_id: int, comment_id: int, flaw: str = "-") -> Row:
        self.note(user, note_id)
        row = self.comments.get(comment_id)
        if row is None or (row["noteId"] != note_id and self.flaw != flaw):
            raise RefusedError(404)
        return row

    def get_profile0(self, user: str, sent: Row) -> tuple[int, Any]:
        return 200, self.profiles[user]

    def patch_profile0(self, user: str, sent: Row) -> tuple[int, Any]:
        names = {"motto", "level"} if self.flaw == "assign-level" else {"motto"}
        self.profiles[user].update({n: v for n, v in sent.items() if n in names})
        return 200, self.profiles[user]

    def get_notes0(self, user: str, sent: Row) -> tuple[int, Any]:
        rows = [row for row in self.notes.values() if row["author"] == user]
        if "search" in sent:
            every = self.flaw == "search-everybody"
            rows = [
                row
                for row in (self.notes.values() if every else rows)
                if sent["search"] in row["text"]
            ]
        if "folder" in sent and self.flaw == "folder-everybody":
            rows = list(self.notes.values())
        return 200, {"notes": rows, "count": len(rows)}

    def post_notes0(self, user: str, sent: Row) -> tuple[int, Any]:
        author = sent.get("author", user) if self.flaw == "assign-author" else user
        made = {"id": next(self.numbers), "author": author, "stars": 0, "views": 0}
        made |= {"title": sent["title"], "text": sent["text"]}
        if self.flaw == "assign-stars" and "stars" in sent:
            made["stars"] = sent["stars"]
        self.notes[made["id"]] = made
        return 201, made

    def get_notes1(self, user: str, sent: Row, note_id: int) -> tuple[int, Any]:
        row = self.note(user, note_id, "read-note")
        row["views"] += row["author"] == user
        return 200, row

    def put_notes1(self, user: str, sent: Row, note_id: int) -> tuple[int, Any]:
        row = self.note(user, note_id, "write-note")
        row.update(title=sent["title"], text=sent["text"])
        return 200, row

    def delete_notes1(self, user: str, sent: Row, note_id: int) -> tuple[int, Any]:
        del self.notes[self.note(user, note_id, "delete-note")["id"]]
        return 204, None

    def star(self, user: str, sent: Row, note_id: int) -> tuple[int, Any]:
        row = self.notes.get(note_id)
        if row is not None and (row["author"] == user or self.flaw == "star-any"):
            row["stars"] += 1
        return 204, None

    def get_notes_comments1(self, user: str, sent: Row, note_id: int) -> tuple[int, Any]:
        self.note(user, note_id, "list-comments")
        return 200, [row for row in self.comments.values() if row["noteId"] == note_id]

    def post_notes_comments1(self, user: str, sent: Row, note_id: int) -> tuple[int, Any]:
        self.note(user, note_id, "comment-any")
        made = {"id": next(self.numbers), "noteId": note_id, "text": sent["text"]}
        self.comments[made["id"]] = made
        return 201, made

    def get_notes_comments2(
        self, user: str, sent: Row, note_id: int, comment_id: int
    ) -> tuple[int, Any]:
        return 200, self.comment(user, note_id, comment_id, "read-comment")

    def patch_notes_comments2(
        self, user: str, sent: Row, note_id: int, comment_id: int
    ) -> tuple[int, Any]:
        row = self.comment(user, note_id, comment_id, "write-comment")
        row["text"] = sent.get("text", row["text"])
        return 200, row

    def delete_notes_comments2(
        self, user: str, sent: Row, note_id: int, comment_id: int
    ) -> tuple[int, Any]:
        del self.comments[self.comment(user, note_id, comment_id)["id"]]
        return 204, None

    def get_tags0(self, user: str, sent: Row) -> tuple[int, Any]:
        return 200, [{"name": "important"}, {"name": "later"}]

    def get_links0(self, user: str, sent: Row) -> tuple[int, Any]:
        return 200, [row for row in self.links.values() if row["author"] == user]

    def post_links0(self, user: str, sent: Row) -> tuple[int, Any]:
        self.note(user, sent["fromNoteId"])
        target = self.note(user, sent["toNoteId"], "link-any")
        made = {"id": next(self.numbers), "author": user, "toNoteId": target["id"]}
        self.links[made["id"]] = {**made, "fromNoteId": sent["fromNoteId"]}
        return 201, self.links[made["id"]]


class Door(BaseHTTPRequestHandler):
    """The HTTP side."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    notes: ClassVar[Notes]

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = json.loads(self.rfile.read(length) or b"{}")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            status, value = self.notes.answer(self.command, self.path, token, sent)
        except RefusedError as refusal:
            status, value = refusal.status, {"error": "no"}
        except (KeyError, TypeError, ValueError):
            status, value = 422, {"error": "unreadable"}
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Quiet."""
