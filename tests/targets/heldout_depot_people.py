"""Who works where and may do what: sign-in, companies, employees, invitations, API clients."""

from __future__ import annotations

import base64
import json
import secrets

from tests.targets.heldout_depot_core import (
    CHECKS,
    VIEWS,
    Call,
    Problem,
    missing,
    op,
    paged,
    shown,
)
from tests.targets.heldout_depot_crud import deletes, lists, merges, reads
from tests.targets.heldout_depot_schemas import Row
from tests.targets.heldout_depot_target import RANKS

# With which flaw a refresh token outlives what has ended its session.
OUTLIVES = {"logout": "logout-refresh", "password": "password-refresh"}


def encoded(said: Row) -> str:
    return (
        base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def entered(call: Call, session: Row) -> Row:
    """New tokens of a session: one that looks like a JWT, and for people one to refresh it."""
    client = session["client"]
    subject = {"sub": (client or session["user"])["id"], "jti": secrets.token_hex(8)}
    head = encoded({"alg": "HS256", "typ": "JWT"})
    access = f"{head}.{encoded(subject)}.{secrets.token_urlsafe(32)}"
    call.at.access[access] = session
    said: Row = {"accessToken": access, "tokenType": "Bearer", "expiresIn": 900}
    if client is None:
        said["refreshToken"] = secrets.token_urlsafe(32)
        call.at.refresh[said["refreshToken"]] = session
    return said


@op("POST /auth/login", "nobody", takes="LoginRequest", gives="TokenResponse")
def login(call: Call) -> Row:
    said = call.take()
    known = call.at.rows("users", email=said["email"])
    if not known or known[0]["password"] != said["password"]:
        raise Problem(401, "Bad credentials")
    return entered(call, {"user": known[0], "client": None, "ended": ""})


@op("POST /auth/refresh", "nobody", takes="RefreshRequest", gives="TokenResponse")
def refresh(call: Call) -> Row:
    session = call.at.refresh.pop(call.take()["refreshToken"], None)
    if session is None or (session["ended"] and not call.flawed(OUTLIVES[session["ended"]])):
        raise Problem(401, "Invalid refresh token")
    return entered(call, session)


@op("POST /auth/token", "nobody", takes="ClientTokenRequest", gives="TokenResponse")
def token(call: Call) -> Row:
    """For API clients: a token that has their scopes, or fewer."""
    said = call.take()
    client = call.at.tables["api-clients"].get(said["clientId"])
    if client is None or said["clientSecret"] not in client["secrets"]:
        raise Problem(401, "Invalid client")
    scopes = said.get("scopes") or client["scopes"]
    if not set(scopes) <= set(client["scopes"]) and not call.flawed("client-scope"):
        raise Problem(400, "Requested scopes exceed those of the client")
    return entered(call, {"user": {}, "client": client, "scopes": scopes, "ended": ""})


@op("POST /auth/logout", "USER", status=204)
def logout(call: Call) -> None:
    call.session["ended"] = "logout"


def profile(call: Call) -> Row:
    known = []
    for row in call.at.rows("employees", userId=call.user["id"], active=True):
        named = {"companyName": call.at.tables["companies"][row["companyId"]]["name"]}
        known.append({"companyId": row["companyId"], "role": row["role"]} | named)
    about = {each: call.user[each] for each in ("id", "name", "email", "phone")}
    return {**about, "companies": known}


@op("GET /users/me", "USER", gives="UserDto")
def get_me(call: Call) -> Row:
    return profile(call)


@op("PATCH /users/me", "USER", takes="UpdateUserRequest", gives="UserDto")
def update_me(call: Call) -> Row:
    call.user.update(call.take())
    given = call.bound("role", "me-role", *RANKS)
    for row in call.at.rows("employees", userId=call.user["id"]):
        row.update(given)
    return profile(call)


@op("POST /users/me/password", "USER", takes="ChangePasswordRequest", status=204)
def change_password(call: Call) -> None:
    """All other sessions end."""
    said = call.take()
    if said["currentPassword"] != call.user["password"]:
        raise Problem(400, "Current password is wrong")
    call.user["password"] = said["newPassword"]
    for session in (*call.at.access.values(), *call.at.refresh.values()):
        if session["user"] is call.user and session is not call.session:
            session["ended"] = session["ended"] or "password"


def company(call: Call, row: Row) -> Row:
    known = call.at.rows("employees", companyId=row["id"], userId=call.user.get("id"), active=True)
    about = {each: row[each] for each in ("id", "name", "phone", "plan")}
    return {**about, "role": known[0]["role"] if known else None}


@op("GET /companies", "USER", gives="[CompanyDto]")
def list_companies(call: Call) -> list[Row]:
    """Those of the caller, whichever the header names."""
    homes = call.at.rows("employees", userId=call.user["id"], active=True)
    return [company(call, call.at.tables["companies"][row["companyId"]]) for row in homes]


@op("GET /companies/current", gives="CompanyDto")
def get_company(call: Call) -> Row:
    return company(call, call.at.tables["companies"][call.company])


@op("PATCH /companies/current", "OWNER", takes="UpdateCompanyRequest", gives="CompanyDto")
def update_company(call: Call) -> Row:
    said = call.take() | call.bound("plan", "company-plan", "STARTER", "BUSINESS", "ENTERPRISE")
    call.at.tables["companies"][call.company].update(said)
    return company(call, call.at.tables["companies"][call.company])


@op("GET /companies/{companyId}", gives="CompanyDto")
def get_company_by_id(call: Call) -> Row:
    row = call.at.tables["companies"].get(call.key("companies"))
    homes = call.at.rows("employees", userId=call.user.get("id"), active=True)
    if row is None or row["id"] not in {home["companyId"] for home in homes}:
        raise Problem(403, "Access Denied")
    return company(call, row)


def employee(call: Call, row: Row) -> Row:
    user = call.at.tables["users"][row["userId"]]
    return {"name": user["name"], "email": user["email"]}


def change(call: Call, said: Row, row: Row | None) -> Row:
    if row and row["userId"] == call.user.get("id"):
        raise Problem(409, "Nobody changes their own role")
    return said


VIEWS["employees"], CHECKS["employees"] = employee, change


@op("GET /employees", gives="Page/employees")
def list_employees(call: Call) -> Row:
    return paged(call, "employees", call.rows("employees", active=True))


reads("employees")
merges("employees", "OWNER")


@op("DELETE /employees/{employeeId}", "OWNER", status=204)
def dismiss(call: Call) -> None:
    row = call.own("employees")
    change(call, {}, row)
    row["active"] = False


lists("invitations", "OWNER")


@op(
    "POST /invitations",
    *("OWNER",),
    lax="invite-by-manager",
    takes="CreateInvitationRequest",
    gives="CreatedInvitationDto",
    status=201,
)
def invite(call: Call) -> Row:
    said: Row = {"status": "PENDING", "token": secrets.token_urlsafe(18)} | call.take()
    row = call.add("invitations", **said)
    return {each: row[each] for each in ("id", "email", "role", "token")}


@op("DELETE /invitations/{invitationId}", "OWNER", status=204)
def revoke(call: Call) -> None:
    """204 also for what is not pending any more."""
    row = call.own("invitations")
    if row["status"] == "PENDING" and not call.flawed("invitation-undead"):
        row["status"] = "REVOKED"


@op("POST /invitations/accept", "USER", takes="AcceptInvitationRequest", gives="UserDto")
def accept(call: Call) -> Row:
    said = call.take()
    found = call.at.rows("invitations", token=said["token"], status="PENDING")
    if not found:
        raise Problem(422, "Unknown invitation")
    row = found[0]
    if call.at.rows("employees", companyId=row["companyId"], userId=call.user["id"], active=True):
        raise Problem(409, "Already a member")
    row["status"] = "ACCEPTED"
    made = {"role": row["role"]} | call.bound("role", "accept-role", *RANKS)
    call.at.add("employees", row["companyId"], userId=call.user["id"], active=True, **made)
    return profile(call)


def client(call: Call, row: Row) -> Row:
    return {"clientSecret": row["secrets"][0]} if call.flawed("client-secret") else {}


VIEWS["api-clients"] = client
lists("api-clients", "MANAGER")
reads("api-clients", "MANAGER")


@op(
    "POST /api-clients",
    *("OWNER",),
    takes="CreateApiClientRequest",
    gives="ApiClientSecretDto",
    status=201,
)
def create_client(call: Call) -> Row:
    """The id is the client id; the secret is shown this once."""
    said = call.take() | {"secrets": [secrets.token_urlsafe(24)]}
    row = call.add("api-clients", **said)
    return {"clientSecret": row["secrets"][0]} | {
        each: row[each] for each in ("id", "name", "scopes")
    }


@op("POST /api-clients/{apiClientId}/rotate-secret", "OWNER", gives="ApiClientSecretDto")
def rotate(call: Call) -> Row:
    row = call.own("api-clients")
    old = row["secrets"] if call.flawed("client-rotated") else []
    row["secrets"] = [secrets.token_urlsafe(24), *old]
    return {"clientSecret": row["secrets"][0]} | {
        each: row[each] for each in ("id", "name", "scopes")
    }


deletes("api-clients", "OWNER")


@op("GET /notifications", gives="Page/notifications")
def list_notifications(call: Call) -> Row:
    return paged(call, "notifications", call.rows("notifications", userId=call.user["id"]))


@op("GET /notifications/unread-count", gives="CountDto")
def count_unread(call: Call) -> Row:
    return {"count": len(call.rows("notifications", userId=call.user["id"], read=False))}


@op("POST /notifications/mark-read", takes="MarkReadRequest", gives="BatchResult")
def mark_read(call: Call) -> Row:
    """Those of others are skipped."""
    done, skipped = 0, []
    for key in call.take()["ids"]:
        row = call.at.tables["notifications"].get(str(key))
        if row and (row["userId"] == call.user["id"] or call.flawed("notifications-mark")):
            row["read"] = True
            done += 1
        else:
            skipped.append(str(key))
    return {"updated": done, "skipped": skipped}


@op("GET /notifications/{notificationId}", gives="NotificationDto")
def get_notification(call: Call) -> Row:
    row = call.own("notifications")
    if row["userId"] != call.user["id"]:
        raise missing("notifications", row["id"])
    return shown(call, "notifications", row)


@op("GET /audit-events", "OWNER", gives="Page/audit-events")
def list_audit(call: Call) -> Row:
    """The newest first, unless sorted otherwise."""
    rows = call.rows("audit-events")
    if call.asked("page") not in ("", "0") and call.flawed("audit-page"):
        rows = call.at.rows("audit-events")
    return paged(call, "audit-events", rows[::-1])
