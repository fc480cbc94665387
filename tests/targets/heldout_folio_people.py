"""Who works where, by session or by API key; invitations, and what an organization pays."""

from __future__ import annotations

import secrets

from tests.targets.heldout_folio_core import Call, Problem, Row, gone, missing, op, page, shown
from tests.targets.heldout_folio_target import RANKS

SCOPES = ("read", "write", "admin")
PRICES = (("price_free", "Free", 0), ("price_team", "Team", 4900), ("price_scale", "Scale", 19900))


@op("GET /v1/prices", "nobody")
def list_prices(call: Call) -> Row:
    data = [
        {"id": key, "object": "price", "nickname": name, "unit_amount": cents, "currency": "eur"}
        for key, name, cents in PRICES
    ]
    return {"object": "list", "url": call.request.url.path, "data": data, "has_more": False}


@op("POST /v1/sessions", "nobody")
def create_session(call: Call) -> Row:
    said = call.take("email! password!")
    known = [user for user in call.at.users.values() if user["email"] == said["email"]]
    if not known or known[0]["password"] != said["password"]:
        raise Problem(401, "credentials_invalid", "The address or the password is wrong.")
    token = f"sess_{secrets.token_urlsafe(24)}"
    call.at.sessions[token] = known[0]["id"]
    call.status = 201
    return {"object": "session", "token": token, "user": known[0]["id"]}


@op("DELETE /v1/sessions/current", "user")
def end_session(call: Call) -> Row:
    if not call.flawed("signout-nothing"):
        call.at.sessions.pop(call.token, None)
    return {"object": "session", "deleted": True}


def myself(call: Call) -> Row:
    at, user = call.at, call.at.users[call.user]
    homes = [row for row in at.rows("members", user=call.user) if not row["removed"]]
    known = [
        {"id": row["organization"], "role": row["role"]}
        | {"name": at.organizations[row["organization"]]["name"]}
        for row in homes
    ]
    about = {name: user[name] for name in ("id", "name", "email", "bio")}
    return about | {"object": "user", "organizations": known}


@op("GET /v1/me", "user")
def read_me(call: Call) -> Row:
    return myself(call)


@op("PATCH /v1/me", "user")
def update_me(call: Call) -> Row:
    call.at.users[call.user].update(call.take("name bio"))
    return myself(call)


@op("GET /v1/organization")
def read_organization(call: Call) -> Row:
    return call.at.organizations[call.organization]


@op("PATCH /v1/organization", "owner")
def update_organization(call: Call) -> Row:
    row = call.at.organizations[call.organization]
    row.update(call.take("name locale plan" if call.flawed("organization-plan") else "name locale"))
    return row


def member(call: Call, row: Row) -> Row:
    user = call.at.users[row["user"]]
    return shown("members", row, name=user["name"], email=user["email"])


def present(call: Call) -> Row:
    row = call.own("members")
    if row["removed"]:
        raise missing("member", row["id"])
    return row


@op("GET /v1/members")
def list_members(call: Call) -> Row:
    return page(call, call.rows("members", removed=False), lambda row: member(call, row))


@op("GET /v1/members/{member}")
def read_member(call: Call) -> Row:
    return member(call, present(call))


def role(said: Row) -> str:
    asked = str(said["role"])
    if asked not in RANKS:
        raise Problem(400, "parameter_invalid", f"role is one of {', '.join(RANKS)}.", "role")
    return asked


@op("PATCH /v1/members/{member}", "owner")
def update_member(call: Call) -> Row:
    row = present(call)
    if row["user"] == call.user:
        raise Problem(400, "member_self", "Nobody changes their own role.")
    row["role"] = role(call.take("role!"))
    return member(call, row)


@op("DELETE /v1/members/{member}", "owner")
def delete_member(call: Call) -> Row:
    row = present(call)
    if row["user"] == call.user:
        raise Problem(400, "member_self", "Nobody removes themselves.")
    row["removed"] = True
    call.log("member.removed", row)
    return gone("members", row)


@op("GET /v1/invitations", "owner")
def list_invitations(call: Call) -> Row:
    return page(call, call.rows("invitations"), lambda row: shown("invitations", row))


@op("POST /v1/invitations", "editor")
def create_invitation(call: Call) -> Row:
    by_key(call)
    call.demand("owner", "invite-by-editor")
    said = call.take("email! role!")
    token = f"ivt_tok_{secrets.token_urlsafe(18)}"
    made = {"email": said["email"], "role": role(said), "status": "pending", "token": token}
    row = call.add("invitations", **made)
    call.status = 201
    return shown("invitations", row, token=token)


@op("DELETE /v1/invitations/{invitation}", "owner")
def delete_invitation(call: Call) -> Row:
    row = call.own("invitations", "invitation-delete")
    if row["status"] == "pending":
        row["status"] = "revoked"
    return gone("invitations", row)


@op("POST /v1/invitations/accept", "user")
def accept_invitation(call: Call) -> Row:
    token = call.take("token!")["token"]
    row = next((row for row in call.at.rows("invitations", token=token, status="pending")), None)
    if row is None or call.key:
        raise Problem(400, "invitation_invalid", "This invitation is not valid.", "token")
    if call.at.member(row["organization"], call.user):
        raise Problem(409, "already_member", "You are a member already.")
    given = row["role"]
    if call.flawed("accept-role") and call.body.get("role") in RANKS:
        given = call.body["role"]
    row["status"] = "accepted"
    made = {"user": call.user, "role": given, "removed": False}
    return member(call, call.at.add("members", row["organization"], **made))


def own_key(call: Call) -> Row:
    """API keys are personal: nobody sees those of colleagues."""
    row = call.own("api_keys")
    if row["user"] != call.user:
        raise missing("api_key", row["id"])
    return row


def by_key(call: Call, *flaws: str) -> None:
    if call.key and "admin" not in call.key["scopes"] and not call.flawed(*flaws):
        raise Problem(403, "scope_missing", "This API key lacks the scope admin.")


@op("GET /v1/api_keys")
def list_keys(call: Call) -> Row:
    by_key(call)
    return page(call, call.rows("api_keys", user=call.user), lambda row: shown("api_keys", row))


@op("POST /v1/api_keys")
def create_key(call: Call) -> Row:
    by_key(call, "key-mints-keys")
    said = call.take("name! scopes:list")
    scopes = said.get("scopes") or ["read"]
    if set(scopes) - set(SCOPES):
        raise Problem(400, "parameter_invalid", f"scopes are some of {SCOPES}.", "scopes")
    secret = f"sk_{secrets.token_urlsafe(24)}"
    made = {"name": said["name"], "scopes": scopes, "last_four": secret[-4:]}
    row = call.add("api_keys", **made, user=call.user, secrets=[secret])
    call.status = 201
    return shown("api_keys", row, secret=secret)


@op("POST /v1/api_keys/{api_key}/roll")
def roll_key(call: Call) -> Row:
    by_key(call)
    row, secret = own_key(call), f"sk_{secrets.token_urlsafe(24)}"
    row["secrets"] = [secret, *(row["secrets"] if call.flawed("key-rolled") else [])]
    row["last_four"] = secret[-4:]
    return shown("api_keys", row, secret=secret)


@op("DELETE /v1/api_keys/{api_key}")
def delete_key(call: Call) -> Row:
    by_key(call)
    row = own_key(call)
    del call.at.tables["api_keys"][row["id"]]
    return gone("api_keys", row)


@op("GET /v1/invoices", "editor")
def list_invoices(call: Call) -> Row:
    call.demand("owner", "invoices-by-editor")
    return page(call, call.rows("invoices"), lambda row: shown("invoices", row))


@op("GET /v1/invoices/{invoice}", "owner")
def read_invoice(call: Call) -> Row:
    return shown("invoices", call.own("invoices", "invoice-read"))
