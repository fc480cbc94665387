"""How does a defect get into a running target whose source nobody touches?

A small reverse proxy stands in front of it and lies, one kind of lie at a time, in every operation
that gives occasion for it.
"""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any, NoReturn

import httpx
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

from gate.check import Lie
from gate.model import Json
from gate.testbed.client import Cast, HttpClient, new_http
from gate.testbed.lies import Memory, Reply, answer
from gate.testbed.ports import LOOPBACK, reserve

METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
# Of one connection only (RFC 9110, section 7.6.1), or made anew by whoever sends the body on.
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "te",
                 "upgrade", "content-encoding", "accept-encoding", "server", "date"})  # fmt: skip
PATIENCE = 15.0
Start = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Operations:
    """The documented operations, found again by a request's method and path."""

    known: tuple[tuple[str, re.Pattern[str], str], ...]

    @classmethod
    def of(cls, document: Mapping[str, Json]) -> Operations:
        """Those of an OpenAPI document; where two match, the one with more literal text wins."""
        paths = document.get("paths")
        found = [
            (method.upper(), pattern(path), f"{method.upper()} {path}")
            for path, item in (paths.items() if isinstance(paths, dict) else ())
            for method in (item if isinstance(item, dict) else ())
            if method in METHODS
        ]
        return cls(tuple(sorted(found, key=lambda each: -len(re.sub(r"{[^}]*}", "", each[2])))))

    def name(self, method: str, path: str) -> str:
        """The operation's label, or method and path as they came when it is not documented."""
        for known, shape, label in self.known:
            if known == method and shape.fullmatch(path):
                return label
        return f"{method} {path}"


def pattern(path: str) -> re.Pattern[str]:
    """A path template as a pattern: a parameter is at least one character and no slash."""
    parts = re.split(r"{[^}]*}", path)
    return re.compile("[^/]+?".join(map(re.escape, parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One request through the proxy; implements `gate.testbed.lies.Exchange`."""

    request: Request
    operation: str
    tenant: str | None
    role: str
    cast: Cast = field(repr=False)
    http: httpx.Client = field(repr=False)
    base_url: str

    def forward(self) -> Reply:
        """What the target answers to the caller."""
        return self.send(self.request.headers.items())

    def forward_as(self, tenant: str) -> Reply:
        """What the target answers to a tenant's owner."""
        credentials = self.cast.actor(tenant, "owner").credentials
        replaced = {"authorization", "cookie", *(name.lower() for name in credentials)}
        kept = [item for item in self.request.headers.items() if item[0].lower() not in replaced]
        return self.send([*kept, *credentials.items()])

    def others(self) -> Iterator[str]:
        """Every other tenant that has an owner."""
        for tenant, role in self.cast.present:
            if role == "owner" and tenant != self.tenant:
                yield tenant

    def send(self, headers: Iterable[tuple[str, str]]) -> Reply:
        """Pass the request on."""
        query = self.request.query_string
        response = self.http.request(
            self.request.method,
            self.base_url + raw_path(self.request) + (f"?{query.decode()}" if query else ""),
            content=self.request.get_data(),
            headers=[item for item in headers if item[0].lower() not in HOP],
            timeout=PATIENCE,
        )
        kept = {name.lower(): value for name, value in response.headers.items()}
        return Reply(status=response.status_code, headers=kept, body=response.content)


def raw_path(request: Request) -> str:
    """The path as it was sent, before anybody decoded it."""
    return str(request.environ.get("RAW_URI") or request.path).partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class LyingProxy:
    """The proxy as a WSGI application (PEP 3333); `told` counts the lies by operation."""

    lie: Lie
    base_url: str
    operations: Operations
    cast: Cast = field(repr=False)
    http: httpx.Client = field(default_factory=new_http, repr=False)
    memory: Memory = field(default_factory=Memory, repr=False)
    told: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock, repr=False)

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer one request; a target that does not answer is not answered for."""
        request = Request(environ)
        client = self.caller(request)
        passage = Passage(
            request=request,
            operation=self.operations.name(request.method, request.path),
            tenant=client.tenant if client else None,
            role=client.role if client else "",
            cast=self.cast,
            http=self.http,
            base_url=self.base_url,
        )
        try:
            reply, lied = answer(self.lie, passage, self.memory)
        except httpx.RequestError:
            hang_up(environ)
        if lied:
            with self.lock:
                self.told[passage.operation] += 1
        reason = httpx.codes.get_reason_phrase(reply.status)
        headers = [(name, value) for name, value in reply.headers.items() if name not in HOP]
        headers.append(("Content-Length", str(len(reply.body))))
        start_response(f"{reply.status} {reason}", headers)
        return [] if request.method == "HEAD" else [reply.body]

    def caller(self, request: Request) -> HttpClient | None:
        """The principal whose credential it is, nobody, or None for a credential not known."""
        present = self.cast.present
        for client in present.values():
            sent = client.credentials.items()
            if sent and all(request.headers.get(name) == value for name, value in sent):
                return client
        known = {name for client in present.values() for name in client.credentials}
        signed = any(name in request.headers for name in known)
        return None if signed else present.get(("", "anonymous"))


def hang_up(environ: Mapping[str, Any]) -> NoReturn:
    """Close the connection without an answer."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


class Quiet(WSGIRequestHandler):
    """Keeps connections, and logs nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing: what was asked is in the journal."""


@contextmanager
def serving(proxy: LyingProxy) -> Iterator[str]:
    """The proxy's own base URL, for as long as the block lasts."""
    with reserve() as port:
        server = make_server(LOOPBACK, port, proxy, threaded=True, request_handler=Quiet)
        thread = Thread(target=server.serve_forever, name="lying-proxy", daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            proxy.http.close()
