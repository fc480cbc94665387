"""What do webhooks hear of?

An operation's event is written in the operation's own transaction: it is told if, and only if,
the change is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import any_, insert, literal, select

from app.database import db
from app.ids import new_id
from app.models import Webhook, WebhookDelivery
from app.models.base import now
from app.tenancy import principal
from app.work.tasks import DELIVERY, enqueue


class EventName(StrEnum):
    """What can happen; a ping goes to each new webhook, whatever it asked for."""

    PING = "webhook.ping"
    PROJECT_CREATED = "project.created"
    PROJECT_DELETED = "project.deleted"
    RUN_FINISHED = "run.finished"
    MODEL_CREATED = "model.created"
    VERSION_CREATED = "version.created"
    VERSION_TRANSITIONED = "version.transitioned"
    DEPLOYMENT_PROMOTED = "deployment.promoted"
    DEPLOYMENT_ROLLED_BACK = "deployment.rolled_back"
    MEMBER_ADDED = "member.added"
    MEMBER_REMOVED = "member.removed"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"


def always(_: Mapping[str, Any]) -> bool:
    """Every call of the operation is the event."""
    return True


def ends_a_run(arguments: Mapping[str, Any]) -> bool:
    """Did the call set a status, and one that a run ends with?"""
    body = arguments["body"]
    return "status" in body.model_fields_set and body.status != "running"


@dataclass(frozen=True, slots=True)
class Event:
    """What is told: the ids in the path, and these fields of the answer. No free text, no secret.

    `concerns` tells from the view's arguments whether the event has happened.
    """

    name: EventName
    fields: tuple[str, ...] = ()
    concerns: Callable[[Mapping[str, Any]], bool] = always


EVENTS: Mapping[str, Event] = {
    "create_project": Event(EventName.PROJECT_CREATED, ("id",)),
    "delete_project": Event(EventName.PROJECT_DELETED),
    "update_run": Event(EventName.RUN_FINISHED, ("experiment_id", "status"), ends_a_run),
    "create_model": Event(EventName.MODEL_CREATED, ("id",)),
    "create_version": Event(EventName.VERSION_CREATED, ("id", "version", "source_run_id")),
    "transition_version": Event(EventName.VERSION_TRANSITIONED, ("id", "stage")),
    "promote_deployment": Event(EventName.DEPLOYMENT_PROMOTED, ("model_id", "version_id")),
    "rollback_deployment": Event(EventName.DEPLOYMENT_ROLLED_BACK, ("model_id", "version_id")),
    "create_member": Event(EventName.MEMBER_ADDED, ("id", "role")),
    "delete_member": Event(EventName.MEMBER_REMOVED),
    "create_api_key": Event(EventName.KEY_CREATED, ("id", "member_id")),
    "rotate_api_key": Event(EventName.KEY_ROTATED, ("member_id",)),
    "delete_api_key": Event(EventName.KEY_REVOKED),
}


def publish(operation: str, arguments: Mapping[str, Any], result: Any) -> None:
    """Write the operation's event, if it has one, for every webhook that asked for it."""
    event = EVENTS.get(operation)
    if event is None or not event.concerns(arguments):
        return
    tenant_id = principal().tenant_id
    query = select(Webhook.id).where(
        Webhook.tenant_id == tenant_id,
        Webhook.enabled,
        literal(event.name.value) == any_(Webhook.events),
    )
    webhooks = db.session.scalars(query).all()
    if webhooks:
        _queue(tenant_id, webhooks, event.name, _payload(event, arguments, result))


def ping(webhook: Webhook) -> None:
    """Let a new webhook hear at once that it works."""
    payload = _payload(Event(EventName.PING), {"webhook_id": webhook.id}, None)
    _queue(webhook.tenant_id, [webhook.id], EventName.PING, payload)


def _queue(tenant_id: UUID, webhooks: Any, name: EventName, payload: Mapping[str, Any]) -> None:
    deliveries = {new_id(): webhook_id for webhook_id in webhooks}
    shared = {"tenant_id": tenant_id, "event": name, "payload": payload, "created_at": now()}
    rows = [
        shared | {"id": delivery, "webhook_id": webhook, "state": "pending", "attempts": 0}
        for delivery, webhook in deliveries.items()
    ]
    db.session.execute(insert(WebhookDelivery), rows)
    db.session.execute(enqueue(DELIVERY, tenant_id, list(deliveries)))


def _payload(event: Event, arguments: Mapping[str, Any], result: Any) -> dict[str, Any]:
    """The body as Standard Webhooks has it: type, time and data."""
    ids = {name: value for name, value in arguments.items() if name not in {"body", "query"}}
    told = {name: _field(result, name) for name in event.fields}
    return {
        "type": event.name,
        "timestamp": now().isoformat(),
        "tenant_id": str(principal().tenant_id),
        "data": {name: _plain(value) for name, value in (ids | told).items()},
    }


def _field(result: Any, name: str) -> Any:
    return result.get(name) if isinstance(result, Mapping) else getattr(result, name, None)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
