"""A running example service, and the target file that describes it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import uvicorn

from gate.testbed.external import External, external
from gate.testbed.ports import LOOPBACK, reserve
from tests.targets.ledgers import Ledgers
from tests.targets.notes import Door, Notes
from tests.targets.odd import Odd
from tests.targets.rowing import Rowing
from tests.targets.shop import Shop
from tests.targets.stays import stays

ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
headers = {{ "{header}" = "{prefix}${{{variable}}}" }}
"""
SHOP_HINTS = (
    '[hints]\nroles = ["viewer", "owner"]\nshared = ["GET /announcements"]\nthrow_away = true\n'
)
ROWING_HINTS = '[hints]\nroles = ["helper", "owner"]\n'
REGISTER = """
[register]
path = "/register"
body = { name = "{name}", password = "{password}" }
login_path = "/login"
login_body = { name = "{name}", password = "{password}" }
token = "session.token"
"""


class QuietWsgi(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Quiet."""


class ThreadedWsgi(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Threaded(ThreadingHTTPServer):
    daemon_threads = True


class Asgi:
    """An ASGI application behind uvicorn, which listens before it is run."""

    def __init__(self, app: Any, address: tuple[str, int]) -> None:
        self.listening = socket.create_server(address, backlog=128)
        # asyncio does so by itself only for sockets that say that they speak TCP.
        self.listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.uvicorn = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        self.ended = threading.Event()

    def serve_forever(self, _: float) -> None:
        try:
            self.uvicorn.run(sockets=[self.listening])
        finally:
            self.ended.set()

    def shutdown(self) -> None:
        self.uvicorn.should_exit = True
        self.ended.wait()

    def server_close(self) -> None:
        self.listening.close()


@contextmanager
def running(make: Callable[[tuple[str, int]], Any]) -> Iterator[str]:
    with reserve() as port:
        server = make((LOOPBACK, port))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def wsgi(app: Any) -> Callable[[tuple[str, int]], Any]:
    def make(address: tuple[str, int]) -> Any:
        server = ThreadedWsgi(address, QuietWsgi)
        server.set_app(app)
        return server

    return make


def asgi(app: Any) -> Callable[[tuple[str, int]], Any]:
    return lambda address: Asgi(app, address)


def plain(notes: Notes) -> Callable[[tuple[str, int]], Any]:
    handler: type[BaseHTTPRequestHandler] = type("Bound", (Door,), {"notes": notes})
    return lambda address: Threaded(address, handler)


def actors(tokens: dict[str, Any], header: str, prefix: str) -> tuple[str, dict[str, str]]:
    written, environment = "", {}
    for token, who in tokens.items():
        tenant, role = who if isinstance(who, tuple) else (who, "owner")
        variable = f"{tenant}_{role}".upper()
        environment[variable] = token
        written += ACTOR.format(
            tenant=tenant, role=role, header=header, prefix=prefix, variable=variable
        )
    return written, environment


def build(service: str, flaw: str) -> tuple[Callable[[tuple[str, int]], Any], str, dict[str, str]]:
    """The server, the rest of its target file, and the variables that this refers to."""
    if service == "shop":
        text, environment = actors(Shop.tokens, "Authorization", "Bearer ")
        return wsgi(Shop(flaw)), text + SHOP_HINTS, environment
    if service == "ledgers":
        text, environment = actors(Ledgers.tokens, "X-Api-Key", "")
        return wsgi(Ledgers(flaw)), text, environment
    if service == "stays":  # nobody is named: two people register as the document shows
        return wsgi(stays(flaw)), "", {}
    if service == "rowing":
        text, environment = actors(Rowing.tokens, "Authorization", "Bearer ")
        return wsgi(Rowing(flaw)), text + ROWING_HINTS, environment
    if service == "odd":
        text, environment = actors(Odd.tokens, "Authorization", "Bearer ")
        return wsgi(Odd(flaw)), text, environment
    return plain(Notes(flaw)), REGISTER, {}


@contextmanager
def target(service: str, flaw: str, folder: Path) -> Iterator[External]:
    """A build of the service as a testbed, by its target file."""
    make, rest, environment = build(service, flaw)
    with running(make) as base_url:
        file = folder / "target.toml"
        file.write_text(f'name = "{service}"\nbase_url = "{base_url}"\n{rest}', encoding="utf-8")
        with external(file, folder, 11, environment) as testbed:
            yield testbed
