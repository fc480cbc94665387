"""Is every flaw of the blind held-out services real, and is the clean build clean?

The same steps are gone through on the clean build and on each flawed one. Random values are the
same in both, so that whatever differs is the flaw.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import get_ident
from typing import Any
from unittest.mock import patch

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tests.targets import (
    heldout_deals,
    heldout_deals_attacks,
    heldout_deals_target,
    heldout_fleet,
    heldout_fleet_attacks,
    heldout_fleet_target,
    heldout_folio,
    heldout_folio_attacks,
    heldout_folio_target,
)
from tests.targets.heldout_attacks import Step


class Bridge:
    """An ASGI application as a WSGI one, for a client that only knows these."""

    def __init__(self, app: Any) -> None:
        self.app = app

    @Request.application
    def __call__(self, request: Request) -> Response:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.path,
            "query_string": request.query_string,
            "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers],
        }
        said: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": request.get_data(), "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        asyncio.run(self.app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in said)
        headers = [(name.decode(), value.decode()) for name, value in said[0]["headers"]]
        return Response(body, said[0]["status"], headers)


Told = list[tuple[str, str, int, str]]
SERVICES: dict[str, tuple[Callable[[str], Any], list[Step], Any, Any]] = {
    "deals": (
        heldout_deals.deals,
        heldout_deals_attacks.DEALS,
        heldout_deals_attacks,
        heldout_deals_target,
    ),
    "fleet": (
        heldout_fleet.Fleet,
        heldout_fleet_attacks.FLEET,
        heldout_fleet_attacks,
        heldout_fleet_target,
    ),
    "folio": (
        lambda flaw: Bridge(heldout_folio.folio(flaw)),
        heldout_folio_attacks.FOLIO,
        heldout_folio_attacks,
        heldout_folio_target,
    ),
}
FLAWS = [(name, flaw) for name, (_, _, _, said) in SERVICES.items() for flaw in said.FLAWS]


@contextmanager
def foreseeable() -> Iterator[None]:
    """Secrets and shuffles that are the same every time; other threads go on with real ones."""
    serial, own = count(1), get_ident()

    def here(module: Any, name: str, foreseen: Callable[..., Any]) -> Any:
        real = getattr(module, name)

        def chosen(*given: Any) -> Any:
            return (foreseen if get_ident() == own else real)(*given)

        return patch.object(module, name, chosen)

    with (
        here(secrets, "token_hex", lambda size=16: f"{next(serial):0{size * 2}x}"),
        here(secrets, "token_urlsafe", lambda size=16: f"token-{size}-{next(serial)}"),
        here(secrets, "token_bytes", lambda size=16: bytes(size)),
        here(random, "shuffle", random.Random(7).shuffle),
    ):
        yield


def filled(value: Any, kept: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: filled(inner, kept) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, kept) for inner in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    if whole:
        return kept[whole[1]]
    return re.sub(r"\{(\w+)\}", lambda found: str(kept.get(found[1], found[0])), value)


def first(answer: Any, name: str) -> Any:
    """The first thing in the answer that is called so."""
    inner = answer if isinstance(answer, list) else []
    if isinstance(answer, dict):
        if name in answer:
            return answer[name]
        inner = list(answer.values())
    for each in inner:
        found = first(each, name)
        if found is not None:
            return found
    return None


def gone_through(app: Any, steps: list[Step], clean: bool) -> Told:
    client, kept, told = Client(app), {}, []
    for who, operation, values, body, headers, keep in steps:
        method, _, path = operation.partition(" ")
        query = {}
        for name, value in values.items():
            said = str(filled(value, kept))
            if f"{{{name}}}" not in path:
                query[name] = said
            path = path.replace(f"{{{name}}}", said)
        known = {"Authorization": f"Bearer {kept[who]}"} if who in kept else {}
        more: dict[str, Any] = {"headers": known | filled(headers, kept)}
        if method == "GET":
            query |= filled(body or {}, kept)
        elif body is not None:
            more["json"] = filled(body, kept)
        answer = client.open(path, method=method, query_string=query, **more)
        told.append((who, operation, answer.status_code, answer.get_data(as_text=True)))
        for each in keep.split():
            name, _, called = each.partition("=")
            found = first(json.loads(answer.get_data()), called)
            assert found is not None or not clean, (operation, called, answer.get_data())
            kept[name] = found
    return told


def run(service: str, flaw: str) -> Told:
    make, steps, _, _ = SERVICES[service]
    with foreseeable():
        return gone_through(make(flaw), steps, not flaw)


@pytest.fixture(scope="module")
def clean() -> dict[str, Told]:
    return {service: run(service, "") for service in SERVICES}


@pytest.mark.parametrize(("service", "flaw"), FLAWS)
def test_a_flaw_lets_the_attacker_do_what_the_clean_build_does_not(
    service: str, flaw: str, clean: dict[str, Told]
) -> None:
    told = run(service, flaw)
    pairs = zip(clean[service], told, strict=True)
    where = next(at for at, (before, after) in enumerate(pairs) if before[2:] != after[2:])
    blamed = SERVICES[service][3].FLAWS[flaw].operation
    assert blamed in {operation for _, operation, _, _ in told[max(0, where - 1) : where + 1]}
    assert all(status < 500 for _, _, status, _ in told)


@pytest.mark.parametrize("service", SERVICES)
def test_the_clean_build_tells_the_attackers_nothing(service: str, clean: dict[str, Told]) -> None:
    for who, operation, status, text in clean[service]:
        assert status < 500, (operation, text)
        if who in ("a", "m", "l"):
            echoed = operation in SERVICES[service][2].ECHOES
            assert echoed or "victim" not in text, (who, operation, text)


@pytest.mark.parametrize("service", SERVICES)
def test_the_clean_build_refuses_what_names_the_victims_things(
    service: str, clean: dict[str, Told]
) -> None:
    _, steps, attacks, _ = SERVICES[service]
    for (who, operation, values, body, _, _), (_, _, status, text) in zip(
        steps, clean[service], strict=True
    ):
        if who in ("a", "m", "l") and '"{v' in json.dumps([values, body]):
            assert status >= 400 or operation in attacks.HARMLESS, (operation, text)


@pytest.mark.parametrize("service", SERVICES)
def test_only_what_the_document_leaves_open_answers_to_nobody(service: str) -> None:
    client = Client(SERVICES[service][0](""))
    document = json.loads(client.get("/openapi.json").get_data())
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            status = client.open(re.sub(r"\{\w+\}", "1", path), method=method.upper()).status_code
            assert (status == 401) == (item[method].get("security") != []), (method, path, status)


@pytest.mark.parametrize("service", SERVICES)
def test_flaws_and_traps_name_operations_of_the_document(service: str) -> None:
    make, _, _, said = SERVICES[service]
    document = json.loads(Client(make("")).get("/openapi.json").get_data())
    known = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert {flaw.operation for flaw in said.FLAWS.values()} <= known
    assert {operation for operation, _ in said.TRAPS} <= known
