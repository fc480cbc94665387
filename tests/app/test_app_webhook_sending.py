"""Where may a delivery go, and what when nobody answers there as agreed?"""

from __future__ import annotations

import socket
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from app.config import Config
from app.webhooks import sender
from app.webhooks.sender import Answer, send
from app.work.runner import run_due
from app.work.worker import Worker, new_worker
from gate.testbed.ports import LOOPBACK, reserve
from tests.app.callers import Caller
from tests.app.receivers import MEMBER, Receiver, listen, told


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
    strict = new_worker(replace(config, webhook_allow=()))
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
