"""The board's tables, who is asking, and what surrounds its pages: half of its service."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import uuid4

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets.heldout import document
from tests.targets.heldout_board_target import FLAWS, TOKENS

Row = dict[str, Any]
RANKS = {"guest": 0, "member": 1, "owner": 2}
SCOPES = {"read": 0, "write": 1, "admin": 2}
PEOPLE = (
    ("nora", "north", "owner"),
    ("nell", "north", "guest"),
    ("sam", "south", "owner"),
    ("sue", "south", "guest"),
    ("cleo", "north", "member"),  # a consultant, in both
    ("cleo", "south", "member"),
)
TEMPLATES = [{"name": "Meeting notes", "body": "## Present"}, {"name": "Plan", "body": "## Goal"}]


class Problem(Exception):  # noqa: N818 - an answer like others
    def __init__(self, status: int, title: str) -> None:
        self.answer = (status, {"status": status, "title": title}, {})


class Core:
    """All tables of one build, and the flaw that it has."""

    routes: list[tuple[str, str, str]]

    def __init__(self, flaw: str) -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.map = Map(
            [Rule(path, methods=[verb], endpoint=name) for verb, path, name in self.routes]
        )
        self.spaces: dict[str, Row] = {}
        self.users: dict[str, Row] = {}
        self.seats: dict[tuple[str, str], str] = {}
        self.sessions: dict[str, str] = {}
        tables: list[dict[str, Row]] = [{}, {}, {}, {}, {}, {}, {}]
        self.pages, self.comments, self.links, self.searches, *rest = tables
        self.exports, self.keys, self.invitations = rest
        self.log: list[Row] = []
        for name, slug, role in PEOPLE:
            self.spaces.setdefault(slug, {"slug": slug, "name": slug.title(), "version": 1})
            user = next((one for one in self.users.values() if one["displayName"] == name), None)
            user = user or self.new_user(name)
            self.seats[slug, user["userId"]] = role
            if name in TOKENS:
                self.sessions[TOKENS[name]] = user["userId"]

    def new_user(self, name: str) -> Row:
        user = {"userId": str(uuid4()), "email": f"{name}@board.example", "displayName": name}
        self.users[user["userId"]] = user | {"isStaff": False, "password": f"{name}-on-board"}
        return self.users[user["userId"]]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if request.path == "/openapi.json":
            answer: Any = (200, document("board"), {})
        else:
            try:
                name, values = self.map.bind_to_environ(environ).match()
                answer = getattr(self, name)(request, **values)
            except Problem as problem:
                answer = problem.answer
            except HTTPException as error:
                answer = (error.code, {"status": error.code, "title": error.name}, {})
        status, content, headers = answer
        kind = "application/json" if status < 400 else "application/problem+json"
        text = content if isinstance(content, str) else json.dumps(content)
        response = Response("" if content is None else text, status, mimetype=kind)
        response.headers.update(headers)
        return response(environ, start_response)

    # -- who is asking, and where

    def caller(self, request: Request) -> Row:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in self.sessions:
            return self.users[self.sessions[token]] | {"token": token, "key": None}
        for key in self.keys.values():
            if token in key["secrets"]:
                return self.users[key["userId"]] | {"token": token, "key": key}
        raise Problem(401, "Sign in first")

    def enter(
        self,
        request: Request,
        slug: str,
        demanded: str = "guest",
        outsider: str = "",
        weak: str = "",
    ) -> Row:
        """The caller in this workspace; the same 404 where there is none and where they are not in.

        The last two name the flaws that let outsiders and those with too weak a role pass.
        """
        me = self.caller(request)
        role, key = self.seats.get((slug, me["userId"])), me["key"]
        elsewhere = key and key["workspace"] != slug
        if slug not in self.spaces or elsewhere or (role is None and self.flaw != outsider):
            raise Problem(404, "No such workspace")
        rank = RANKS[role or "owner"]
        if key:
            rank = min(rank, max((SCOPES[scope] for scope in key["scopes"]), default=0))
        if rank < RANKS[demanded] and self.flaw != weak:
            raise Problem(403, f"Only for {demanded}s")
        return me | {"rank": rank}

    def row(self, table: dict[str, Row], slug: str, key: str, *flaws: str) -> Row:
        found = table.get(key)
        if found is None or (found["workspace"] != slug and self.flaw not in flaws):
            raise Problem(404, "Not found")
        return found

    def body(self, request: Request) -> Row:
        given = request.get_json(force=True, silent=True)
        if not isinstance(given, dict):
            raise Problem(400, "A JSON object is needed")
        return given

    def note(self, slug: str, me: Row, verb: str, title: str) -> None:
        self.log.append({"workspace": slug, "who": me["displayName"], "did": verb, "what": title})

    # -- accounts

    def status(self, _: Request) -> Any:
        return 200, {"up": True}, {}

    def templates(self, request: Request) -> Any:
        self.caller(request)
        return 200, TEMPLATES, {}

    def feedback(self, request: Request) -> Any:
        self.caller(request)
        body = self.body(request)
        return 202, {"thanks": True, "pageId": body.get("pageId"), "text": body.get("text")}, {}

    def sign_in(self, request: Request) -> Any:
        body = self.body(request)
        for user in self.users.values():
            if (user["email"], user["password"]) == (body.get("email"), body.get("password")):
                token = secrets.token_hex(16)
                self.sessions[token] = user["userId"]
                return 200, {"token": token}, {}
        raise Problem(401, "Wrong address or password")

    def sign_out(self, request: Request) -> Any:
        me = self.caller(request)
        if self.flaw != "signout-nothing":
            self.sessions.pop(me["token"], None)
        return 204, None, {}

    def profile(self, user: Row) -> Row:
        return {key: user[key] for key in ("userId", "email", "displayName", "isStaff")}

    def me(self, request: Request) -> Any:
        user = self.caller(request)
        acting = request.headers.get("X-Acting-As", "")
        if self.flaw == "header-acting":
            user = self.users.get(acting, user)
        return 200, self.profile(user), {}

    def patch_me(self, request: Request) -> Any:
        user = self.users[self.caller(request)["userId"]]
        fields = ("displayName", *(("isStaff",) if self.flaw == "me-staff" else ()))
        body = self.body(request)
        user.update({key: body[key] for key in fields if body.get(key) is not None})
        return 200, self.profile(user), {}

    def lookup(self, request: Request) -> Any:
        self.caller(request)
        email = request.args.get("email")
        found = [user for user in self.users.values() if user["email"] == email]
        return 200, [{key: user[key] for key in ("userId", "displayName")} for user in found], {}

    def workspaces(self, request: Request) -> Any:
        me = self.caller(request)["userId"]
        return 200, [row for slug, row in self.spaces.items() if (slug, me) in self.seats], {}

    # -- a workspace, its members and keys

    def workspace(self, request: Request, slug: str) -> Any:
        stranger = (slug, self.caller(request)["userId"]) not in self.seats
        if slug in self.spaces and stranger and self.flaw == "workspace-exists":
            raise Problem(403, "You are not a member of this workspace")
        self.enter(request, slug, outsider="workspace-read")
        return 200, self.spaces[slug], {"ETag": f'"{self.spaces[slug]["version"]}"'}

    def patch_workspace(self, request: Request, slug: str) -> Any:
        self.enter(request, slug, "owner", weak="guest-settings")
        space = self.spaces[slug]
        space["name"] = str(self.body(request).get("name") or space["name"])
        space["version"] += 1
        return 200, space, {"ETag": f'"{space["version"]}"'}

    def members(self, request: Request, slug: str) -> Any:
        self.enter(request, slug, outsider="members-any")
        found = [
            {key: self.users[user][key] for key in ("userId", "email", "displayName")}
            | {"role": role}
            for (where, user), role in self.seats.items()
            if where == slug
        ]
        return 200, found, {}

    def patch_member(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug, "owner", weak="guest-role")
        role = self.body(request).get("role")
        if (slug, key) not in self.seats or role not in RANKS:
            raise Problem(404 if role in RANKS else 400, "No such member or role")
        self.seats[slug, key] = role
        return 200, {"userId": key, "role": role}, {}

    def invitations_list(self, request: Request, slug: str) -> Any:
        self.enter(request, slug, "owner")
        return 200, [row for row in self.invitations.values() if row["workspace"] == slug], {}

    def invite(self, request: Request, slug: str) -> Any:
        self.enter(request, slug, "owner", weak="guest-invite")
        body = self.body(request)
        if "@" not in str(body.get("email")) or body.get("role", "guest") not in RANKS:
            raise Problem(400, "An address and a role are needed")
        row = {"invitationId": str(uuid4()), "workspace": slug, "email": body["email"]}
        row |= {"role": body.get("role", "guest"), "token": secrets.token_hex(12)}
        self.invitations[row["invitationId"]] = row
        return 201, row, {}

    def uninvite(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug, "owner")
        row = self.row(self.invitations, slug, key, "invitation-delete")
        del self.invitations[row["invitationId"]]
        return 204, None, {}

    def accept(self, request: Request, token: str) -> Any:
        me = self.caller(request)
        for key, row in list(self.invitations.items()):
            if row["token"] == token and row["email"] == me["email"]:
                self.seats.setdefault((row["workspace"], me["userId"]), row["role"])
                del self.invitations[key]
                return 200, self.spaces[row["workspace"]], {}
        raise Problem(404, "This invitation is not valid any more")

    def shown_key(self, row: Row) -> Row:
        return {key: row[key] for key in ("keyId", "name", "scopes", "prefix")}

    def keys_list(self, request: Request, slug: str) -> Any:
        self.enter(request, slug, "member", weak="guest-keys")
        rows = [row for row in self.keys.values() if row["workspace"] == slug]
        return 200, [self.shown_key(row) for row in rows if "revoked" not in row], {}

    def key(self, request: Request, slug: str, key: str, flaw: str) -> Row:
        """Members manage all keys of the workspace, guests their own."""
        me, row = self.enter(request, slug), self.row(self.keys, slug, key, flaw)
        if "revoked" in row or (me["rank"] < RANKS["member"] and row["userId"] != me["userId"]):
            raise Problem(404, "Not found")
        return row

    def make_key(self, request: Request, slug: str) -> Any:
        me, body = self.enter(request, slug), self.body(request)
        wished = body.get("scopes") or ["read"]
        if not isinstance(wished, list) or any(scope not in SCOPES for scope in wished):
            raise Problem(400, "scopes are read, write, admin")
        if self.flaw != "key-scopes":
            wished = [scope for scope in wished if SCOPES[scope] <= me["rank"]]
        secret = f"bk_{secrets.token_hex(12)}"
        row = {"keyId": str(uuid4()), "workspace": slug, "userId": me["userId"], "scopes": wished}
        row |= {"name": str(body.get("name", "key")), "prefix": secret[:6], "secrets": [secret]}
        self.keys[row["keyId"]] = row
        return 201, self.shown_key(row) | {"secret": secret}, {}

    def rotate(self, request: Request, slug: str, key: str) -> Any:
        row = self.key(request, slug, key, "key-rotate")
        secret = f"bk_{secrets.token_hex(12)}"
        row["secrets"] = [secret, *(row["secrets"] if self.flaw == "key-outlived" else ())]
        row["prefix"] = secret[:6]
        return 200, self.shown_key(row) | {"secret": secret}, {}

    def revoke(self, request: Request, slug: str, key: str) -> Any:
        row = self.key(request, slug, key, "key-revoke")
        if self.flaw == "key-undead":
            row["revoked"] = True
        else:
            del self.keys[key]
        return 204, None, {}
