"""Articles of the knowledge base: written, moved, archived, many at once, with all they were."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tests.targets.heldout_folio_core import (
    Call,
    Problem,
    Row,
    gone,
    missing,
    op,
    page,
    shown,
)

STATUSES = ("published", "internal")


def person(call: Call, user: str) -> Row:
    known = call.at.users[user]
    return {"id": user, "object": "user"} | {name: known[name] for name in ("name", "email")}


def article(call: Call, row: Row, *always: str) -> Row:
    """An article as answers show it, with what `expand[]` asks for."""
    at = call.at
    wanted = {*always, *call.request.query_params.getlist("expand[]")}
    known = [at.tables["labels"].get(key) for key in row["labels"]]
    more: Row = {
        "labels": [{"id": each["id"], "name": each["name"]} for each in known if each],
    }
    if "space" in wanted and row["space"] in at.tables["spaces"]:
        more["space"] = shown("spaces", at.tables["spaces"][row["space"]])
    if "author" in wanted:
        more["author"] = person(call, row["author"])
    return shown("articles", row, **more)


def labels(call: Call, keys: list[str], *flaws: str) -> list[str]:
    return [call.named("labels", key, "labels", *flaws)["id"] for key in keys]


def status(said: Row) -> Row:
    if said.get("status", STATUSES[0]) not in STATUSES:
        raise Problem(400, "parameter_invalid", f"status is one of {STATUSES}.", "status")
    return said


def revise(call: Call, row: Row) -> None:
    """Keep what the article says now."""
    said = {"title": row["title"], "body": row["body"], "author": call.user}
    call.at.add("revisions", row["organization"], article=row["id"], **said)


def write(call: Call, space: Row, **said: Any) -> Row:
    made = {"title": "", "body": "", "status": "published", "labels": [], "metadata": {}} | said
    row = call.add("articles", space=space["id"], author=call.user, archived=False, **made)
    row["updated"] = row["created"]
    revise(call, row)
    call.log("article.created", row, title=row["title"])
    return row


@op("GET /v1/articles")
def list_articles(call: Call) -> Row:
    at, everywhere = call.at, list(call.at.tables["articles"].values())
    mine = call.rows("articles")
    space, archived, after = (call.asked(name) for name in ("space", "archived", "starting_after"))
    if space:
        of = everywhere if call.flawed("articles-space") else mine
        mine = [row for row in of if row["space"] == space]
    if archived == "true" and call.flawed("articles-archived"):
        mine = everywhere
    if after in at.tables["articles"] and call.flawed("cursor-foreign"):
        mine = at.rows("articles", organization=at.tables["articles"][after]["organization"])
    rows = [row for row in mine if row["archived"] == (archived == "true")]
    if call.asked("status"):
        rows = [row for row in rows if row["status"] == call.asked("status")]
    more = {}
    if "total_count" in call.request.query_params.getlist("include[]"):
        counted = rows
        if call.flawed("articles-total"):
            counted = [row for row in everywhere if not row["archived"]]
        more["total_count"] = len(counted)
    return page(call, rows, lambda row: article(call, row), **more)


@op("POST /v1/articles", "editor")
def create_article(call: Call) -> Row:
    key = call.request.headers.get("idempotency-key", "")
    scope = () if call.flawed("idempotent-replay") else (call.organization, call.user)
    call.status = 201
    if key and (*scope, key) in call.at.replies:
        call.headers["Idempotent-Replayed"] = "true"
        return call.at.replies[*scope, key]
    said = status(call.take("space! title! body status labels:list metadata:map"))
    space = call.named("spaces", said.pop("space"), "space", "article-space")
    said["labels"] = labels(call, said.get("labels", []))
    answer = article(call, write(call, space, **said))
    if key:
        call.at.replies[*scope, key] = answer
    return answer


@op("GET /v1/articles/{article}")
def read_article(call: Call) -> Row:
    return article(call, call.own("articles", "article-read"))


@op("PATCH /v1/articles/{article}", "editor")
def update_article(call: Call) -> Row:
    row = call.own("articles", "article-patch")
    said = status(call.take("title body status labels:list metadata:map"))
    if "labels" in said:
        said["labels"] = labels(call, said["labels"], "article-labels")
    if "metadata" in said:  # an empty value takes the key away, as usual
        merged = row["metadata"] | said["metadata"]
        said["metadata"] = {name: value for name, value in merged.items() if value != ""}
    other = str(call.body.get("organization"))
    if call.flawed("article-organization") and other in call.at.organizations:
        said["organization"] = other
    row.update(said, updated=next(call.at.clock))
    if said.keys() & {"title", "body"}:
        revise(call, row)
    call.log("article.updated", row, title=row["title"])
    return article(call, row)


@op("DELETE /v1/articles/{article}", "editor")
def delete_article(call: Call) -> Row:
    row = call.own("articles", "article-delete")
    row["archived"] = True
    call.log("article.archived", row, title=row["title"])
    return gone("articles", row)


@op("POST /v1/articles/{article}/restore", "editor")
def restore_article(call: Call) -> Row:
    row = call.own("articles")
    row["archived"] = False
    return article(call, row)


@op("POST /v1/articles/{article}/move", "editor")
def move_article(call: Call) -> Row:
    row = call.own("articles")
    row["space"] = call.named("spaces", call.take("space!")["space"], "space", "move-space")["id"]
    call.log("article.moved", row, title=row["title"])
    return article(call, row, "space")


def several(call: Call, *flaws: str) -> tuple[list[Row], list[str]]:
    """The articles that `ids` names, and what is none of the organization's."""
    found, unknown = [], []
    for key in call.take("ids:list!")["ids"]:
        row = call.at.tables["articles"].get(key)
        if row and (row["organization"] == call.organization or call.flawed(*flaws)):
            found.append(row)
        else:
            unknown.append(key)
    return found, unknown


@op("POST /v1/articles/bulk_update", "editor")
def update_articles(call: Call) -> Row:
    found, unknown = several(call, "bulk-update")
    said = status(call.take("status labels:list"))
    if "labels" in said:
        said["labels"] = labels(call, said["labels"])
    for row in found:
        row.update(said, updated=next(call.at.clock))
    updated = [{"id": row["id"], "status": row["status"]} for row in found]
    return {"object": "bulk_update", "updated": updated, "not_found": unknown}


@op("POST /v1/articles/bulk_delete")
def delete_articles(call: Call) -> Row:
    """Done in the background; the job tells what has come of it."""
    call.demand("editor", "bulk-delete-by-viewer")
    found, unknown = several(call, "bulk-delete")
    for row in found:
        row["archived"] = True
    done = [{"id": row["id"], "title": row["title"]} for row in found]
    said = {"type": "articles.bulk_delete", "status": "completed"}
    job = call.add("jobs", **said, deleted=done, not_found=unknown)
    call.status = 202
    return {"id": job["id"], "object": "job", "status": "queued"}


@op("GET /v1/jobs/{job}")
def read_job(call: Call) -> Row:
    return shown("jobs", call.own("jobs", "job-read"))


def part(call: Call, table: str, of: Row, *flaws: str) -> Row:
    """Something that hangs on an article, by the path's second id."""
    row = call.at.tables[table].get(call.path[table[:-1]])
    if row is None or (row["article"] != of["id"] and not call.flawed(*flaws)):
        raise missing(table[:-1], call.path[table[:-1]])
    return row


def parts(call: Call, table: str, of: Row) -> Row:
    rows = call.at.rows(table, article=of["id"])
    return page(call, rows, lambda row: shown(table, row))


@op("GET /v1/articles/{article}/revisions")
def list_revisions(call: Call) -> Row:
    return parts(call, "revisions", call.own("articles"))


@op("GET /v1/articles/{article}/revisions/{revision}")
def read_revision(call: Call) -> Row:
    of = call.own("articles")
    return shown("revisions", part(call, "revisions", of, "revision-elsewhere"))


@op("POST /v1/articles/{article}/revisions/{revision}/revert", "editor")
def revert_article(call: Call) -> Row:
    of = call.own("articles", "revision-revert")
    row = part(call, "revisions", of)
    of.update(title=row["title"], body=row["body"], updated=next(call.at.clock))
    revise(call, of)
    return article(call, of)


@op("GET /v1/articles/{article}/comments")
def list_comments(call: Call) -> Row:
    return parts(call, "comments", call.own("articles", "comments-list"))


@op("POST /v1/articles/{article}/comments")
def create_comment(call: Call) -> Row:
    of = call.own("articles")
    row = call.add("comments", article=of["id"], author=call.user, **call.take("body!"))
    call.log("comment.created", row, article=of["id"])
    call.status = 201
    return shown("comments", row)


@op("PATCH /v1/articles/{article}/comments/{comment}")
def update_comment(call: Call) -> Row:
    row = part(call, "comments", call.own("articles"))
    if row["author"] != call.user:
        raise Problem(403, "not_author", "Only its author changes a comment.")
    row.update(call.take("body!"))
    return shown("comments", row)


@op("DELETE /v1/articles/{article}/comments/{comment}")
def delete_comment(call: Call) -> Row:
    row = part(call, "comments", call.own("articles"))
    if row["author"] != call.user and call.role != "owner":
        raise Problem(403, "not_author", "Only its author or an owner deletes a comment.")
    del call.at.tables["comments"][row["id"]]
    return gone("comments", row)


@op("GET /v1/articles/{article}/attachments")
def list_attachments(call: Call) -> Row:
    return parts(call, "attachments", call.own("articles"))


@op("POST /v1/articles/{article}/attachments", "editor")
def create_attachment(call: Call) -> Row:
    of, said = call.own("articles"), call.take("filename! content!")
    row = call.add("attachments", article=of["id"], size=len(said["content"]), **said)
    call.status = 201
    return shown("attachments", row)


@op("DELETE /v1/articles/{article}/attachments/{attachment}", "editor")
def delete_attachment(call: Call) -> Row:
    row = part(call, "attachments", call.own("articles"), "attachment-elsewhere")
    del call.at.tables["attachments"][row["id"]]
    return gone("attachments", row)


@op("GET /v1/attachments/{attachment}/content")
def download_attachment(call: Call) -> Response:
    row = call.own("attachments", "attachment-content")
    disposition = f'attachment; filename="{row["id"]}"'
    return Response(
        row["content"],
        media_type="application/octet-stream",
        headers={"Content-Disposition": disposition},
    )


@op("PUT /v1/articles/{article}/bookmark")
def add_bookmark(call: Call) -> Response:
    call.at.bookmarks.add((call.user, call.path["article"]))
    return Response(status_code=204)


@op("DELETE /v1/articles/{article}/bookmark")
def delete_bookmark(call: Call) -> Response:
    call.at.bookmarks.discard((call.user, call.path["article"]))
    return Response(status_code=204)


@op("GET /v1/me/bookmarks")
def list_bookmarks(call: Call) -> Row:
    keys = {key for user, key in call.at.bookmarks if user == call.user}
    rows = [row for row in call.rows("articles") if row["id"] in keys and not row["archived"]]
    return page(call, rows, lambda row: article(call, row))
