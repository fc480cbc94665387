"""A board for teams: pages in workspaces that are named in the path, with members and guests.

Whoever is in no workspace of this name gets the same 404 as where there is none.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import secrets
from typing import Any
from uuid import uuid4

from werkzeug.wrappers import Request

from tests.targets.heldout_board_core import Core, Problem, Row

W, PAGE = "/w/<slug>", "/w/<slug>/pages/<key>"
ROUTES = [
    ("GET", "/status", "status"),
    ("GET", "/templates", "templates"),
    ("POST", "/feedback", "feedback"),
    ("POST", "/auth/signin", "sign_in"),
    ("POST", "/auth/signout", "sign_out"),
    ("GET", "/me", "me"),
    ("PATCH", "/me", "patch_me"),
    ("GET", "/users/lookup", "lookup"),
    ("GET", "/workspaces", "workspaces"),
    ("POST", "/invitations/<token>/accept", "accept"),
    ("GET", "/s/<token>", "shared"),
    ("GET", W, "workspace"),
    ("PATCH", W, "patch_workspace"),
    ("GET", f"{W}/usage", "usage"),
    ("GET", f"{W}/members", "members"),
    ("PATCH", f"{W}/members/<key>", "patch_member"),
    ("GET", f"{W}/invitations", "invitations_list"),
    ("POST", f"{W}/invitations", "invite"),
    ("DELETE", f"{W}/invitations/<key>", "uninvite"),
    ("GET", f"{W}/keys", "keys_list"),
    ("POST", f"{W}/keys", "make_key"),
    ("POST", f"{W}/keys/<key>/rotate", "rotate"),
    ("DELETE", f"{W}/keys/<key>", "revoke"),
    ("GET", f"{W}/pages", "pages_list"),
    ("POST", f"{W}/pages", "add_page"),
    ("POST", f"{W}/pages/archive", "archive"),
    ("GET", PAGE, "page"),
    ("PATCH", PAGE, "patch_page"),
    ("DELETE", PAGE, "remove_page"),
    ("POST", f"{PAGE}/restore", "restore"),
    ("GET", f"{PAGE}/comments", "comments_list"),
    ("POST", f"{PAGE}/comments", "add_comment"),
    ("DELETE", f"{PAGE}/comments/<comment>", "remove_comment"),
    ("GET", f"{PAGE}/links", "links_list"),
    ("POST", f"{PAGE}/links", "add_link"),
    ("DELETE", f"{W}/links/<key>", "remove_link"),
    ("GET", f"{W}/trash", "trash"),
    ("GET", f"{W}/search", "search"),
    ("GET", f"{W}/activity", "activity"),
    ("POST", f"{W}/import", "load"),
    ("POST", f"{W}/exports", "export"),
    ("GET", f"{W}/exports/<key>", "export_state"),
    ("GET", f"{W}/exports/<key>/file", "export_file"),
    ("GET", f"{W}/searches", "searches_list"),
    ("POST", f"{W}/searches", "add_search"),
    ("PUT", f"{W}/searches/<key>", "put_search"),
    ("DELETE", f"{W}/searches/<key>", "remove_search"),
    ("GET", f"{W}/searches/<key>/results", "results"),
]


def tagged(row: Row) -> dict[str, str]:
    return {"ETag": f'"{row["version"]}"'}


class Board(Core):
    """Pages and all that hangs on them."""

    routes = ROUTES

    def here(self, slug: str, *flaws: str, deleted: bool = False) -> list[Row]:
        """The pages of a workspace, in it or in its trash."""
        return [
            row
            for row in self.pages.values()
            if row["deleted"] == deleted and (row["workspace"] == slug or self.flaw in flaws)
        ]

    def one(self, slug: str, key: str, *flaws: str, deleted: bool = False) -> Row:
        for row in self.here(slug, *flaws, deleted=deleted):
            if row["pageId"] == key:
                return row
        raise Problem(404, "No such page")

    def new_page(self, slug: str, me: Row, title: Any, body: Any = "") -> Row:
        row = {"pageId": str(uuid4()), "workspace": slug, "title": str(title), "body": str(body)}
        row |= {"createdBy": me["userId"], "archived": False, "deleted": False, "version": 1}
        self.pages[row["pageId"]] = row
        self.note(slug, me, "created", row["title"])
        return row

    def pages_list(self, request: Request, slug: str) -> Any:
        self.enter(request, slug)
        after, where = "", slug
        if given := request.args.get("cursor"):
            try:
                after, where = json.loads(base64.urlsafe_b64decode(given))
            except ValueError:
                raise Problem(400, "This cursor is not ours") from None
            if where != slug and self.flaw != "cursor-foreign":
                raise Problem(400, "This cursor is not of this workspace")
        size = int(limit) if (limit := request.args.get("limit", "50")).isdigit() else 50
        rows = self.here(where, "pages-all")
        keys = [row["pageId"] for row in rows]
        start = keys.index(after) + 1 if after in keys else 0
        page, headers = rows[start : start + max(size, 1)], {}
        if start + len(page) < len(rows):
            cursor = base64.urlsafe_b64encode(json.dumps([page[-1]["pageId"], where]).encode())
            headers["Link"] = f'</w/{slug}/pages?limit={size}&cursor={cursor.decode()}>; rel="next"'
        return 200, page, headers

    def add_page(self, request: Request, slug: str) -> Any:
        me = self.enter(request, slug, "member", weak="guest-page")
        body, parent = self.body(request), None
        if body.get("parentId"):
            found = self.one(slug, str(body["parentId"]), "page-parent")
            parent = {"pageId": found["pageId"], "title": found["title"]}
        if not body.get("title"):
            raise Problem(400, "A title is needed")
        planted = self.flaw == "page-planted" and body.get("workspace") in self.spaces
        where = body["workspace"] if planted else slug
        row = self.new_page(where, me, body["title"], body.get("body", ""))
        return 201, row | {"parent": parent}, tagged(row)

    def page(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug)
        if (
            self.flaw == "page-exists"
            and self.pages.get(key, {"workspace": slug})["workspace"] != slug
        ):
            raise Problem(403, "This page is in another workspace")
        row = self.one(slug, key, "page-read")
        if request.headers.get("If-None-Match") == tagged(row)["ETag"]:
            return 304, None, tagged(row)
        return 200, row, tagged(row)

    def patch_page(self, request: Request, slug: str, key: str) -> Any:
        me = self.enter(request, slug, "member")
        row, body = self.one(slug, key, "page-patch"), self.body(request)
        if request.headers.get("If-Match", tagged(row)["ETag"]) not in ("*", tagged(row)["ETag"]):
            raise Problem(412, "Somebody else was faster")
        for field in ("title", "body"):
            if field in body:
                row[field] = str(body[field] or "")  # null empties it, as a merge patch does
        if self.flaw == "page-moved" and body.get("workspace") in self.spaces:
            row["workspace"] = body["workspace"]
        row["version"] += 1
        self.note(slug, me, "changed", row["title"])
        return 200, row, tagged(row)

    def remove_page(self, request: Request, slug: str, key: str) -> Any:
        me = self.enter(request, slug, "member")
        row = self.one(slug, key, "page-delete")
        row["deleted"] = True
        self.note(slug, me, "deleted", row["title"])
        return 204, None, {}

    def restore(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug, "member")
        row = self.one(slug, key, "page-restore", deleted=True)
        row["deleted"] = False
        return 200, row, tagged(row)

    def archive(self, request: Request, slug: str) -> Any:
        self.enter(request, slug, "member")
        wished = self.body(request).get("pageIds")
        wished = [str(key) for key in wished] if isinstance(wished, list) else []
        found = [row for row in self.here(slug, "archive-any") if row["pageId"] in wished]
        for row in found:
            row |= {"archived": True, "version": row["version"] + 1}
        done = [row["pageId"] for row in found]
        return 200, {"archived": done, "skipped": [key for key in wished if key not in done]}, {}

    def trash(self, request: Request, slug: str) -> Any:
        self.enter(request, slug, "member")
        return 200, self.here(slug, "trash-all", deleted=True), {}

    def usage(self, request: Request, slug: str) -> Any:
        self.enter(request, slug)
        members = sum(where == slug for where, _ in self.seats)
        return 200, {"pages": len(self.here(slug, "usage-all")), "members": members}, {}

    def activity(self, request: Request, slug: str) -> Any:
        self.enter(request, slug)
        everything = self.flaw == "activity-all"
        rows = [row for row in self.log if everything or row["workspace"] == slug]
        return 200, rows[-100:], {}

    def matching(self, slug: str, query: str, *flaws: str) -> list[Row]:
        return [
            {"pageId": row["pageId"], "title": row["title"]}
            for row in self.here(slug, *flaws)
            if query.lower() in f"{row['title']} {row['body']}".lower()
        ]

    def search(self, request: Request, slug: str) -> Any:
        self.enter(request, slug)
        query = request.args.get("q", "")
        return 200, {"query": query, "results": self.matching(slug, query, "search-all")}, {}

    # -- comments and links

    def comments_list(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug)
        self.one(slug, key, "comments-list")
        return 200, [row for row in self.comments.values() if row["pageId"] == key], {}

    def add_comment(self, request: Request, slug: str, key: str) -> Any:
        me, page, body = self.enter(request, slug), self.one(slug, key, "comment-add"), None
        body = self.body(request)
        wished = body.get("mentions") if isinstance(body.get("mentions"), list) else []
        mentioned = [
            {"userId": user, "displayName": self.users[user]["displayName"]}
            for user in map(str, wished or [])
            if user in self.users and ((slug, user) in self.seats or self.flaw == "mention-any")
        ]
        row = {"commentId": str(uuid4()), "pageId": key, "author": me["displayName"]}
        row |= {"workspace": slug, "text": str(body.get("text", "")), "mentions": mentioned}
        self.comments[row["commentId"]] = row
        self.note(page["workspace"], me, "commented", page["title"])
        return 201, row, {}

    def remove_comment(self, request: Request, slug: str, key: str, comment: str) -> Any:
        self.enter(request, slug)
        row = self.row(self.comments, slug, comment, "comment-delete")
        if row["pageId"] != key:
            raise Problem(404, "No such comment")
        del self.comments[comment]
        return 204, None, {}

    def links_list(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug, "member")
        self.one(slug, key)
        return 200, [row for row in self.links.values() if row["pageId"] == key and row["live"]], {}

    def add_link(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug, "member")
        page, token = self.one(slug, key, "link-make"), secrets.token_urlsafe(12)
        row = {
            "linkId": str(uuid4()),
            "pageId": page["pageId"],
            "token": token,
            "url": f"/s/{token}",
        }
        self.links[row["linkId"]] = row | {"workspace": page["workspace"], "live": True}
        return 201, row, {}

    def remove_link(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug, "member")
        row = self.row(self.links, slug, key, "link-delete")
        if not row["live"]:
            raise Problem(404, "No such link")
        row["live"] = False
        return 204, None, {}

    def shared(self, _: Request, token: str) -> Any:
        for link in self.links.values():
            page = self.pages[link["pageId"]]
            live = link["live"] or self.flaw == "link-undead"
            if link["token"] == token and live and not page["deleted"]:
                return 200, {"title": page["title"], "body": page["body"]}, {}
        raise Problem(404, "This link is not valid any more")

    # -- import, export, saved searches

    def load(self, request: Request, slug: str) -> Any:
        me = self.enter(request, slug, "member")
        made = []
        for line in csv.DictReader(io.StringIO(request.get_data(as_text=True))):
            named = line.get("workspace") if self.flaw == "import-workspace" else None
            where = named if named in self.spaces else slug
            if line.get("title"):
                made.append(self.new_page(where, me, line["title"], line.get("body") or ""))
        return 201, {"imported": len(made), "pageIds": [row["pageId"] for row in made]}, {}

    def export(self, request: Request, slug: str) -> Any:
        me = self.enter(request, slug, "member", weak="guest-export")
        row = {"exportId": str(uuid4()), "workspace": slug, "requestedBy": me["displayName"]}
        out = io.StringIO()
        lines = [(page["title"], page["body"]) for page in self.here(slug)]
        csv.writer(out).writerows([("title", "body"), *lines])
        self.exports[row["exportId"]] = row | {"status": "done", "file": out.getvalue()}
        return (
            202,
            row | {"status": "running"},
            {"Location": f"/w/{slug}/exports/{row['exportId']}"},
        )

    def export_state(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug, "member")
        row = self.row(self.exports, slug, key, "export-read")
        return 200, {field: value for field, value in row.items() if field != "file"}, {}

    def export_file(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug, "member")
        text = self.row(self.exports, slug, key, "export-file")["file"]
        return 200, text, {"Content-Type": "text/csv"}

    def searches_list(self, request: Request, slug: str) -> Any:
        self.enter(request, slug)
        return 200, [row for row in self.searches.values() if row["workspace"] == slug], {}

    def add_search(self, request: Request, slug: str) -> Any:
        self.enter(request, slug)
        body = self.body(request)
        row = {"searchId": str(uuid4()), "workspace": slug, "name": str(body.get("name", ""))}
        self.searches[row["searchId"]] = row | {"query": str(body.get("query", ""))}
        return 201, self.searches[row["searchId"]], {}

    def put_search(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug)
        row, body = self.row(self.searches, slug, key, "search-put"), self.body(request)
        row |= {"name": str(body.get("name", "")), "query": str(body.get("query", ""))}
        return 200, row, {}

    def remove_search(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug)
        row = self.searches.get(key, {"workspace": ""})
        if row["workspace"] == slug or self.flaw == "search-delete":
            self.searches.pop(key, None)
        return 204, None, {}

    def results(self, request: Request, slug: str, key: str) -> Any:
        self.enter(request, slug)
        row = self.row(self.searches, slug, key, "search-results")
        return 200, self.matching(row["workspace"], row["query"]), {}
