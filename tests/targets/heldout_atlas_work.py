"""What hangs on issues (comments, files, time) and what leaves the service (exports, webhooks)."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import secrets

from werkzeug.wrappers import Response

from tests.targets.heldout_atlas_core import (
    COMPUTED,
    DENIED,
    HIDDEN,
    MISSING,
    Call,
    Problem,
    op,
    shown,
)
from tests.targets.heldout_atlas_schemas import Row
from tests.targets.heldout_atlas_views import ViewSet, log, page, routes, tell


def comment(call: Call, *flaws: str) -> Row:
    issue, row = call.own("issues", key="issue_pk"), call.at.get("comments", call.path["id"])
    if row is None or (row["issue"] != issue["id"] and not call.flawed(*flaws)):
        raise Problem(404, MISSING)
    return row


@op("GET /api/issues/{issue_pk}/comments/", "Comment", many="offset")
def list_comments(call: Call) -> Row:
    issue = call.own("issues", "comments-nested", key="issue_pk")
    return page(call, call.at.rows("comments", issue=issue["id"]), "Comment")


@op("POST /api/issues/{issue_pk}/comments/", "Comment", takes="Comment")
def create_comment(call: Call) -> Row:
    issue = call.own("issues", key="issue_pk")
    said = call.valid(issue["workspace"]) | {"issue": issue["id"], "author": call.user["id"]}
    row = call.at.add("comments", issue["workspace"], **said, edited_at=None)
    log(call, "comment.created", row, body=row["body"])
    for user in {issue["assignee"], issue["reporter"], *issue["watchers"]}:
        tell(call, user, issue, f"commented on {issue['title']}: {row['body']}")
    return shown(call, "Comment", row)


@op("GET /api/issues/{issue_pk}/comments/{id}/", "Comment")
def read_comment(call: Call) -> Row:
    return shown(call, "Comment", comment(call, "comment-elsewhere"))


def change_comment(call: Call) -> Row:
    """Authors only."""
    row = comment(call)
    if row["author"] != call.user["id"] and not call.flawed("comment-patch"):
        raise Problem(403, DENIED)
    row.update(call.valid(partial=call.operation.method == "PATCH"), edited_at=call.at.now())
    return shown(call, "Comment", row)


@op("PUT /api/issues/{issue_pk}/comments/{id}/", "Comment", takes="Comment")
def put_comment(call: Call) -> Row:
    """Authors only."""
    if comment(call)["author"] != call.user["id"]:
        raise Problem(403, DENIED)
    return change_comment(call)


op("PATCH /api/issues/{issue_pk}/comments/{id}/", "Comment", takes="Comment")(change_comment)


@op("DELETE /api/issues/{issue_pk}/comments/{id}/")
def delete_comment(call: Call) -> None:
    row = comment(call)
    if row["author"] != call.user["id"]:
        call.demand(row["workspace"], "admin")
    del call.at.tables["comments"][row["id"]]


def signature(call: Call, key: str) -> str:
    return hmac.new(call.at.signing, key.encode(), hashlib.sha256).hexdigest()[:32]


def link(call: Call, kind: str, key: str) -> str:
    return f"/api/{kind}/{key}/download/?signature={signature(call, key)}"


COMPUTED["Attachment", "url"] = lambda call, row: link(call, "attachments", row["id"])
COMPUTED["Export", "download_url"] = lambda call, row: link(call, "exports", row["id"])


def signed(call: Call, *keys: str) -> bool:
    asked = call.asked("signature").encode()
    return any(hmac.compare_digest(asked, signature(call, key).encode()) for key in keys)


@op("GET /api/issues/{issue_pk}/attachments/", "Attachment", many="page")
def list_attachments(call: Call) -> Row:
    issue = call.own("issues", key="issue_pk")
    return page(call, call.at.rows("attachments", issue=issue["id"]), "Attachment")


@op("POST /api/issues/{issue_pk}/attachments/", "Attachment", takes="Attachment")
def create_attachment(call: Call) -> Row:
    issue = call.own("issues", key="issue_pk")
    call.demand(issue["workspace"], "member")
    said = call.valid(issue["workspace"]) | {"issue": issue["id"], "uploaded_by": call.user["id"]}
    row = call.at.add("attachments", issue["workspace"], **said, size=len(said["content"]))
    return shown(call, "Attachment", row)


@op("GET /api/attachments/{id}/", "Attachment", uuid=True)
def read_attachment(call: Call) -> Row:
    return shown(call, "Attachment", call.own("attachments", "attachment-read"))


@op("DELETE /api/attachments/{id}/", uuid=True)
def delete_attachment(call: Call) -> None:
    row = call.own("attachments")
    call.demand(row["workspace"], "member" if row["uploaded_by"] == call.user["id"] else "admin")
    del call.at.tables["attachments"][row["id"]]


@op("GET /api/attachments/{id}/download/", params="signature", status=200, open=True, uuid=True)
def download_attachment(call: Call) -> Response:
    row = call.at.tables["attachments"].get(call.path["id"])
    any_file = call.at.tables["attachments"] if call.flawed("file-signature") else ()
    if row is None or not signed(call, row["id"], *any_file):
        raise Problem(403, "Invalid signature.")
    return Response(row["content"], mimetype="text/plain")


class TimeEntries(ViewSet):
    """Members see their own time, admins that of the workspace."""

    table, serializer, stem, many = "time_entries", "TimeEntry", "entry", "offset"
    params = "user issue"

    def rows(self, call: Call) -> list[Row]:
        rows, user, issue = super().rows(call), call.asked("user"), call.asked("issue")
        everybody = call.at.rows("time_entries")
        if user and call.flawed("entries-user"):
            rows = [row for row in everybody if row["workspace"] in call.homes]
        if call.asked("offset").strip("0") and call.flawed("entries-offset"):
            rows = everybody
        rows = [row for row in rows if user in ("", str(row["user"]))]
        return [row for row in rows if issue in ("", str(row["issue"]))]

    def home(self, call: Call, said: Row) -> str:
        return str(call.at.tables["issues"][said["issue"]]["workspace"])

    def make(self, call: Call, said: Row) -> Row:
        about: Row = {"date": call.at.now()[:10], "note": "", "is_billable": True}
        user = call.body.get("user") if call.flawed("entry-user") else None
        known = call.at.get("users", user) or call.user
        workspace = self.home(call, said)
        return call.at.add("time_entries", workspace, **about | said, user=known["id"])


HIDDEN["time_entries"] = lambda call, row: (
    row["user"] != call.user["id"] and call.homes[row["workspace"]] != "admin"
)
routes("/api/time-entries/", TimeEntries())


class SavedViews(ViewSet):
    """Private to their owner unless shared."""

    table, serializer, stem, write, erase = "views", "SavedView", "view", "viewer", "viewer"

    def allow(self, call: Call, row: Row, need: str) -> None:
        if row["owner"] != call.user["id"]:
            raise Problem(403, DENIED)
        super().allow(call, row, need)

    def make(self, call: Call, said: Row) -> Row:
        about: Row = {"query": "", "is_shared": False}
        said = about | said | {"owner": call.user["id"]}
        return call.at.add("views", said.pop("workspace"), **said)


HIDDEN["views"] = lambda call, row: row["owner"] != call.user["id"] and not row["is_shared"]
routes("/api/views/", SavedViews())


class Webhooks(ViewSet):
    """Workspace admins only."""

    table, serializer, stem, write, erase = "webhooks", "Webhook", "hook", "admin", "admin"

    def enter(self, call: Call) -> None:
        call.admins()

    def rows(self, call: Call) -> list[Row]:
        return call.at.rows("webhooks") if call.flawed("hooks-all") else super().rows(call)

    def make(self, call: Call, said: Row) -> Row:
        about: Row = {"events": ["*"], "is_active": True}
        said = about | said | {"secret": secrets.token_hex(16)}
        return call.at.add("webhooks", said.pop("workspace"), **said)

    def remove(self, call: Call, row: Row) -> None:
        for each in call.at.rows("deliveries", hook=row["id"]):
            del call.at.tables["deliveries"][each["id"]]
        super().remove(call, row)


HIDDEN["webhooks"] = lambda call, row: call.homes[row["workspace"]] != "admin"
HOOKS = Webhooks()
routes("/api/webhooks/", HOOKS, only="list retrieve update destroy")


@op("POST /api/webhooks/", "WebhookSecret", takes="Webhook")
def create_hook(call: Call) -> Row:
    """Workspace admins only. The secret is shown once."""
    created: Row = HOOKS.create(call)
    return created


@op("POST /api/webhooks/{id}/rotate_secret/", "WebhookSecret", status=200)
def rotate_secret(call: Call) -> Row:
    """Workspace admins only."""
    call.admins()
    row = call.own("webhooks", "secret-rotate")
    row["secret"] = secrets.token_hex(16)
    return shown(call, "WebhookSecret", row)


@op("GET /api/webhooks/{id}/deliveries/", "WebhookDelivery", many="page")
def deliveries(call: Call) -> Row:
    """Workspace admins only."""
    call.admins()
    row = call.own("webhooks", "deliveries-list")
    return page(call, call.at.rows("deliveries", hook=row["id"]), "WebhookDelivery")


@op("POST /api/webhooks/{id}/test/", "WebhookDelivery")
def test_hook(call: Call) -> Row:
    """Workspace admins only."""
    call.admins()
    row = call.own("webhooks")
    said: Row = {"event": "ping", "payload": {"url": row["url"]}, "status_code": 200}
    made = call.at.add("deliveries", row["workspace"], hook=row["id"], **said)
    return shown(call, "WebhookDelivery", made)


class Exports(ViewSet):
    table, serializer, stem, uuid = "exports", "Export", "export", True

    def rows(self, call: Call) -> list[Row]:
        return [row for row in super().rows(call) if call.homes[row["workspace"]] != "viewer"]

    def retrieve(self, call: Call) -> Row:
        known = call.at.get("exports", call.path["id"])
        if known and not call.sees("exports", known) and call.flawed("export-403"):
            raise Problem(403, DENIED)
        call.demand(call.own("exports")["workspace"], "member")
        return super().retrieve(call)


routes("/api/exports/", Exports(), only="list retrieve destroy")


@op("POST /api/exports/", "Export", takes="Export", status=202)
def create_export(call: Call) -> Row:
    said: Row = {"project": None} | call.valid()
    call.demand(said["workspace"], "member")
    rows = call.at.rows("issues", workspace=said["workspace"], deleted_at=None)
    if said["project"]:
        rows = call.at.rows("issues", project=said["project"], deleted_at=None)
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(("key", "title", "status"))
    lines.writerows((row["key"], row["title"], row["status"]) for row in rows)
    made: Row = {"project": said["project"], "issue_count": len(rows), "status": "completed"}
    row = call.at.add("exports", said["workspace"], **made, written=written.getvalue())
    return shown(call, "Export", row)


@op("GET /api/exports/{id}/download/", params="signature", status=200, open=True, uuid=True)
def download_export(call: Call) -> Response:
    row = call.at.tables["exports"].get(call.path["id"])
    if row is None or not (signed(call, row["id"]) or call.flawed("export-unsigned")):
        raise Problem(403, "Invalid signature.")
    return Response(row["written"], mimetype="text/csv")
