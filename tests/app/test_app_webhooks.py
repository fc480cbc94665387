"""Does an event reach its receiver, signed, if and only if the change was committed?"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case
from sqlalchemy import event

from app.config import Config
from app.database import db
from app.events import EVENTS, EventName
from app.factory import create_app, declarations
from app.webhooks import sender
from app.webhooks.sender import Answer, send
from app.webhooks.signing import Signer
from app.work import deliveries
from app.work.deliveries import LONGEST_PAUSE, MOST_ATTEMPTS, MOST_FAILURES, pause_after
from app.work.runner import run_due
from app.work.worker import Worker, new_worker
from gate.testbed.ports import LOOPBACK, reserve
from tests.app.callers import NOBODY, Caller, build_world
from tests.app.receivers import Receiver, receiving

MEMBER = {"email": "new@example.org", "role": "viewer"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def listen(owner: Caller, receiver: Receiver, *events: str) -> dict[str, Any]:
    return owner.make("/v1/webhooks", url=receiver.url, events=list(events or EventName))


def told(owner: Caller, hook: dict[str, Any]) -> list[dict[str, Any]]:
    """The deliveries but for the ping."""
    items = owner.read(f"/v1/webhooks/{hook['id']}/deliveries")["items"]
    return [item for item in items if item["event"] != EventName.PING]


def hasten(superuser: Cursor) -> None:
    superuser.execute("UPDATE tasks SET due_at = now() - interval '1 second'")


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


def test_a_failed_attempt_is_made_again_later_with_the_same_id(
    owner: Caller, worker: Worker, receiver: Receiver, superuser: Cursor
) -> None:
    receiver.statuses = [500, 503, 200]
    hook = listen(owner, receiver, "member.added")
    run_due(worker)
    owner.make("/v1/members", **MEMBER)
    for attempt in (1, 2):
        assert run_due(worker) == 1
        assert run_due(worker) == 0
        [delivery] = told(owner, hook)
        assert (delivery["state"], delivery["attempts"]) == ("pending", attempt)
        assert owner.read("/v1/webhooks")["items"][0]["failures"] == attempt
        hasten(superuser)
    run_due(worker)
    assert told(owner, hook)[0]["state"] == "delivered"
    assert owner.read("/v1/webhooks")["items"][0]["failures"] == 0
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len({body for _, body in receiver.received}) == 1


def test_a_delivery_is_given_up_in_the_end(
    owner: Caller, worker: Worker, receiver: Receiver, superuser: Cursor
) -> None:
    receiver.statuses = [500]
    hook = listen(owner, receiver, "member.added")
    owner.make("/v1/members", **MEMBER)
    for _ in range(MOST_ATTEMPTS + 2):
        run_due(worker)
        hasten(superuser)
    [delivery] = told(owner, hook)
    assert (delivery["state"], delivery["attempts"]) == ("failed", MOST_ATTEMPTS)
    assert len(receiver.received) == MOST_ATTEMPTS


def test_a_delivery_whose_worker_died_is_made_again_and_not_for_ever(
    owner: Caller,
    worker: Worker,
    receiver: Receiver,
    superuser: Cursor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hook = listen(owner, receiver, "member.added")
    run_due(worker)
    owner.make("/v1/members", **MEMBER)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deliveries, "send", die)
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            run_due(worker)
        hasten(superuser)
    run_due(worker)
    [delivery] = told(owner, hook)
    assert (delivery["state"], delivery["last_error"]) == ("failed", "worker-died")


def test_a_webhook_that_only_fails_is_disabled_and_can_be_enabled(
    owner: Caller, worker: Worker, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    hook = listen(owner, receiver, "member.added")
    for number in range(MOST_FAILURES + 1):
        owner.make("/v1/members", email=f"m{number}@example.org", role="viewer")
    run_due(worker)
    [shown] = owner.read("/v1/webhooks")["items"]
    assert (shown["enabled"], shown["failures"]) == (False, MOST_FAILURES)
    assert len(receiver.received) == MOST_FAILURES
    enabled = owner.ask("PATCH", f"/v1/webhooks/{hook['id']}", {"enabled": True}).get_json()
    assert (enabled["enabled"], enabled["failures"]) == (True, 0)


def test_a_receiver_that_is_gone_is_not_asked_again(
    owner: Caller, worker: Worker, receiver: Receiver
) -> None:
    receiver.statuses = [410]
    hook = listen(owner, receiver, "member.added")
    owner.make("/v1/members", **MEMBER)
    run_due(worker)
    assert told(owner, hook)[0]["state"] == "failed"
    assert owner.read("/v1/webhooks")["items"][0]["enabled"] is False


def test_a_redirect_is_a_failure_and_is_not_followed(
    owner: Caller, worker: Worker, receiver: Receiver
) -> None:
    receiver.statuses, receiver.location = [302], receiver.url
    hook = listen(owner, receiver, "member.added")
    owner.make("/v1/members", **MEMBER)
    run_due(worker)
    assert len(receiver.received) == 1
    assert (told(owner, hook)[0]["state"], told(owner, hook)[0]["last_status"]) == ("pending", 302)


def test_without_an_allowed_network_this_machine_is_refused(
    owner: Caller, config: Config, worker: Worker, receiver: Receiver
) -> None:
    assert worker.config.webhook_allow
    hook = listen(owner, receiver, "member.added")
    owner.make("/v1/members", **MEMBER)
    strict = new_worker(config)
    run_due(strict)
    strict.close()
    assert told(owner, hook)[0]["last_error"] == "address-refused"
    assert receiver.received == []


def test_a_name_is_looked_up_once_and_the_checked_address_is_connected_to(
    worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups = []

    def answer(host: str, port: int, **_: object) -> list[Any]:
        lookups.append(host)
        found = LOOPBACK if len(lookups) == 1 else "10.255.255.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, *rest, **more: (answer if host == "hooks.test" else real)(host, *rest, **more),
    )
    url = receiver.url.replace(LOOPBACK, "hooks.test")
    assert send(url, {}, b"{}", worker.config.webhook_allow) == Answer(204)
    assert lookups == ["hooks.test"]
    [(headers, _)] = receiver.received
    assert headers["Host"].startswith("hooks.test:")


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://1.1.1.1/", "https-required"),
        ("https://127.1/", "address-refused"),
        ("https://2130706433/", "address-refused"),
        ("https://[::1]/", "address-refused"),
        ("https://[64:ff9b::7f00:1]/", "address-refused"),
        ("https://0/", "address-refused"),
        ("https://127.0.0.1:99999/", "unknown-host"),
    ],
)
def test_a_url_that_must_not_be_called_is_not(url: str, error: str) -> None:
    assert send(url, {}, b"{}") == Answer(None, error)


def test_a_server_that_is_silent_or_speaks_nonsense_fails_in_time(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = worker.config.webhook_allow
    with reserve() as port:
        assert send(f"http://{LOOPBACK}:{port}/", {}, b"", allowed).error == "connection-failed"
        with socket.create_server((LOOPBACK, port)) as server:
            monkeypatch.setattr(sender, "TOTAL_SECONDS", 0.05)
            silent = send(f"http://{LOOPBACK}:{port}/", {}, b"", allowed)
            assert silent.error == "connection-failed"
            monkeypatch.setattr(sender, "TOTAL_SECONDS", 10)
            monkeypatch.setattr(sender, "CONNECT_SECONDS", 0.05)
            assert send(f"http://{LOOPBACK}:{port}/", {}, b"", allowed).error == "timeout"
            monkeypatch.setattr(sender, "CONNECT_SECONDS", 10)
            for _ in range(2):
                server.accept()[0].close()
            thread = Thread(target=lambda: speak(server, b"not TLS, and not HTTP either\r\n\r\n"))
            thread.start()
            assert send(f"https://{LOOPBACK}:{port}/", {}, b"", allowed).error == "tls-failed"
            thread.join()


def speak(server: socket.socket, words: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(100)
        connection.sendall(words)


REFUSED_URLS = [
    "",
    "//x.org",
    "ftp://x.org/",
    "file:///etc/passwd",
    "https:///x",
    "https://user:pw@x.org/",
    "https://x.org/#f",
    "https://x.org:0/",
    "https://x..org/",
    "https://[::1]/",
    "https://x.org/a b",
    "https://x.org/\r\nX: y",
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_that_is_none_is_refused_when_it_is_given(owner: Caller, url: str) -> None:
    body = {"url": url, "events": ["run.finished"]}
    assert owner.ask("POST", "/v1/webhooks", body).status_code == 422


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


@given(st.integers(min_value=1, max_value=40), st.integers())
def test_pauses_grow_within_bounds_and_differ(attempts: int, seed: int) -> None:
    chance = random.Random(seed)
    pause = pause_after(attempts, chance)
    assert 2.5 <= pause <= LONGEST_PAUSE
    assert pause_after(attempts, chance) != pause
    assert pause_after(1, chance) <= 5


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
