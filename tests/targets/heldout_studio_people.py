"""Who signs in at the media service, whom do the policies of a workspace let in, what is told?"""

from __future__ import annotations

import secrets
from typing import Any

from tests.targets.heldout_studio_core import (
    ABORTED,
    FAILED_PRECONDITION,
    FILTERED,
    INVALID_ARGUMENT,
    LISTED,
    UNAUTHENTICATED,
    Call,
    Fault,
    etag_of,
    missing,
    op,
    paged,
    read_token,
    shown,
    workspace,
)
from tests.targets.heldout_studio_schemas import Invalid, Row
from tests.targets.heldout_studio_target import RANKS

SCOPES = ("studio", "studio.readonly")
# What each role may do, as testIamPermissions says it.
PERMISSIONS = {
    "studio.assets.get": "viewer",
    "studio.projects.get": "viewer",
    "studio.assets.update": "editor",
    "studio.projects.create": "editor",
    "studio.workspaces.update": "owner",
    "studio.workspaces.setIamPolicy": "owner",
}


def tokens(call: Call, session: Row) -> Row:
    access = f"ya.{secrets.token_hex(20)}"
    call.at.access[access] = session
    refresh = ""
    if session["user"]:
        refresh = f"rt.{secrets.token_hex(20)}"
        call.at.refresh[refresh] = session
    said: Row = {"accessToken": access, "refreshToken": refresh, "expireTime": call.at.now(3600)}
    return said


def living(call: Call, key: Row) -> bool:
    """Is the key still there, and its account in use?"""
    there = key["name"] in call.at.rows or call.flawed("key-undead")
    account = key["account"]
    return there and account["name"] in call.at.rows and not account["disabled"]


@op("POST /v1/auth:signIn", "SignIn", "nobody", takes="SignInRequest", gives="TokenResponse")
def sign_in(call: Call) -> Row:
    said = call.take("email", "password")
    for row in list(call.at.rows.values()):
        if (row.get("email"), row.get("password")) == (said["email"], said["password"]):
            session = {"user": row, "key": None, "ended": False, "scopes": ["studio"]}
            return tokens(call, session)
    raise Fault(UNAUTHENTICATED, "Invalid email or password.")


@op("POST /v1/auth:refresh", "Refresh", "nobody", takes="RefreshRequest", gives="TokenResponse")
def refresh(call: Call) -> Row:
    session = call.at.refresh.pop(call.take("refreshToken")["refreshToken"], None)
    if session is None or session["ended"]:
        raise Fault(UNAUTHENTICATED, "The refresh token is not valid.")
    if call.flawed("sign-out-refresh"):
        session = session | {"ended": False}
    return tokens(call, session)


@op(
    "POST /v1/auth:exchangeKey",
    "ExchangeKey",
    "nobody",
    takes="ExchangeKeyRequest",
    gives="TokenResponse",
)
def exchange(call: Call) -> Row:
    said = call.take("key")
    key = call.at.keys.get(said["key"])
    if key is None or not living(call, key):
        raise Fault(UNAUTHENTICATED, "The key is not valid.")
    scopes = said.get("scopes") or key["scopes"]
    known = SCOPES if call.flawed("exchange-scopes") else key["scopes"]
    if not set(scopes) <= set(known):
        raise Fault(INVALID_ARGUMENT, "The key does not have these scopes.")
    return tokens(call, {"user": None, "key": key, "ended": False, "scopes": scopes})


@op("POST /v1/auth:signOut", "SignOut", "user", takes="Empty", gives="Empty")
def sign_out(call: Call) -> Row:
    if call.flawed("sign-out-refresh"):
        token = call.request.headers["Authorization"].partition(" ")[2]
        call.at.access.pop(token)
    else:
        call.session["ended"] = True
    return {}


@op(
    "POST /v1/auth:changePassword",
    "ChangePassword",
    "user",
    takes="ChangePasswordRequest",
    gives="Empty",
)
def change_password(call: Call) -> Row:
    said, user = call.take("currentPassword", "newPassword"), call.session["user"]
    if user is None or user["password"] != said["currentPassword"]:
        raise Fault(INVALID_ARGUMENT, "The current password is wrong.")
    user["password"] = said["newPassword"]
    for session in [*call.at.access.values(), *call.at.refresh.values()]:
        if session["user"] is user and session is not call.session:
            session["ended"] = True
    return {}


def mine(call: Call) -> str:
    """The caller's own resource name, which the path says or calls `me`."""
    name = f"users/{call.path['user']}"
    if name not in ("users/me", call.who) or not call.session["user"]:
        raise call.denied(name)
    return call.who


def spaces(call: Call, principal: str) -> list[str]:
    """The workspaces in which the principal stands in some policy."""
    found = [
        workspace(name)
        for name, policy in call.at.policies.items()
        if any(principal in each["members"] for each in policy["bindings"])
    ]
    return list(dict.fromkeys(found))


@op("GET /v1/users/{user}", "GetUser", "user", gives="User")
def get_user(call: Call) -> Row:
    name = call.who if call.path["user"] == "me" else f"users/{call.path['user']}"
    row = call.at.rows.get(name)
    theirs = spaces(call, f"user:{row.get('email')}") if row else []
    shared = name == call.who or set(theirs) & set(spaces(call, call.principal))
    if row is None or not call.session["user"] or not shared:
        raise call.denied(name)
    return shown("User", row)


@op(
    "PATCH /v1/users/{user}",
    "UpdateUser",
    "user",
    takes="User",
    gives="User",
    asks="updateMask:mask",
)
def update_user(call: Call) -> Row:
    row, said = call.row(mine(call)), call.take()
    row.update(call.bound("user-email", "email"))
    return shown("User", call.patched(row, "User", said, call.asked("updateMask")))


@op(
    "GET /v1/users/{user}/notifications",
    "ListNotifications",
    "user",
    gives="ListNotificationsResponse",
    asks=FILTERED,
)
def list_notifications(call: Call) -> Row:
    return paged(call, "Notification", call.at.children(mine(call), "notifications"))


@op(
    "POST /v1/users/{user}/notifications:batchMarkRead",
    "BatchMarkRead",
    "user",
    takes="BatchMarkReadRequest",
    gives="BatchMarkReadResponse",
)
def mark_read(call: Call) -> Row:
    who, said, found = mine(call), call.take("names"), []
    for name in said["names"]:
        ours = name.startswith(f"{who}/notifications/")
        row = call.at.rows.get(name)
        if row is None or "/notifications/" not in name:
            raise missing(name)
        if not ours and not call.flawed("notifications-mark"):
            raise missing(name)
        found.append(row)
    for row in found:
        row["read"] = True
    return {"notifications": [shown("Notification", row) for row in found]}


@op("GET /v1/workspaces", "ListWorkspaces", "user", gives="ListWorkspacesResponse", asks=FILTERED)
def list_workspaces(call: Call) -> Row:
    rows = [call.row(name) for name in spaces(call, call.principal)]
    return paged(call, "Workspace", rows)


SPACE = "/v1/workspaces/{workspace}"


@op(f"GET {SPACE}", "GetWorkspace", gives="Workspace")
def get_workspace(call: Call) -> Row:
    return shown("Workspace", call.own())


@op(
    f"PATCH {SPACE}",
    "UpdateWorkspace",
    "owner",
    takes="Workspace",
    gives="Workspace",
    asks="updateMask:mask",
)
def update_workspace(call: Call) -> Row:
    row, said = call.own(), call.take()
    plan = call.bound("workspace-plan", "plan", "quotaBytes")
    call.patched(row, "Workspace", said, call.asked("updateMask"))
    row.update(plan)
    return shown("Workspace", row)


@op(f"GET {SPACE}/usage", "GetUsage", gives="Usage")
def get_usage(call: Call) -> Row:
    of = "workspaces/-" if call.flawed("usage-all") else call.name
    projects = [row for row in call.at.children(of, "projects") if not row["deleted"]]
    assets = [row for row in call.at.children(f"{of}/projects/-", "assets") if not row["deleted"]]
    size = sum(int(row.get("sizeBytes", 0)) for row in assets)
    counts = {"projectCount": len(projects), "assetCount": len(assets)}
    return shown("Usage", call.own() | counts | {"totalBytes": str(size)})


def policy(call: Call) -> Row:
    known = call.at.policies.setdefault(call.name, {"bindings": [], "version": 1})
    etag = etag_of({"name": call.name} | known)
    return {"version": 1, "bindings": known["bindings"], "etag": etag}


def set_policy(call: Call) -> Row:
    """Put another policy in place of the one before."""
    call.own()
    said, before = call.take("policy")["policy"], policy(call)
    if said.get("etag") not in (None, "", before["etag"]):
        raise Fault(ABORTED, "The etag of the policy does not match.")
    bindings = said.get("bindings", [])
    for each in bindings:
        role, members = each.get("role", ""), each.get("members", [])
        if role.removeprefix("roles/") not in RANKS or not role.startswith("roles/"):
            raise Invalid(f"Role {role[:60]} is not supported for this resource.")
        if not all(name.startswith(("user:", "serviceAccount:")) for name in members):
            raise Invalid("Members are user:{email} or serviceAccount:{email}.")
        each["members"] = members
    owners = [
        name for each in bindings if each["role"] == "roles/owner" for name in each["members"]
    ]
    if call.name.count("/") == 1 and not any(name.startswith("user:") for name in owners):
        raise Fault(FAILED_PRECONDITION, "A workspace needs an owner.")
    known = call.at.policies[call.name]
    call.at.former.setdefault(call.name, []).extend(known["bindings"])
    known.update(bindings=bindings, version=known["version"] + 1)
    call.log(call.name)
    return policy(call)


POLICY: dict[str, Any] = {"takes": "SetIamPolicyRequest", "gives": "Policy"}
op(f"POST {SPACE}:setIamPolicy", "SetIamPolicy", "owner", low="policy-by-editor", **POLICY)(
    set_policy
)
op(f"POST {SPACE}/projects/{{project}}:setIamPolicy", "SetProjectIamPolicy", "owner", **POLICY)(
    set_policy
)


def get_policy(call: Call) -> Row:
    call.own()
    return policy(call)


op(f"GET {SPACE}:getIamPolicy", "GetIamPolicy", gives="Policy")(get_policy)
op(
    f"GET {SPACE}/projects/{{project}}:getIamPolicy",
    "GetProjectIamPolicy",
    gives="Policy",
    open="project-policy-get",
)(get_policy)


@op(
    f"POST {SPACE}:testIamPermissions",
    "TestIamPermissions",
    "user",
    takes="TestIamPermissionsRequest",
    gives="TestIamPermissionsResponse",
)
def test_permissions(call: Call) -> Row:
    rank, asked = call.at.rank(call.principal, call.name), call.take().get("permissions", [])
    has = [each for each in asked if each in PERMISSIONS]
    return {"permissions": [each for each in has if RANKS.index(PERMISSIONS[each]) <= rank]}


test_permissions.__test__ = False  # type: ignore[attr-defined]


@op(
    f"GET {SPACE}/auditLogEntries",
    "ListAuditLogEntries",
    "owner",
    gives="ListAuditLogEntriesResponse",
    asks=FILTERED,
)
def list_audit(call: Call) -> Row:
    name, token = call.name, call.asked("pageToken")
    if token and call.flawed("audit-page"):
        name = read_token(token)[0]
    return paged(call, "AuditLogEntry", call.at.children(name, "auditLogEntries")[::-1])


ACCOUNTS = f"{SPACE}/serviceAccounts"
ACCOUNT = f"{ACCOUNTS}/{{serviceAccount}}"


@op(f"GET {ACCOUNTS}", "ListServiceAccounts", gives="ListServiceAccountsResponse", asks=FILTERED)
def list_accounts(call: Call) -> Row:
    return paged(call, "ServiceAccount", call.at.children(call.name, "serviceAccounts"))


@op(
    f"POST {ACCOUNTS}",
    "CreateServiceAccount",
    "owner",
    takes="ServiceAccount",
    gives="ServiceAccount",
    asks="serviceAccountId:str",
)
def create_account(call: Call) -> Row:
    said, name = call.take(), call.chosen("serviceAccounts", "serviceAccountId")
    home = call.path["workspace"]
    said["email"] = f"{name.rsplit('/', 1)[1]}@{home}.accounts.studio.example"
    return shown("ServiceAccount", call.create(name, said | {"disabled": False}))


@op(f"GET {ACCOUNT}", "GetServiceAccount", gives="ServiceAccount")
def get_account(call: Call) -> Row:
    return shown("ServiceAccount", call.own())


@op(f"DELETE {ACCOUNT}", "DeleteServiceAccount", "owner", gives="Empty")
def delete_account(call: Call) -> Row:
    call.own()
    for name in [each for each in call.at.rows if each.startswith(f"{call.name}/")]:
        del call.at.rows[name]
    del call.at.rows[call.name]
    return {}


def able(disabled: bool) -> Any:
    def does(call: Call) -> Row:
        return shown("ServiceAccount", call.changed(call.own(), disabled=disabled))

    return does


ABLE: dict[str, Any] = {"takes": "Empty", "gives": "ServiceAccount"}
op(f"POST {ACCOUNT}:disable", "DisableServiceAccount", "owner", **ABLE)(able(disabled=True))
op(f"POST {ACCOUNT}:enable", "EnableServiceAccount", "owner", **ABLE)(able(disabled=False))


@op(f"GET {ACCOUNT}/keys", "ListKeys", "owner", gives="ListKeysResponse", asks=LISTED)
def list_keys(call: Call) -> Row:
    call.own()
    return paged(call, "Key", call.at.children(call.name, "keys"))


@op(f"POST {ACCOUNT}/keys", "CreateKey", "owner", takes="Key", gives="Key")
def create_key(call: Call) -> Row:
    account, scopes = call.own(), call.take().get("scopes") or ["studio"]
    if not set(scopes) <= set(SCOPES):
        raise Invalid("scopes: unknown scope")
    row = call.create(call.at.new(call.name, "keys"), {"scopes": scopes, "account": account})
    secret = f"sk.{secrets.token_hex(24)}"
    call.at.keys[secret] = row
    return shown("Key", row | {"privateKeyData": secret})


@op(f"DELETE {ACCOUNT}/keys/{{key}}", "DeleteKey", "owner", gives="Empty")
def delete_key(call: Call) -> Row:
    call.own()
    del call.at.rows[call.name]
    return {}
