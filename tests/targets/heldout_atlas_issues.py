"""Projects, their issues, what is said about these, and labels."""

from __future__ import annotations

import secrets
import time

from tests.targets.heldout_atlas_core import COMPUTED, HIDDEN, Call, Problem, op, shown
from tests.targets.heldout_atlas_schemas import Row
from tests.targets.heldout_atlas_views import ViewSet, page, routes, tell

HIDDEN["issues"] = lambda _, row: row["deleted_at"] is not None


def alive(call: Call, project: int) -> list[Row]:
    return call.at.rows("issues", project=project, deleted_at=None)


COMPUTED["Project", "issue_count"] = lambda call, row: len(alive(call, row["id"]))
COMPUTED["Issue", "comment_count"] = lambda call, row: len(
    call.at.rows("comments", issue=row["id"])
)


class Projects(ViewSet):
    table, serializer, stem, erase = "projects", "Project", "project", "admin"
    params = "workspace"

    def rows(self, call: Call) -> list[Row]:
        found, slug, word = super().rows(call), call.asked("workspace"), call.asked("search")
        return [
            row
            for row in found
            if slug in ("", row["workspace"]) and word.lower() in row["name"].lower()
        ]

    def check(self, call: Call, row: Row | None, said: Row) -> None:
        home = row["workspace"] if row else said["workspace"]
        near = {} if call.flawed("project-key") and row is None else {"workspace": home}
        for other in call.at.rows("projects", **near):
            if other["key"] == said.get("key") and other is not row:
                raise Problem(400, {"key": ["Project with this key already exists."]})
        if said.get("is_public"):
            said["roadmap_token"] = (row and row["roadmap_token"]) or secrets.token_urlsafe(12)

    def make(self, call: Call, said: Row) -> Row:
        about: Row = {"description": "", "lead": None, "is_public": False, "roadmap_token": None}
        said = about | said | {"is_archived": False, "serial": 0}
        return call.at.add("projects", said.pop("workspace"), **said)

    def remove(self, call: Call, row: Row) -> None:
        tables = call.at.tables
        issues = {each["id"] for each in call.at.rows("issues", project=row["id"])}
        for table in ("comments", "attachments", "time_entries", "notifications"):
            for each in [each for each in tables[table].values() if each["issue"] in issues]:
                del tables[table][each["id"]]
        for each in call.at.rows("exports", project=row["id"]):
            each["project"] = None
        for other in tables["issues"].values():
            other["parent"] = None if other["parent"] in issues else other["parent"]
        for key in issues:
            del tables["issues"][key]
        super().remove(call, row)


routes("/api/projects/", Projects())


def archive(call: Call, value: bool) -> Row:
    row = call.own("projects")
    call.demand(row["workspace"], "admin", "archive-by-member")
    row["is_archived"] = value
    return shown(call, "Project", row)


@op("POST /api/projects/{id}/archive/", "Project", status=200)
def archive_project(call: Call) -> Row:
    """Workspace admins only."""
    return archive(call, True)


@op("POST /api/projects/{id}/unarchive/", "Project", status=200)
def unarchive_project(call: Call) -> Row:
    """Workspace admins only."""
    call.demand(call.own("projects")["workspace"], "admin")
    return archive(call, False)


@op("GET /api/projects/{id}/summary/", "ProjectSummary")
def summary(call: Call) -> Row:
    """Cached for half a minute."""
    kept = call.at.cached.get(call.request.path)
    if kept and kept["until"] > time.monotonic() and call.flawed("summary-cache"):
        return dict(kept["said"])
    row = call.own("projects")
    if kept and kept["until"] > time.monotonic():
        return dict(kept["said"])
    issues = alive(call, row["id"])
    keys = {each["id"] for each in issues}
    spent = [each["minutes"] for each in call.at.rows("time_entries") if each["issue"] in keys]
    said: Row = {"project": row["id"], "name": row["name"], "total": len(issues)}
    said |= {"open": sum(each["status"] != "done" for each in issues), "minutes": sum(spent)}
    said["latest"] = [shown(call, "RoadmapIssue", each) for each in issues[-3:]]
    call.at.cached[call.request.path] = {"said": said, "until": time.monotonic() + 30}
    return said


@op("GET /api/projects/{project_pk}/issues/", "Issue", "ordering expand", many="page")
def project_issues(call: Call) -> Row:
    return page(call, alive(call, call.own("projects", key="project_pk")["id"]), "Issue")


class Issues(ViewSet):
    table, serializer, stem = "issues", "Issue", "issue"
    params = "project assignee label status"

    def list(self, call: Call) -> Row:
        rows, project = call.rows("issues"), call.asked("project")
        everybody = call.at.rows("issues", deleted_at=None)
        total = len(everybody) if call.flawed("issues-count") else None
        word = call.asked("search").lower()
        if project and call.flawed("issues-project"):
            rows = everybody
        if call.asked("ordering") and call.flawed("issues-ordering"):
            rows = everybody
        if word and call.flawed("issues-search"):
            rows = everybody
        for name in ("project", "assignee", "status"):
            asked = call.asked(name)
            rows = [row for row in rows if asked in ("", str(row[name]))]
        label = call.asked("label")
        rows = [row for row in rows if not label or label in map(str, row["labels"])]
        rows = [row for row in rows if word in f"{row['title']} {row['description']}".lower()]
        return page(call, rows, "Issue", total)

    def home(self, call: Call, said: Row) -> str:
        return str(call.at.tables["projects"][said["project"]]["workspace"])

    def make(self, call: Call, said: Row) -> Row:
        project = call.at.tables["projects"][said["project"]]
        project["serial"] += 1
        about: Row = {"description": "", "type": "task", "status": "backlog", "due_date": None}
        about |= {"priority": "medium", "assignee": None, "parent": None, "labels": []}
        fixed: Row = {"key": f"{project['key']}-{project['serial']}", "deleted_at": None}
        fixed |= {"reporter": call.user["id"], "watchers": [], "updated_at": call.at.now()}
        row = call.at.add("issues", project["workspace"], **about | said | fixed)
        tell(call, row["assignee"], row, f"assigned you {row['title']}")
        return row

    def check(self, call: Call, row: Row | None, said: Row) -> None:
        if row:
            said["updated_at"] = call.at.now()
            if said.get("parent") == row["id"]:
                raise Problem(400, {"parent": ["An issue is not its own parent."]})

    def retrieve(self, call: Call) -> Row:
        known = call.at.get("issues", call.path["id"])
        asked = call.request.headers.get("if-none-match", "")
        etag = f'"{known["id"]}-{known["updated_at"]}"' if known else None
        if known and asked in ("*", etag) and call.flawed("issue-etag"):
            raise Problem(304, {})
        row = call.own("issues", "issue-read")
        if asked in ("*", etag):
            raise Problem(304, {})
        call.headers["ETag"] = str(etag)
        return shown(call, "Issue", row)

    def remove(self, call: Call, row: Row) -> None:
        row["deleted_at"] = call.at.now()


ISSUES = Issues()
routes("/api/issues/", ISSUES)


@op("GET /api/issues/trash/", "Issue", "ordering expand", many="page")
def trash(call: Call) -> Row:
    rows = [row for row in call.at.rows("issues") if row["deleted_at"]]
    if not call.flawed("issues-trash"):
        rows = [row for row in rows if row["workspace"] in call.homes]
    return page(call, rows, "Issue")


@op("POST /api/issues/{id}/restore/", "Issue", status=200)
def restore(call: Call) -> Row:
    row = call.at.get("issues", call.path["id"])
    if row is None or row["workspace"] not in call.homes or not row["deleted_at"]:
        raise Problem(404, "Not found.")
    call.demand(row["workspace"], "member")
    row["deleted_at"] = None
    return shown(call, "Issue", row)


@op("POST /api/issues/{id}/assign/", "Issue", takes="IssueAssign", status=200)
def assign(call: Call) -> Row:
    row = call.own("issues", "issue-assign")
    call.demand(row["workspace"], "member")
    row.update(call.valid(row["workspace"]))
    tell(call, row["assignee"], row, f"assigned you {row['title']}")
    return shown(call, "Issue", row)


@op("POST /api/issues/{id}/move/", "Issue", takes="IssueMove", status=200)
def move(call: Call) -> Row:
    row = call.own("issues")
    call.demand(row["workspace"], "member")
    row.update(call.valid(row["workspace"]))
    row["workspace"] = call.at.tables["projects"][row["project"]]["workspace"]
    return shown(call, "Issue", row)


@op("POST /api/issues/bulk_update/", "BulkIssueResult", takes="BulkIssueUpdate", status=200)
def bulk_update(call: Call) -> Row:
    keys = call.body.get("ids")
    first = [call.at.get("issues", key) for key in keys] if isinstance(keys, list) else []
    homes = [row["workspace"] for row in first if row and call.sees("issues", row)]
    said = call.valid(next(iter([*homes, *call.homes]), ""))
    updated, skipped = [], []
    for key in said.pop("ids"):
        row = call.at.get("issues", key)
        mine = row and call.sees("issues", row) and call.homes[row["workspace"]] != "viewer"
        if row and (mine or (call.flawed("bulk-update") and row["workspace"] not in call.homes)):
            row.update(said, updated_at=call.at.now())
            updated.append(key)
        else:
            skipped.append(key)
    return {"updated": updated, "skipped": skipped}


@op("POST /api/issues/bulk_delete/", takes="BulkIssueDelete")
def bulk_delete(call: Call) -> None:
    """Workspace admins only."""
    homes = set(call.homes) if call.flawed("bulk-delete-by-viewer") else call.admins()
    for key in call.valid()["ids"]:
        row = call.at.get("issues", key)
        if row and row["workspace"] in homes:
            ISSUES.remove(call, row)


@op("GET /api/issues/{id}/watchers/", "Watcher", many="list")
def watchers(call: Call) -> list[Row]:
    users, issue = call.at.tables["users"], call.own("issues", "watchers-list")
    return [{"user": key, "username": users[key]["username"]} for key in issue["watchers"]]


@op("POST /api/issues/{id}/watchers/", "Watcher", takes="Watcher")
def watch(call: Call) -> Row:
    row = call.own("issues")
    user = call.valid(row["workspace"])["user"]
    if user != call.user["id"]:
        call.demand(row["workspace"], "member")
    row["watchers"] = list(dict.fromkeys([*row["watchers"], user]))
    return {"user": user, "username": call.at.tables["users"][user]["username"]}


@op("PUT /api/issues/{id}/star/")
def star(call: Call) -> None:
    call.at.stars.add((call.user["id"], call.path["id"]))


@op("DELETE /api/issues/{id}/star/")
def unstar(call: Call) -> None:
    call.at.stars.discard((call.user["id"], call.path["id"]))


@op("GET /api/starred/", "Issue", "ordering expand", many="page")
def starred(call: Call) -> Row:
    stars = {key for user, key in call.at.stars if user == call.user["id"]}
    return page(call, [row for row in call.rows("issues") if str(row["id"]) in stars], "Issue")


class Labels(ViewSet):
    table, serializer, stem, erase, params = "labels", "Label", "label", "admin", "workspace"

    def make(self, call: Call, said: Row) -> Row:
        said = {"color": "#cccccc"} | said | {"is_system": False}
        return call.at.add("labels", said.pop("workspace"), **said)

    def allow(self, call: Call, row: Row, need: str) -> None:
        if row["is_system"]:
            raise Problem(403, "System labels are read-only.")
        super().allow(call, row, need)

    def remove(self, call: Call, row: Row) -> None:
        for issue in call.at.tables["issues"].values():
            issue["labels"] = [key for key in issue["labels"] if key != row["id"]]
        super().remove(call, row)


def labelled(call: Call, row: Row) -> list[Row]:
    if "issues" not in call.asked("expand").split(","):
        return []
    rows = call.rows("issues")
    if call.flawed("label-expand") and "{id}" in call.operation.path:
        rows = call.at.rows("issues", deleted_at=None)
    return [shown(call, "Issue", each) for each in rows if row["id"] in each["labels"]]


COMPUTED["Label", "issues"] = labelled
routes("/api/labels/", Labels())
