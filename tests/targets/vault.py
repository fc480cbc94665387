"""Notes and bills of two companies, with sessions, keys cut to scopes, and repeatable requests.

Traps: a user name is taken for everybody; kept answers belong to the company, so its members share
them; an old secret works for as long as the rotation says; signing out ends one session, and
`DELETE /sessions` all; a key for reading reads; an owner makes keys for his members; titles are
unique inside of a company, and aliases, which everybody may look up, in the world; a key without
scopes made by one with scopes has the same ones.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gate.testbed.external import External, external
from tests.targets.serving import running, wsgi

Row = dict[str, Any]
Answer = tuple[int, Any]
SCOPES = ["notes:read", "notes:write", "bills:read", "bills:write", "members:read", "members:write",
          "keys:write", "keys:read"]  # fmt: skip
TEXT: Row = {"type": "string", "minLength": 1, "maxLength": 80}
PEOPLE = {
    f"{tenant}-{role}-{secret}": (tenant, role)
    for tenant, secret in (("red", "5d0b7c91"), ("blue", "c77e0f42"))
    for role in ("viewer", "editor", "owner")
}
FLAWS = {
    "session-stays": ("outlives-its-end", "DELETE /session"),
    "sessions-stay": ("outlives-its-end", "DELETE /sessions"),
    "key-stays": ("outlives-its-end", "DELETE /keys/{key_id}"),
    "old-secret-stays": ("outlives-its-end", "POST /keys/{key_id}/rotate"),
    "expired-works": ("outlives-its-end", "POST /keys"),
    "scopes-ignored": ("scopes-ignored", "POST /keys"),
    "reader-creates": ("scopes-ignored", "POST /keys"),
    "wider-key": ("beyond-its-maker", "POST /keys"),
    "scopeless-key": ("beyond-its-maker", "POST /keys"),
    "key-for-owner": ("stands-for-another", "POST /keys"),
    "key-for-member": ("stands-for-another", "POST /keys"),
    "kept-for-all": ("kept-answer", "POST /notes"),
    "kept-tells": ("key-in-use", "POST /notes"),
    "kept-secret": ("kept-answer", "POST /keys"),
    "kept-before-asking": ("kept-answer", "POST /notes"),
    "title-taken": ("name-taken", "POST /notes"),
    "address-taken": ("name-taken", "POST /members"),
    "slow-refusal": ("time-tells", "GET /notes/{note_id}"),
}


def body(*required: str, **properties: Row) -> Row:
    schema = {"type": "object", "properties": properties, "required": [*required]}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def operation(sent: Row | None = None, *, public: bool = False, repeatable: bool = False) -> Row:
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
    return {
        "responses": {"200": {"description": "ok"}},
        **({"requestBody": sent} if sent else {}),
        **({"security": []} if public else {}),
        **({"parameters": [key]} if repeatable else {}),
    }


def one(name: str, **methods: Row) -> Row:
    place = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    return {"parameters": [place], **methods}


ACCOUNT = body("username", "password", username=TEXT, password=TEXT)
KEY = body(
    "label",
    label=TEXT,
    scopes={"type": "array", "items": {"enum": SCOPES}},
    member_id={"type": "string"},
    expires_in={"type": "integer", "minimum": 1},
)
DOCUMENT: Row = {
    "openapi": "3.0.3",
    "info": {"title": "vault", "version": "1"},
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "security": [{"bearer": []}],
    "paths": {
        "/signup": {"post": operation(ACCOUNT, public=True)},
        "/session": {"post": operation(ACCOUNT, public=True), "delete": operation()},
        "/sessions": {"delete": operation()},
        "/me": {"get": operation()},
        "/members": {
            "get": operation(),
            "post": operation(
                body("email", email={"type": "string", "format": "email"}, role=TEXT)
            ),
        },
        "/notes": {
            "get": operation(),
            "post": operation(body("title", title=TEXT, text=TEXT), repeatable=True),
        },
        "/notes/{note_id}": one("note_id", get=operation()),
        "/bills": {"get": operation(), "post": operation(body("label", label=TEXT))},
        "/bills/{bill_id}": one("bill_id", get=operation()),
        "/links": {"get": operation(), "post": operation(body("alias", alias=TEXT))},
        "/links/{alias}": one("alias", get=operation(public=True)),
        "/keys": {"get": operation(), "post": operation(KEY, repeatable=True)},
        "/keys/{key_id}": one("key_id", delete=operation()),
        "/keys/{key_id}/rotate": one(
            "key_id",
            post=operation(body(overlap_seconds={"type": "integer", "minimum": 0})),
        ),
    },
}


class Refused(Exception):  # noqa: N818
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Vault:
    """The service; WSGI. `flaw` names the one that it has, if any."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.lock = threading.RLock()
        self.passwords: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.keys: dict[str, Row] = {}
        self.kept: dict[Any, tuple[Any, Answer]] = {}
        self.rows: dict[str, dict[str, Row]] = {"note": {}, "bill": {}, "link": {}}
        self.members: dict[str, Row] = {
            name: {"member_id": f"m-{secrets.token_hex(6)}", "tenant": tenant, "role": role,
                   "email": f"{role}@{tenant}.example"}
            for name, (tenant, role) in PEOPLE.items()
        }  # fmt: skip

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        sent = environ["wsgi.input"].read(length) if length else b"{}"
        with self.lock:
            try:
                status, said = self.answer(environ, json.loads(sent))
            except Refused as refusal:
                status, said = refusal.status, {"error": refusal.status}
        text = b"" if status == 204 else json.dumps(said).encode()
        kind = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
        start_response(f"{status} Status", kind)
        return [text]

    def answer(self, environ: Any, sent: Row) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].strip("/").split("/")
        name = f"{method} {path[0]}"
        if name == "GET openapi.json":
            return 200, DOCUMENT
        if name in {"POST signup", "POST session"}:
            return self.enter(path[0], sent)
        if name == "GET links" and len(path) > 1:
            found = [each for each in self.rows["link"].values() if each["alias"] == path[1]]
            return (200, {"alias": path[1]}) if found else (404, {"error": 404})
        self.sign_in(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "))
        action: Callable[[list[str], Row], Answer] = getattr(
            self, f"{method.lower()}_{path[0]}", self.absent
        )
        repeated = environ.get("HTTP_IDEMPOTENCY_KEY")
        if repeated is None:
            return action(path, sent)
        return self.once(repeated, sent, lambda: action(path, sent), path)

    def absent(self, _: list[str], __: Row) -> Answer:
        raise Refused(404)

    def enter(self, where: str, sent: Row) -> Answer:
        name, password = sent.get("username"), sent.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            raise Refused(400)
        if where == "signup":
            if name in self.passwords:
                raise Refused(409)
            self.passwords[name] = password
            self.members[name] = {
                "member_id": f"m-{secrets.token_hex(6)}", "tenant": name, "role": "owner",
                "email": f"{name}@own.example",
            }  # fmt: skip
            return 201, {"username": name}
        if self.passwords.get(name) != password:
            raise Refused(401)
        token = f"session_{secrets.token_hex(12)}"
        self.sessions[token] = name
        return 200, {"token": token}

    def sign_in(self, token: str) -> None:
        """Who calls: `token`, `me`, and what he is cut down to."""
        self.token, self.scopes = token, None
        found = {self.sessions.get(token, token)} & self.members.keys()
        key = next((one for one in self.keys.values() if self.fits(one, token)), None)
        if key is not None:
            found, self.scopes = {key["for"]}, key["scopes"]
        if not found:
            raise Refused(401)
        self.me = self.members[found.pop()]

    def fits(self, key: Row, token: str) -> bool:
        now = time.monotonic()
        if key["ends"] and now > key["ends"] and self.flaw != "expired-works":
            return False
        old = (
            token != ""
            and key["old"] == token
            and (now < key["until"] or self.flaw == "old-secret-stays")
        )
        return bool(key["secret"] == token or old)

    def need(self, scope: str, *roles: str) -> None:
        """The member's role, cut down to the key's scopes."""
        if roles and self.me["role"] not in roles:
            raise Refused(403)
        ignored = self.flaw == "scopes-ignored" or (
            self.flaw == "reader-creates" and scope.endswith(":write") and scope != "keys:write"
        )
        if self.scopes is not None and scope not in self.scopes and not ignored:
            raise Refused(403)

    def once(self, key: str, sent: Row, act: Callable[[], Answer], path: list[str]) -> Answer:
        """Kept answers: a company's own, but for those with secrets, which are a member's own."""
        whose = self.me["member_id"] if path[0] == "keys" else self.me["tenant"]
        if self.flaw == "kept-for-all":
            whose = "everybody"
        if self.flaw == "kept-secret":
            whose = self.me["tenant"]
        place = (whose, path[0], key)
        if self.flaw == "kept-tells" and any(
            each[1:] == place[1:] and each[0] != whose for each in self.kept
        ):
            raise Refused(422)
        if place in self.kept:
            known, answer = self.kept[place]
            if known != sent:
                raise Refused(422)
            if self.flaw != "kept-before-asking":
                self.may_make(path[0])
            return answer
        answer = act()
        self.kept[place] = (sent, answer)
        return answer

    def may_make(self, noun: str) -> None:
        self.need(f"{noun}:write", "owner", "editor")

    # -- what may be asked

    def delete_session(self, _: list[str], __: Row) -> Answer:
        if self.token not in self.sessions:
            raise Refused(400)
        if self.flaw != "session-stays":
            del self.sessions[self.token]
        return 204, None

    def delete_sessions(self, _: list[str], __: Row) -> Answer:
        if self.flaw != "sessions-stay":
            own = self.sessions.get(self.token)
            self.sessions = {key: each for key, each in self.sessions.items() if each != own}
        return 204, None

    def get_me(self, _: list[str], __: Row) -> Answer:
        return 200, {name: self.me[name] for name in ("member_id", "role", "email")}

    def get_members(self, _: list[str], __: Row) -> Answer:
        self.need("members:read")
        mine = [each for each in self.members.values() if each["tenant"] == self.me["tenant"]]
        return 200, {"items": mine}

    def post_members(self, _: list[str], sent: Row) -> Answer:
        self.need("members:write", "owner")
        email = sent.get("email")
        if not isinstance(email, str):
            raise Refused(400)
        tenants = {each["tenant"] for each in self.members.values() if each["email"] == email}
        if self.me["tenant"] in tenants or (tenants and self.flaw == "address-taken"):
            raise Refused(409)
        row = {"member_id": f"m-{secrets.token_hex(6)}", "tenant": self.me["tenant"],
               "role": "viewer", "email": email}  # fmt: skip
        self.members[f"invited-{row['member_id']}"] = row
        return 201, row

    def make(self, kind: str, field: str, sent: Row) -> Answer:
        self.may_make("notes" if kind == "link" else f"{kind}s")
        if not isinstance(sent.get(field), str):
            raise Refused(400)
        for row in self.rows[kind].values():
            same = row[field] == sent[field] and kind != "bill"
            if same and (
                kind == "link" or row["tenant"] == self.me["tenant"] or self.flaw == "title-taken"
            ):
                raise Refused(409)
        row = {**sent, f"{kind}_id": secrets.token_hex(8), "tenant": self.me["tenant"]}
        self.rows[kind][row[f"{kind}_id"]] = row
        return 201, row

    def find(self, kind: str, path: list[str]) -> Answer:
        self.need(f"{kind}s:read")
        if len(path) == 1:
            rows = self.rows[kind].values()
            return 200, {"items": [each for each in rows if each["tenant"] == self.me["tenant"]]}
        row = self.rows[kind].get(path[1])
        if row is None or row["tenant"] != self.me["tenant"]:
            if row is not None and self.flaw == "slow-refusal" and kind == "note":
                time.sleep(0.04)
            raise Refused(404)
        return 200, row

    def get_notes(self, path: list[str], _: Row) -> Answer:
        return self.find("note", path)

    def get_bills(self, path: list[str], _: Row) -> Answer:
        return self.find("bill", path)

    def post_notes(self, _: list[str], sent: Row) -> Answer:
        return self.make("note", "title", sent)

    def post_bills(self, _: list[str], sent: Row) -> Answer:
        return self.make("bill", "label", sent)

    def get_links(self, _: list[str], __: Row) -> Answer:
        rows = self.rows["link"].values()
        return 200, {"items": [each for each in rows if each["tenant"] == self.me["tenant"]]}

    def post_links(self, _: list[str], sent: Row) -> Answer:
        return self.make("link", "alias", sent)

    # -- keys

    def get_keys(self, _: list[str], __: Row) -> Answer:
        self.need("keys:read")
        mine = [each for each in self.keys.values() if self.members[each["for"]] == self.me]
        return 200, {"items": [{"key_id": each["key_id"]} for each in mine]}

    def post_keys(self, path: list[str], sent: Row) -> Answer:
        self.need("keys:write", "owner", "editor")
        if len(path) == 3:
            return self.rotate(path[1], sent)
        key = {
            "key_id": secrets.token_hex(8), "secret": f"vk_{secrets.token_hex(16)}", "old": "",
            "until": 0.0, "scopes": self.handed(sent.get("scopes")),
            "for": self.holder(sent.get("member_id")),
            "ends": time.monotonic() + sent["expires_in"] if sent.get("expires_in") else 0.0,
        }  # fmt: skip
        self.keys[key["key_id"]] = key
        return 201, {name: key[name] for name in ("key_id", "secret", "scopes")}

    def handed(self, asked: list[str] | None) -> list[str] | None:
        if asked is None:
            return None if self.flaw == "scopeless-key" else self.scopes
        beyond = self.scopes is not None and not set(asked) <= set(self.scopes)
        if not set(asked) <= set(SCOPES) or (beyond and self.flaw != "wider-key"):
            raise Refused(403)
        return asked

    def holder(self, asked: str | None) -> str:
        everybody = {each["member_id"]: name for name, each in self.members.items()}
        name = everybody.get(asked or self.me["member_id"], "")
        if not name or self.members[name]["tenant"] != self.me["tenant"]:
            raise Refused(404)
        role = self.members[name]["role"]
        allowed = self.me["role"] == "owner" or name == everybody[self.me["member_id"]]
        allowed = allowed or (self.flaw == "key-for-owner" and role == "owner")
        if not allowed and not (self.flaw == "key-for-member" and role == "viewer"):
            raise Refused(403)
        return name

    def own_key(self, key_id: str) -> Row:
        key = self.keys.get(key_id)
        if key is None or self.members[key["for"]]["tenant"] != self.me["tenant"]:
            raise Refused(404)
        return key

    def rotate(self, key_id: str, sent: Row) -> Answer:
        key = self.own_key(key_id)
        key |= {
            "old": key["secret"], "secret": f"vk_{secrets.token_hex(16)}",
            "until": time.monotonic() + int(sent.get("overlap_seconds", 60)),
        }  # fmt: skip
        return 200, {"key_id": key_id, "secret": key["secret"]}

    def delete_keys(self, path: list[str], _: Row) -> Answer:
        self.need("keys:write", "owner", "editor")
        self.own_key(path[1])
        if self.flaw != "key-stays":
            del self.keys[path[1]]
        return 204, None


@contextmanager
def vault(flaw: str, folder: Path) -> Iterator[External]:
    """A build of the service as a testbed, by its target file."""
    with running(wsgi(Vault(flaw))) as base_url:
        text = f'name = "vault"\nbase_url = "{base_url}"\n'
        environment = {}
        for number, (token, (tenant, role)) in enumerate(PEOPLE.items()):
            environment[f"KEY_{number}"] = token
            text += (
                f'[[actors]]\ntenant = "{tenant}"\nrole = "{role}"\n'
                f'headers = {{ Authorization = "Bearer ${{KEY_{number}}}" }}\n'
            )
        text += '[hints]\nroles = ["viewer", "editor", "owner"]\nthrow_away = true\n'
        file = folder / "target.toml"
        file.write_text(text, encoding="utf-8")
        with external(file, folder, 5, environment) as testbed:
            yield testbed
