"""Who works where in the CRM: sessions, members, roles, invitations, keys, webhooks and logs."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, abort, g

from tests.targets.heldout_deals_core import (
    RIGHTS,
    Row,
    body,
    colleague,
    flawed,
    hal,
    hals,
    none,
    op,
    ours,
    store,
    words,
)

CURRENCIES = [{"code": code, "digits": digits} for code, digits in (("EUR", 2), ("JPY", 0))]


def signed_in(org: int, user: int) -> Row:
    token = secrets.token_urlsafe(24)
    store().sessions[token] = (org, user)
    return {"token": token, "organizationId": org, "userId": user}


@op("GET /currencies", "Currencies that deals may have", need="nobody")
def list_currencies() -> Row:
    return {"_embedded": {"currencies": CURRENCIES}}


@op(
    "POST /sessions",
    "Sign in to the first of one's organizations",
    "nobody",
    takes="email! password!",
)
def create_session() -> Any:
    said = words(body("email", "password"), "email", "password")
    homes = [
        (org, key)
        for (org, key), member in store().members.items()
        if store().users[key]["email"] == said["email"]
        and store().users[key]["password"] == said["password"]
        and not member["removed"]
    ]
    if not homes:
        abort(401, "The address or the password is wrong.")
    return signed_in(*homes[0])


@op("DELETE /sessions/current", "End this session", "self", status=204)
def end_session() -> Response:
    if g.key:
        abort(403, "A key is no session.")
    if not flawed("signout-nothing"):
        store().sessions.pop(g.token, None)
    return none()


@op(
    "POST /sessions/switch",
    "A token for another of one's organizations",
    "self",
    takes="organizationId:integer!",
)
def switch_session() -> Row:
    org = body("organizationId")["organizationId"]
    member = store().members.get((org, g.user["id"])) if isinstance(org, int) else None
    if g.key:
        abort(403, "A key is for one organization.")
    if flawed("switch-any") and org in store().organizations:
        store().members.setdefault((org, g.user["id"]), {"roleId": 1, "removed": False})
    elif member is None or member["removed"]:
        abort(404, "There is no such organization.")
    return signed_in(org, g.user["id"])


def myself() -> Row:
    at, user = store(), g.user
    known = [
        {"id": org, "name": at.organizations[org]["name"], "roleId": member["roleId"]}
        for (org, key), member in at.members.items()
        if key == user["id"] and not member["removed"]
    ]
    shown = {name: user[name] for name in ("id", "name", "email", "locale")}
    return shown | {"organizationId": g.org, "_embedded": {"organizations": known}}


@op("GET /me", "Who is signed in, and all organizations they work for")
def read_me() -> Row:
    return myself()


@op(
    *("PATCH /me", "Change one's name and locale (merge patch)", "self"),
    takes="name locale",
    kind="application/merge-patch+json",
)
def patch_me() -> Row:
    g.user.update(words(body(), "name", "locale"))
    return myself()


@op("GET /me/stars", "The deals that the caller has starred", gives="deals*")
def list_stars() -> Row:
    at = store()
    keys = [deal for user, deal in sorted(at.stars) if user == g.user["id"]]
    known = [at.tables["deals"].get(key) for key in keys]
    mine = [row for row in known if row and row["organizationId"] == g.org and not row["deleted"]]
    return hals("deals", mine)


@op("GET /organization", "The organization signed in to")
def read_organization() -> Row:
    return dict(store().organizations[g.org])


@op(
    *("PATCH /organization", "Change its name and the footer of its mails; admins only", "admin"),
    takes="name footer",
    kind="application/merge-patch+json",
)
def patch_organization() -> Row:
    row = store().organizations[g.org]
    names = ("name", "footer", *(("plan",) if flawed("organization-plan") else ()))
    row.update(words(body(), *names))
    return dict(row)


def shown_user(key: int) -> Row:
    user, member = store().users[key], store().members[g.org, key]
    shown = {name: user[name] for name in ("id", "name", "email")}
    return shown | {"roleId": member["roleId"], "_links": {"self": {"href": f"/users/{key}"}}}


@op("GET /users", "Everybody in the organization")
def list_users() -> Row:
    return {"_embedded": {"users": [shown_user(key) for key in store().users if colleague(key)]}}


@op(
    "PATCH /users/{userId}",
    "Give somebody another role; admins only",
    "admin",
    takes="roleId:integer!",
)
def patch_user(user_id: int) -> Row:
    role = body("roleId")["roleId"]
    if not colleague(user_id):
        abort(404, "There is nobody like that.")
    if user_id == g.user["id"]:
        abort(409, "Nobody changes their own role.")
    store().members[g.org, user_id]["roleId"] = role_of(role)["id"]
    return shown_user(user_id)


@op("DELETE /users/{userId}", "Remove somebody, whose tokens end; admins only", "admin", status=204)
def remove_user(user_id: int) -> Response:
    if not colleague(user_id):
        abort(404, "There is nobody like that.")
    if user_id == g.user["id"]:
        abort(409, "Nobody removes themselves.")
    store().members[g.org, user_id]["removed"] = True
    return none()


def role_of(key: Any, *flaws: str) -> Row:
    row = store().tables["roles"].get(key) if isinstance(key, int) else None
    if row is None or (row["organizationId"] not in (0, g.org) and not flawed(*flaws)):
        abort(422, "There is no such role.")
    return row


@op("GET /roles", "The roles that are built in, and the organization's own", gives="roles*")
def list_roles() -> Row:
    rows = store().rows("roles")
    return hals("roles", [row for row in rows if row["organizationId"] in (0, g.org)])


@op(
    "POST /roles",
    "A role of the organization's own; admins only",
    "self",
    takes="name! permissions:array",
    gives="roles",
    status=201,
)
def create_role() -> Any:
    if "admin" not in g.rights and not flawed("role-by-rep"):
        abort(403, "Only admins make roles.")
    said = body("name")
    rights = said.get("permissions") or []
    if not isinstance(rights, list) or any(right not in RIGHTS[:4] for right in rights):
        abort(422, f"Permissions are some of {', '.join(RIGHTS[:4])}.")
    known = sorted({"read", *rights}, key=RIGHTS.index)
    row = store().add("roles", **words(said, "name"), permissions=known, builtIn=False)
    return hal("roles", row), 201


@op(
    "GET /invitations",
    "Invitations that nobody has accepted yet; admins only",
    "admin",
    gives="invitations*",
)
def list_invitations() -> Row:
    return hals("invitations", store().rows("invitations", organizationId=g.org, status="open"))


@op(
    "POST /invitations",
    "Invite somebody; whoever has the code may join. Admins only",
    "admin",
    takes="email! roleId:integer!",
    gives="invitations",
    status=201,
)
def create_invitation() -> Any:
    said = body("email", "roleId")
    role = role_of(said["roleId"], "invitation-role")
    mail = words(said, "email")["email"]
    code = secrets.token_urlsafe(12)
    row = store().add("invitations", email=mail, roleId=role["id"], status="open", code=code)
    return hal("invitations", row, role=hal("roles", role)) | {"code": code}, 201


@op(
    "DELETE /invitations/{invitationId}",
    "Take an invitation back; admins only",
    "admin",
    status=204,
)
def delete_invitation(invitation_id: int) -> Response:
    del store().tables["invitations"][ours("invitations", invitation_id, "invitation-delete")["id"]]
    return none()


@op("POST /invitations/accept", "Join the organization of an invitation", "self", takes="code!")
def accept_invitation() -> Any:
    said = body("code")
    at = store()
    known = [row for row in at.tables["invitations"].values() if row["code"] == said["code"]]
    if not known or (known[0]["status"] != "open" and not flawed("invitation-reused")):
        abort(404, "There is no such invitation.")
    if g.key:
        abort(403, "A key joins nothing.")
    row, user = known[0], g.user["id"]
    org = row["organizationId"]
    member = at.members.get((org, user))
    if member and not member["removed"]:
        abort(409, "You are a member already.")
    role = row["roleId"]
    if flawed("accept-role") and said.get("roleId") in at.tables["roles"]:
        role = said["roleId"]
    at.members[org, user] = {"roleId": role, "removed": False}
    row["status"] = "accepted"
    return {"organizationId": org, "roleId": role}
