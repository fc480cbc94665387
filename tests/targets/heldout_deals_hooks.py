"""What runs beside the CRM: API keys, webhooks, notifications and the log."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, abort, g, request

from tests.targets.heldout_deals_core import (
    RIGHTS,
    Row,
    body,
    flawed,
    hal,
    hals,
    none,
    op,
    ours,
    store,
    words,
)


@op("GET /api-keys", "The caller's own keys", gives="api-keys*")
def list_keys() -> Row:
    mine = {"organizationId": g.org, "userId": g.user["id"], "revoked": False}
    return hals("api-keys", store().rows("api-keys", **mine))


@op(
    "POST /api-keys",
    "A key with some of the caller's rights",
    "self",
    takes="name! scopes:array",
    gives="api-keys",
    status=201,
)
def create_key() -> Any:
    said = body("name")
    scopes = said.get("scopes") or ["read"]
    if not isinstance(scopes, list) or not all(scope in RIGHTS for scope in scopes):
        abort(422, f"Scopes are some of {', '.join(RIGHTS)}.")
    if not set(scopes) <= g.rights:
        abort(403, "A key has no more rights than its maker.")
    made = {"scopes": scopes, "secret": f"dk_{secrets.token_hex(16)}", "userId": g.user["id"]}
    row = store().add("api-keys", **words(said, "name"), **made, revoked=False)
    return hal("api-keys", row) | {"secret": row["secret"]}, 201


@op("DELETE /api-keys/{keyId}", "Revoke one of one's keys", "self", status=204)
def delete_key(key_id: int) -> Response:
    row = ours("api-keys", key_id)
    if row["userId"] != g.user["id"] or row["revoked"]:
        abort(404, "There is no such key.")
    row["revoked"] = True
    return none()


@op(
    "GET /webhooks",
    "Whom the organization tells of its deals; admins only",
    "admin",
    gives="webhooks*",
)
def list_webhooks() -> Row:
    everywhere = {} if flawed("webhooks-all") else {"organizationId": g.org}
    return hals("webhooks", store().rows("webhooks", **everywhere))


@op(
    "POST /webhooks",
    "Tell somebody of every new deal; admins only",
    "admin",
    takes="url!",
    gives="webhooks",
    status=201,
)
def create_webhook() -> Any:
    made = {"event": "deal.created", "secret": secrets.token_hex(12)}
    return hal("webhooks", store().add("webhooks", **words(body("url"), "url"), **made)), 201


@op("DELETE /webhooks/{webhookId}", "Admins only", "admin", status=204)
def delete_webhook(webhook_id: int) -> Response:
    del store().tables["webhooks"][ours("webhooks", webhook_id, "webhook-delete")["id"]]
    return none()


@op(
    "GET /webhooks/{webhookId}/deliveries",
    "What was sent lately; admins only",
    "admin",
    gives="deliveries*",
)
def list_deliveries(webhook_id: int) -> Row:
    hook = ours("webhooks", webhook_id, "deliveries-list")
    return hals("deliveries", store().rows("deliveries", webhookId=hook["id"]))


@op(
    *("POST /webhooks/{webhookId}/deliveries/{deliveryId}/redeliver", "Send it again", "admin"),
    gives="deliveries",
    status=201,
)
def redeliver(webhook_id: int, delivery_id: int) -> Any:
    """To this webhook, what was sent to it before."""
    hook = ours("webhooks", webhook_id)
    known = store().tables["deliveries"].get(delivery_id)
    strange = known is not None and known["webhookId"] != hook["id"]
    if known is None or (strange and not flawed("redeliver-elsewhere")):
        abort(404, "There is no such delivery.")
    again = {"event": known["event"], "payload": known["payload"], "status": 200}
    return hal("deliveries", store().add("deliveries", webhookId=hook["id"], **again)), 201


@op("GET /notifications", "The caller's own, of this organization", gives="notifications*")
def list_notifications() -> Row:
    mine = {"organizationId": g.org, "userId": g.user["id"]}
    return hals("notifications", store().rows("notifications", **mine))


@op("POST /notifications/{notificationId}/read", "Mark it as read", "self", gives="notifications")
def read_notification(notification_id: int) -> Row:
    row = ours("notifications", notification_id, "notification-read")
    if row["userId"] != g.user["id"] and not flawed("notification-read"):
        abort(404, "There is no such notification.")
    row["read"] = True
    return hal("notifications", row)


@op(
    "GET /audit-log",
    "Who has done what; for those with the right to audit",
    "self",
    gives="audit*",
    query="organizationId action",
)
def list_audit() -> Row:
    if "audit" not in g.rights and not flawed("audit-by-rep"):
        abort(403, "Your role lacks the right to audit.")
    org, asked = g.org, request.args.get("organizationId", "")
    if flawed("audit-org") and asked.isdigit():
        org = int(asked)
    rows = store().rows("audit", organizationId=org)
    action = request.args.get("action")
    return hals("audit", [row for row in rows if action in (None, row["action"])][-100:])


@op("POST /feedback", "Tell us what you think", "self", takes="text! about", status=202)
def send_feedback() -> Any:
    body("text")
    return {"accepted": True}, 202
