"""What is kept and handed out: documents, reports as jobs, figures, webhooks."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from werkzeug.wrappers import Response

from tests.targets.heldout_depot_core import (
    BASE,
    VIEWS,
    Call,
    Problem,
    created,
    number,
    op,
    shown,
)
from tests.targets.heldout_depot_crud import deletes, lists, merges, reads
from tests.targets.heldout_depot_orders import order
from tests.targets.heldout_depot_schemas import Row


def document(call: Call, row: Row) -> Row:
    return {"size": len(call.at.contents[row["id"]])}


VIEWS["documents"] = document
lists("documents", asks="orderId:uuid")


@op("POST /documents", takes="CreateDocumentRequest", gives="DocumentDto", status=201)
def create_document(call: Call) -> Row:
    said = {"orderId": None} | call.take()
    if said["orderId"]:
        call.named("orders", said["orderId"])
    row = call.add("documents", **said)
    call.at.contents[row["id"]] = b""
    created(call, "documents", row)
    return shown(call, "documents", row)


reads("documents")


@op("PUT /documents/{documentId}/content", takes="binary", status=204)
def upload(call: Call) -> None:
    row = call.own("documents")
    call.at.contents[row["id"]] = call.request.get_data()


@op("GET /documents/{documentId}/content", gives="binary")
def download(call: Call) -> Response:
    row = call.own("documents", "document-download")
    return Response(call.at.contents[row["id"]], mimetype="application/octet-stream")


def signature(call: Call, key: str, expires: int) -> str:
    said = f"{key}.{expires}"
    return hmac.new(call.at.signing, said.encode(), hashlib.sha256).hexdigest()


@op("POST /documents/{documentId}/link", gives="DownloadLinkDto")
def create_link(call: Call) -> Row:
    key, expires = call.own("documents")["id"], call.at.seconds + 86_400
    said: Row = {"expires": expires, "signature": signature(call, key, expires)}
    call.at.signed.add(said["signature"])
    url = f"{BASE}/files/{key}?expires={expires}&signature={said['signature']}"
    return said | {"url": url}


@op("GET /files/{documentId}", "nobody", gives="binary", asks="expires:long signature:str")
def download_file(call: Call) -> Response:
    """Whoever has the link may read what it is for, until it expires."""
    key, expires = call.key("documents"), number(call.asked("expires"), 0, 10**9)
    if call.asked("expires").isdecimal():
        expires = int(call.asked("expires")[:12])
    good = hmac.compare_digest(
        call.asked("signature").encode(), signature(call, key, expires).encode()
    )
    good |= call.flawed("signature-any") and call.asked("signature") in call.at.signed
    if key not in call.at.tables["documents"] or not good or expires < call.at.seconds:
        raise Problem(403, "Link is not valid")
    return Response(call.at.contents[key], mimetype="application/octet-stream")


@op("DELETE /documents/{documentId}", status=204)
def delete_document(call: Call) -> None:
    row = call.own("documents")
    del call.at.tables["documents"][row["id"]]


@op("POST /reports", "MANAGER", takes="CreateReportRequest", gives="ReportDto", status=202)
def create_report(call: Call) -> Row:
    said = {"customerId": None} | call.take()
    rows = call.rows("orders", deleted=False)
    if said["customerId"]:
        of = call.named("customers", said["customerId"])
        rows = call.at.rows("orders", customerId=of["id"], deleted=False)
    lines = [f"{row['number']},{row['note'] or ''},{order(call, row)['total']}\r\n" for row in rows]
    if said["type"] == "CUSTOMERS":
        lines = [f"{row['name']},{row['email']}\r\n" for row in call.rows("customers")]
    row = call.add("reports", status="COMPLETED", rowCount=len(lines), **said)
    call.at.contents[row["id"]] = "".join(lines).encode()
    created(call, "reports", row)
    return shown(call, "reports", row) | {"status": "QUEUED", "rowCount": None}


lists("reports", "MANAGER")
reads("reports", "MANAGER")


@op("GET /reports/{reportId}/result", "MANAGER", gives="text/csv")
def get_result(call: Call) -> Response:
    row = call.own("reports", "report-result")
    return Response(call.at.contents[row["id"]], mimetype="text/csv")


def revenue(call: Call, rows: list[Row]) -> float:
    counted = [row for row in rows if row["status"] not in ("CANCELLED", "REFUNDED")]
    return float(round(sum(order(call, row)["total"] for row in counted), 2))


@op("GET /statistics/sales", gives="SalesSummaryDto")
def get_sales(call: Call) -> Row:
    rows = call.visible("orders", "sales-all", deleted=False)
    total = revenue(call, rows)
    return {"orders": len(rows), "revenue": total, "averageOrder": total / max(1, len(rows))}


@op("GET /statistics/dashboard", gives="DashboardDto")
def get_dashboard(call: Call) -> Row:
    """Kept until somebody orders something."""
    key = "" if call.flawed("dashboard-cached") else call.company
    if key not in call.at.dashboards:
        rows = call.rows("orders", deleted=False)
        names = [order(call, row)["customer"]["name"] for row in rows]
        call.at.dashboards[key] = {
            "openOrders": sum(row["status"] == "OPEN" for row in rows),
            "revenue": revenue(call, rows),
            "topCustomers": sorted(set(filter(None, names)))[:5],
        }
    return call.at.dashboards[key]


lists("webhooks", "MANAGER")


@op("POST /webhooks", "OWNER", takes="CreateWebhookRequest", gives="CreatedWebhookDto", status=201)
def create_hook(call: Call) -> Row:
    said = {"events": []} | call.take() | {"secret": f"whsec_{secrets.token_hex(12)}"}
    row = call.add("webhooks", **said)
    created(call, "webhooks", row)
    return {each: row[each] for each in ("id", "url", "events", "secret")}


reads("webhooks", "MANAGER")
merges("webhooks", "OWNER")
deletes("webhooks", "OWNER")


@op("POST /support-tickets", takes="SupportTicketRequest", gives="SupportTicketDto", status=202)
def ask_support(call: Call) -> Row:
    """Write to us, perhaps about an order; we answer by mail."""
    return {"received": True, "orderId": call.take().get("orderId")}
