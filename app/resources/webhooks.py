"""What can be asked of webhooks?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from app.context import current
from app.cursors import page
from app.database import db
from app.endpoint import endpoint
from app.errors import invalid
from app.events import ping
from app.models import Webhook, WebhookDelivery
from app.permissions import Permission
from app.schemas.basics import PageQuery
from app.schemas.webhooks import (
    DeliveryPage,
    NewWebhook,
    WebhookChange,
    WebhookIn,
    WebhookOut,
    WebhookPage,
)
from app.tenancy import find, principal, read, scoped
from app.webhooks.signing import Signer

bp = APIBlueprint("webhooks", __name__, tag="Webhooks")


@endpoint(
    bp,
    "GET /v1/webhooks",
    access=Permission.WEBHOOKS_MANAGE,
    query=PageQuery,
    reply=(200, WebhookPage),
)
def list_webhooks(query: PageQuery) -> dict[str, Any]:
    """List the tenant's webhooks."""
    return page(scoped(Webhook), Webhook, query)


@endpoint(
    bp,
    "POST /v1/webhooks",
    access=Permission.WEBHOOKS_MANAGE,
    body=WebhookIn,
    reply=(201, NewWebhook),
)
def create_webhook(body: WebhookIn) -> NewWebhook:
    """Create a webhook, which is told so at once. Its secret is in this answer only."""
    _require_deliverable(body.url)
    tenant_id = principal().tenant_id
    webhook = Webhook(tenant_id=tenant_id, url=body.url, events=_once(body.events))
    db.session.add(webhook)
    db.session.flush()
    ping(webhook)
    signer = Signer.of(current().config.webhook_secret, tenant_id, webhook.id)
    shown = WebhookOut.model_validate(webhook)
    return NewWebhook(**shown.model_dump(), secret=signer.secret)


@endpoint(
    bp,
    "PATCH /v1/webhooks/{webhook_id}",
    access=Permission.WEBHOOKS_MANAGE,
    body=WebhookChange,
    reply=(200, WebhookOut),
)
def update_webhook(webhook_id: UUID, body: WebhookChange) -> Webhook:
    """Change where a webhook is, what it hears of, or whether it does."""
    webhook = find(Webhook, webhook_id, lock=True)
    if "url" in body.model_fields_set:
        _require_deliverable(body.url)
    body.apply(webhook)
    webhook.events = _once(webhook.events)
    if "enabled" in body.model_fields_set and body.enabled:
        webhook.failures = 0
    db.session.flush()
    return webhook


@endpoint(
    bp,
    "DELETE /v1/webhooks/{webhook_id}",
    access=Permission.WEBHOOKS_MANAGE,
    reply=(204, None),
)
def delete_webhook(webhook_id: UUID) -> None:
    """Delete a webhook with its deliveries."""
    db.session.delete(find(Webhook, webhook_id, lock=True))


@endpoint(
    bp,
    "GET /v1/webhooks/{webhook_id}/deliveries",
    access=Permission.WEBHOOKS_MANAGE,
    query=PageQuery,
    reply=(200, DeliveryPage),
)
def list_deliveries(webhook_id: UUID, query: PageQuery) -> dict[str, Any]:
    """List what a webhook was, or will be, told."""
    read(Webhook, webhook_id)
    rows = scoped(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    return page(rows, WebhookDelivery, query)


def _require_deliverable(url: str) -> None:
    """Refuse plain HTTP where no network is allowed: every delivery would fail."""
    if not url.startswith("https://") and not current().config.webhook_allow:
        raise invalid("json.url", "Deliveries go by https only.")


def _once(events: list[Any]) -> list[str]:
    return sorted({str(event) for event in events})
