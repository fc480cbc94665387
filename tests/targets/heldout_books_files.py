"""Attachments that are uploaded and downloaded, and imports of bank statements."""

from __future__ import annotations

import re

from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from tests.targets.heldout_books_core import Call, created, op, paged, shown
from tests.targets.heldout_books_schemas import Invalid, Row, worded
from tests.targets.heldout_books_target import FILE, FILES, IMPORT, IMPORTS


def uploaded(call: Call) -> FileStorage:
    said = call.request.files.get("file")
    if said is None:
        raise Invalid("file", "The file field is required.")
    return said


def plain(name: str | None) -> str:
    """A file's name without what a header cannot say."""
    return re.sub(r"[^\w.\- ]", "_", name or "file", flags=re.ASCII)[:100]


@op(f"GET {FILES}", gives="Page/AttachmentDto", asks="InvoiceId:int")
def list_files(call: Call) -> Row:
    of = call.query("InvoiceId")
    rows = [row for row in call.rows("Attachments") if of in (None, row["invoiceId"])]
    return paged(call, rows)


@op(f"POST {FILES}", takes="file", gives="AttachmentDto", status=201)
def upload(call: Call) -> Row:
    file, of = uploaded(call), None
    if said := call.request.form.get("invoiceId"):
        of = call.named("Invoices", worded("int", said, "invoiceId"), "invoiceId")["id"]
    content = file.read()
    about: Row = {"fileName": plain(file.filename), "contentType": "application/octet-stream"}
    row = call.add("Attachments", **about, size=len(content), invoiceId=of)
    call.at.files[row["id"]] = content
    call.log("Uploaded", "Attachments", row)
    created(call, row)
    return shown(call, "AttachmentDto", row)


@op(f"GET {FILE}", gives="AttachmentDto")
def read_file(call: Call) -> Row:
    return shown(call, "AttachmentDto", call.own("Attachments"))


@op(f"GET {FILE}/Download", gives="file")
def download(call: Call) -> Response:
    row = call.own("Attachments", "attachment-download")
    headers = {"Content-Disposition": f'attachment; filename="{row["fileName"]}"'}
    content = call.at.files[row["id"]]
    return Response(content, 200, headers, mimetype="application/octet-stream")


@op(f"DELETE {FILE}", status=204)
def delete_file(call: Call) -> None:
    row = call.own("Attachments", "attachment-delete")
    del call.at.tables["Attachments"][row["id"]]
    del call.at.files[row["id"]]
    call.log("Deleted", "Attachments", row)


@op(f"GET {IMPORTS}", gives="Page/ImportDto")
def list_imports(call: Call) -> Row:
    return paged(call, call.rows("Imports"))


@op(f"POST {IMPORTS}", takes="file", gives="ImportDto", status=202)
def start_import(call: Call) -> Row:
    """Customers as `name;email`, a line each."""
    file = uploaded(call)
    failures, imported = [], 0
    for line in file.read().decode("utf-8", "replace").splitlines()[:500]:
        name, _, email = (part.strip()[:200] for part in line.partition(";"))
        if not name or "@" not in email:
            failures.append(f"Cannot read: {line[:200]}")
            continue
        call.add("Customers", name=name, email=email, phone=None, address=None)
        imported += 1
    said: Row = {"fileName": plain(file.filename), "failures": failures, "imported": imported}
    row = call.add("Imports", **said, status="Completed")
    created(call, row)
    return shown(call, "ImportDto", row) | {"status": "Queued", "imported": 0, "failures": []}


@op(f"GET {IMPORT}", gives="ImportDto")
def read_import(call: Call) -> Row:
    return shown(call, "ImportDto", call.own("Imports", "import-status"))
