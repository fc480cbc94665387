"""Who works where, and how they sign in: the payroll's methods about people and companies."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from typing import Any

from tests.targets.heldout_payroll_core import Office, Row, RpcError, picked, rpc
from tests.targets.heldout_payroll_target import ROLES

CARD = ("employee_id", "company_id", "name", "email", "title", "role", "manager_id", "active")
PRIVATE = ("phone", "salary")
TOKENS = "access_token refresh_token employee:Employee"


def card(at: Office, me: Row, row: Row, flaw: str = "") -> Row:
    """A colleague's card; with phone and salary where they are the caller's business."""
    shown = (*CARD, *(PRIVATE if at.rules(me, row) or at.flaw == flaw else ()))
    return {name: row[name] for name in shown}


def colleagues(at: Office, me: Row, *flaws: str) -> list[Row]:
    rows = at.rows("Employee")
    return [row for row in rows if row["company_id"] == me["company_id"] or at.flaw in flaws]


def colleague(at: Office, me: Row, key: Any, *flaws: str) -> Row:
    """Somebody of the company, whoever manages them."""
    for row in colleagues(at, me, *flaws):
        if row["employee_id"] == key:
            return row
    known = at.flaw == "employee-exists" and key in at.tables["Employee"]
    raise RpcError("permission_denied" if known else "employee_not_found")


def sign_in(at: Office, employee_id: int, session: str = "") -> Row:
    session = session or secrets.token_hex(8)
    access, refresh = f"pay_{secrets.token_hex(16)}", f"ref_{secrets.token_hex(16)}"
    at.sessions[session] = employee_id
    at.access[access] = at.refresh[refresh] = session
    me = at.tables["Employee"][employee_id]
    return {"access_token": access, "refresh_token": refresh, "employee": card(at, me, me)}


@rpc("auth.signin", "email! password!", TOKENS, public=True)
def auth_signin(at: Office, _: Row, args: Row) -> Row:
    """Sign in with address and password."""
    for row in at.rows("Employee"):
        known = row["email"] == args["email"] and row["active"]
        if known and at.passwords[row["employee_id"]] == args["password"]:
            return sign_in(at, row["employee_id"])
    raise RpcError("invalid_credentials")


@rpc("auth.refresh", "refresh_token!", TOKENS, public=True)
def auth_refresh(at: Office, _: Row, args: Row) -> Row:
    """Trade a refresh token, which can be used once, for new tokens of the same session."""
    given = args["refresh_token"]
    session = at.refresh.get(given, "")
    me = at.tables["Employee"].get(at.sessions.get(session))
    if me is None or not me["active"]:
        raise RpcError("invalid_refresh_token")
    if at.flaw != "refresh-reuse":
        del at.refresh[given]
    return sign_in(at, me["employee_id"], session)


@rpc("auth.signout")
def auth_signout(at: Office, _: Row, args: Row) -> Row:
    """End this session: its access and refresh tokens are no longer accepted."""
    session = args["_session"]
    if at.flaw == "signout-refresh":
        at.access = {token: of for token, of in at.access.items() if of != session}
    elif at.flaw != "signout-nothing":
        del at.sessions[session]
    return {}


@rpc("auth.test", gives="employee:Employee company_name")
def auth_test(at: Office, me: Row, _: Row) -> Row:
    """Who am I?"""
    company = at.tables["Company"][me["company_id"]]
    return {"employee": card(at, me, me), "company_name": company["name"]}


@rpc("auth.changePassword", "current_password! new_password!")
def auth_change_password(at: Office, me: Row, args: Row) -> Row:
    """Change one's password. All other sessions are signed out."""
    key = me["employee_id"]
    if at.passwords[key] != args["current_password"]:
        raise RpcError("invalid_credentials")
    if not args["new_password"]:
        raise RpcError("invalid_argument: new_password")
    at.passwords[key] = args["new_password"]
    if at.flaw != "password-sessions":
        kept = args["_session"]
        at.sessions = {one: of for one, of in at.sessions.items() if of != key or one == kept}
    return {}


@rpc("auth.forgot", "email!", public=True)
def auth_forgot(_: Office, __: Row, ___: Row) -> Row:
    """Mail a link for a new password, if the address is known; the answer does not say."""
    return {}


@rpc("companies.get", gives="company:Company")
def companies_get(at: Office, me: Row, _: Row) -> Row:
    """The caller's company."""
    return {"company": at.tables["Company"][me["company_id"]]}


@rpc("companies.update", "name address", "company:Company")
def companies_update(at: Office, me: Row, args: Row) -> Row:
    """Change the company's name and address. Payroll admins only. The plan is changed by sales."""
    at.demand(me, "payroll_admin")
    bought = ("plan",) if at.flaw == "company-plan" else ()
    company = at.tables["Company"][me["company_id"]]
    company.update(picked(args, "name", "address", *bought))
    return {"company": company}


@rpc("companies.lookup", "company_id!", "name country", public=True)
def companies_lookup(at: Office, _: Row, args: Row) -> Row:
    """Which company signs in under this id? Shown to everybody on the sign-in page."""
    company = at.tables["Company"].get(args["company_id"])
    if company is None:
        raise RpcError("company_not_found")
    return {"name": company["name"], "country": company["country"]}


def page(me: Row, args: Row, rows: list[Row], key: str, flawed: bool = False) -> tuple[Any, str]:
    """The rows after a page token, which is only good in the company that it was made for."""
    after = unpacked(args.get("page_token") or "")
    if after and after["company"] != me["company_id"] and not flawed:
        raise RpcError("invalid_page_token")
    rest = [row for row in rows if not after or row[key] > after["after"]]
    shown = rest[: max(1, min(args.get("limit") or 50, 100))]
    if len(shown) == len(rest):
        return shown, ""
    token = json.dumps({"company": me["company_id"], "after": shown[-1][key]})
    return shown, base64.urlsafe_b64encode(token.encode()).decode()


def unpacked(token: str) -> Row:
    if not token:
        return {}
    try:
        after = json.loads(base64.urlsafe_b64decode(token))
        return {"company": str(after["company"]), "after": int(after["after"])}
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise RpcError("invalid_page_token") from None


@rpc("employees.list", "page_token limit:int", "employees:[Employee] next_page_token")
def employees_list(at: Office, me: Row, args: Row) -> Row:
    """All colleagues. Salaries and phones only of those whom the caller is in charge of."""
    rows = colleagues(at, me)
    if at.flaw == "employees-by-company" and args.get("company_id"):
        rows = [row for row in at.rows("Employee") if row["company_id"] == args["company_id"]]
    shown, token = page(me, args, rows, "employee_id")
    cards = [card(at, me, row, "salaries-shown") for row in shown]
    return {"employees": cards, "next_page_token": token}


@rpc("employees.get", "employee_id:int!", "employee:Employee")
def employees_get(at: Office, me: Row, args: Row) -> Row:
    """A colleague."""
    return {"employee": card(at, me, colleague(at, me, args["employee_id"], "employee-get"))}


@rpc("employees.bulkGet", "employee_ids:ints!", "employees:[Employee] missing:ints")
def employees_bulk_get(at: Office, me: Row, args: Row) -> Row:
    """Several colleagues; ids that are none are listed as missing."""
    found = {row["employee_id"]: row for row in colleagues(at, me, "bulk-get")}
    asked = args["employee_ids"]
    cards = [card(at, me, found[key]) for key in asked if key in found]
    return {"employees": cards, "missing": [key for key in asked if key not in found]}


@rpc("employees.search", "q!", "q employees:[Employee] total:int")
def employees_search(at: Office, me: Row, args: Row) -> Row:
    """Find colleagues by a part of their name."""
    asked = args["q"].lower()
    hits = [row for row in colleagues(at, me, "search-all") if asked in row["name"].lower()]
    return {"q": args["q"], "employees": [card(at, me, row) for row in hits], "total": len(hits)}


@rpc(
    "employees.create",
    "name! email! title role salary:number password",
    "employee:Employee",
)
def employees_create(at: Office, me: Row, args: Row) -> Row:
    """Hire somebody into the caller's company. Payroll admins only."""
    at.demand(me, "payroll_admin", "employee-by-manager")
    role = args.get("role") or "employee"
    if role not in ROLES:
        raise RpcError("invalid_argument: role")
    if any(row["email"] == args["email"] for row in at.rows("Employee")):
        raise RpcError("email_taken")
    company_id = me["company_id"]
    if at.flaw == "employee-company" and str(args.get("company_id")) in at.tables["Company"]:
        company_id = args["company_id"]
    password = args.get("password") or secrets.token_hex(8)
    row = at.hire(company_id, args["email"], args["name"], role, password)
    row.update(picked(args, "title", "salary"))
    return {"employee": card(at, me, row)}


@rpc("employees.update", "employee_id:int! name title role salary:number", "employee:Employee")
def employees_update(at: Office, me: Row, args: Row) -> Row:
    """Change a colleague's name, title, role or salary. Payroll admins only."""
    at.demand(me, "payroll_admin")
    row = colleague(at, me, args["employee_id"], "employee-update")
    if args.get("role") not in (None, *ROLES):
        raise RpcError("invalid_argument: role")
    row.update(picked(args, "name", "title", "role", "salary"))
    return {"employee": card(at, me, row)}


@rpc("employees.bulkUpdate", "employee_ids:ints! title!", "updated:int")
def employees_bulk_update(at: Office, me: Row, args: Row) -> Row:
    """Give several colleagues a title: all of them, or none. Payroll admins only."""
    at.demand(me, "payroll_admin")
    asked = args["employee_ids"]
    known = [row["employee_id"] in asked for row in colleagues(at, me)]
    if at.flaw == "bulk-update" and any(known):
        rows = [row for row in at.rows("Employee") if row["employee_id"] in asked]
    else:
        rows = [colleague(at, me, key) for key in asked]
    for row in rows:
        row["title"] = args["title"]
    return {"updated": len(rows)}


@rpc("employees.setManager", "employee_id:int! manager_id:int!", "employee:Employee manager_name")
def employees_set_manager(at: Office, me: Row, args: Row) -> Row:
    """Let somebody report to a colleague. Payroll admins only."""
    at.demand(me, "payroll_admin")
    row = colleague(at, me, args["employee_id"])
    manager = colleague(at, me, args["manager_id"], "manager-any")
    row["manager_id"] = manager["employee_id"]
    return {"employee": card(at, me, row), "manager_name": manager["name"]}


@rpc("employees.deactivate", "employee_id:int!")
def employees_deactivate(at: Office, me: Row, args: Row) -> Row:
    """Let somebody go; their tokens stop working at once. Payroll admins only."""
    at.demand(me, "payroll_admin")
    row = colleague(at, me, args["employee_id"], "employee-deactivate")
    if row["employee_id"] == me["employee_id"]:
        raise RpcError("cannot_deactivate_self")
    row["active"] = False
    return {}


@rpc("me.update", "name phone", "employee:Employee")
def me_update(at: Office, me: Row, args: Row) -> Row:
    """Change one's own name and phone."""
    more = {"me-role": ("role",), "me-salary": ("salary",)}.get(at.flaw, ())
    if "role" in more and args.get("role") not in (None, *ROLES):
        raise RpcError("invalid_argument: role")
    row = at.tables["Employee"][me["employee_id"]]
    row.update(picked(args, "name", "phone", *more))
    return {"employee": card(at, row, row)}


@rpc("me.setPreferences", "locale theme digest:bool")
def me_set_preferences(at: Office, me: Row, args: Row) -> Row:
    """Keep how the caller likes the application. Always succeeds."""
    at.preferences[me["employee_id"]] = picked(args, "locale", "theme", "digest")
    return {}


def account(at: Office, me: Row, args: Row, flaw: str = "", within: str = "") -> int:
    """Whose bank account? One's own, or for payroll admins anybody's in the company."""
    key = args.get("employee_id") or me["employee_id"]
    found: int = colleague(at, me, key, flaw)["employee_id"]
    allowed = found == me["employee_id"] or me["role"] == "payroll_admin"
    if not allowed and at.flaw not in (flaw, within):
        raise RpcError("employee_not_found")
    return found


@rpc("bank.get", "employee_id:int", "account:BankAccount")
def bank_get(at: Office, me: Row, args: Row) -> Row:
    """Where one's salary goes. Payroll admins can name an employee of their company."""
    found = account(at, me, args, "bank-get")
    empty = {"employee_id": found, "iban": "", "holder": ""}
    return {"account": at.tables["BankAccount"].get(found, empty)}


@rpc("bank.set", "iban! holder employee_id:int", "account:BankAccount")
def bank_set(at: Office, me: Row, args: Row) -> Row:
    """Say where one's salary goes. Payroll admins can name an employee of their company."""
    found = account(at, me, args, within="bank-colleague")
    row = {"employee_id": found, "iban": args["iban"], "holder": args.get("holder") or ""}
    at.tables["BankAccount"][found] = row
    return {"account": row}
