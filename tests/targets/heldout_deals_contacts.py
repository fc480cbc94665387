"""The contacts of the CRM: filtered lists, the trash, batches, merges, imports and exports."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from flask import Response, abort, g, request

from tests.targets.heldout_deals_core import (
    Row,
    body,
    demand,
    flawed,
    hal,
    hals,
    none,
    op,
    ours,
    store,
    words,
)

FIELDS = ("name", "email", "phone", "notes")
CLAUSE = re.compile(r"(\w+) (eq|ne|contains) (?:'([^']*)'|(\d+))")
MOST = 50


def living(org: int) -> list[Row]:
    return [row for row in store().rows("contacts", organizationId=org) if not row["deleted"]]


def filtered(rows: list[Row], said: str) -> list[Row]:
    """The rows that satisfy clauses like `name eq 'Ann' and email contains 'x'`."""
    for part in said.split(" and ") if said else []:
        found = CLAUSE.fullmatch(part.strip())
        if found is None or found[1] not in (*FIELDS, "id", "organizationId"):
            abort(400, f"$filter is not understood: {part}")
        name, how, text = found[1], found[2], str(found[3] if found[4] is None else found[4])
        tests = {
            "eq": lambda of, text=text: of == text,
            "ne": lambda of, text=text: of != text,
            "contains": lambda of, text=text: text.lower() in of.lower(),
        }
        rows = [row for row in rows if tests[how](str(row[name]))]
    return rows


def page(rows: list[Row], org: int) -> tuple[list[Row], str]:
    """Some of the rows, and what to ask for the next with."""
    top = request.args.get("$top", str(MOST))
    if not top.isdigit() or not 0 < int(top) <= MOST:
        abort(400, f"$top is a number up to {MOST}.")
    some = rows[: int(top)]
    if len(rows) <= len(some):
        return some, ""
    said = json.dumps({"o": org, "after": some[-1]["id"]})
    return some, base64.urlsafe_b64encode(said.encode()).decode()


def position() -> tuple[int, int]:
    said = request.args.get("$skiptoken")
    if not said:
        return g.org, 0
    try:
        found = json.loads(base64.urlsafe_b64decode(said))
        org, after = int(found["o"]), int(found["after"])
    except (ValueError, KeyError, TypeError):
        abort(400, "$skiptoken is not one of ours.")
    if org != g.org and not flawed("skiptoken-foreign"):
        abort(400, "$skiptoken is not one of yours.")
    return org, after


@op(
    "GET /contacts",
    "Contacts, by id or $orderby",
    gives="contacts*",
    query="$filter $orderby $top $skiptoken $count",
)
def list_contacts() -> Row:
    said = request.args.get("$filter", "")
    org, after = position()
    asked = re.search(r"organizationId eq (\d+)", said)
    if flawed("contacts-filter") and asked:
        org = int(asked[1])
    everything = filtered(living(org), said)
    order, _, way = request.args.get("$orderby", "id").partition(" ")
    if order not in (*FIELDS, "id") or way not in ("", "asc", "desc"):
        abort(400, "$orderby is not understood.")
    everything.sort(key=lambda row: row[order], reverse=way == "desc")
    rest = [row for row in everything if row["id"] > after] if order == "id" else everything
    some, token = page(rest, org)
    answer = hals("contacts", some)
    if token and order == "id" and way != "desc":
        answer["_links"]["next"] = {"href": f"/contacts?$skiptoken={token}"}
        answer["nextToken"] = token
    if request.args.get("$count") == "true":
        of = store().rows("contacts", deleted=False) if flawed("contacts-count") else everything
        answer["count"] = len(of)
    return answer


def free(email: str, but: int = 0) -> None:
    if email and any(row["email"] == email and row["id"] != but for row in living(g.org)):
        abort(409, "Your organization has a contact with this address.")


@op(
    "POST /contacts",
    "A new contact; 409 when the organization has one of this address",
    "write",
    takes="name! email phone notes",
    gives="contacts",
    status=201,
)
def create_contact() -> Any:
    said = body("name")
    fields = dict.fromkeys(FIELDS, "") | words(said, *FIELDS)
    free(fields["email"])
    row = store().add("contacts", **fields, deleted=False)
    if flawed("contact-org") and said.get("organizationId") in store().organizations:
        row["organizationId"] = said["organizationId"]
    store().log("contact.created", row["id"])
    return hal("contacts", row), 201


@op("GET /contacts/{contactId}", "A contact", gives="contacts", query="$expand")
def read_contact(contact_id: int) -> Row:
    known = store().tables["contacts"].get(contact_id)
    if known and known["organizationId"] != g.org and flawed("contact-exists"):
        abort(403, "This contact is not yours.")
    row = ours("contacts", contact_id, "contact-read")
    if "deals" not in request.args.get("$expand", "").split(","):
        return hal("contacts", row)
    deals = store().rows("deals", organizationId=g.org, contactId=row["id"], deleted=False)
    return hal("contacts", row, deals=[hal("deals", deal) for deal in deals])


def changed(row: Row, said: Row) -> Row:
    new = words({name: "" if value is None else value for name, value in said.items()}, *FIELDS)
    if "email" in new:
        free(new["email"], row["id"])
    row.update(new)
    return row


@op(
    *("PATCH /contacts/{contactId}", "Change a contact (merge patch)", "write"),
    takes="name email phone notes",
    kind="application/merge-patch+json",
    gives="contacts",
)
def patch_contact(contact_id: int) -> Row:
    row = changed(ours("contacts", contact_id, "contact-patch"), body())
    store().log("contact.changed", row["id"])
    return hal("contacts", row)


@op("DELETE /contacts/{contactId}", "Put a contact into the trash", "write", status=204)
def delete_contact(contact_id: int) -> Response:
    row = ours("contacts", contact_id)
    row["deleted"] = True
    store().log("contact.deleted", row["id"])
    return none()


@op("POST /contacts/{contactId}/restore", "Take it out of the trash", "write", gives="contacts")
def restore_contact(contact_id: int) -> Row:
    row = store().tables["contacts"].get(contact_id)
    foreign = row is not None and row["organizationId"] != g.org
    if row is None or not row["deleted"] or (foreign and not flawed("contact-restore")):
        abort(404, "There is no such contact in the trash.")
    free(row["email"], row["id"])
    row["deleted"] = False
    return hal("contacts", row)


def one(said: Row) -> Row:
    """What one operation of a batch has come to."""
    method, key = said.get("method"), said.get("contactId")
    row = store().tables["contacts"].get(key) if isinstance(key, int) else None
    foreign = row is not None and row["organizationId"] != g.org
    loose = flawed(f"batch-{method}")
    if row is None or row["deleted"] or (foreign and not loose):
        return {"contactId": key, "status": 404}
    if method == "update":
        values = said.get("values")
        changed(row, values if isinstance(values, dict) else {})
    elif method == "delete":
        row["deleted"] = True
        return {"contactId": key, "status": 204}
    return {"contactId": key, "status": 200, "contact": hal("contacts", row)}


BATCH = {
    "type": "object",
    "required": ["operations"],
    "properties": {
        "operations": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["method", "contactId"],
                "properties": {
                    "method": {"type": "string", "enum": ["get", "update", "delete"]},
                    "contactId": {"type": "integer"},
                    "values": {
                        "type": "object",
                        "properties": {name: {"type": "string"} for name in FIELDS},
                    },
                },
            },
        }
    },
}


@op(
    "POST /contacts/batch",
    "Several operations at once, each with its own status",
    takes="",
    shape=BATCH,
)
def batch_contacts() -> Row:
    said = body("operations")["operations"]
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        abort(400, "operations is a list of objects.")
    if any(each.get("method") not in ("get", "update", "delete") for each in said):
        abort(400, "A method is get, update or delete.")
    if any(each["method"] != "get" for each in said):
        demand("write")
    return {"results": [one(each) for each in said[:100]]}


@op(
    "POST /contacts/merge",
    "Merge contacts into one; those that are unknown are skipped",
    "self",
    takes="keepId:integer! mergeIds:array!",
)
def merge_contacts() -> Row:
    demand("write", "merge-by-viewer")
    said = body("keepId", "mergeIds")
    kept, skipped, merged = ours("contacts", said["keepId"]), [], []
    if not isinstance(said["mergeIds"], list):
        abort(400, "mergeIds is a list.")
    for key in said["mergeIds"]:
        row = store().tables["contacts"].get(key) if isinstance(key, int) else None
        foreign = row is not None and row["organizationId"] != g.org
        if (
            row is None
            or row["deleted"]
            or row is kept
            or (foreign and not flawed("merge-foreign"))
        ):
            skipped.append(key)
            continue
        for name in FIELDS:
            kept[name] = kept[name] or row[name]
        row["deleted"] = True
        merged.append(key)
    return {"contact": hal("contacts", kept), "merged": merged, "skipped": skipped}
