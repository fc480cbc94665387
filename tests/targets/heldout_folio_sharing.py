"""What leaves the knowledge base: drafts that are published, links, exports and webhooks."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import secrets

from starlette.responses import Response

from tests.targets.heldout_folio_articles import article, revise, write
from tests.targets.heldout_folio_core import Call, Problem, Row, gone, missing, op, page, shown

EVENTS = ("article.created", "article.updated", "article.archived", "comment.created", "*")


def draft(call: Call, *flaws: str) -> Row:
    """One of the caller's own drafts; those of colleagues are not found either."""
    row = call.own("drafts")
    if row["author"] != call.user and not call.flawed(*flaws):
        raise missing("draft", row["id"])
    return row


@op("GET /v1/drafts", "editor")
def list_drafts(call: Call) -> Row:
    mine = {} if call.flawed("drafts-all") else {"author": call.user}
    return page(call, call.rows("drafts", **mine), lambda row: shown("drafts", row))


@op("POST /v1/drafts", "editor")
def create_draft(call: Call) -> Row:
    """A new text, or another version of an article to work on."""
    said = call.take("title body article")
    made: Row = {"title": "", "body": "", "article": None}
    if "article" in said:
        of = call.named("articles", said["article"], "article", "draft-article")
        made = {"title": of["title"], "body": of["body"]}
    row = call.add("drafts", **made | said, author=call.user)
    call.status = 201
    return shown("drafts", row)


@op("GET /v1/drafts/{draft}", "editor")
def read_draft(call: Call) -> Row:
    return shown("drafts", draft(call, "draft-read"))


@op("PATCH /v1/drafts/{draft}", "editor")
def update_draft(call: Call) -> Row:
    row = draft(call)
    row.update(call.take("title body"))
    return shown("drafts", row)


@op("DELETE /v1/drafts/{draft}", "editor")
def delete_draft(call: Call) -> Row:
    row = draft(call)
    del call.at.tables["drafts"][row["id"]]
    return gone("drafts", row)


@op("POST /v1/drafts/{draft}/publish", "editor")
def publish_draft(call: Call) -> Row:
    row = draft(call, "draft-publish")
    said = {"title": row["title"] or "Untitled", "body": row["body"]}
    if row["article"]:
        of = call.named("articles", row["article"], "article")
        of.update(said, updated=next(call.at.clock))
        revise(call, of)
    else:
        of = write(call, call.named("spaces", call.take("space!")["space"], "space"), **said)
    del call.at.tables["drafts"][row["id"]]
    return article(call, of)


@op("GET /v1/articles/{article}/share_links", "editor")
def list_links(call: Call) -> Row:
    rows = call.rows("share_links", article=call.own("articles")["id"], ended=False)
    return page(call, rows, lambda row: shown("share_links", row))


@op("POST /v1/articles/{article}/share_links", "editor")
def create_link(call: Call) -> Row:
    of, token = call.own("articles", "share-foreign"), secrets.token_urlsafe(18)
    made = {"url": f"/v1/shared/{token}", "token": token, "ended": False}
    row = call.add("share_links", article=of["id"], **made)
    call.status = 201
    return shown("share_links", row, token=token)


@op("DELETE /v1/share_links/{share_link}", "editor")
def delete_link(call: Call) -> Row:
    row = call.own("share_links")
    row["ended"] = True
    return gone("share_links", row)


@op("GET /v1/shared/{token}", "nobody")
def read_shared(call: Call) -> Row:
    rows = call.at.rows("share_links", token=call.path["token"])
    row = next((row for row in rows if not row["ended"] or call.flawed("share-undead")), None)
    of = row and call.at.tables["articles"].get(row["article"])
    if not of or of["archived"]:
        raise Problem(404, "link_ended", "There is nothing behind this link.")
    return {"object": "shared_article"} | {name: of[name] for name in ("title", "body", "updated")}


def signature(call: Call, export: str) -> str:
    return hmac.new(call.at.signing, export.encode(), hashlib.sha256).hexdigest()


@op("POST /v1/exports", "editor")
def create_export(call: Call) -> Row:
    said = call.take("space")
    rows = call.rows("articles", archived=False)
    if "space" in said:
        space = call.named("spaces", said["space"], "space", "export-space")
        rows = call.at.rows("articles", space=space["id"], archived=False)
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(("id", "title", "body", "status"))
    lines.writerows((row["id"], row["title"], row["body"], row["status"]) for row in rows)
    made = {"space": said.get("space"), "articles_count": len(rows), "status": "completed"}
    row = call.add("exports", **made, written=written.getvalue())
    row["download_url"] = f"/v1/exports/{row['id']}/download?signature={signature(call, row['id'])}"
    call.status = 202
    return {"id": row["id"], "object": "export", "status": "queued"}


@op("GET /v1/exports", "editor")
def list_exports(call: Call) -> Row:
    return page(call, call.rows("exports"), lambda row: shown("exports", row))


@op("GET /v1/exports/{export}", "editor")
def read_export(call: Call) -> Row:
    return shown("exports", call.own("exports", "export-read"))


@op("GET /v1/exports/{export}/download", "nobody")
def download_export(call: Call) -> Response:
    """Whoever has the signed link may read it: browsers send no token."""
    key = call.path["export"]
    row = call.at.tables["exports"].get(key)
    signed = hmac.compare_digest(call.asked("signature").encode(), signature(call, key).encode())
    if row is None or not (signed or call.flawed("download-unsigned")):
        raise Problem(403, "signature_invalid", "This link is not valid.")
    return Response(row["written"], media_type="text/csv")


def events(said: Row) -> Row:
    if set(said.get("events", [])) - set(EVENTS):
        raise Problem(400, "parameter_invalid", f"events are some of {EVENTS}.", "events")
    if not said.get("url", "https://").startswith(("http://", "https://")):
        raise Problem(400, "url_invalid", "Not a URL.", "url")
    return said


@op("GET /v1/webhook_endpoints", "owner")
def list_hooks(call: Call) -> Row:
    everywhere = call.flawed("webhooks-all")
    rows = call.at.rows("webhook_endpoints") if everywhere else call.rows("webhook_endpoints")
    return page(call, rows, lambda row: shown("webhook_endpoints", row))


@op("POST /v1/webhook_endpoints", "owner")
def create_hook(call: Call) -> Row:
    said = {"events": ["*"]} | events(call.take("url! events:list"))
    secret = f"whsec_{secrets.token_hex(12)}"
    row = call.add("webhook_endpoints", **said, enabled=True, secret=secret)
    call.status = 201
    return shown("webhook_endpoints", row, secret=secret)


@op("GET /v1/webhook_endpoints/{webhook_endpoint}", "owner")
def read_hook(call: Call) -> Row:
    return shown("webhook_endpoints", call.own("webhook_endpoints"))


@op("PATCH /v1/webhook_endpoints/{webhook_endpoint}", "owner")
def update_hook(call: Call) -> Row:
    row = call.own("webhook_endpoints", "webhook-patch")
    row.update(events(call.take("url events:list enabled:bool")))
    return shown("webhook_endpoints", row)


@op("DELETE /v1/webhook_endpoints/{webhook_endpoint}", "owner")
def delete_hook(call: Call) -> Row:
    row = call.own("webhook_endpoints")
    del call.at.tables["webhook_endpoints"][row["id"]]
    return gone("webhook_endpoints", row)


@op("GET /v1/webhook_endpoints/{webhook_endpoint}/deliveries", "owner")
def list_deliveries(call: Call) -> Row:
    of = call.own("webhook_endpoints", "deliveries-list")
    rows = call.at.rows("deliveries", webhook_endpoint=of["id"])
    return page(call, rows, lambda row: shown("deliveries", row))


@op("POST /v1/webhook_endpoints/{webhook_endpoint}/deliveries/{delivery}/retry", "owner")
def retry_delivery(call: Call) -> Row:
    of = call.own("webhook_endpoints")
    row = call.own("deliveries")
    if row["webhook_endpoint"] != of["id"]:
        raise missing("delivery", row["id"])
    kept = {name: row[name] for name in ("webhook_endpoint", "type", "data", "status_code")}
    return shown("deliveries", call.add("deliveries", **kept))
