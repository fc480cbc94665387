"""What can an attacker with a pencil do to the held-out services, step by step?

A step is (who, operation, path values, body or query, headers, name of what to remember).
`v` is the victim and `a` the attacker, both with every right; `l` is the attacker's lower role.
`{x}` in a value stands for what was remembered as x: the first thing in the answer called so.
"""

from __future__ import annotations

from typing import Any

Step = tuple[str, str, dict[str, str], Any, dict[str, str], str]


def step(
    who: str, operation: str, body: Any = None, keep: str = "", headers: Any = None, **values: str
) -> Step:
    return who, operation, values, body, headers or {}, keep


def api(kind: str = "x", relations: Any = None, **attributes: Any) -> Any:
    data = {"type": kind, "attributes": attributes}
    return {"data": data | ({"relationships": relations} if relations else {})}


TICKET, COMMENTS = "/v1/tickets/{ticketId}", "/v1/tickets/{ticketId}/comments"
BUYER = {"customer": {"data": {"type": "customers", "id": "{vc}"}}}
HELPDESK = [
    step("v", "POST /v1/customers", api(name="victim's customer"), "vc=id"),
    step("v", "POST /v1/tickets", api(subject="victim's", relations=BUYER), "vt=id"),
    step("v", "POST /v1/tickets", api(subject="victim's second"), "vt2=id"),
    step("v", f"POST {COMMENTS}", api(text="victim's comment"), "vm=id", ticketId="{vt}"),
    step("v", f"DELETE {TICKET}", ticketId="{vt2}"),
    step("v", "POST /v1/exports", keep="vx=id"),
    step("v", "POST /v1/webhooks", api(url="http://victim.example"), "vw=id"),
    step("a", "POST /v1/tickets", api(subject="attacker's"), "at=id"),
    step("a", f"GET {TICKET}", ticketId="{vt}"),
    step("a", "GET /v1/customers/{customerId}", customerId="{vc}"),
    step("a", "GET /v1/tickets/trash"),
    step("a", "GET /v1/tickets", {"filter[customer]": "{vc}"}),
    step("a", "GET /v1/search", {"q": "victim"}),
    step("a", "GET /v1/stats"),
    step("a", "GET /v1/customers"),
    step("a", f"GET {COMMENTS}", ticketId="{vt}"),
    step("a", f"GET {COMMENTS}/{{commentId}}", ticketId="{at}", commentId="{vm}"),
    step("a", "GET /v1/tickets", headers={"X-Organization": "north"}),
    step("a", "GET /v1/exports/{exportId}/download", exportId="{vx}"),
    step("a", f"POST {COMMENTS}", api(text="attacker's comment"), ticketId="{vt}"),
    step("a", "POST /v1/tickets", api(subject="attacker's", relations=BUYER)),
    step("a", "POST /v1/customers", api(name="planted", organizationId="north")),
    step("v", "GET /v1/customers"),
    step("l", "PATCH /v1/organization", api(signature="lower")),
    step("l", "POST /v1/webhooks", api(url="http://lower.example")),
    step("l", "PATCH /v1/me", api(role="admin")),
    step("a", f"PATCH {TICKET}", api(subject="changed"), ticketId="{vt}"),
    step("a", f"POST {TICKET}/restore", ticketId="{vt2}"),
    step("a", "POST /v1/tickets/merge", api(sourceId="{vt}", targetId="{at}")),
    step("a", "DELETE /v1/webhooks/{webhookId}", webhookId="{vw}"),
    step("a", "DELETE /v1/customers/{customerId}", customerId="{vc}"),
    step("a", "DELETE /v1/sessions/current"),
    step("a", "GET /v1/me"),
]


def call(who: str, name: str, keep: str = "", /, **body: Any) -> Step:
    return step(who, f"POST /api/{name}", body, keep)


INVOICING = [
    call("v", "customer.create", "vc=customerId", name="victim's customer"),
    call("v", "invoice.create", "vi=invoiceId", customerId="{vc}", amount=7, memo="victim's"),
    call("v", "invoice.create", "vi2=invoiceId", customerId="{vc}", amount=9, memo="victim's"),
    call("v", "payment.record", "vp=paymentId", invoiceId="{vi}", reference="victim's"),
    call("v", "report.start", "vr=reportId", title="victim's"),
    call("v", "invoice.list", "cursor=nextCursor", limit=1),
    call("v", "customer.create", "vc2=customerId", name="victim's lonely"),
    call("a", "customer.create", "ac=customerId", name="attacker's customer"),
    call("a", "invoice.get", invoiceId="{vi}"),
    call("a", "payment.get", paymentId="{vp}"),
    call("a", "customer.getMany", customerIds=["{vc}", "{ac}"]),
    call("a", "customer.list"),
    call("a", "payment.list", invoiceId="{vi}"),
    call("a", "invoice.search", text="victim"),
    call("a", "report.revenue"),
    call("a", "report.result", reportId="{vr}"),
    call("a", "invoice.list", accountId="mill"),
    call("a", "invoice.list", cursor="{cursor}"),
    call("a", "invoice.share", invoiceId="{vi}"),
    call("a", "payment.record", invoiceId="{vi}", reference="attacker's"),
    call("a", "invoice.create", customerId="{vc}", amount=1),
    call("a", "customer.create", name="planted", accountId="mill"),
    call("v", "customer.list"),
    call("l", "user.invite", email="l@x.example", role="owner"),
    call("l", "invoice.void", invoiceId="{vi}"),
    call("l", "user.updateSelf", displayName="Lower", role="owner"),
    call("a", "invoice.update", invoiceId="{vi}", memo="changed"),
    call("a", "invoice.void", invoiceId="{vi}"),
    call("a", "customer.delete", customerId="{vc2}"),
    call("a", "invoice.bulkDelete", invoiceIds=["{vi2}"]),
    call("a", "auth.logout"),
    call("a", "user.self"),
]

RECORD, VISIT = "/records/{record_id}", "/appointments/{appointment_id}"
FILES, SHARES = f"{RECORD}/attachments", f"{RECORD}/shares"
WHEN = {"doctor_id": "d-1", "starts_at": "2030-01-01T09:00:00Z"}
CLINIC = [
    step("v", "POST /records", {"title": "victim's", "text": ""}, "vr=record_id"),
    step("v", f"POST {FILES}", {"file_name": "victim's"}, "vf=attachment_id", record_id="{vr}"),
    step("v", f"POST {SHARES}", {"email": "c@x.example"}, "vs=share_id", record_id="{vr}"),
    step("v", "POST /appointments", WHEN, "vv=appointment_id"),
    step("v", "POST /prescriptions", {"record_id": "{vr}", "medicine": "m"}, "vp=prescription_id"),
    step("v", "POST /exports", keep="vx=export_id"),
    step("v", "GET /exports/{export_id}", export_id="{vx}"),
    step("a", "POST /records", {"title": "attacker's"}, "ar=record_id"),
    step("a", f"GET {RECORD}", record_id="{vr}"),
    step("a", f"GET {VISIT}", appointment_id="{vv}"),
    step("a", "GET /appointments"),
    step("a", "GET /prescriptions", {"user_id": "alice"}),
    step("a", "GET /search", {"q": "victim"}),
    step("a", "GET /dashboard"),
    step("a", f"GET {FILES}", record_id="{vr}"),
    step("a", f"GET {FILES}/{{attachment_id}}", record_id="{ar}", attachment_id="{vf}"),
    step("a", "GET /me", headers={"X-User-Id": "alice"}),
    step("a", "GET /exports/{export_id}", export_id="{vx}"),
    step("a", f"POST {RECORD}/link", record_id="{vr}"),
    step("a", f"POST {FILES}", {"file_name": "attacker's"}, record_id="{vr}"),
    step("a", "POST /prescriptions", {"record_id": "{vr}", "medicine": "m"}),
    step("a", "POST /records", {"title": "planted", "user_id": "alice"}),
    step("v", "GET /records"),
    step("a", "POST /appointments", WHEN | {"doctor_id": "d-2"}, "av=appointment_id"),
    step("a", f"PATCH {VISIT}", {"user_id": "alice"}, appointment_id="{av}"),
    step("v", "GET /appointments"),
    step("l", "POST /carers", {"email": "l@x.example"}),
    step("l", f"DELETE {RECORD}", record_id="{ar}"),
    step("a", f"PUT {RECORD}", {"title": "t"}, headers={"If-Match": '"x"'}, record_id="{vr}"),
    step("a", f"PUT {RECORD}", {"title": "t"}, headers={"If-Match": "*"}, record_id="{vr}"),
    step("a", f"POST {VISIT}/cancel", appointment_id="{vv}"),
    step("a", "POST /prescriptions/{prescription_id}/refills", prescription_id="{vp}"),
    step("a", f"DELETE {SHARES}/{{share_id}}", record_id="{vr}", share_id="{vs}"),
    step("a", f"DELETE {SHARES}/{{share_id}}", record_id="{ar}", share_id="{vs}"),
    step("a", f"DELETE {RECORD}", record_id="{vr}"),
    step("a", "POST /logout"),
    step("a", "GET /me"),
]

BINS = "/api/warehouses/{code}/bins"
WAREHOUSE = [
    step("v", "POST /api/warehouses", {"code": "V1"}),
    step("v", f"POST {BINS}", {"bin_code": "VB"}, code="V1"),
    step("v", "PUT /api/items/{sku}", {"title": "victim's one"}, sku="V-1"),
    step("v", "PUT /api/items/{sku}", {"title": "victim's two"}, sku="V-2"),
    step("v", "PUT /api/items/{sku}", {"title": "victim's three"}, sku="V-3"),
    step("v", "POST /api/transfers", {"sku": "V-1", "toWarehouse": "V1"}),
    step("v", "GET /api/movements", keep="cursor=next"),
    step("v", "POST /api/exports", {}, "job=job"),
    step("a", "GET /api/warehouses/{code}", code="V1"),
    step("a", "GET /api/items/{sku}", sku="V-1"),
    step("a", "GET /api/items"),
    step("a", "GET /api/transfers", {"page": "1"}),
    step("a", "POST /api/items/bulk-get", {"skus": ["V-1"]}),
    step("a", "GET /api/items/count"),
    step("a", f"GET {BINS}", code="V1"),
    step("a", "GET /api/warehouses", headers={"X-Tenant-Id": "orion"}),
    step("a", "GET /api/movements", {"after": "{cursor}"}),
    step("a", "GET /api/exports/{job}", job="{job}"),
    step("a", "GET /api/exports/{job}/file", job="{job}"),
    step("a", "GET /api/search", {"term": "victim"}),
    step("a", f"POST {BINS}", {"bin_code": "AB"}, code="V1"),
    step("a", "POST /api/transfers", {"sku": "V-1", "toWarehouse": "MAIN"}),
    step("a", "POST /api/warehouses", {"code": "P1", "tenant": "orion"}),
    step("v", "GET /api/warehouses"),
    step("l", "GET /api/staff"),
    step("l", "POST /api/invitations", {"email": "l@x.example"}),
    step("a", f"PATCH {BINS}/{{bin}}", {"remark": "changed"}, code="V1", bin="VB"),
    step("a", f"DELETE {BINS}/{{bin}}", code="MAIN", bin="VB"),
    step("a", f"DELETE {BINS}/{{bin}}", code="V1", bin="VB"),
    step("a", "PUT /api/items/{sku}", {"title": "taken over"}, sku="V-2"),
    step("v", "GET /api/items/{sku}", sku="V-2"),
    step("a", "POST /api/items/bulk-delete", {"skus": ["V-3"]}),
    step("v", "GET /api/items"),
    step("a", "DELETE /api/items/{sku}", sku="V-1"),
    step("a", "DELETE /api/keys/current"),
    step("a", "GET /api/items"),
]
