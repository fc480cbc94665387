"""How does an event reach a webhook, and what when it does not?"""

from __future__ import annotations

import random
import time
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Update, select, update

from app.models import Webhook, WebhookDelivery
from app.models.base import now
from app.webhooks.sender import Answer, send
from app.webhooks.signing import Signer
from app.work import tasks
from app.work.tasks import Entry
from app.work.worker import Worker

MOST_ATTEMPTS = 8
FIRST_PAUSE = 5
LONGEST_PAUSE = 6 * 3600
MOST_FAILURES = 20
GONE = 410
HEADERS = {"Content-Type": "application/json", "User-Agent": "Maestro-Webhooks/1"}


def run_delivery(worker: Worker, entry: Entry) -> None:
    """Make one attempt. No transaction is open while the receiver takes its time.

    A worker that dies between sending and noting it sends again: at least once, and always with
    the same `webhook-id`, by which receivers know a copy.
    """
    with worker.as_tenant(entry.tenant_id) as connection:
        delivery = _begin(connection, entry)
        if delivery is None:
            tasks.finish(connection, entry.tenant_id, entry.id)
            return
    body = orjson.dumps(delivery.payload, option=orjson.OPT_SORT_KEYS)
    signer = Signer.of(worker.config.webhook_secret, entry.tenant_id, delivery.webhook_id)
    headers = HEADERS | signer.headers(str(entry.id), int(time.time()), body)
    answer = send(delivery.url, headers, body, worker.config.webhook_allow)
    with worker.as_tenant(entry.tenant_id) as connection:
        _note(connection, entry, delivery, answer)


def pause_after(attempts: int, chance: random.Random) -> float:
    """Seconds until the next attempt: exponential, with jitter so that nobody is hit in step."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 4 ** (attempts - 1))
    return chance.uniform(longest / 2, longest)


def _begin(connection: Connection, entry: Entry) -> Row[Any] | None:
    """The delivery with its webhook, one attempt further; None when there is nothing to send."""
    connection.execute(_delivery(entry).values(attempts=WebhookDelivery.attempts + 1))
    same = (Webhook.tenant_id == WebhookDelivery.tenant_id) & (
        Webhook.id == WebhookDelivery.webhook_id
    )
    query = (
        select(
            WebhookDelivery.webhook_id,
            WebhookDelivery.payload,
            WebhookDelivery.attempts,
            Webhook.url,
            Webhook.enabled,
        )
        .join(Webhook, same)
        .where(WebhookDelivery.tenant_id == entry.tenant_id, WebhookDelivery.id == entry.id)
        .where(WebhookDelivery.state == "pending")
    )
    row = connection.execute(query).one_or_none()
    if row is not None and not row.enabled:
        _end(connection, entry, "failed", last_error="webhook-disabled")
        return None
    if row is not None and row.attempts > MOST_ATTEMPTS:
        _end(connection, entry, "failed", last_error="worker-died")
        return None
    return row


def _note(connection: Connection, entry: Entry, delivery: Row[Any], answer: Answer) -> None:
    connection.execute(_webhook(entry, delivery).values(**_health(answer)))
    found = {"last_status": answer.status, "last_error": answer.error}
    if answer.delivered:
        _end(connection, entry, "delivered", **found)
    elif delivery.attempts >= MOST_ATTEMPTS or answer.status == GONE:
        _end(connection, entry, "failed", **found)
    else:
        connection.execute(_delivery(entry).values(**found))
        pause = pause_after(delivery.attempts, random.SystemRandom())
        tasks.postpone(connection, entry, pause)


def _health(answer: Answer) -> dict[str, Any]:
    """How the webhook is doing: disabled after 20 failures in a row, or once it says 410 Gone."""
    if answer.delivered:
        return {"failures": 0}
    failures = Webhook.failures + 1
    if answer.status == GONE:
        return {"failures": failures, "enabled": False}
    return {"failures": failures, "enabled": Webhook.enabled & (failures < MOST_FAILURES)}


def _end(connection: Connection, entry: Entry, state: str, **found: Any) -> None:
    connection.execute(_delivery(entry).values(state=state, finished_at=now(), **found))
    tasks.finish(connection, entry.tenant_id, entry.id)


def _delivery(entry: Entry) -> Update:
    return update(WebhookDelivery).where(
        WebhookDelivery.tenant_id == entry.tenant_id,
        WebhookDelivery.id == entry.id,
        WebhookDelivery.state == "pending",
    )


def _webhook(entry: Entry, delivery: Row[Any]) -> Update:
    return update(Webhook).where(
        Webhook.tenant_id == entry.tenant_id, Webhook.id == delivery.webhook_id
    )
