"""A running example service, and the target file that describes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from gate.testbed.external import External, external
from gate.testbed.ports import LOOPBACK, reserve
from tests.targets.ledgers import Ledgers
from tests.targets.notes import Door, Notes
from tests.targets.odd import Odd
from tests.targets.rowing import Rowing
from tests.targets.shop import Shop

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
