"""Does an event reach its receiver, signed, if and only if the change was committed?"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case
from sqlalchemy import event

from app.config import Config
from app.database import db
from app.events import EVENTS, EventName
from app.factory import create_app, declarations
from app.webhooks.sender import Answer
from app.webhooks.signing import Signer
from app.work import deliveries
from app.work.runner import run_due
from app.work.worker import Worker
from tests.app.callers import NOBODY, Caller, build_world
from tests.app.receivers import MEMBER, Receiver, listen, told


def verify(secret: str, headers: Any, body: bytes) -> bool:
    """As a receiver does it (Standard Webhooks)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return hmac.compare_digest(headers["webhook-signature"], f"v1,{digest}")


def test_every_events_operation_exists(service: APIFlask) -> None:
    assert EVENTS.keys() <= declarations(service).keys()
    assert {event.name for event in EVENTS.values()} == set(EventName) - {EventName.PING}


def test_a_new_webhook_is_pinged(owner: Caller, worker: Worker, receiver: Receiver) -> None:
    hook = listen(owner, receiver, "member.added")
    run_due(worker)
    [ping] = owner.read(f"/v1/webhooks/{hook['id']}/deliveries")["items"]
    assert (ping["event"], ping["state"]) == ("webhook.ping", "delivered")
    assert ping["payload"]["data"] == {"webhook_id": hook["id"]}


def test_a_finished_run_is_told_once_and_signed(
    owner: Caller, worker: Worker, receiver: Receiver
) -> None:
    world = build_world(owner, "mine")
    run_due(worker)
    hook = listen(owner, receiver, "run.finished")
    for change in ({"name": "x"}, {"status": "running"}, {"status": "finished"}):
        assert owner.ask("PATCH", f"/v1/runs/{world.run_id}", change).status_code == 200
    run_due(worker)
    [(headers, body)] = receiver.received
    assert verify(hook["secret"], headers, body)
    assert not verify(hook["secret"], headers, body + b" ")
    assert not verify(hook["secret"], {**headers, "webhook-timestamp": "1"}, body)
    payload = json.loads(body)
    assert (payload["type"], payload["tenant_id"]) == ("run.finished", world.tenant_id)
    assert payload["data"] == {
        "run_id": world.run_id, "experiment_id": world.experiment_id, "status": "finished",
    }  # fmt: skip
    [delivery] = told(owner, hook)
    assert (delivery["id"], delivery["state"]) == (headers["webhook-id"], "delivered")
    assert (delivery["attempts"], delivery["last_status"]) == (1, 204)
    assert delivery["payload"] == payload


def test_each_event_is_told_without_secrets(
    owner: Caller, worker: Worker, receiver: Receiver
) -> None:
    hook = listen(owner, receiver)
    world = build_world(owner, "mine")
    owner.ask("PATCH", f"/v1/runs/{world.run_id}", {"status": "failed"})
    secret = owner.make(f"/v1/api-keys/{world.key_id}:rotate")["secret"]
    owner.ask("DELETE", f"/v1/api-keys/{world.key_id}")
    owner.ask("DELETE", f"/v1/members/{world.member_id}")
    owner.make(f"/v1/models/{world.model_id}/versions")
    owner.make(f"/v1/models/{world.model_id}/versions/2:transition", stage="staging")
    deployment = f"/v1/deployments/{world.deployment_id}"
    owner.make(f"{deployment}:promote", version=2)
    owner.make(f"{deployment}:rollback")
    assert owner.ask("DELETE", deployment).status_code == 204
    assert owner.ask("DELETE", f"/v1/projects/{world.project_id}").status_code == 204
    run_due(worker)
    bodies = [json.loads(body) for _, body in receiver.received]
    expected = Counter(event.name for event in EVENTS.values()) + Counter(["version.created"])
    assert Counter(body["type"] for body in bodies) == expected
    assert len(told(owner, hook)) == len(bodies)
    assert secret not in json.dumps(bodies)
    assert all(body["data"] for body in bodies)


def test_a_change_that_is_rolled_back_is_not_told(owner: Caller, receiver: Receiver) -> None:
    hook = listen(owner, receiver)
    owner.make("/v1/members", **MEMBER)
    assert owner.ask("POST", "/v1/members", MEMBER).status_code == 409
    assert len(told(owner, hook)) == 1


def test_a_change_whose_event_cannot_be_written_is_not_made(
    config: Config, owner: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = listen(owner, receiver)

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("app.events.enqueue", fail)
    caller = Caller(create_app(config).test_client(), owner.key)
    assert caller.ask("POST", "/v1/members", MEMBER).status_code == 500
    assert [member["email"] for member in owner.read("/v1/members")["items"]] == [
        "owner@example.org"
    ]
    assert told(owner, hook) == []


def test_nobody_elses_webhook_hears(
    new_owner: Callable[..., Caller], worker: Worker, receiver: Receiver
) -> None:
    listen(new_owner(), receiver)
    new_owner().make("/v1/members", **MEMBER)
    run_due(worker)
    assert receiver.received == []


def test_a_webhook_hears_only_what_it_asked_for_and_while_it_is_enabled(
    owner: Caller, worker: Worker, receiver: Receiver
) -> None:
    hook = listen(owner, receiver, "member.added", "member.added")
    assert hook["events"] == ["member.added"]
    owner.make("/v1/projects", name="x")
    assert told(owner, hook) == []
    owner.make("/v1/members", **MEMBER)
    owner.ask("PATCH", f"/v1/webhooks/{hook['id']}", {"enabled": False})
    owner.make("/v1/members", email="second@example.org", role="viewer")
    run_due(worker)
    [delivery] = told(owner, hook)
    assert (delivery["state"], delivery["last_error"]) == ("failed", "webhook-disabled")
    assert receiver.received == []


def test_a_secret_is_shown_once_and_stored_nowhere(
    owner: Caller, receiver: Receiver, superuser: Cursor
) -> None:
    hook = listen(owner, receiver)
    assert "secret" not in owner.read("/v1/webhooks")["items"][0]
    superuser.execute("SELECT w::text FROM webhooks w WHERE id = %s", [hook["id"]])
    (stored,) = superuser.fetchone() or ("",)
    key = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    assert hook["secret"] not in stored
    assert key.hex() not in stored


def test_secrets_differ_by_service_tenant_and_webhook(config: Config) -> None:
    first, second = UUID(NOBODY), UUID(int=1)
    signers = [
        Signer.of(config.webhook_secret, first, first),
        Signer.of(config.webhook_secret, first, second),
        Signer.of(config.webhook_secret, second, first),
        Signer.of("another secret of the service", first, first),
    ]
    assert len({signer.secret for signer in signers}) == 4
    assert signers[0].secret not in repr(signers[0])


def test_no_transaction_is_open_while_a_receiver_takes_its_time(
    owner: Caller, worker: Worker, receiver: Receiver, superuser: Cursor
) -> None:
    seen: list[Any] = []

    def look(*_: object) -> Answer:
        superuser.execute("SELECT state FROM pg_stat_activity WHERE application_name LIKE '%jobs'")
        seen.extend(superuser.fetchall())
        return Answer(204)

    listen(owner, receiver, "member.added")
    owner.make("/v1/members", **MEMBER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deliveries, "send", look)
        run_due(worker)
    assert seen
    assert set(seen) == {("idle",)}


def test_an_operation_without_webhooks_costs_one_small_query(
    service: APIFlask, owner: Caller
) -> None:
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    with service.app_context():
        engine = db.engine
    owner.read("/v1/me")
    event.listen(engine, "before_cursor_execute", note)
    try:
        owner.make("/v1/members", **MEMBER)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len([text for text in statements if "webhooks" in text]) == 1


def test_plain_http_is_refused_where_nothing_may_be_delivered_by_it(
    config: Config, owner: Caller
) -> None:
    """Every delivery would end in `https-required`."""
    app = create_app(replace(config, webhook_allow=()))
    caller = Caller(app.test_client(), owner.key)
    plain, safe = "http://example.org/hook", "https://example.org/hook"
    made = caller.make("/v1/webhooks", url=safe, events=["run.finished"])
    answers = [
        caller.ask("POST", "/v1/webhooks", {"url": plain, "events": ["run.finished"]}),
        caller.ask("PATCH", f"/v1/webhooks/{made['id']}", {"url": plain}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    for answer in answers:
        (fault,) = answer.get_json()["errors"]
        assert fault == {"location": "json.url", "detail": "Deliveries go by https only."}
    for client, allowed in ((app.test_client(), False), (owner.client, True)):
        schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
        for name in ("WebhookIn", "WebhookChange"):
            pattern = schemas[name]["properties"]["url"]["pattern"]
            assert re.match(pattern, safe)
            assert bool(re.match(pattern, plain)) is allowed
