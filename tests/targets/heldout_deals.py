"""A CRM for sales teams: contacts, deals, saved views; users may work for several organizations.

A token is for one organization, and a switch gives another token. Answers are HAL, filters are
OData's, deals change by JSON Patch.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, abort, g, request

from tests.targets import heldout_deals_files, heldout_deals_hooks, heldout_deals_people
from tests.targets.heldout_deals_contacts import FIELDS, filtered, living
from tests.targets.heldout_deals_core import (
    Row,
    base,
    body,
    colleague,
    flawed,
    hal,
    hals,
    none,
    op,
    ours,
    store,
    words,
)

STAGES = ("lead", "offer", "won", "lost")
PARTS = (heldout_deals_files, heldout_deals_hooks, heldout_deals_people)


def number(said: Row, name: str) -> int:
    value = said.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        abort(400, f"{name} has to be a whole number.")
    return value


@op("GET /deals", "Deals, of a stage or of a colleague", gives="deals*", query="stage ownerId")
def list_deals() -> Row:
    rows = store().rows("deals", organizationId=g.org, deleted=False)
    for name in ("stage", "ownerId"):
        asked = request.args.get(name)
        rows = [row for row in rows if asked in (None, str(row[name]))]
    return hals("deals", rows)


@op(
    "POST /deals",
    "A new deal, perhaps with a contact",
    "write",
    takes="title! value:integer contactId:integer",
    gives="deals",
    status=201,
)
def create_deal() -> Any:
    said, embedded = body("title"), {}
    made = {"value": number(said, "value"), "contactId": None, "stage": "lead"}
    if said.get("contactId") is not None:
        contact = ours("contacts", said["contactId"], "deal-contact")
        made["contactId"] = contact["id"]
        embedded["contact"] = hal("contacts", contact)
    row = store().add("deals", **words(said, "title"), **made, ownerId=g.user["id"], deleted=False)
    for hook in store().rows("webhooks", organizationId=g.org):
        sent = {"event": "deal.created", "payload": {"id": row["id"], "title": row["title"]}}
        store().add("deliveries", webhookId=hook["id"], status=200, **sent)
    store().log("deal.created", row["id"])
    return hal("deals", row, **embedded), 201


@op(
    "GET /deals/{dealId}",
    "A deal; $expand=contact,owner shows these too",
    gives="deals",
    query="$expand",
)
def read_deal(deal_id: int) -> Row:
    wanted = [name for name in request.args.get("$expand", "").split(",") if name]
    row, at = ours("deals", deal_id, *(["deal-expand"] if wanted else [])), store()
    embedded: Row = {}
    contact = at.tables["contacts"].get(row["contactId"])
    if "contact" in wanted and contact and not contact["deleted"]:
        embedded["contact"] = hal("contacts", contact)
    if "owner" in wanted:
        owner = at.users[row["ownerId"]]
        embedded["owner"] = {name: owner[name] for name in ("id", "name", "email")}
    return hal("deals", row, **embedded)


PATCHES = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": {"type": "string", "enum": ["add", "replace", "remove", "test"]},
            "path": {"type": "string", "example": "/title"},
            "value": {},
        },
    },
}


def patched(row: Row, path: str, value: Any) -> None:
    if path == "/title" and isinstance(value, str) and value:
        row["title"] = value
    elif path == "/value" and isinstance(value, int):
        row["value"] = value
    elif path == "/stage" and value in STAGES:
        row["stage"] = value
    elif path == "/contactId":
        known = None if value is None else ours("contacts", value, "patch-contact")
        row["contactId"] = known and known["id"]
    elif path == "/organizationId" and flawed("deal-org") and value in store().organizations:
        row["organizationId"] = value
    elif path in ("/title", "/value", "/stage"):
        abort(422, f"{path} cannot be {value!r}.")


@op(
    *("PATCH /deals/{dealId}", "Change title, value, stage or contactId (JSON Patch)", "write"),
    takes="",
    shape=PATCHES,
    kind="application/json-patch+json",
    gives="deals",
)
def patch_deal(deal_id: int) -> Row:
    row = ours("deals", deal_id, "deal-patch")
    said = request.get_json(silent=True, force=True)
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        abort(400, "A list of operations is expected.")
    for each in said:
        kind, path = each.get("op"), str(each.get("path"))
        if kind in ("add", "replace"):
            patched(row, path, each.get("value"))
        elif kind == "remove" and path == "/contactId":
            row["contactId"] = None
        elif (
            kind == "test" and row.get(path[1:]) != each.get("value") and path != "/organizationId"
        ):
            abort(409, f"{path} has another value.")
    store().log("deal.changed", row["id"])
    contact = store().tables["contacts"].get(row["contactId"])
    return hal("deals", row, **({"contact": hal("contacts", contact)} if contact else {}))


@op("DELETE /deals/{dealId}", "Delete a deal, which can be undone", "write", gives="operations")
def delete_deal(deal_id: int) -> Row:
    row = ours("deals", deal_id, "deal-delete")
    row["deleted"] = True
    store().log("deal.deleted", row["id"])
    return hal("operations", store().add("operations", kind="delete", subject=row["id"]))


@op("POST /undo/{operationId}", "Undo a delete, once", "write", gives="deals")
def undo(operation_id: int) -> Row:
    known = ours("operations", operation_id, "undo-any")
    row = store().tables["deals"][known["subject"]]
    known["deleted"] = True
    row["deleted"] = False
    return hal("deals", row)


@op(
    "POST /deals/{dealId}/clone",
    "Another deal with the same words",
    "write",
    gives="deals",
    status=201,
)
def clone_deal(deal_id: int) -> Any:
    row = ours("deals", deal_id, "deal-clone")
    kept = {name: row[name] for name in ("title", "value", "stage", "contactId")}
    new = store().add("deals", **kept, ownerId=g.user["id"], deleted=False)
    return hal("deals", new), 201


@op(
    "POST /deals/{dealId}/transfer",
    "Give a deal to a colleague",
    "write",
    takes="ownerId:integer!",
    gives="deals",
)
def transfer_deal(deal_id: int) -> Row:
    row, owner = ours("deals", deal_id), body("ownerId")["ownerId"]
    known = isinstance(owner, int) and owner in store().users
    if not known or not (colleague(owner) or flawed("transfer-owner")):
        abort(422, "There is no such colleague.")
    row["ownerId"] = owner
    user = store().users[owner]
    return hal("deals", row, owner={name: user[name] for name in ("id", "name", "email")})


@op("PUT /deals/{dealId}/star", "Star a deal", "self", status=204)
def star_deal(deal_id: int) -> Response:
    store().stars.add((g.user["id"], deal_id))
    return none()


@op("GET /deals/{dealId}/comments", "What was said about a deal", gives="comments*")
def list_comments(deal_id: int) -> Row:
    deal = ours("deals", deal_id, "comments-list")
    return hals("comments", store().rows("comments", dealId=deal["id"]))


@op(
    "POST /deals/{dealId}/comments",
    "Say something; colleagues who are mentioned are told",
    "write",
    takes="text! mentions:array",
    gives="comments",
    status=201,
)
def create_comment(deal_id: int) -> Any:
    deal, said = ours("deals", deal_id), body("text")
    mentions = said.get("mentions") or []
    if not isinstance(mentions, list):
        abort(400, "mentions is a list of users.")
    made = {"dealId": deal["id"], "authorId": g.user["id"], "mentions": mentions}
    row = store().add("comments", **words(said, "text"), **made)
    told = []
    for key in mentions:
        strange = isinstance(key, int) and key in store().users and flawed("comment-mention")
        if colleague(key) or strange:
            text = f"{g.user['name']} has mentioned you: {row['text']}"
            notice = store().add("notifications", userId=key, text=text, read=False)
            homes = [org for org, user in store().members if user == key]
            notice["organizationId"] = g.org if colleague(key) else homes[0]
            told.append(store().users[key]["email"])
    return hal("comments", row) | {"notified": told}, 201


@op(
    "DELETE /deals/{dealId}/comments/{commentId}",
    "Its author's, or an admin's, to delete",
    "write",
    status=204,
)
def delete_comment(deal_id: int, comment_id: int) -> Response:
    deal = ours("deals", deal_id)
    row = store().tables["comments"].get(comment_id)
    strange = row is not None and row["dealId"] != deal["id"]
    if row is None or (strange and not flawed("comment-elsewhere")):
        abort(404, "There is no such comment.")
    if row["authorId"] != g.user["id"] and "admin" not in g.rights:
        abort(403, "This is somebody else's comment.")
    del store().tables["comments"][row["id"]]
    return none()


def view_of(key: int, *flaws: str) -> Row:
    """One's own saved view, or one that a colleague shares."""
    row = ours("views", key, *flaws)
    if row["userId"] != g.user["id"] and not row["shared"] and not flawed(*flaws):
        abort(404, "There is no such view.")
    return row


@op("GET /views", "One's own saved views, and those that colleagues share", gives="views*")
def list_views() -> Row:
    rows = store().rows("views", organizationId=g.org)
    return hals("views", [row for row in rows if row["shared"] or row["userId"] == g.user["id"]])


@op(
    "POST /views",
    "Save a filter of contacts",
    "self",
    takes="name! filter! shared:boolean",
    gives="views",
    status=201,
)
def create_view() -> Any:
    said = body("name", "filter")
    made = words(said, "name", "filter")
    filtered([], made["filter"])
    row = store().add("views", **made, shared=said.get("shared") is True, userId=g.user["id"])
    return hal("views", row), 201


@op("GET /views/{viewId}", "A saved view", gives="views")
def read_view(view_id: int) -> Row:
    return hal("views", view_of(view_id, "view-read"))


@op("GET /views/{viewId}/results", "The contacts that a saved view finds", gives="contacts*")
def run_view(view_id: int) -> Row:
    view = view_of(view_id, "view-results")
    return hals("contacts", filtered(living(view["organizationId"]), view["filter"]))


@op("GET /search", "Contacts and deals with a word", query="q!")
def search() -> Row:
    asked = request.args.get("q", "")
    word = asked.lower()
    mine = {} if flawed("search-deals") else {"organizationId": g.org}
    rows = store().rows("deals", deleted=False, **mine)
    hits = [hal("deals", row) for row in rows if word and word in row["title"].lower()]
    people = [
        hal("contacts", row)
        for row in living(g.org)
        if word and any(word in row[name].lower() for name in FIELDS)
    ]
    return {"q": asked, "_embedded": {"deals": hits, "contacts": people}}


@op("GET /stats", "How the organization is doing")
def read_stats() -> Row:
    mine = {} if flawed("stats-all") else {"organizationId": g.org}
    rows = store().rows("deals", deleted=False, **mine)
    stages = {stage: sum(row["stage"] == stage for row in rows) for stage in STAGES}
    totals = {"deals": len(rows), "value": sum(row["value"] for row in rows)}
    return totals | {
        "contacts": len(living(g.org)),
        "stages": stages,
        "requestsToday": store().requests[g.org],
    }


def deals(flaw: str = "") -> Flask:
    return base(flaw)
