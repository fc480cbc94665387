"""Files of the CRM: imports of contacts, and exports behind signed links."""

from __future__ import annotations

import hmac
import random
from typing import Any

from flask import Response, abort, g, request

from tests.targets.heldout_deals_contacts import FIELDS, living
from tests.targets.heldout_deals_core import (
    Row,
    body,
    demand,
    flawed,
    hal,
    hals,
    op,
    ours,
    store,
    words,
)

ROWS = {
    "type": "object",
    "required": ["rows"],
    "properties": {
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "email"],
                "properties": {name: {"type": "string"} for name in FIELDS},
            },
        }
    },
}


@op(
    "POST /imports",
    "Create contacts, or change those with the same address",
    "write",
    takes="",
    shape=ROWS,
    gives="imports",
    status=202,
)
def create_import() -> Any:
    said = body("rows")["rows"]
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        abort(400, "rows is a list of objects.")
    everywhere = store().rows("contacts", deleted=False)
    known = everywhere if flawed("import-upsert") else living(g.org)
    by_mail = {row["email"]: row for row in known if row["email"]}
    done: dict[str, list[int]] = {"created": [], "updated": []}
    for each in said[:100]:
        fields = words(each, *FIELDS)
        if not fields.get("name") or not fields.get("email"):
            abort(422, "Every row has a name and an email.")
        row = by_mail.get(fields["email"])
        if row is None:
            row = store().add("contacts", **(dict.fromkeys(FIELDS, "") | fields), deleted=False)
            by_mail[row["email"]] = row
            done["created"].append(row["id"])
        else:
            row.update(fields)
            done["updated"].append(row["id"])
    counted = {name: len(keys) for name, keys in done.items()}
    keys = done["created"] + done["updated"]
    return hal("imports", store().add("imports", status="done", **counted, contacts=keys)), 202


@op("GET /imports/{importId}", "What an import has come to", "write", gives="imports")
def read_import(import_id: int) -> Row:
    return hal("imports", ours("imports", import_id, "import-read"))


@op(
    "POST /exports",
    "Write all contacts into a file; for those with the right to export",
    "self",
    gives="exports",
    status=202,
)
def create_export() -> Any:
    demand("export", "export-by-viewer")
    lines = [f"{row['id']},{row['name']},{row['email']}" for row in living(g.org)]
    row = store().add("exports", status="done", text="\n".join(["id,name,email", *lines]))
    return hal("exports", row), 202


def signature(key: int) -> str:
    return hmac.new(store().signing, str(key).encode(), "sha256").hexdigest()[:32]


@op(
    "GET /exports/{exportId}",
    "Where the file is; for those with the right to export",
    "export",
    gives="exports",
)
def read_export(export_id: int) -> Row:
    row = ours("exports", export_id, "export-read")
    sign = signature(row["id"])
    link = {"signature": sign, "download": f"/downloads/{row['id']}?signature={sign}"}
    return hal("exports", row) | link


@op(
    "GET /downloads/{exportId}",
    "The file, for whoever has its signed link",
    "nobody",
    query="signature!",
)
def download(export_id: int) -> Response:
    row = store().tables["exports"].get(export_id)
    sign = request.args.get("signature", "")
    right = hmac.compare_digest(sign.encode(), signature(export_id).encode())
    if row is None or not (right or flawed("download-unsigned")):
        abort(403, "This link is not valid.")
    return Response(row["text"], mimetype="text/csv")


@op("GET /suggestions", "Some contacts to call today, in no order", gives="contacts*")
def suggest() -> Row:
    rows = living(g.org)
    random.shuffle(rows)
    return hals("contacts", rows[:5])
