"""A campus where organisations teach: what their members hand in, keep and look for.

Courses belong to an organisation, submissions to a student, files to whoever uploaded them; what
teachers publish, profiles and messages cross from one organisation to another on purpose.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Flask, Response, abort, jsonify, request

from tests.targets.heldout import document
from tests.targets.heldout_campus_core import (
    RANKS,
    Row,
    asked,
    base,
    demand,
    flawed,
    given,
    me,
    none,
    of_mine,
    of_org,
    public,
    shown,
    store,
)
from tests.targets.heldout_campus_courses import FIELDS, courses, listed, live
from tests.targets.heldout_campus_people import people

work = Blueprint("work", __name__)


@work.get("/openapi.json")
@public
def read_document() -> Row:
    return document("campus")


@work.get("/courses/<course_id>/submissions")
def read_submissions(course_id: str) -> Any:
    """One's own; for teachers and admins, everybody's."""
    rows = store().rows("submissions", courseId=live(course_id)["courseId"])
    everybody = me()["role"] != "student"
    return jsonify([row for row in rows if everybody or row["userId"] == me()["userId"]])


@work.post("/courses/<course_id>/submissions")
def create_submission(course_id: str) -> Any:
    course = live(course_id)
    row = {"courseId": course["courseId"], "orgId": me()["orgId"], "userId": me()["userId"]}
    body = given(text_=str) | {"grade": None, "feedback": ""}
    return jsonify(store().add("submissions", row | body)), 201


def handed_in(submission_id: str, anywhere: str = "", within: str = "") -> Row:
    """A submission of the caller's own; for teachers and admins, of their organisation."""
    row = of_org("submissions", submission_id, anywhere)
    live(row["courseId"], anywhere)
    student = me()["role"] == "student" and row["userId"] != me()["userId"]
    if student and not flawed(anywhere, within):
        abort(404, "no such submission")
    return row


@work.get("/submissions/<submission_id>")
def read_submission(submission_id: str) -> Row:
    return handed_in(submission_id, "submission-read", "submission-classmate")


@work.patch("/submissions/<submission_id>")
def patch_submission(submission_id: str) -> Row:
    """One's own, as long as it has no grade."""
    row = handed_in(submission_id)
    if row["userId"] != me()["userId"]:
        abort(403, "only whose it is can change it")
    if row["grade"] is not None:
        abort(409, "it has a grade already")
    row.update(given(text=str))
    if flawed("submission-grade") and asked("grade") is not None:
        row["grade"] = asked("grade")
    return row


@work.post("/submissions/<submission_id>/grade")
def grade_submission(submission_id: str) -> Row:
    """Teachers and admins only."""
    demand("teacher", "grade-by-student")
    row = handed_in(submission_id)
    row.update({"feedback": ""} | given(grade_=int, feedback=str))
    return row


def described(file: Row) -> Row:
    return shown(file, "fileId", "name", "size")


@work.get("/files")
def read_files() -> Any:
    return jsonify([described(row) for row in store().rows("files", userId=me()["userId"])])


@work.post("/files")
def upload_file() -> Any:
    file = request.files.get("file")
    if file is None:
        abort(400, "a part named file is missing")
    content = file.read()
    row = {"userId": me()["userId"], "name": file.filename or "unnamed", "size": len(content)}
    return jsonify(described(store().add("files", row | {"content": content}))), 201


@work.get("/files/<file_id>")
def read_file(file_id: str) -> Row:
    return described(of_mine("files", file_id))


@work.get("/files/<file_id>/content")
def download_file(file_id: str) -> Response:
    return Response(of_mine("files", file_id, "file-content")["content"], mimetype="text/plain")


@work.delete("/files/<file_id>")
def delete_file(file_id: str) -> Response:
    key = of_mine("files", file_id)["fileId"]
    del store().tables["files"][key]
    store().links = {token: of for token, of in store().links.items() if of != key}
    return none()


@work.post("/files/<file_id>/link")
def link_file(file_id: str) -> Any:
    """A link for whoever has it."""
    file = of_mine("files", file_id, "file-link")
    token = secrets.token_urlsafe(16)
    store().links[token] = file["fileId"]
    return jsonify(token=token, url=f"/l/{token}"), 201


@work.delete("/files/<file_id>/link")
def unlink_file(file_id: str) -> Response:
    """All links to the file end."""
    key = of_mine("files", file_id)["fileId"]
    if not flawed("link-undead"):
        store().links = {token: of for token, of in store().links.items() if of != key}
    return none()


@work.get("/l/<token>")
@public
def follow_link(token: str) -> Response:
    file = store().tables["files"].get(store().links.get(token))
    if file is None:
        abort(404, "no such link")
    return Response(file["content"], mimetype="text/plain")


@work.post("/reports")
def create_report() -> Any:
    """How the organisation is doing, made in the background. Teachers and admins only."""
    demand("teacher")
    org = me()["orgId"]
    users = store().rows("users", orgId=org, removed=False)
    row = {"orgId": org, "status": "done", "courses": len(listed())}
    row["members"] = {rank: sum(user["role"] == rank for user in users) for rank in RANKS}
    row["titles"] = [course["title"] for course in listed()]
    report = store().add("reports", row)
    return jsonify(shown(report, "reportId", "status")), 202


@work.get("/reports/<report_id>")
def read_report(report_id: str) -> Row:
    """Teachers and admins only."""
    demand("teacher")
    return of_org("reports", report_id, "report-read")


@work.get("/search")
def search() -> Any:
    """Courses and lessons with a word."""
    word = request.args.get("q", "").lower()
    ours = {row["courseId"] for row in listed()}
    everywhere = flawed("search-lessons")
    lessons = [row for row in store().rows("lessons") if everywhere or row["courseId"] in ours]
    found = [shown(row, "courseId", "title") for row in listed() if word in row["title"].lower()]
    hits = [row for row in lessons if word in f"{row['title']} {row['text']}".lower()]
    titles = [shown(row, "lessonId", "title") for row in hits]
    return {"q": request.args.get("q", ""), "courses": found, "lessons": titles}


@work.put("/courses/<course_id>/favourite")
def mark_course(course_id: str) -> Response:
    store().favourites.add((me()["userId"], course_id))
    return none()


@work.delete("/courses/<course_id>/favourite")
def unmark_course(course_id: str) -> Response:
    store().favourites.discard((me()["userId"], course_id))
    return none()


@work.get("/me/favourites")
def read_favourites() -> Any:
    """The courses that the caller has marked, as far as they can see them."""
    marked = {course for who, course in store().favourites if who == me()["userId"]}
    rows = store().rows("courses", deleted=False) if flawed("favourites-all") else listed()
    return jsonify([shown(row, *FIELDS) for row in rows if row["courseId"] in marked])


def campus(flaw: str = "") -> Flask:
    app = base(flaw)
    for blueprint in (people, courses, work):
        app.register_blueprint(blueprint)
    return app
