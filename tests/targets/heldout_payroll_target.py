"""What is wrong with each build of the payroll, what only looks so, and how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted


def planted(kind: str, **flaws: str) -> dict[str, Planted]:
    return {
        flaw.replace("_", "-"): Planted(kind, f"POST /api/{method}")
        for flaw, method in flaws.items()
    }


FLAWS = {
    **planted(
        "read",
        payslip_get="payslips.get",
        employee_get="employees.get",
        bank_get="bank.get",
        expense_get="expenses.get",
    ),
    **planted(
        "colleague",
        payslip_colleague="payslips.get",
        bank_colleague="bank.set",
        timesheets_of="timesheets.list",
        salaries_shown="employees.list",
        comment_of_other="comments.update",
    ),
    **planted(
        "nested",
        comments_any="comments.list",
        comment_add="comments.add",
        attachment_elsewhere="attachments.get",
    ),
    **planted(
        "write",
        expense_update="expenses.update",
        employee_update="employees.update",
        timesheet_approve="timesheets.approve",
    ),
    **planted(
        "delete",
        expense_delete="expenses.delete",
        attachment_delete="attachments.delete",
        employee_deactivate="employees.deactivate",
        webhook_delete="webhooks.delete",
    ),
    **planted(
        "bulk",
        bulk_get="employees.bulkGet",
        bulk_update="employees.bulkUpdate",
        bulk_approve="timesheets.bulkApprove",
    ),
    **planted(
        "reference",
        payslip_employee="payslips.issue",
        manager_any="employees.setManager",
    ),
    **planted(
        "list",
        employees_by_company="employees.list",
        payslips_of_run="payslips.list",
        webhooks_all="webhooks.list",
    ),
    **planted("search", search_all="employees.search"),
    **planted("count", dashboard_expenses="dashboard.get"),
    **planted("cursor", page_token="expenses.list"),
    **planted(
        "mass assignment",
        me_role="me.update",
        me_salary="me.update",
        employee_company="employees.create",
        expense_status="expenses.create",
        company_plan="companies.update",
    ),
    **planted(
        "function",
        payruns_seen="payruns.list",
        employee_by_manager="employees.create",
        expense_approve="expenses.approve",
        export_start="exports.start",
    ),
    **planted("existence", employee_exists="employees.get"),
    **planted("job", export_link="exports.link"),
    **planted("link", share_any="payslips.share"),
    **planted(
        "revoked",
        signout_nothing="auth.signout",
        signout_refresh="auth.signout",
        refresh_reuse="auth.refresh",
        password_sessions="auth.changePassword",
        deactivated_token="employees.deactivate",
        share_undead="payslips.unshare",
    ),
    **planted("header", header_company="employees.list"),
}
# What every build does, and is right.
TRAPS = (
    ("POST /api/auth.signin", "anybody may sign in; a wrong word is answered with 200"),
    ("POST /api/auth.forgot", "200 for every address; says nothing about accounts"),
    ("POST /api/auth.refresh", "a new access token does not end the old one"),
    ("POST /api/companies.lookup", "the sign-in page shows every company's name and country"),
    ("POST /api/companies.update", "plan in the body is ignored"),
    ("POST /api/employees.list", "all colleagues are listed to all; a company_id is ignored"),
    ("POST /api/employees.get", "an employee sees his manager's card, without the salary"),
    ("POST /api/employees.bulkGet", "foreign ids are repeated as missing"),
    ("POST /api/employees.create", "an address of any company is taken, which has to be said"),
    ("POST /api/employees.create", "company_id in the body is ignored"),
    ("POST /api/employees.search", "the question is repeated in the answer"),
    ("POST /api/expenses.search", "so is this one"),
    ("POST /api/me.update", "role and salary in the body are ignored, with ok"),
    ("POST /api/me.setPreferences", "ok whatever is sent, and only the caller's own"),
    ("POST /api/timesheets.create", "employee_id in the body is ignored"),
    ("POST /api/timesheets.list", "a filter by a foreign employee gives an empty list, with ok"),
    ("POST /api/timesheets.bulkApprove", "foreign ids are repeated as skipped, with ok"),
    ("POST /api/expenses.create", "status and employee_id in the body are ignored"),
    ("POST /api/expenses.get", "a manager sees the expense of somebody in his team"),
    ("POST /api/comments.delete", "a payroll admin takes back what others have said"),
    ("POST /api/payslips.share", "an employee makes links to his own payslip"),
    ("GET /s/{share_token}", "whoever has the link sees the payslip"),
    ("GET /files/{file_token}", "whoever has the link gets the export, without a credential"),
    ("POST /api/webhooks.delete", "ok also for what is not there, without effect"),
    ("POST /api/webhooks.list", "all payroll admins of the company see the secrets"),
    ("POST /api/taxcodes.list", "the same for all companies"),
    ("POST /api/feedback.send", "ok for any id, with nothing read or changed"),
    ("POST /api/system.status", "public"),
)
ROLES = ("employee", "manager", "payroll_admin")
ACME, GLOBEX = "co-5h1qd8", "co-9t3zk2"
COMPANIES = ((ACME, "Acme Ltd", "GB"), (GLOBEX, "Globex SA", "FR"))
# Each reports to the one before. Gwen works at Globex too, but is in no target file.
PEOPLE = (
    (ACME, "payroll_admin", "olivia", "olivia-4f7a"),
    (ACME, "manager", "mark", "mark-81cc"),
    (ACME, "employee", "emma", "emma-20be"),
    (GLOBEX, "payroll_admin", "gina", "gina-b19d"),
    (GLOBEX, "manager", "gus", "gus-55e0"),
    (GLOBEX, "employee", "greg", "greg-c3a4"),
    (GLOBEX, "employee", "gwen", "gwen-7d12"),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/api/auth.signin"
body = {{ email = "{name}@{company}.example", password = "${{PASSWORD_{name}}}" }}
token = "access_token"
"""
ACTORS = "".join(
    ACTOR.format(
        tenant="acme" if company == ACME else "globex",
        role="owner" if role == "payroll_admin" else role,  # that is what they can do
        name=name,
        company=company,
    )
    for company, role, name, _ in PEOPLE
    if name != "gwen"
)
ENVIRONMENT = {f"PASSWORD_{name}": password for _, _, name, password in PEOPLE}
HINTS = """
[hints]
roles = ["employee", "manager", "owner"]
public = ["GET /s/{share_token}", "GET /files/{file_token}", "POST /api/companies.lookup"]
shared = ["POST /api/taxcodes.list"]
"""
