"""Signing in and out of the bookkeeping service, firms, users, invitations and API keys."""

from __future__ import annotations

import secrets

from tests.targets.heldout_books_core import KINDS, VIEWS, Call, Problem, op, paged, shown
from tests.targets.heldout_books_schemas import Invalid, Row
from tests.targets.heldout_books_target import (
    ACCOUNT,
    FIRMS,
    INVITATION,
    INVITATIONS,
    KEY,
    KEYS,
    RANKS,
    SETTINGS,
    USER,
    USERS,
)

SHORT = 8


def homes(call: Call, user: Row) -> list[Row]:
    return call.at.rows("Members", userId=user["id"], isActive=True)


def me(call: Call, _: Row) -> Row:
    user = call.user
    firms = [
        {
            "firmId": row["firmId"],
            "firmName": call.at.tables["Firms"][row["firmId"]]["name"],
            "role": row["role"],
        }
        for row in homes(call, user)
    ]
    said = {name: user[name] for name in ("id", "email", "fullName")}
    return said | {"currentFirmId": call.firm, "role": call.role, "firms": firms}


def member(call: Call, row: Row) -> Row:
    user = call.at.tables["People"][row["userId"]]
    return {name: user[name] for name in ("id", "email", "fullName")}


VIEWS |= {"MeDto": me, "UserDto": member, "NotificationSettingsDto": lambda _, row: row["settings"]}


def sign_in(call: Call, user: Row) -> Row:
    """A new session, whose cookie is set, at the first of the user's firms."""
    found = homes(call, user)
    if not found:
        raise Problem(401, "Invalid credentials.")
    call.cookie, call.user = secrets.token_urlsafe(32), user
    call.firm, call.role = found[0]["firmId"], found[0]["role"]
    call.at.sessions[call.cookie] = {"user": user, "firm": call.firm, "key": call.cookie}
    return shown(call, "MeDto", {})


def someone(call: Call, email: str) -> Row | None:
    found = call.at.rows("People", email=email.lower())
    return found[0] if found else None


@op(f"POST {ACCOUNT}/Login", "nobody", takes="LoginRequest", gives="MeDto")
def login(call: Call) -> Row:
    said = call.take()
    user = someone(call, said["email"])
    if user is None or user["password"] != said["password"]:
        raise Problem(401, "Invalid credentials.")
    return sign_in(call, user)


@op(f"POST {ACCOUNT}/LoginWithRecoveryCode", "nobody", takes="RecoveryLoginRequest", gives="MeDto")
def recover(call: Call) -> Row:
    said = call.take()
    user = someone(call, said["email"])
    codes = call.at.recovery[user["id"]] if user else set()
    if user is None or said["recoveryCode"] not in codes:
        raise Problem(401, "Invalid credentials.")
    if not call.flawed("recovery-reused"):
        codes.discard(said["recoveryCode"])
    return sign_in(call, user)


@op(f"POST {ACCOUNT}/Logout", status=204)
def logout(call: Call) -> None:
    if not call.flawed("logout-cookie"):
        call.at.sessions.pop(call.session["key"], None)
    call.cookie = ""


@op(f"GET {ACCOUNT}/Me", gives="MeDto")
def read_me(call: Call) -> Row:
    return shown(call, "MeDto", {})


@op(f"PUT {ACCOUNT}/Profile", takes="UpdateProfileRequest", gives="MeDto")
def update_profile(call: Call) -> Row:
    call.user.update(call.take())
    row = call.rows("Members", userId=call.user["id"])[0]
    row.update(call.bound("role", "profile-role", *RANKS))
    call.role = row["role"]
    return shown(call, "MeDto", {})


def strong(password: str, name: str) -> str:
    if len(password) < SHORT:
        raise Invalid(name, f"Passwords must be at least {SHORT} characters.")
    return password


@op(f"POST {ACCOUNT}/ChangePassword", takes="ChangePasswordRequest", status=204)
def change_password(call: Call) -> None:
    said = call.take()
    if said["currentPassword"] != call.user["password"]:
        raise Invalid("CurrentPassword", "Incorrect password.")
    call.user["password"] = strong(said["newPassword"], "NewPassword")
    if not call.flawed("password-sessions"):
        for key, row in list(call.at.sessions.items()):
            if row["user"] is call.user and row is not call.session:
                del call.at.sessions[key]


@op(f"POST {ACCOUNT}/RecoveryCodes", takes="RecoveryCodesRequest", gives="RecoveryCodesDto")
def recovery_codes(call: Call) -> Row:
    if call.take()["password"] != call.user["password"]:
        raise Invalid("Password", "Incorrect password.")
    codes = [secrets.token_hex(5) for _ in range(5)]
    call.at.recovery[call.user["id"]] = set(codes)
    return {"recoveryCodes": [{"code": code} for code in codes]}


@op(f"POST {ACCOUNT}/SwitchFirm", takes="SwitchFirmRequest", gives="MeDto")
def switch(call: Call) -> Row:
    key = call.take()["firmId"]
    found = [row for row in homes(call, call.user) if row["firmId"] == key]
    trusted = call.flawed("switch-any") and key in call.at.tables["Firms"]
    if not found and not trusted:
        raise Problem(403)
    call.session["firm"] = call.firm = key
    if trusted and not found:
        call.session["role"] = call.role
    else:
        call.role = found[0]["role"]
    return shown(call, "MeDto", {})


@op(f"GET {FIRMS}/Current", gives="FirmDto")
def read_firm(call: Call) -> Row:
    return shown(call, "FirmDto", call.at.tables["Firms"][call.firm])


@op(f"PUT {FIRMS}/Current", "Admin", takes="UpdateFirmRequest", gives="FirmDto")
def update_firm(call: Call) -> Row:
    call.at.tables["Firms"][call.firm].update(call.take())
    return shown(call, "FirmDto", call.at.tables["Firms"][call.firm])


@op(f"GET {USERS}", gives="Page/UserDto")
def list_users(call: Call) -> Row:
    return paged(call, call.rows("Members"))


@op(f"GET {USER}", gives="UserDto")
def read_user(call: Call) -> Row:
    return shown(call, "UserDto", call.member("id"))


def another(call: Call) -> Row:
    """Somebody else of the firm: nobody locks themselves out."""
    row = call.member("id")
    if row["userId"] == call.user["id"]:
        raise Problem(409, "You cannot change your own membership.")
    return row


@op(
    f"PUT {USER}/Role",
    "Admin",
    takes="ChangeRoleRequest",
    gives="UserDto",
    lax="role-by-accountant",
)
def change_role(call: Call) -> Row:
    row = another(call)
    row.update(call.take())
    return shown(call, "UserDto", row)


@op(f"POST {USER}/Deactivate", "Admin", status=204)
def deactivate(call: Call) -> None:
    another(call)["isActive"] = False


@op(f"POST {USER}/Activate", "Admin", status=204)
def activate(call: Call) -> None:
    another(call)["isActive"] = True


def settings(call: Call, *flaws: str) -> Row:
    """Only one's own; what is another's is not found."""
    row = call.member("userId")
    if row["userId"] != call.user["id"] and not call.flawed(*flaws):
        raise Problem(404, f"{KINDS['Users']} {row['userId']} was not found.")
    return row


@op(f"GET {SETTINGS}", gives="NotificationSettingsDto")
def read_settings(call: Call) -> Row:
    return shown(call, "NotificationSettingsDto", settings(call))


@op(
    f"PUT {SETTINGS}",
    takes="UpdateNotificationSettingsRequest",
    gives="NotificationSettingsDto",
)
def update_settings(call: Call) -> Row:
    row = settings(call, "settings-colleague")
    row["settings"] |= call.take()
    return shown(call, "NotificationSettingsDto", row)


@op(f"GET {INVITATIONS}", "Admin", gives="Page/InvitationDto")
def list_invitations(call: Call) -> Row:
    return paged(call, call.rows("Invitations"))


@op(
    f"POST {INVITATIONS}",
    "Admin",
    takes="CreateInvitationRequest",
    gives="CreatedInvitationDto",
    status=201,
)
def invite(call: Call) -> Row:
    row = call.add("Invitations", **call.take(), isPending=True, token=secrets.token_urlsafe(24))
    url = f"https://app.books.example/invitations/accept?token={row['token']}"
    return shown(call, "CreatedInvitationDto", row) | {"acceptUrl": url}


@op(f"DELETE {INVITATION}", "Admin", status=204)
def withdraw(call: Call) -> None:
    call.own("Invitations")["isPending"] = False


@op(f"POST {INVITATIONS}/Accept", "nobody", takes="AcceptInvitationRequest", gives="UserDto")
def accept(call: Call) -> Row:
    """Whoever has an account already says its password."""
    said = call.take()
    found = call.at.rows("Invitations", token=said["token"], isPending=True)
    if not found:
        raise Problem(404, "This invitation is not valid any more.")
    call.firm, email = found[0]["firmId"], found[0]["email"].lower()
    user = someone(call, email)
    if user and user["password"] != said["password"]:
        raise Invalid("Password", "Incorrect password.")
    if user and call.rows("Members", userId=user["id"]):
        raise Problem(409, "You are in this firm already.")
    password = strong(said["password"], "Password")
    found[0]["isPending"] = False
    role: str = (found[0] | call.bound("role", "accept-role", *RANKS))["role"]
    user = user or call.at.person(email, said["fullName"], password)
    return shown(call, "UserDto", call.at.join(user, call.firm, role))


@op(f"GET {KEYS}", "Admin", gives="[ApiKeyDto]")
def list_keys(call: Call) -> list[Row]:
    return [shown(call, "ApiKeyDto", row) for row in call.rows("ApiKeys", isRevoked=False)]


@op(
    f"POST {KEYS}",
    "Admin",
    takes="CreateApiKeyRequest",
    gives="CreatedApiKeyDto",
    status=201,
    lax="key-by-accountant",
)
def create_key(call: Call) -> Row:
    said, key = call.take(), f"bk_{secrets.token_urlsafe(32)}"
    row = call.add("ApiKeys", **said, key=key, prefix=key[:8], isRevoked=False)
    return shown(call, "CreatedApiKeyDto", row)


@op(f"DELETE {KEY}", "Admin", status=204)
def revoke_key(call: Call) -> None:
    row = call.own("ApiKeys")
    row["isRevoked"] = True
    call.log("Revoked", "ApiKeys", row)
