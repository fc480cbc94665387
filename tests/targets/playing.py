"""A held-out service in this thread, whose secrets can be foreseen: two builds are told apart."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tests.targets import heldout_board, heldout_board_core, heldout_clinic
from tests.targets.heldout_serving import ASYNCHRONOUS, MAKERS

FORESEEN = ContextVar("FORESEEN", default=False)


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


def client(service: str, flaw: str) -> Client:
    """Somebody who speaks to a build of the service that is made here and served by nobody.

    Cookies are sent where a step says so: several people speak through one client.
    """
    if service in ASYNCHRONOUS:
        return Client(Bridge(ASYNCHRONOUS[service](flaw)), use_cookies=False)
    return Client(MAKERS[service](flaw), use_cookies=False)


@contextmanager
def foreseeable() -> Iterator[None]:
    """Secrets and shuffles that are the same every time for what is called from here.

    Threads that others started go on with real ones: a context is lent with a call, never found.
    """
    serial = count(1)

    def here(module: Any, name: str, foreseen: Callable[..., Any]) -> Any:
        real = getattr(module, name)

        def chosen(*given: Any) -> Any:
            return (foreseen if FORESEEN.get() else real)(*given)

        return patch.object(module, name, chosen)

    with ExitStack() as stack:
        for module in (heldout_board, heldout_board_core, heldout_clinic):
            stack.enter_context(here(module, "uuid4", lambda: UUID(int=next(serial))))
        for each in (
            here(secrets, "token_hex", lambda size=16: f"{next(serial):0{size * 2}x}"),
            here(secrets, "token_urlsafe", lambda size=16: f"token-{size}-{next(serial)}"),
            here(secrets, "token_bytes", lambda size=16: bytes(size)),
            here(random, "shuffle", random.Random(7).shuffle),
        ):
            stack.enter_context(each)
        stack.callback(FORESEEN.reset, FORESEEN.set(True))
        yield
