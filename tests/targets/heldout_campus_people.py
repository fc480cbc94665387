"""Accounts, organisations, and what people send each other: the campus's views about people."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, abort, g, jsonify, request

from tests.targets.heldout_campus_core import (
    RANKS,
    Row,
    asked,
    demand,
    flawed,
    given,
    me,
    none,
    of_mine,
    of_org,
    public,
    shown,
    store,
)

people = Blueprint("people", __name__)
ACCOUNT = ("userId", "orgId", "role", "name", "email", "bio")


def profile(user: Row, flaw: str = "") -> Row:
    """What everybody signed in may know of anybody."""
    email = ("email",) if flawed(flaw) else ()
    org = store().tables["orgs"][user["orgId"]]["name"]
    return shown(user, "userId", "name", "bio", *email) | {"organisation": org}


def enrol(body: Row, org_id: str, role: str) -> Row:
    if any(user["email"] == body["email"] for user in store().rows("users")):
        abort(409, "this address has an account")
    row = {"orgId": org_id, "role": role, "bio": "", "removed": False}
    return store().add("users", row | shown(body, "name", "email", "password"))


def signed_in(user: Row, status: int) -> Any:
    token = f"cs_{secrets.token_hex(16)}"
    store().sessions[token] = user["userId"]
    return jsonify(token=token, user=shown(user, *ACCOUNT)), status


@people.post("/signup")
@public
def signup() -> Any:
    """A new organisation, and its first admin."""
    body = given(email_=str, password_=str, name_=str, organisation_=str)
    at = store()
    if flawed("signup-org") and asked("orgId") in at.tables["orgs"]:
        return signed_in(enrol(body, asked("orgId"), "admin"), 201)
    if any(user["email"] == body["email"] for user in at.rows("users")):
        abort(409, "this address has an account")
    org = at.add("orgs", {"name": body["organisation"], "about": ""})
    return signed_in(enrol(body, org["orgId"], "admin"), 201)


@people.post("/join")
@public
def join() -> Any:
    """Into the organisation that has sent an invitation, with the role that it says."""
    body = given(code_=str, email_=str, password_=str, name_=str)
    found = store().rows("invitations", code=body["code"])
    if not found or (found[0]["used"] and not flawed("invitation-reused")):
        abort(404, "no such code")
    role = found[0]["role"]
    if flawed("join-role") and asked("role") in RANKS:
        role = asked("role")
    user = enrol(body, found[0]["orgId"], role)
    found[0]["used"] = True
    return signed_in(user, 201)


@people.post("/login")
@public
def login() -> Any:
    body = given(email_=str, password_=str)
    for user in store().rows("users", email=body["email"], password=body["password"]):
        if not user["removed"]:
            return signed_in(user, 200)
    return abort(401, "wrong address or password")


@people.post("/logout")
def logout() -> Response:
    store().sessions.pop(g.token, None)
    return none()


@people.get("/me")
def read_me() -> Row:
    return shown(me(), *ACCOUNT)


@people.patch("/me")
def patch_me() -> Row:
    user = store().tables["users"][me()["userId"]]
    user.update(given(name=str, bio=str))
    if flawed("me-role") and asked("role") in RANKS:
        user["role"] = asked("role")
    return shown(user, *ACCOUNT)


@people.get("/me/preferences")
def read_preferences() -> Row:
    return store().preferences.get(me()["userId"], {})


@people.put("/me/preferences")
def put_preferences() -> Response:
    body = given(language=str, theme=str, digest=bool)
    store().preferences[me()["userId"]] = body
    return none()


def listed_key(key: Row) -> Row:
    return shown(key, "keyId", "name", "scopes")


@people.get("/me/keys")
def read_keys() -> Any:
    keys = store().rows("keys", userId=me()["userId"], revoked=False)
    return jsonify([listed_key(key) for key in keys])


@people.post("/me/keys")
def create_key() -> Any:
    """A key for programs: it may read, or also write. Its secret is shown once."""
    if g.key:
        abort(403, "keys are made by people")
    body = given(name_=str, scopes=list)
    scopes = [each for each in body.get("scopes", ["read"]) if each in ("read", "write")]
    row = {"userId": me()["userId"], "name": body["name"], "scopes": scopes or ["read"]}
    key = store().add("keys", row | {"secret": f"ck_{secrets.token_hex(16)}", "revoked": False})
    return jsonify(listed_key(key) | {"secret": key["secret"]}), 201


@people.delete("/me/keys/<key_id>")
def delete_key(key_id: str) -> Response:
    key = of_mine("keys", key_id, "key-delete")
    if key["revoked"]:
        abort(404, "no such key")
    key["revoked"] = True
    return none()


def person(user_id: str) -> Row:
    user = store().tables["users"].get(user_id)
    if user is None or user["removed"]:
        abort(404, "no such user")
    return user


@people.get("/users/<user_id>")
def read_user(user_id: str) -> Row:
    """The public profile of anybody, here or elsewhere."""
    return profile(person(user_id), "profile-email")


@people.put("/users/<user_id>/follow")
def follow(user_id: str) -> Response:
    store().follows.add((me()["userId"], person(user_id)["userId"]))
    return none()


@people.delete("/users/<user_id>/follow")
def unfollow(user_id: str) -> Response:
    store().follows.discard((me()["userId"], user_id))
    return none()


@people.get("/me/following")
def read_following() -> Any:
    followed = sorted(whom for who, whom in store().follows if who == me()["userId"])
    users = [store().tables["users"][whom] for whom in followed]
    return jsonify([profile(user) for user in users if not user["removed"]])


@people.get("/orgs/<org_id>")
def read_org(org_id: str) -> Row:
    return of_org("orgs", org_id)


@people.patch("/orgs/<org_id>")
def patch_org(org_id: str) -> Row:
    """Admins only."""
    org = of_org("orgs", org_id)
    demand("admin")
    org.update(given(name=str, about=str))
    return org


@people.get("/orgs/<org_id>/members")
def read_members(org_id: str) -> Any:
    of_org("orgs", org_id)
    members = store().rows("users", orgId=org_id, removed=False)
    return jsonify([shown(user, *ACCOUNT) for user in members])


def member(org_id: str, user_id: str, *flaws: str) -> Row:
    of_org("orgs", org_id)
    user = store().tables["users"].get(user_id)
    if user is None or user["removed"] or (user["orgId"] != org_id and not flawed(*flaws)):
        abort(404, "no such member")
    return user


@people.patch("/orgs/<org_id>/members/<user_id>")
def patch_member(org_id: str, user_id: str) -> Row:
    """Another role for a member. Admins only."""
    of_org("orgs", org_id)
    demand("admin", "role-by-teacher")
    user = member(org_id, user_id, "member-elsewhere")
    role = given(role_=str)["role"]
    if role not in RANKS:
        abort(400, "no such role")
    if user["userId"] == me()["userId"]:
        abort(409, "nobody changes their own role")
    user["role"] = role
    return shown(user, *ACCOUNT)


@people.delete("/orgs/<org_id>/members/<user_id>")
def delete_member(org_id: str, user_id: str) -> Response:
    """Somebody leaves the organisation, and can no longer sign in. Admins only."""
    of_org("orgs", org_id)
    demand("admin")
    user = member(org_id, user_id)
    if user["userId"] == me()["userId"]:
        abort(409, "nobody removes themselves")
    user["removed"] = True
    return none()


@people.get("/orgs/<org_id>/invitations")
def read_invitations(org_id: str) -> Any:
    """Admins only."""
    of_org("orgs", org_id)
    demand("admin")
    return jsonify(store().rows("invitations", orgId=org_id))


@people.post("/orgs/<org_id>/invitations")
def create_invitation(org_id: str) -> Any:
    """A code that one person can join with. Admins only."""
    of_org("orgs", org_id)
    demand("admin", "invite-by-teacher")
    body = given(email=str, role=str)
    role = body.get("role", "student")
    if role not in RANKS:
        abort(400, "no such role")
    row = {"orgId": org_id, "email": body.get("email", ""), "role": role, "used": False}
    made = store().add("invitations", row | {"code": secrets.token_hex(8)})
    return jsonify(made), 201


@people.delete("/orgs/<org_id>/invitations/<int:invitation_id>")
def delete_invitation(org_id: str, invitation_id: int) -> Response:
    """Admins only."""
    of_org("orgs", org_id)
    demand("admin")
    of_org("invitations", invitation_id, "invitation-elsewhere")
    del store().tables["invitations"][invitation_id]
    return none()


def letter(message_id: Any, *flaws: str) -> Row:
    """A message that the caller has sent or received, and not thrown away."""
    message, mine = store().tables["messages"].get(message_id), me()["userId"]
    if message is None or (mine, message["messageId"]) in store().hidden:
        abort(404, "no such message")
    if mine not in (message["fromUserId"], message["toUserId"]) and not flawed(*flaws):
        abort(404, "no such message")
    return message


@people.get("/messages")
def read_messages() -> Any:
    mine = me()["userId"]
    messages = [
        row
        for row in store().rows("messages")
        if mine in (row["fromUserId"], row["toUserId"])
        and (mine, row["messageId"]) not in store().hidden
    ]
    return jsonify(messages)


@people.post("/messages")
def create_message() -> Any:
    """Write to anybody, here or elsewhere."""
    body = given(toUserId_=str, text_=str, replyTo=int)
    to = person(body["toUserId"])
    quoted = ""
    if "replyTo" in body:
        quoted = letter(body["replyTo"], "message-quote")["text"]
    row = {"fromUserId": me()["userId"], "toUserId": to["userId"], "text": body["text"]}
    message = store().add("messages", row | {"replyTo": body.get("replyTo"), "quoted": quoted})
    store().notify(to["userId"], f"{me()['name']} has written to you")
    return jsonify(message), 201


@people.get("/messages/<int:message_id>")
def read_message(message_id: int) -> Row:
    return letter(message_id, "message-read")


@people.delete("/messages/<int:message_id>")
def delete_message(message_id: int) -> Response:
    """Throw one's own copy away."""
    store().hidden.add((me()["userId"], letter(message_id)["messageId"]))
    return none()


@people.get("/notifications")
def read_notifications() -> Any:
    whose = me()["userId"]
    if flawed("notifications-of"):
        whose = request.args.get("userId", whose)
    return jsonify(store().rows("notifications", userId=whose))


@people.post("/notifications/<int:notification_id>/read")
def read_notification(notification_id: int) -> Row:
    notification = of_mine("notifications", notification_id, "notification-read")
    notification["read"] = True
    return notification


@people.post("/notifications/read-all")
def read_all_notifications() -> Response:
    for notification in store().rows("notifications", userId=me()["userId"]):
        notification["read"] = True
    return none()


@people.post("/abuse-reports")
def report_abuse() -> Any:
    """Tell us of anything that should not be here; somebody looks at it later."""
    given(about_=str, text=str)
    return jsonify(received=True), 202
