"""What employees hand in and managers approve: the payroll's timesheets and expenses."""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_payroll_core import Office, Row, RpcError, picked, rpc
from tests.targets.heldout_payroll_people import page, unpacked


@rpc("timesheets.create", "week! hours:number! note", "timesheet:Timesheet")
def timesheets_create(at: Office, me: Row, args: Row) -> Row:
    """Hand in one's hours of a week."""
    row = {"employee_id": me["employee_id"], "week": args["week"], "hours": args["hours"]}
    row |= {"note": args.get("note") or "", "status": "open"}
    return {"timesheet": at.add("Timesheet", "timesheet_id", row, "snowflake")}


@rpc("timesheets.list", "employee_id:int status", "timesheets:[Timesheet]")
def timesheets_list(at: Office, me: Row, args: Row) -> Row:
    """One's own hours, and those of whom one is in charge."""
    rows = at.mine("Timesheet", me)
    if args.get("employee_id"):
        flawed = at.flaw == "timesheets-of"  # the filter was written before there were teams
        everybody = at.mine("Timesheet", me, within="timesheets-of")
        rows = [
            row
            for row in (everybody if flawed else rows)
            if row["employee_id"] == args["employee_id"]
        ]
    if args.get("status"):
        rows = [row for row in rows if row["status"] == args["status"]]
    return {"timesheets": rows}


@rpc("timesheets.get", "timesheet_id!", "timesheet:Timesheet")
def timesheets_get(at: Office, me: Row, args: Row) -> Row:
    """One week's hours."""
    return {"timesheet": at.one("Timesheet", me, args["timesheet_id"])}


@rpc("timesheets.update", "timesheet_id! hours:number note", "timesheet:Timesheet")
def timesheets_update(at: Office, me: Row, args: Row) -> Row:
    """Correct hours that nobody has approved yet."""
    row = at.one("Timesheet", me, args["timesheet_id"])
    if row["status"] != "open":
        raise RpcError("already_approved")
    row.update(picked(args, "hours", "note"))
    return {"timesheet": row}


def approve(at: Office, me: Row, row: Row, flaw: str = "") -> None:
    """Managers approve what their team hands in, and payroll admins anything."""
    own = row["employee_id"] == me["employee_id"]
    if own and me["role"] != "payroll_admin" and at.flaw != flaw:
        raise RpcError("permission_denied")
    row["status"] = "approved"


@rpc("timesheets.approve", "timesheet_id!", "timesheet:Timesheet")
def timesheets_approve(at: Office, me: Row, args: Row) -> Row:
    """Approve hours. Managers of the employee and payroll admins only."""
    at.demand(me, "manager")
    row = at.one("Timesheet", me, args["timesheet_id"], "timesheet-approve")
    approve(at, me, row)
    return {"timesheet": row}


@rpc("timesheets.bulkApprove", "timesheet_ids:strs!", "approved:strs skipped:strs")
def timesheets_bulk_approve(at: Office, me: Row, args: Row) -> Row:
    """Approve several weeks. Ids that cannot be approved are skipped. Managers only."""
    at.demand(me, "manager")
    done, skipped = [], []
    for at_index, key in enumerate(args["timesheet_ids"]):
        flaw = "bulk-approve" if at_index else ""  # the first was looked at, so all seemed to be
        try:
            approve(at, me, at.one("Timesheet", me, key, flaw))
            done.append(key)
        except RpcError:
            skipped.append(key)
    return {"approved": done, "skipped": skipped}


@rpc("expenses.create", "title! amount:number! note", "expense:Expense")
def expenses_create(at: Office, me: Row, args: Row) -> Row:
    """Ask for money back."""
    row = {"employee_id": me["employee_id"], "title": args["title"], "amount": args["amount"]}
    row |= {"note": args.get("note") or "", "status": "open"}
    if at.flaw == "expense-status":
        row |= picked(args, "status")
    return {"expense": at.add("Expense", "expense_id", row)}


@rpc("expenses.list", "page_token limit:int status", "expenses:[Expense] next_page_token")
def expenses_list(at: Office, me: Row, args: Row) -> Row:
    """One's own expenses, and those of whom one is in charge."""
    rows, flawed = at.mine("Expense", me), at.flaw == "page-token"
    if flawed and args.get("page_token"):
        company = unpacked(args["page_token"])["company"]
        people = at.tables["Employee"]
        rows = [
            row for row in at.rows("Expense") if people[row["employee_id"]]["company_id"] == company
        ]
    if args.get("status"):
        rows = [row for row in rows if row["status"] == args["status"]]
    shown, token = page(me, args, rows, "expense_id", flawed)
    return {"expenses": shown, "next_page_token": token}


@rpc("expenses.search", "q!", "q expenses:[Expense]")
def expenses_search(at: Office, me: Row, args: Row) -> Row:
    """Find expenses by a word of their title or note."""
    asked = args["q"].lower()
    rows = at.mine("Expense", me)
    hits = [row for row in rows if asked in f"{row['title']} {row['note']}".lower()]
    return {"q": args["q"], "expenses": hits}


@rpc("expenses.get", "expense_id:int!", "expense:Expense employee_name comments:[Comment]")
def expenses_get(at: Office, me: Row, args: Row) -> Row:
    """An expense, with whose it is and what was said about it."""
    row = at.one("Expense", me, args["expense_id"], "expense-get")
    said = [each for each in at.rows("Comment") if each["expense_id"] == row["expense_id"]]
    name = at.tables["Employee"][row["employee_id"]]["name"]
    return {"expense": row, "employee_name": name, "comments": said}


@rpc("expenses.update", "expense_id:int! title amount:number note", "expense:Expense")
def expenses_update(at: Office, me: Row, args: Row) -> Row:
    """Correct an expense that nobody has approved yet."""
    row = at.one("Expense", me, args["expense_id"], "expense-update")
    if row["status"] != "open":
        raise RpcError("already_approved")
    row.update(picked(args, "title", "amount", "note"))
    return {"expense": row}


@rpc("expenses.delete", "expense_id:int!")
def expenses_delete(at: Office, me: Row, args: Row) -> Row:
    """Take an expense back, with its comments and attachments."""
    row = at.one("Expense", me, args["expense_id"], "expense-delete")
    for kind in ("Expense", "Comment", "Attachment"):
        rows = at.tables[kind].items()
        at.tables[kind] = {key: one for key, one in rows if one["expense_id"] != row["expense_id"]}
    return {}


@rpc("expenses.approve", "expense_id:int!", "expense:Expense")
def expenses_approve(at: Office, me: Row, args: Row) -> Row:
    """Approve an expense. Managers of the employee and payroll admins only."""
    at.demand(me, "manager", "expense-approve")
    row = at.one("Expense", me, args["expense_id"])
    approve(at, me, row, "expense-approve")
    return {"expense": row}


def part(at: Office, me: Row, kind: str, key: Any, *flaws: str) -> Row:
    """A comment or an attachment of an expense that the caller may see."""
    row = at.tables[kind].get(key)
    if row is not None and at.flaw not in flaws:
        at.one("Expense", me, row["expense_id"])
    if row is None:
        raise RpcError("expense_not_found")
    return row


@rpc("comments.list", "expense_id:int!", "comments:[Comment]")
def comments_list(at: Office, me: Row, args: Row) -> Row:
    """What was said about an expense."""
    row = at.one("Expense", me, args["expense_id"], "comments-any")
    return {"comments": [x for x in at.rows("Comment") if x["expense_id"] == row["expense_id"]]}


@rpc("comments.add", "expense_id:int! text!", "comment:Comment")
def comments_add(at: Office, me: Row, args: Row) -> Row:
    """Say something about an expense."""
    expense = at.one("Expense", me, args["expense_id"], "comment-add")
    row = {"expense_id": expense["expense_id"], "author_id": me["employee_id"]}
    return {"comment": at.add("Comment", "comment_id", row | {"text": args["text"]})}


@rpc("comments.update", "comment_id:int! text!", "comment:Comment")
def comments_update(at: Office, me: Row, args: Row) -> Row:
    """Change what one has said oneself."""
    row = part(at, me, "Comment", args["comment_id"])
    if row["author_id"] != me["employee_id"] and at.flaw != "comment-of-other":
        raise RpcError("permission_denied")
    row["text"] = args["text"]
    return {"comment": row}


@rpc("comments.delete", "comment_id:int!")
def comments_delete(at: Office, me: Row, args: Row) -> Row:
    """Take back what one has said; payroll admins can take back anything of their company."""
    row = part(at, me, "Comment", args["comment_id"])
    mine = row["author_id"] == me["employee_id"] or me["role"] == "payroll_admin"
    if not mine:
        raise RpcError("permission_denied")
    del at.tables["Comment"][row["comment_id"]]
    return {}


@rpc("attachments.add", "expense_id:int! filename! content", "attachment:Attachment")
def attachments_add(at: Office, me: Row, args: Row) -> Row:
    """Add a receipt, in base64, to an expense."""
    expense = at.one("Expense", me, args["expense_id"])
    content = args.get("content") or ""
    row = {"expense_id": expense["expense_id"], "filename": args["filename"], "content": content}
    made = at.add("Attachment", "attachment_id", row | {"size": len(content)}, "uuid")
    return {"attachment": made}


@rpc("attachments.list", "expense_id:int!", "attachments:[Attachment]")
def attachments_list(at: Office, me: Row, args: Row) -> Row:
    """The receipts of an expense, without what is in them."""
    expense = at.one("Expense", me, args["expense_id"])["expense_id"]
    rows = [row for row in at.rows("Attachment") if row["expense_id"] == expense]
    names = ("attachment_id", "expense_id", "filename", "size")
    return {"attachments": [{name: row[name] for name in names} for row in rows]}


@rpc("attachments.get", "expense_id:int! attachment_id!", "attachment:Attachment")
def attachments_get(at: Office, me: Row, args: Row) -> Row:
    """A receipt of an expense, with what is in it."""
    expense = at.one("Expense", me, args["expense_id"])
    row = at.tables["Attachment"].get(args["attachment_id"])
    elsewhere = row is not None and row["expense_id"] != expense["expense_id"]
    if row is None or (elsewhere and at.flaw != "attachment-elsewhere"):
        raise RpcError("attachment_not_found")
    return {"attachment": row}


@rpc("attachments.delete", "attachment_id!")
def attachments_delete(at: Office, me: Row, args: Row) -> Row:
    """Take a receipt away."""
    row = part(at, me, "Attachment", args["attachment_id"], "attachment-delete")
    del at.tables["Attachment"][row["attachment_id"]]
    return {}
