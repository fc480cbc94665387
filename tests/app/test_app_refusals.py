"""Does every route refuse what it did not declare, in the way that HTTP has for it?

Generated from the declarations, so a new route is held to it from its first day.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from apiflask import APIFlask

from app.endpoint import LARGEST_BODY, Audience, Declaration
from app.factory import declarations
from gate.testbed.embedded import Embedded
from tests.app.callers import Caller, World, build_world

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"}
JSON = "application/json"


@pytest.fixture
def world(owner: Caller) -> World:
    return build_world(owner, "own")


@pytest.fixture
def routes(service: APIFlask) -> list[Declaration]:
    return list(declarations(service).values())


def ask(
    declared: Declaration, owner: Caller, operator: Caller, path: str, **more: Any
) -> tuple[int, str]:
    """The status and the media type that whoever may call the route gets."""
    caller = operator if declared.access is Audience.OPERATOR else owner
    answer = caller.ask(declared.method, path, **more)
    return answer.status_code, answer.content_type


def problem(status: int) -> tuple[int, str]:
    return status, "application/problem+json"


def taking_bodies(routes: list[Declaration]) -> Iterator[Declaration]:
    return (declared for declared in routes if declared.body is not None)


def test_a_method_that_no_route_declares_is_405_with_the_declared_ones(
    routes: list[Declaration], owner: Caller, world: World
) -> None:
    paths: dict[str, set[str]] = {}
    for declared in routes:
        paths.setdefault(declared.path, {"OPTIONS"}).add(declared.method)
    for path, methods in paths.items():
        allowed = methods | ({"HEAD"} if "GET" in methods else set())
        for method in METHODS - allowed:
            answer = owner.ask(method, world.fill(path))
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) == allowed
            assert method == "HEAD" or answer.content_type == "application/problem+json"


def test_a_body_of_another_media_type_is_415(
    routes: list[Declaration], owner: Caller, operator: Caller, world: World
) -> None:
    for declared in taking_bodies(routes):
        for media in ("text/plain", "application/x-www-form-urlencoded", "application/xml", None):
            sent = {"data": b"{}", "content_type": media}
            found = ask(declared, owner, operator, world.fill(declared.path), **sent)
            assert found == problem(415), declared.operation


def test_a_body_above_the_limit_is_413_whether_or_not_it_says_so(
    routes: list[Declaration], owner: Caller, operator: Caller, world: World
) -> None:
    big = b'{"name": "' + b"x" * LARGEST_BODY + b'"}'
    for declared in taking_bodies(routes):
        for sent in ({"data": big, "content_type": JSON}, unsized(big)):
            found = ask(declared, owner, operator, world.fill(declared.path), **sent)
            assert found == problem(413), declared.operation


def unsized(body: bytes) -> dict[str, Any]:
    """A body in chunks, as a server hands it on: no length, and an end."""
    return {
        "input_stream": BytesIO(body),
        "content_type": JSON,
        "environ_overrides": {
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    }


def test_an_undeclared_query_parameter_is_422(
    routes: list[Declaration], owner: Caller, operator: Caller, world: World
) -> None:
    for declared in routes:
        body = {"json": {}} if declared.body else {}
        for query in ("x=1", "x", "%00=1", "fields[]=id", "tenant_id=1", "limit=1&limit=1"):
            path = f"{world.fill(declared.path)}?{query}"
            assert ask(declared, owner, operator, path, **body) == problem(422), path


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "x\\udc00\\ud800", "\\udfff"])
def test_nul_and_lone_surrogates_are_422(
    routes: list[Declaration], owner: Caller, operator: Caller, world: World, text: str
) -> None:
    for declared in taking_bodies(routes):
        assert declared.body is not None
        name = next(iter(declared.body.model_fields))
        for body in (f'{{"{name}": "{text}"}}', f'{{"{text}": 1}}'):
            sent = {"data": body.encode(), "content_type": JSON}
            found = ask(declared, owner, operator, world.fill(declared.path), **sent)
            assert found == problem(422), (declared.operation, body)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b"\xff", b'{"a": 1}x', b"[" * 100_000])
def test_malformed_json_is_400(
    routes: list[Declaration], owner: Caller, operator: Caller, world: World, body: bytes
) -> None:
    for declared in taking_bodies(routes):
        sent = {"data": body, "content_type": JSON}
        found = ask(declared, owner, operator, world.fill(declared.path), **sent)
        assert found == problem(400), declared.operation


def test_an_undeclared_field_is_422(
    routes: list[Declaration], owner: Caller, operator: Caller, world: World
) -> None:
    for declared in taking_bodies(routes):
        sent = {"json": {"undeclared": 1}}
        found = ask(declared, owner, operator, world.fill(declared.path), **sent)
        assert found == problem(422), declared.operation


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/audit-events"])
@pytest.mark.parametrize("value", ["%00", "%ED%A0%80", "%FF"])
def test_nul_and_broken_utf_8_in_a_query_are_refused(owner: Caller, path: str, value: str) -> None:
    for name in ("limit", "fields", "state", "cursor"):
        answer = owner.ask("GET", f"{path}?{name}={value}")
        assert answer.status_code in {404, 422}, name


def test_a_body_in_chunks_above_the_limit_is_413_on_a_real_server(testbed: Embedded) -> None:
    actor = testbed.actor(testbed.tenants[0])
    address = urlsplit(testbed.target.base_url)
    assert address.hostname is not None
    headers = {**actor.credentials, "Content-Type": JSON, "Transfer-Encoding": "chunked"}
    for size, expected in ((10, 201), (LARGEST_BODY, 413)):
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        body = json.dumps({"name": f"chunked {size}", "description": "x" * min(size, 10)})
        padded = body.encode() + b" " * size
        chunks = [padded[start : start + 65536] for start in range(0, len(padded), 65536)]
        connection.request("POST", "/v1/projects", iter(chunks), headers, encode_chunked=True)
        answer = connection.getresponse()
        assert answer.status == expected, answer.read()
        connection.close()
