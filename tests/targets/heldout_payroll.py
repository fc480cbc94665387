"""A payroll for many companies, by remote procedure calls: pay runs, payslips, exports, webhooks.

Employees see what is theirs, managers also what is their team's, payroll admins their company.
"""

from __future__ import annotations

import secrets

from tests.targets import heldout_payroll_claims, heldout_payroll_people
from tests.targets.heldout_payroll_core import Office, Row, RpcError, picked, rpc
from tests.targets.heldout_payroll_people import colleague, colleagues

__all__ = ["Office", "heldout_payroll_claims", "heldout_payroll_people"]


@rpc("payruns.create", "period! note", "payrun:PayRun")
def payruns_create(at: Office, me: Row, args: Row) -> Row:
    """Begin a month's pay run. Payroll admins only."""
    at.demand(me, "payroll_admin")
    row = {"company_id": me["company_id"], "period": args["period"], "status": "draft"}
    row["note"] = args.get("note") or ""
    return {"payrun": at.add("PayRun", "payrun_id", row, "snowflake")}


@rpc("payruns.list", gives="payruns:[PayRun]")
def payruns_list(at: Office, me: Row, _: Row) -> Row:
    """All pay runs. Payroll admins only."""
    at.demand(me, "payroll_admin", "payruns-seen")
    return {"payruns": at.mine("PayRun", me)}


@rpc("payruns.get", "payrun_id!", "payrun:PayRun headcount:int total:number")
def payruns_get(at: Office, me: Row, args: Row) -> Row:
    """A pay run, how many are paid by it, and how much in all. Payroll admins only."""
    at.demand(me, "payroll_admin")
    run = at.one("PayRun", me, args["payrun_id"])
    paid = [row["gross"] for row in at.rows("Payslip") if row["payrun_id"] == run["payrun_id"]]
    return {"payrun": run, "headcount": len(paid), "total": sum(paid)}


@rpc("payruns.approve", "payrun_id!", "payrun:PayRun")
def payruns_approve(at: Office, me: Row, args: Row) -> Row:
    """Let the money go out. Payroll admins only."""
    at.demand(me, "payroll_admin")
    run = at.one("PayRun", me, args["payrun_id"])
    run["status"] = "approved"
    return {"payrun": run}


@rpc("payruns.delete", "payrun_id!")
def payruns_delete(at: Office, me: Row, args: Row) -> Row:
    """Give up a draft, with its payslips. Payroll admins only."""
    at.demand(me, "payroll_admin")
    run = at.one("PayRun", me, args["payrun_id"])
    if run["status"] != "draft":
        raise RpcError("already_approved")
    del at.tables["PayRun"][run["payrun_id"]]
    slips = at.tables["Payslip"].items()
    at.tables["Payslip"] = {key: row for key, row in slips if row["payrun_id"] != run["payrun_id"]}
    return {}


@rpc("payslips.issue", "payrun_id! employee_id:int! gross:number! note", "payslip:Payslip")
def payslips_issue(at: Office, me: Row, args: Row) -> Row:
    """Pay a colleague by a pay run. Payroll admins only."""
    at.demand(me, "payroll_admin")
    run = at.one("PayRun", me, args["payrun_id"])
    payee = colleague(at, me, args["employee_id"], "payslip-employee")
    if run["status"] != "draft":
        raise RpcError("already_approved")
    row = {"payrun_id": run["payrun_id"], "employee_id": payee["employee_id"]}
    row |= {"employee_name": payee["name"], "gross": args["gross"], "note": args.get("note") or ""}
    row["net"] = round(args["gross"] * 0.7, 2)
    return {"payslip": at.add("Payslip", "payslip_id", row, "uuid")}


@rpc("payslips.list", "employee_id:int payrun_id", "payslips:[Payslip]")
def payslips_list(at: Office, me: Row, args: Row) -> Row:
    """One's own payslips, and those of whom one is in charge."""
    rows = at.mine("Payslip", me)
    if args.get("payrun_id"):
        flawed = at.flaw == "payslips-of-run"
        wanted = at.rows("Payslip") if flawed else rows
        rows = [row for row in wanted if row["payrun_id"] == args["payrun_id"]]
    if args.get("employee_id"):
        rows = [row for row in rows if row["employee_id"] == args["employee_id"]]
    return {"payslips": rows}


@rpc("payslips.get", "payslip_id!", "payslip:Payslip")
def payslips_get(at: Office, me: Row, args: Row) -> Row:
    """A payslip: for the employee, their manager and payroll admins."""
    slip = at.one("Payslip", me, args["payslip_id"], "payslip-get", "payslip-colleague")
    return {"payslip": slip}


@rpc("payslips.share", "payslip_id!", "share_token url")
def payslips_share(at: Office, me: Row, args: Row) -> Row:
    """Make a link for the bank or the landlord: whoever has it sees the payslip."""
    slip = at.one("Payslip", me, args["payslip_id"], "share-any")
    token = secrets.token_hex(16)
    at.links[token] = slip["payslip_id"]
    return {"share_token": token, "url": f"/s/{token}"}


@rpc("payslips.unshare", "payslip_id! share_token!")
def payslips_unshare(at: Office, me: Row, args: Row) -> Row:
    """Let a link no longer work."""
    slip = at.one("Payslip", me, args["payslip_id"])
    if at.links.get(args["share_token"]) != slip["payslip_id"]:
        raise RpcError("link_expired")
    if at.flaw != "share-undead":
        del at.links[args["share_token"]]
    return {}


@rpc("exports.start", "kind", "export:Export")
def exports_start(at: Office, me: Row, args: Row) -> Row:
    """Write all payslips of the company to a file, in the background. Payroll admins only."""
    at.demand(me, "payroll_admin", "export-start")
    row = {"company_id": me["company_id"], "kind": args.get("kind") or "payslips"}
    job = at.add("Export", "export_id", row | {"status": "done"})
    company = at.tables["Company"][me["company_id"]]["name"]
    names = [row["name"] for row in colleagues(at, me)]
    job["_text"] = "\n".join([company, *names])
    return {"export": shown(job)}


def shown(job: Row) -> Row:
    return {name: job[name] for name in ("export_id", "kind", "status")}


@rpc("exports.list", gives="exports:[Export]")
def exports_list(at: Office, me: Row, _: Row) -> Row:
    """The company's exports. Payroll admins only."""
    at.demand(me, "payroll_admin")
    return {"exports": [shown(job) for job in at.mine("Export", me)]}


@rpc("exports.status", "export_id:int!", "export:Export")
def exports_status(at: Office, me: Row, args: Row) -> Row:
    """Is it done? Payroll admins only."""
    at.demand(me, "payroll_admin")
    return {"export": shown(at.one("Export", me, args["export_id"]))}


@rpc("exports.link", "export_id:int!", "url")
def exports_link(at: Office, me: Row, args: Row) -> Row:
    """A link to the file, for whoever has it. Payroll admins only."""
    at.demand(me, "payroll_admin")
    job = at.one("Export", me, args["export_id"], "export-link")
    token = secrets.token_hex(16)
    at.files[token] = job["_text"]
    return {"url": f"/files/{token}"}


@rpc("webhooks.create", "url! events:strs", "webhook:Webhook")
def webhooks_create(at: Office, me: Row, args: Row) -> Row:
    """Be told of events. Payroll admins only."""
    at.demand(me, "payroll_admin")
    row = {"company_id": me["company_id"], "url": args["url"], "events": args.get("events") or []}
    row["secret"] = f"whs_{secrets.token_hex(8)}"
    return {"webhook": at.add("Webhook", "webhook_id", row, "uuid")}


@rpc("webhooks.list", gives="webhooks:[Webhook]")
def webhooks_list(at: Office, me: Row, _: Row) -> Row:
    """The company's webhooks. Payroll admins only."""
    at.demand(me, "payroll_admin")
    return {"webhooks": at.mine("Webhook", me, "webhooks-all")}


@rpc("webhooks.update", "webhook_id! url! events:strs", "webhook:Webhook")
def webhooks_update(at: Office, me: Row, args: Row) -> Row:
    """Send events elsewhere. Payroll admins only."""
    at.demand(me, "payroll_admin")
    row = at.one("Webhook", me, args["webhook_id"])
    row.update(picked(args, "url", "events"))
    return {"webhook": row}


@rpc("webhooks.delete", "webhook_id!")
def webhooks_delete(at: Office, me: Row, args: Row) -> Row:
    """Be told no more. Payroll admins only; succeeds also when there is no such webhook."""
    at.demand(me, "payroll_admin")
    row = at.tables["Webhook"].get(args["webhook_id"])
    if row is not None and at.reaches(me, row, "webhook-delete"):
        del at.tables["Webhook"][row["webhook_id"]]
    return {}


@rpc("dashboard.get", gives="headcount:int open_expenses:int open_timesheets:int payslips:int")
def dashboard_get(at: Office, me: Row, _: Row) -> Row:
    """How many colleagues there are, and how much of what the caller may see is open."""
    expenses = at.mine("Expense", me, "dashboard-expenses")
    return {
        "headcount": len(colleagues(at, me)),
        "open_expenses": sum(row["status"] == "open" for row in expenses),
        "open_timesheets": sum(row["status"] == "open" for row in at.mine("Timesheet", me)),
        "payslips": len(at.mine("Payslip", me)),
    }


@rpc("taxcodes.list", gives="tax_codes:[TaxCode]")
def taxcodes_list(at: Office, _: Row, __: Row) -> Row:
    """The tax codes of the state, the same for every company."""
    return {"tax_codes": at.rows("TaxCode")}


@rpc("feedback.send", "about_id text!")
def feedback_send(_: Office, __: Row, ___: Row) -> Row:
    """Tell us what you think of something; we read it later. Nothing is looked up or changed."""
    return {}


@rpc("system.status", gives="status", public=True)
def system_status(_: Office, __: Row, ___: Row) -> Row:
    """Is the service up?"""
    return {"status": "up"}
