"""Does the third held-out set really do what only looks like a flaw, in its clean builds?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.targets.heldout_campus_target import PEOPLE as MEMBERS
from tests.targets.heldout_payroll_attacks import EMAILS, GREG, GUS, GWEN
from tests.targets.heldout_payroll_target import ACME, GLOBEX
from tests.targets.heldout_serving import server
from tests.targets.serving import running

TOKENS = {name: token for name, _, _, token in MEMBERS}
Ask = Callable[..., Any]


@contextmanager
def payroll() -> Iterator[Ask]:
    with running(server("payroll", "")) as base_url, httpx.Client(base_url=base_url) as client:
        tokens: dict[str, str] = {}

        def ask(who: str, name: str, /, **body: Any) -> Any:
            if who and who not in tokens:
                email, password = EMAILS[who]
                said = ask("", "auth.signin", email=email, password=password)
                tokens[who] = said["access_token"]
            headers = {"Authorization": f"Bearer {tokens[who]}"} if who else {}
            if name.startswith("/"):
                return client.get(name)
            answer = client.post(f"/api/{name}", json=body, headers=headers)
            assert answer.status_code == 200
            return answer.json()

        yield ask


@contextmanager
def campus() -> Iterator[Ask]:
    with running(server("campus", "")) as base_url, httpx.Client(base_url=base_url) as client:

        def ask(who: str, operation: str, body: Any = None, **more: Any) -> httpx.Response:
            method, path = operation.split(" ")
            headers = {"Authorization": f"Bearer {TOKENS[who]}"} if who else {}
            return client.request(method, path, json=body, headers=headers, **more)

        yield ask


def test_the_payroll_lets_go_through_what_everybody_may() -> None:
    with payroll() as ask:
        for public in ("system.status", "auth.forgot"):
            assert ask("", public, email="nobody@x.example")["ok"]
        assert ask("", "companies.lookup", company_id=ACME)["name"] == "Acme Ltd"
        assert ask("greg", "taxcodes.list") == ask("emma", "taxcodes.list")
        assert ask("greg", "feedback.send", about_id="1001", text="t") == {"ok": True}
        assert ask("greg", "me.setPreferences", theme="dark") == {"ok": True}
        assert ask("gina", "webhooks.delete", webhook_id="none") == {"ok": True}


def test_the_payroll_shows_colleagues_what_is_theirs_to_see() -> None:
    with payroll() as ask:
        boss = ask("greg", "employees.get", employee_id=GUS)["employee"]
        assert boss["name"] == "gus"
        assert "salary" not in boss
        seen = ask("greg", "employees.list", company_id=ACME)["employees"]
        assert {each["company_id"] for each in seen} == {GLOBEX}
        expense = ask("gwen", "expenses.create", title="t", amount=1, status="approved")["expense"]
        assert expense["status"] == "open"
        asked = {"expense_id": expense["expense_id"]}
        assert ask("gus", "expenses.get", **asked)["employee_name"] == "gwen"
        assert ask("greg", "expenses.get", **asked)["error"] == "expense_not_found"
        comment = ask("gwen", "comments.add", text="t", **asked)["comment"]["comment_id"]
        assert ask("gina", "comments.delete", comment_id=comment)["ok"]
        assert ask("greg", "timesheets.list", employee_id=GWEN) == {"ok": True, "timesheets": []}
        taken = ask("gina", "employees.create", name="t", email=EMAILS["emma"][0])
        assert taken["error"] == "email_taken"


def test_the_payrolls_links_open_for_whoever_has_them() -> None:
    with payroll() as ask:
        run = ask("gina", "payruns.create", period="p")["payrun"]["payrun_id"]
        paid = ask("gina", "payslips.issue", payrun_id=run, employee_id=GREG, gross=10)
        shared = ask("greg", "payslips.share", payslip_id=paid["payslip"]["payslip_id"])
        assert ask("", shared["url"]).json()["payslip"]["employee_name"] == "greg"
        job = ask("gina", "exports.start")["export"]["export_id"]
        text = ask("", ask("gina", "exports.link", export_id=job)["url"]).text
        assert "gwen" in text
        assert "emma" not in text


def test_the_payroll_keeps_an_old_access_token_after_a_refresh() -> None:
    with payroll() as ask:
        email, password = EMAILS["greg"]
        first = ask("", "auth.signin", email=email, password=password)
        assert ask("", "auth.refresh", refresh_token=first["refresh_token"])["ok"]
        assert ask("greg", "auth.test")["employee"]["employee_id"] == GREG


def test_the_campus_lets_people_of_different_organisations_meet() -> None:
    with campus() as ask:
        ola, eva = (ask(who, "GET /me").json()["userId"] for who in ("ola", "eva"))
        assert ask("eva", f"PUT /users/{ola}/follow").status_code == 204
        assert ask("eva", f"DELETE /users/{ola}/follow").status_code == 204
        assert ask("eva", f"DELETE /users/{ola}/follow").status_code == 204
        assert ask("eva", f"GET /users/{ola}").json()["organisation"] == "Oak School"
        sent = ask("ola", "POST /messages", {"toUserId": eva, "text": "hello"}).json()
        assert ask("eva", "GET /notifications", params={"userId": ola}).json()[0]["userId"] == eva
        message = f"/messages/{sent['messageId']}"
        assert ask("eva", f"GET {message}").json()["text"] == "hello"
        assert ask("eva", f"DELETE {message}").status_code == 204
        assert ask("eva", f"GET {message}").status_code == 404
        assert ask("ola", f"GET {message}").status_code == 200
        assert ask("eva", "POST /notifications/read-all").status_code == 204
        assert ask("eva", "POST /abuse-reports", {"about": ola}).status_code == 202


def test_the_campus_shows_everybody_what_teachers_publish() -> None:
    with campus() as ask:
        made = ask("tom", "POST /courses", {"title": "Knots"}).json()
        course = f"/courses/{made['courseId']}"
        assert ask("tia", f"POST {course}/clone").status_code == 404
        assert ask("tom", f"PUT {course}/publication").status_code == 204
        assert ask("", f"GET /catalogue/{made['slug']}").json()["title"] == "Knots"
        copy = ask("tia", f"POST {course}/clone").json()
        assert (copy["orgId"], copy["clonedFromId"]) == ("elm", made["courseId"])
        assert ask("sue", f"PUT {course}/favourite").status_code == 204
        assert ask("sue", "GET /me/favourites").json() == []
        assert ask("sue", f"DELETE {course}/favourite").status_code == 204
        assert ask("sue", f"GET {course}").status_code == 404
        owner = ask("sue", f"GET /courses/{copy['courseId']}", params={"expand": "owner"}).json()
        assert owner["owner"]["name"] == "Tia"


def test_the_campus_takes_in_whoever_comes_by_themselves_or_with_a_code() -> None:
    with campus() as ask:
        new = {"email": "n@n.example", "password": "pw", "name": "N", "organisation": "New"}
        made = ask("", "POST /signup", new | {"orgId": "oak", "role": "student"})
        assert made.json()["user"]["role"] == "admin"
        assert made.json()["user"]["orgId"] not in ("oak", "elm")
        assert ask("", "POST /signup", new).status_code == 409
        code = ask("ola", "POST /orgs/oak/invitations", {"role": "teacher"}).json()["code"]
        joined = ask("", "POST /join", new | {"email": "m@n.example", "code": code})
        assert (joined.json()["user"]["orgId"], joined.json()["user"]["role"]) == ("oak", "teacher")
        assert ask("sue", "PUT /me/preferences", {"theme": "dark"}).status_code == 204
        assert ask("sue", "PATCH /me", {"role": "admin", "orgId": "oak"}).json()["orgId"] == "elm"


def test_the_campus_opens_a_link_for_whoever_has_it() -> None:
    with campus() as ask:
        file = ask("sue", "POST /files", files={"file": ("f.txt", "words")}).json()["fileId"]
        assert ask("eva", f"GET /files/{file}").status_code == 404
        url = ask("sue", f"POST /files/{file}/link").json()["url"]
        assert ask("", f"GET {url}").text == "words"


def test_the_campus_shows_submissions_to_their_student_and_to_teachers() -> None:
    with campus() as ask:
        course = ask("tia", "POST /courses", {"title": "Knots"}).json()["courseId"]
        for who in ("sue", "sam"):
            ask(who, f"POST /courses/{course}/submissions", {"text": who})
        seen = {
            who: [each["text"] for each in ask(who, f"GET /courses/{course}/submissions").json()]
            for who in ("sue", "tia")
        }
        assert seen == {"sue": ["sue"], "tia": ["sue", "sam"]}
        put = [
            ask("tia", f"PUT /courses/{course}", {"title": "T"}).status_code,
            ask("tom", f"PUT /courses/{course}", {"title": "T"}).status_code,
        ]
        assert put == [428, 404]
