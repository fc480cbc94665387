"""A knowledge base for teams: spaces with articles, labels, search, counts and an activity feed.

Its API is in the manner of large public ones: ids with prefixes, list envelopes with cursors,
`expand[]`, metadata, Idempotency-Key, ETags. What people draft is their own until it is published.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.targets import heldout_folio_articles, heldout_folio_people, heldout_folio_sharing
from tests.targets.heldout import document
from tests.targets.heldout_folio_core import (
    OPERATIONS,
    Call,
    Folio,
    Problem,
    Row,
    gone,
    op,
    page,
    refusal,
    served,
    shown,
)
from tests.targets.heldout_folio_target import ORGANIZATIONS

PARTS = (heldout_folio_articles, heldout_folio_people, heldout_folio_sharing)


def space(call: Call, row: Row) -> Row:
    call.headers["ETag"] = f'"{row["version"]}"'
    return shown("spaces", row)


@op("GET /v1/spaces")
def list_spaces(call: Call) -> Row:
    return page(call, call.rows("spaces"), lambda row: shown("spaces", row))


@op("POST /v1/spaces", "editor")
def create_space(call: Call) -> Row:
    said = call.take("key! name! description metadata:map")
    known = call.at.rows("spaces") if call.flawed("space-key-taken") else call.rows("spaces")
    if any(row["key"] == said["key"] for row in known):
        raise Problem(409, "key_taken", "A space with this key exists.", "key")
    made: Row = {"description": "", "metadata": {}, "version": 1} | said
    home = call.organization
    other = str(call.body.get("organization"))
    if call.flawed("space-organization") and other in call.at.organizations:
        home = other
    call.status = 201
    return space(call, call.at.add("spaces", home, **made))


@op("GET /v1/spaces/{space}")
def read_space(call: Call) -> Row:
    return space(call, call.own("spaces"))


def unchanged(call: Call, row: Row | None) -> None:
    """Refuse a change of what somebody else has changed in between."""
    etag = call.request.headers.get("if-match", "*")
    if row and etag not in ("*", f'"{row["version"]}"'):
        raise Problem(412, "version_outdated", "The space has changed since.")


@op("PATCH /v1/spaces/{space}", "editor")
def update_space(call: Call) -> Row:
    if call.flawed("if-match-first"):
        unchanged(call, call.at.tables["spaces"].get(call.path["space"]))
    row = call.own("spaces")
    unchanged(call, row)
    row.update(call.take("name description metadata:map"))
    row["version"] += 1
    return space(call, row)


@op("DELETE /v1/spaces/{space}", "owner")
def delete_space(call: Call) -> Row:
    row = call.own("spaces")
    if call.rows("articles", space=row["id"], archived=False):
        raise Problem(409, "space_not_empty", "Move or delete its articles first.")
    del call.at.tables["spaces"][row["id"]]
    return gone("spaces", row)


@op("GET /v1/labels")
def list_labels(call: Call) -> Row:
    """The organization's labels and those of the system, with how often they are used here."""
    everywhere = call.at.rows("articles", archived=False)
    used = everywhere if call.flawed("label-counts") else call.rows("articles", archived=False)

    def counted(row: Row) -> Row:
        return shown(
            "labels", row, articles_count=sum(row["id"] in each["labels"] for each in used)
        )

    return page(call, [*call.at.rows("labels", organization=""), *call.rows("labels")], counted)


@op("POST /v1/labels", "editor")
def create_label(call: Call) -> Row:
    said = {"color": "#cccccc"} | call.take("name! color")
    call.status = 201
    return shown("labels", call.add("labels", **said, system=False))


@op("DELETE /v1/labels/{label}", "editor")
def delete_label(call: Call) -> Row:
    known = call.at.tables["labels"].get(call.path["label"])
    if known and known["system"]:
        raise Problem(403, "label_system", "Labels of the system stay.")
    row = call.own("labels", "label-delete")
    replace(call, row["id"], None)
    return gone("labels", row)


def replace(call: Call, label: str, by: str | None) -> None:
    for row in call.at.tables["articles"].values():
        if label in row["labels"]:
            kept = [each for each in row["labels"] if each not in (label, by)]
            row["labels"] = [*kept, by] if by else kept
    del call.at.tables["labels"][label]


@op("POST /v1/labels/merge", "editor")
def merge_labels(call: Call) -> Row:
    said = call.take("into! ids:list!")
    into = call.named("labels", said["into"], "into")
    merged, skipped = [], []
    for key in dict.fromkeys(said["ids"]):
        row = call.at.tables["labels"].get(key)
        ours = row is not None and row["organization"] == call.organization
        free = row is not None and not row["system"] and key != into["id"]
        if free and (ours or call.flawed("labels-merge")):
            replace(call, key, into["id"])
            merged.append(key)
        else:
            skipped.append(key)
    return shown("labels", into, merged=merged, skipped=skipped)


@op("GET /v1/search")
def search(call: Call) -> Row:
    asked = call.asked("query")
    word = asked.strip().lower()
    if not word:
        raise Problem(400, "parameter_missing", "Missing parameter: query.", "query")
    mine = call.at.rows if call.flawed("search-all") else call.rows
    found = [
        {"object": "article", "id": row["id"], "title": row["title"], "snippet": row["body"][:80]}
        for row in mine("articles", archived=False)
        if word in f"{row['title']} {row['body']}".lower()
    ]
    found += [
        {"object": "comment", "id": row["id"], "article": row["article"], "snippet": row["body"]}
        for row in call.rows("comments")
        if word in row["body"].lower()
    ]
    return {"object": "search_result", "query": asked, "data": found[:50], "has_more": False}


@op("GET /v1/stats")
def read_stats(call: Call) -> Row:
    mine = call.at.rows if call.flawed("stats-all") else call.rows
    counts = {
        "articles": len(mine("articles", archived=False)),
        "spaces": len(call.rows("spaces")),
        "comments": len(mine("comments")),
        "members": len(call.rows("members", removed=False)),
    }
    return {"object": "stats"} | counts | {"api_requests": call.at.requests[call.organization]}


def written(organization: str, before: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([organization, before]).encode()).decode()


def understood(said: str) -> tuple[str, int]:
    """What a page's token says: of whose feed, and before which second."""
    try:
        organization, before = json.loads(base64.urlsafe_b64decode(said.encode()))
        return str(organization), int(before)
    except (binascii.Error, OverflowError, TypeError, ValueError):
        raise Problem(400, "parameter_invalid", "This page does not exist.", "page") from None


@op("GET /v1/activity")
def list_activity(call: Call) -> Row:
    """The newest first, ten at a time. A page's token says where to go on."""
    rows = call.rows("events")
    kind, token = call.asked("type"), call.asked("page")
    if kind:
        of = call.at.rows("events") if call.flawed("activity-type") else rows
        rows = [row for row in of if row["type"] == kind]
    if token:
        organization, before = understood(token)
        if call.flawed("activity-page"):
            rows = call.at.rows("events", organization=organization)
        rows = [row for row in rows if row["created"] < before]
    rows = sorted(rows, key=lambda row: -row["created"])
    more = len(rows) > 10
    following = written(call.organization, rows[9]["created"]) if more else None
    data = [shown("events", row) for row in rows[:10]]
    return {"object": "list", "data": data, "has_more": more, "next_page": following}


@op("POST /v1/support_requests")
def ask_support(call: Call) -> Row:
    """Write to us, perhaps about an article; we answer by mail."""
    said = call.take("message! article")
    call.status = 202
    return {"object": "support_request", "received": True, "article": said.get("article")}


async def described(_: Request) -> Response:
    return JSONResponse(document("folio"))


async def unknown(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(Problem(status, "url_invalid", "Unrecognized request URL."))


def folio(flaw: str = "") -> Starlette:
    at = Folio(flaw)
    for organization, name in ORGANIZATIONS:
        said: dict[str, Any] = {"key": "GEN", "name": "General", "description": f"All of {name}"}
        at.add("spaces", organization, **said, metadata={}, version=1)
    routes = [Route("/openapi.json", described)]
    routes += [served(at, *operation) for operation in OPERATIONS]
    return Starlette(routes=routes, exception_handlers={HTTPException: unknown})
