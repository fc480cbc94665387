"""Courses, their modules and those's lessons: the campus's views about what is taught."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from tests.targets.heldout_campus_core import (
    Row,
    asked,
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
from tests.targets.heldout_campus_people import profile

courses = Blueprint("courses", __name__)
LISTED = ("slug", "title", "summary")
FIELDS = ("courseId", "orgId", "ownerId", "published", *LISTED)


def live(course_id: Any, *flaws: str) -> Row:
    """A course of the caller's organisation that is not in the trash."""
    course = of_org("courses", course_id, *flaws)
    if course["deleted"]:
        abort(404, "no such course")
    return course


def binned(course_id: Any, *flaws: str) -> Row:
    course = of_org("courses", course_id, *flaws)
    if not course["deleted"]:
        abort(404, "not in the trash")
    return course


def with_etag(course: Row, status: int = 200) -> Response:
    answer = jsonify({name: value for name, value in course.items() if name != "deleted"})
    answer.status_code = status
    answer.headers["ETag"] = f'"{course["version"]}"'
    return answer


def add_course(title: str, **more: Any) -> Row:
    row = {"orgId": me()["orgId"], "ownerId": me()["userId"], "title": title, "summary": ""}
    row |= {"notes": "", "published": False, "clonedFromId": None, "version": 1, "deleted": False}
    course = store().add("courses", row | more)
    words = re.sub(r"\W+", "-", title.lower()).strip("-")
    course["slug"] = f"{words}-{course['courseId'][-4:]}"
    return course


def listed() -> list[Row]:
    return store().rows("courses", orgId=me()["orgId"], deleted=False)


@courses.get("/catalogue")
@public
def read_catalogue() -> Any:
    """Courses that have been published, for everybody."""
    rows = store().rows("courses", deleted=False)
    seen = [row for row in rows if row["published"] or flawed("catalogue-private")]
    return jsonify([shown(row, *LISTED) for row in seen])


@courses.get("/catalogue/<slug>")
@public
def read_catalogued(slug: str) -> Row:
    for row in store().rows("courses", deleted=False, published=True, slug=slug):
        return shown(row, *LISTED)
    return abort(404, "no such course")


def filtered(rows: list[Row], said: str) -> list[Row]:
    """The rows that `title eq 'x' and published eq true` keeps."""
    for term in filter(None, said.split(" and ")):
        parts = re.fullmatch(r"\s*(\w+) eq (?:'([^']*)'|(true|false))\s*", term)
        if parts is None or parts[1] not in FIELDS:
            abort(400, "the filter cannot be read")
        wanted: Any = parts[2] if parts[3] is None else parts[3] == "true"
        rows = [row for row in rows if row[parts[1]] == wanted]
    return rows


def decoded(cursor: str) -> tuple[str, int]:
    """Whose list, and how many of it have been seen."""
    try:
        org, _, seen = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return org, max(0, int(seen))
    except (binascii.Error, ValueError):
        return abort(400, "the cursor cannot be read")


@courses.get("/courses")
def read_courses() -> Any:
    rows, org, seen = listed(), me()["orgId"], 0
    said = request.args.get("filter", "")
    if flawed("courses-filter") and "orgId eq" in said:  # the filter has its own idea of a tenant
        rows = store().rows("courses", deleted=False)
    if request.args.get("cursor"):
        org, seen = decoded(request.args["cursor"])
        if flawed("cursor-foreign"):
            rows = store().rows("courses", orgId=org, deleted=False)
        elif org != me()["orgId"]:
            abort(400, "the cursor is of another list")
    rows = filtered(rows, said)
    size = request.args.get("limit", 20, type=int)
    upto = seen + max(1, min(size, 100))
    cursor = base64.urlsafe_b64encode(f"{org}|{upto}".encode()).decode()
    items = [shown(row, *FIELDS) for row in rows[seen:upto]]
    return {"items": items, "next": cursor if upto < len(rows) else None}


@courses.get("/courses/count")
def count_courses() -> Row:
    rows = store().rows("courses", deleted=False) if flawed("count-all") else listed()
    return {"count": len(rows), "published": sum(row["published"] for row in rows)}


@courses.post("/courses")
def create_course() -> Any:
    """Teachers and admins only."""
    demand("teacher", "course-by-student")
    course = add_course(**given(title_=str, summary=str, notes=str))
    if flawed("course-org") and asked("orgId") in store().tables["orgs"]:
        course["orgId"] = asked("orgId")
    return with_etag(course, 201)


def origin(course: Row) -> Any:
    """What a course was copied from, as far as the caller may still see it."""
    row = store().tables["courses"].get(course["clonedFromId"])
    if row is None or row["deleted"]:
        return None
    if row["orgId"] == me()["orgId"]:
        return shown(row, *FIELDS)
    if flawed("expand-origin"):
        return row
    return shown(row, *LISTED) if row["published"] else None


@courses.get("/courses/<course_id>")
def read_course(course_id: str) -> Any:
    """With related objects in place of their ids, where `expand` names them."""
    course = live(course_id, "course-read")
    expand = request.args.get("expand", "").split(",")
    more: Row = {}
    if "owner" in expand:
        more["owner"] = profile(store().tables["users"][course["ownerId"]])
    if "modules" in expand:
        more["modules"] = store().rows("modules", courseId=course["courseId"])
    if "clonedFrom" in expand:
        more["clonedFrom"] = origin(course)
    return with_etag(course | more)


@courses.put("/courses/<course_id>")
def put_course(course_id: str) -> Any:
    """Teachers and admins only; with the ETag of what is replaced."""
    demand("teacher")
    known = course_id in store().tables["courses"]
    if flawed("etag-first") and known and "If-Match" not in request.headers:
        abort(428, "If-Match is missing")
    course = live(course_id, "course-put")
    if "If-Match" not in request.headers:
        abort(428, "If-Match is missing")
    if request.headers["If-Match"].strip('"') not in ("*", str(course["version"])):
        abort(412, "it has changed since")
    body = {"summary": "", "notes": ""} | given(title_=str, summary=str, notes=str)
    course.update(body | {"version": course["version"] + 1})
    return with_etag(course)


def bin_course(course: Row) -> None:
    course["deleted"] = True


@courses.delete("/courses/<course_id>")
def delete_course(course_id: str) -> Response:
    """Into the trash. Teachers and admins only."""
    demand("teacher")
    bin_course(live(course_id, "course-delete"))
    return none()


@courses.post("/courses/batch-delete")
def delete_courses() -> Row:
    """Several into the trash; what is no course of ours is skipped. Teachers and admins only."""
    demand("teacher")
    ids = [each for each in given(courseIds_=list)["courseIds"] if isinstance(each, str)]
    ours = {row["courseId"]: row for row in listed()}
    if flawed("batch-delete") and any(each in ours for each in ids):
        ours = {row["courseId"]: row for row in store().rows("courses", deleted=False)}
    for each in ids:
        if each in ours:
            bin_course(ours[each])
    deleted = [each for each in ids if each in ours]
    return {"deleted": deleted, "skipped": [each for each in ids if each not in ours]}


@courses.get("/trash")
def read_trash() -> Any:
    """Teachers and admins only."""
    demand("teacher")
    if flawed("trash-all"):
        return jsonify([shown(row, *FIELDS) for row in store().rows("courses", deleted=True)])
    rows = store().rows("courses", orgId=me()["orgId"], deleted=True)
    return jsonify([shown(row, *FIELDS) for row in rows])


@courses.delete("/trash/<course_id>")
def purge_course(course_id: str) -> Response:
    """For good. Teachers and admins only."""
    demand("teacher")
    course = binned(course_id, "course-purge")["courseId"]
    at = store()
    at.tables["courses"].pop(course)
    for table in ("modules", "lessons", "submissions"):
        rows = at.tables[table].items()
        at.tables[table] = {key: row for key, row in rows if row["courseId"] != course}
    return none()


@courses.post("/courses/<course_id>/restore")
def restore_course(course_id: str) -> Any:
    """Out of the trash. Teachers and admins only."""
    demand("teacher")
    course = binned(course_id, "course-restore")
    course["deleted"] = False
    return with_etag(course)


@courses.post("/courses/<course_id>/clone")
def clone_course(course_id: str) -> Any:
    """A copy into one's own organisation, of ours or of a published one. Teachers and admins."""
    demand("teacher")
    found = store().tables["courses"].get(course_id)
    if found is None or found["deleted"] or not found["published"]:
        found = live(course_id, "course-clone")
    named = shown(found, "title", "summary")
    course = add_course(**named, clonedFromId=found["courseId"])
    for module in store().rows("modules", courseId=found["courseId"]):
        store().add("modules", {"courseId": course["courseId"], "title": module["title"]})
    return with_etag(course, 201)


@courses.put("/courses/<course_id>/publication")
def publish_course(course_id: str) -> Response:
    """Show it in the catalogue, to everybody. Teachers and admins only."""
    demand("teacher")
    live(course_id)["published"] = True
    return none()


@courses.delete("/courses/<course_id>/publication")
def withdraw_course(course_id: str) -> Response:
    demand("teacher")
    live(course_id)["published"] = False
    return none()


@courses.get("/courses/<course_id>/modules")
def read_modules(course_id: str) -> Any:
    return jsonify(store().rows("modules", courseId=live(course_id)["courseId"]))


@courses.post("/courses/<course_id>/modules")
def create_module(course_id: str) -> Any:
    """Teachers and admins only."""
    demand("teacher")
    course = live(course_id)["courseId"]
    return jsonify(store().add("modules", {"courseId": course} | given(title_=str))), 201


def module_of(course_id: str, module_id: Any, *flaws: str) -> Row:
    """A module of a course, both of which the caller may see."""
    live(course_id)
    module = store().tables["modules"].get(module_id)
    if module is None or (module["courseId"] != course_id and not flawed(*flaws)):
        abort(404, "no such module")
    return module


@courses.patch("/courses/<course_id>/modules/<int:module_id>")
def patch_module(course_id: str, module_id: int) -> Row:
    """Teachers and admins only."""
    demand("teacher")
    module = module_of(course_id, module_id)
    module.update(given(title_=str))
    return module


LESSONS = "/courses/<course_id>/modules/<int:module_id>/lessons"
LESSON = f"{LESSONS}/<int:lesson_id>"


@courses.get(LESSONS)
def read_lessons(course_id: str, module_id: int) -> Any:
    module = module_of(course_id, module_id, "lessons-list")
    return jsonify(store().rows("lessons", moduleId=module["moduleId"]))


@courses.post(LESSONS)
def create_lesson(course_id: str, module_id: int) -> Any:
    """Teachers and admins only. A file of one's own can be attached."""
    demand("teacher")
    module = module_of(course_id, module_id)
    body = given(title_=str, text=str, fileId=str)
    attached = None
    if "fileId" in body:
        attached = of_mine("files", body["fileId"], "lesson-file")["name"]
    row = {"courseId": module["courseId"], "moduleId": module["moduleId"], "text": ""}
    return jsonify(store().add("lessons", {"fileId": None} | row | body | {"file": attached})), 201


def lesson_of(course_id: str, module_id: int, lesson_id: int, *flaws: str) -> Row:
    module = module_of(course_id, module_id)
    lesson = store().tables["lessons"].get(lesson_id)
    elsewhere = lesson is not None and lesson["moduleId"] != module["moduleId"]
    if lesson is None or (elsewhere and not flawed(*flaws)):
        abort(404, "no such lesson")
    return lesson


@courses.get(LESSON)
def read_lesson(course_id: str, module_id: int, lesson_id: int) -> Row:
    return lesson_of(course_id, module_id, lesson_id, "lesson-read")


@courses.put(LESSON)
def put_lesson(course_id: str, module_id: int, lesson_id: int) -> Row:
    """Teachers and admins only."""
    demand("teacher")
    known = store().tables["lessons"].get(lesson_id)
    if flawed("lesson-put") and known and known["courseId"] == course_id:
        lesson = known  # the lesson's place was checked, but not whose it is
    else:
        lesson = lesson_of(course_id, module_id, lesson_id)
    lesson.update({"text": ""} | given(title_=str, text=str))
    return lesson


@courses.delete(LESSON)
def delete_lesson(course_id: str, module_id: int, lesson_id: int) -> Response:
    """Teachers and admins only."""
    demand("teacher")
    del store().tables["lessons"][lesson_of(course_id, module_id, lesson_id)["lessonId"]]
    return none()


@courses.post(f"{LESSON}/move")
def move_lesson(course_id: str, module_id: int, lesson_id: int) -> Row:
    """Into another module, here or in another course of ours. Teachers and admins only."""
    demand("teacher")
    lesson = lesson_of(course_id, module_id, lesson_id)
    module = store().tables["modules"].get(given(moduleId_=int)["moduleId"])
    ours = {row["courseId"] for row in listed()}
    if module is None or (module["courseId"] not in ours and not flawed("lesson-move")):
        abort(404, "no such module")
    lesson.update(shown(module, "courseId", "moduleId"))
    return lesson
