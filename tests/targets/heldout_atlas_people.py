"""Who signs in, who works in which workspace, and what their admins keep for themselves."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from tests.targets.heldout_atlas_core import COMPUTED, DENIED, MISSING, Call, Problem, op, shown
from tests.targets.heldout_atlas_schemas import Row
from tests.targets.heldout_atlas_views import log, page


def sign_in(call: Call, user: Row) -> Row:
    said: Row = {"user": user["id"], "name": "", "read_only": False, "session": True}
    return call.at.add("tokens", None, **said, key=secrets.token_hex(20), prefix="")


@op("POST /api/auth/token/", "AuthToken", takes="AuthToken", status=200, open=True)
def login(call: Call) -> Row:
    said = call.valid()
    known = call.at.rows("users", username=said["username"], password=said["password"])
    if not known:
        problem = "Unable to log in with provided credentials."
        raise Problem(400, {"non_field_errors": [problem]})
    return {"token": sign_in(call, known[0])["key"]}


@op("POST /api/auth/logout/")
def logout(call: Call) -> None:
    if not call.flawed("logout-nothing"):
        del call.at.tables["tokens"][call.token["id"]]


@op("POST /api/auth/password/change/", takes="PasswordChange")
def change_password(call: Call) -> None:
    """Signs out everywhere else."""
    said = call.valid()
    if said["old_password"] != call.user["password"]:
        raise Problem(400, {"old_password": ["Invalid password."]})
    call.user["password"] = said["new_password"]
    for row in call.at.rows("tokens", user=call.user["id"], session=True):
        if row is not call.token and not call.flawed("password-keeps"):
            del call.at.tables["tokens"][row["id"]]


COMPUTED["Me", "memberships"] = lambda call, user: [
    {"workspace": row["workspace"], "role": row["role"]}
    for row in call.at.rows("memberships", user=user["id"], removed=False)
]


@op("GET /api/users/me/", "Me")
def read_me(call: Call) -> Row:
    return shown(call, "Me", call.user)


@op("PUT /api/users/me/", "Me", takes="Me")
@op("PATCH /api/users/me/", "Me", takes="Me")
def update_me(call: Call) -> Row:
    call.user.update(call.valid(partial=call.operation.method == "PATCH"))
    if call.flawed("me-staff") and call.operation.method == "PATCH":
        call.user["is_staff"] = call.body.get("is_staff", call.user["is_staff"]) is True
    return shown(call, "Me", call.user)


def colleagues(call: Call) -> set[int]:
    return {call.user["id"]}.union(*(call.members(slug) for slug in call.homes))


@op("GET /api/users/", "User", "search ordering", many="page")
def list_users(call: Call) -> Row:
    word, known = call.asked("search").lower(), colleagues(call)
    everybody = word and call.flawed("users-search")
    rows = [row for row in call.at.rows("users") if everybody or row["id"] in known]
    return page(call, [row for row in rows if word in row["email"]], "User")


@op("GET /api/users/{id}/", "User")
def read_user(call: Call) -> Row:
    row = call.at.get("users", call.path["id"])
    if row is None or row["id"] not in colleagues(call):
        raise Problem(404, MISSING)
    return shown(call, "User", row)


@op("GET /api/admin/users/", "Me", "search ordering", many="page")
def staff_users(call: Call) -> Row:
    """Staff only."""
    if not call.user["is_staff"] and not (call.flawed("staff-open") and call.admins()):
        raise Problem(403, DENIED)
    return page(call, call.at.rows("users"), "Me")


COMPUTED["Workspace", "role"] = lambda call, row: call.homes.get(row["slug"])


@op("GET /api/workspaces/", "Workspace", "ordering", many="page")
def list_workspaces(call: Call) -> Row:
    return page(call, [call.at.workspaces[slug] for slug in call.homes], "Workspace")


@op("GET /api/workspaces/{slug}/", "Workspace")
def read_workspace(call: Call) -> Row:
    return shown(call, "Workspace", call.at.workspaces[call.workspace()])


@op("PUT /api/workspaces/{slug}/", "Workspace", takes="Workspace")
@op("PATCH /api/workspaces/{slug}/", "Workspace", takes="Workspace")
def update_workspace(call: Call) -> Row:
    """Workspace admins only."""
    row, partial = call.at.workspaces[call.workspace("admin")], call.operation.method == "PATCH"
    row.update(call.valid(row["slug"], partial=partial))
    if partial and call.flawed("workspace-plan") and isinstance(call.body.get("plan"), str):
        row["plan"] = call.body["plan"]
    return shown(call, "Workspace", row)


@op("GET /api/workspaces/{slug}/stats/", "WorkspaceStats")
def read_stats(call: Call) -> Row:
    slug = call.workspace()
    having: Row = {} if call.flawed("stats-all") else {"workspace": slug}
    said: Row = {"projects": len(call.at.rows("projects", workspace=slug))}
    said["issues"] = len(call.at.rows("issues", **having, deleted_at=None))
    said["comments"] = len(call.at.rows("comments", **having))
    said["minutes"] = sum(row["minutes"] for row in call.at.rows("time_entries", **having))
    return said | {"members": len(call.members(slug)), "api_calls": call.at.calls[slug]}


@op("GET /api/workspaces/{workspace_slug}/audit-log/", "AuditEntry", "ordering", many="page")
def audit_log(call: Call) -> Row:
    """Workspace admins only."""
    slug = call.workspace("admin", "audit-by-member")
    return page(call, call.at.rows("audit", workspace=slug), "AuditEntry")


def about(name: str) -> Callable[[Call, Row], Any]:
    return lambda call, row: call.at.tables["users"][row["user"]][name]


COMPUTED["Membership", "username"] = about("username")
COMPUTED["Membership", "email"] = about("email")


def membership(call: Call, *flaws: str) -> Row:
    slug, row = call.workspace(), call.at.get("memberships", call.path["id"])
    if row is None or row["removed"] or (row["workspace"] != slug and not call.flawed(*flaws)):
        raise Problem(404, MISSING)
    return row


def not_oneself(call: Call, row: Row) -> None:
    if row["user"] == call.user["id"]:
        raise Problem(400, {"non_field_errors": ["You cannot change your own membership."]})


@op("GET /api/workspaces/{workspace_slug}/members/", "Membership", "ordering", many="page")
def list_members(call: Call) -> Row:
    known = {"workspace": call.workspace(), "removed": False}
    return page(call, call.at.rows("memberships", **known), "Membership")


@op("GET /api/workspaces/{workspace_slug}/members/{id}/", "Membership")
def read_member(call: Call) -> Row:
    return shown(call, "Membership", membership(call))


@op("PATCH /api/workspaces/{workspace_slug}/members/{id}/", "Membership", takes="Membership")
def update_member(call: Call) -> Row:
    """Workspace admins only."""
    call.workspace("admin", "role-by-member")
    row = membership(call, "member-elsewhere")
    said = call.valid(row["workspace"], partial=True)
    not_oneself(call, row)
    row.update(said)
    return shown(call, "Membership", row)


@op("DELETE /api/workspaces/{workspace_slug}/members/{id}/")
def delete_member(call: Call) -> None:
    """Workspace admins only."""
    call.workspace("admin")
    row = membership(call)
    not_oneself(call, row)
    row["removed"] = True
    log(call, "member.removed", row)


@op("GET /api/workspaces/{workspace_slug}/invitations/", "Invitation", many="page")
def list_invitations(call: Call) -> Row:
    """Workspace admins only."""
    known = {"workspace": call.workspace("admin"), "withdrawn": False}
    return page(call, call.at.rows("invitations", **known), "Invitation")


@op("POST /api/workspaces/{workspace_slug}/invitations/", "InvitationCreated", takes="Invitation")
def create_invitation(call: Call) -> Row:
    """Workspace admins only."""
    slug = call.workspace("admin", "invite-by-member")
    said = call.valid(slug) | {"status": "pending", "token": secrets.token_urlsafe(24)}
    row = call.at.add("invitations", slug, **said, withdrawn=False)
    log(call, "invitation.created", row)
    return shown(call, "InvitationCreated", row)


@op("DELETE /api/workspaces/{workspace_slug}/invitations/{id}/", uuid=True)
def delete_invitation(call: Call) -> None:
    """Workspace admins only."""
    slug, row = call.workspace("admin"), call.own("invitations")
    if row["workspace"] != slug or row["withdrawn"]:
        raise Problem(404, MISSING)
    row["withdrawn"] = True


@op("POST /api/invitations/accept/", "Membership", takes="InvitationAccept")
def accept(call: Call) -> Row:
    found = call.at.rows("invitations", token=call.valid()["token"], status="pending")
    if not found or (found[0]["withdrawn"] and not call.flawed("invitation-undead")):
        raise Problem(400, {"token": ["Invalid or expired invitation."]})
    row, role = found[0], found[0]["role"]
    if row["workspace"] in call.homes:
        raise Problem(400, {"non_field_errors": ["You are already a member."]})
    if call.flawed("accept-role") and call.body.get("role") in ("member", "admin"):
        role = call.body["role"]
    row["status"] = "accepted"
    return shown(call, "Membership", call.at.join(row["workspace"], call.user["id"], role))


@op("GET /api/tokens/", "ApiToken", many="page")
def list_tokens(call: Call) -> Row:
    mine = {"user": call.user["id"], "session": False}
    return page(call, call.at.rows("tokens", **mine), "ApiToken")


@op("POST /api/tokens/", "ApiTokenCreated", takes="ApiToken")
def create_token(call: Call) -> Row:
    """The key is shown once."""
    key = f"atl_{secrets.token_hex(18)}"
    said: Row = {"read_only": False} | call.valid()
    said |= {"user": call.user["id"], "session": False, "key": key, "prefix": key[:8]}
    return shown(call, "ApiTokenCreated", call.at.add("tokens", None, **said))


@op("DELETE /api/tokens/{id}/")
def delete_token(call: Call) -> None:
    row = call.at.get("tokens", call.path["id"])
    if row is None or row["session"] or row["user"] != call.user["id"]:
        raise Problem(404, MISSING)
    if call.flawed("token-undead"):
        row["session"] = True  # only the list forgets it
    else:
        del call.at.tables["tokens"][row["id"]]


@op("GET /api/notifications/", "Notification", many="page")
def list_notifications(call: Call) -> Row:
    return page(call, call.rows("notifications", user=call.user["id"]), "Notification")


@op("POST /api/notifications/{id}/read/", "Notification", status=200)
def read_notification(call: Call) -> Row:
    row = call.own("notifications", "note-read")
    if row["user"] != call.user["id"] and not call.flawed("note-read"):
        raise Problem(404, MISSING)
    row["is_read"] = True
    return shown(call, "Notification", row)
