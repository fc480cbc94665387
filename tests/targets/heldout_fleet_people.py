"""Who works for which account of the fleet: members, invites, keys, and what an account is."""

from __future__ import annotations

import secrets
from typing import Any

from tests.targets.heldout_fleet_core import Call, FleetError, Row, each_shown, route, shown
from tests.targets.heldout_fleet_target import RANKS

FIRMWARE = [{"version": "4.1.0", "channel": "stable"}, {"version": "4.2.0-rc1", "channel": "beta"}]


@route("GET /v1/firmware", "any")
def list_firmware(_: Call) -> Any:
    return FIRMWARE


def myself(call: Call) -> Row:
    at = call.fleet
    known = [
        {"account": account, "name": at.accounts[account]["name"], "role": role}
        for (account, user), role in list(at.members.items())
        if user == call.user
    ]
    return at.users[call.user] | {"accounts": known}


@route("GET /v1/whoami", "user")
def read_self(call: Call) -> Row:
    return myself(call)


@route("PATCH /v1/whoami", "user")
def patch_self(call: Call) -> Row:
    call.fleet.users[call.user].update(call.text("name"))
    return myself(call)


@route("GET /v1/account")
def read_account(call: Call) -> Row:
    return call.fleet.accounts[call.account]


@route("PATCH /v1/account", "manager")
def patch_account(call: Call) -> Row:
    row = call.fleet.accounts[call.account]
    row.update(call.text("name", "timezone"))
    limit = call.body.get("device_limit")
    if call.flawed("account-limit") and isinstance(limit, int):
        row["device_limit"] = limit
    return row


def member(call: Call, account: str, user: str) -> Row:
    role = call.fleet.members[account, user]
    return shown(call.fleet.users[user], "user name email") | {"role": role}


@route("GET /v1/members")
def list_members(call: Call) -> Any:
    account = call.account
    if call.flawed("members-account"):
        account = call.query.get("account", account)
    known = [user for of, user in list(call.fleet.members) if of == account]
    return [member(call, account, user) for user in known]


def role_of(call: Call) -> str:
    role = call.body.get("role")
    if role not in RANKS:
        raise FleetError(400, f"a role is one of {', '.join(RANKS)}")
    return str(role)


def other(call: Call) -> str:
    user = str(call.query.get("user", ""))
    if (call.account, user) not in call.fleet.members:
        raise FleetError(404, "no such member")
    if user == call.user:
        raise FleetError(409, "somebody else has to do that")
    return user


@route("PUT /v1/members", "manager")
def put_member(call: Call) -> Row:
    user, role = other(call), role_of(call)
    call.fleet.members[call.account, user] = role
    return member(call, call.account, user)


@route("DELETE /v1/members", "manager")
def delete_member(call: Call) -> Row:
    """Whoever is removed gets in no more, nor do their keys."""
    user = other(call)
    call.fleet.gone[call.account, user] = call.fleet.members.pop((call.account, user))
    return {"user": user, "removed": True}


@route("POST /v1/invites", "any")
def create_invite(call: Call) -> Row:
    call.demand("manager", "invite-by-operator" if call.role == "operator" else "")
    made = {**call.text("email", needed="email"), "role": role_of(call), "used": False}
    row = call.add("invites", **made, token=secrets.token_urlsafe(15))
    call.status = 201
    return shown(row, "email role") | {"invite_id": row["id"], "invite_token": row["token"]}


@route("POST /v1/invites/redeem", "user")
def redeem_invite(call: Call) -> Row:
    token = call.text("invite_token", needed="invite_token")["invite_token"]
    known = call.fleet.rows("invites", token=token)
    if not known or (known[0]["used"] and not call.flawed("redeem-again")):
        raise FleetError(404, "no such invite")
    account, role = known[0]["account"], known[0]["role"]
    if (account, call.user) in call.fleet.members:
        raise FleetError(409, "you are a member already")
    if call.flawed("redeem-role") and call.body.get("role") in RANKS:
        role = call.body["role"]
    known[0]["used"] = True
    call.fleet.members[account, call.user] = role
    return {"account": account, "role": role}


@route("GET /v1/keys")
def list_keys(call: Call) -> Any:
    return each_shown(call.rows("keys", user=call.user, revoked=False), "id name scope")


@route("POST /v1/keys")
def create_key(call: Call) -> Row:
    if call.key:
        raise FleetError(403, "a key makes no keys")
    scope = call.body.get("scope", "read")
    if scope not in ("read", "write"):
        raise FleetError(400, "a scope is read or write")
    made = {"scope": scope, "user": call.user, "secret": f"fk_{secrets.token_hex(16)}"}
    row = call.add("keys", **call.text("name", needed="name"), **made, revoked=False)
    call.status = 201
    return shown(row, "id name scope secret")


@route("DELETE /v1/keys/{key_id}")
def delete_key(call: Call) -> Row:
    said = call.path["key_id"]
    row = call.own("keys", int(said) if said.isdecimal() else None, "key-delete")
    if row["user"] != call.user and not call.flawed("key-delete"):
        raise FleetError(404, "not found in keys")
    row["revoked"] = True
    return shown(row, "id name")


@route("POST /v1/support", "any")
def ask_support(call: Call) -> Row:
    """Somebody looks at it later."""
    call.text("text", "uid", needed="text")
    call.status = 202
    return {"received": True}
