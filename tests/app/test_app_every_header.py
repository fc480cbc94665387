"""Does every route, and every kind of refusal, carry every security header exactly once?"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from apiflask import APIFlask

from app.config import Config
from app.factory import create_app, declarations
from app.headers import DOCS, DOCS_POLICY, OTHERS, talisman_headers
from gate.testbed.embedded import Embedded
from tests.app.callers import EMPTY_WORLD, NOBODY, Caller

FIXED = (*talisman_headers(), *OTHERS)
ON_DOCS = (*talisman_headers(DOCS_POLICY), *OTHERS)


def lacking(headers: Any, path: str = "") -> list[str]:
    """The security headers that an answer has not, or has more than once."""
    wanted = ON_DOCS if path == DOCS else FIXED
    return [name for name, value in wanted if headers.getlist(name) != [value]]


def test_there_are_at_least_twelve() -> None:
    assert len({name.lower() for name, _ in FIXED} - {"vary", "cache-control"}) >= 12


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("who", ["owner", "operator", "nobody"])
def test_every_route_answers_every_method_and_caller_with_every_header(
    service: APIFlask, owner: Caller, operator: Caller, method: str, who: str
) -> None:
    caller = {"owner": owner, "operator": operator, "nobody": Caller(owner.client, "")}[who]
    for declared in declarations(service).values():
        path = EMPTY_WORLD.fill(declared.path)
        answer = caller.ask(method, path)
        assert lacking(answer.headers, path) == [], (declared.operation, answer.status_code)
        assert not {"Server", "X-Powered-By"} & set(answer.headers.keys())


def refusals(caller: Caller) -> Iterator[tuple[int, Any]]:
    json = {"content_type": "application/json"}
    yield 400, caller.ask("POST", "/v1/projects", data=b"{", **json)
    yield 401, Caller(caller.client, "").ask("GET", "/v1/me")
    yield 403, caller.ask("GET", "/v1/tenants")
    yield 404, caller.ask("GET", f"/v1/projects/{NOBODY}")
    yield 404, caller.ask("GET", "/nowhere")
    yield 405, caller.ask("PUT", "/v1/projects")
    yield 409, caller.ask("POST", "/v1/projects", {"name": "taken"})
    yield 413, caller.ask("POST", "/v1/projects", data=b"x" * (1 << 21), **json)
    yield 415, caller.ask("POST", "/v1/projects", data=b"{}")
    yield 422, caller.ask("GET", "/v1/projects?limit=x")


def test_every_kind_of_refusal_has_every_header(owner: Caller) -> None:
    owner.make("/v1/projects", name="taken")
    for status, answer in refusals(owner):
        assert answer.status_code == status, answer.text
        assert lacking(answer.headers) == [], status


def test_a_defect_has_every_header_and_tells_nothing(
    config: Config, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(config)
    monkeypatch.setattr("app.resources.tenants.principal", lambda: 1 / 0)
    answer = Caller(app.test_client(), owner.key).ask("GET", "/v1/me")
    assert answer.status_code == 500
    assert lacking(answer.headers) == []
    assert "ZeroDivision" not in answer.text
    assert "RateLimit" in answer.headers


@pytest.mark.parametrize(
    "sent",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nA B: x\r\n\r\n",
    ],
)
def test_what_the_server_itself_refuses_has_no_body_and_names_no_version(
    testbed: Embedded, sent: bytes
) -> None:
    """Such a request never reaches the service, so its headers cannot be on the answer."""
    host, _, port = testbed.target.base_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.lower().partition(b"\r\n\r\n")
    assert head.startswith((b"http/1.1 400", b"http/1.0 400", b"http/1.1 431", b"http/1.1 505"))
    assert body == b""
    assert b"server:" not in head
