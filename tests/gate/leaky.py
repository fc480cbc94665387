"""A service that repeats, in every form it knows, each secret that it is told."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import quote

from gate.testbed.ports import LOOPBACK, reserve

TEXT = {"type": "string", "maxLength": 60}
THING = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Leaky", "version": "1"},
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
    },
    "security": [{"key": []}],
    "paths": {
        "/things": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": THING}}},
                "responses": {"201": {"description": "made"}},
            },
            "get": {"responses": {"200": {"description": "all"}}},
        },
        "/things/{thing_id}": {"get": {"responses": {"200": {"description": "one"}}}},
    },
}
MINTED = "minted-canary-0123456789"
FOREIGN = "foreign-canary-5"
SENT_ON = "sent-on-canary-0123456789"


@dataclass
class Brake:
    """Stops the service at its first POST, which no set-up sends, until it is `released`."""

    reached: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)


class Leaky(BaseHTTPRequestHandler):
    """Answers everything, and everything leaks."""

    brake: Brake | None = None

    def do_GET(self) -> None:
        self.answer(DOCUMENT if self.path == "/openapi.json" else self.leak(""), 200)

    def do_POST(self) -> None:
        if self.brake is not None:
            self.brake.reached.set()
            self.brake.released.wait(60)
        size = int(self.headers.get("Content-Length", 0))
        self.answer(self.leak(self.rfile.read(size).decode()), 201)

    def leak(self, sent: str) -> dict[str, object]:
        told = self.headers.get("X-Api-Key", "")
        return {
            "id": 4711,
            "sent": sent,
            "plain": told,
            "percent": quote(told, safe=""),
            "base64": base64.b64encode(f"user:{told}".encode()).decode(),
            "hex": told.encode().hex(),
            "json": json.dumps({"inner": told}),
            "html": html.escape(told),
            "dsn": f"postgresql://service:{quote(told, safe='')}@db.example/main",
            "other_dsn": f"postgresql://service:{MINTED}@db.example/main",
            "trace": f'Error: "redis://:{FOREIGN}@cache.example" refused {told}',
            "login": f"https://id.example/cb?access_token={told}&state=1",
            "api_key": MINTED,
            "nested": [{"clientSecret": MINTED}],
        }

    def answer(self, body: object, status: int) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Set-Cookie", f"session={MINTED}; HttpOnly")
        self.send_header("Location", f"/things?page=1&access_token={SENT_ON}")
        self.send_header("X-Error", f"amqp://guest:{FOREIGN}@queue.example")
        self.send_header("X-Echo", self.headers.get("X-Api-Key", ""))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def leaky_service(brake: Brake | None = None) -> Iterator[str]:
    """The service's base URL."""
    with reserve() as port:
        service = type("Service", (Leaky,), {"brake": brake})
        server = ThreadingHTTPServer((LOOPBACK, port), service)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{port}"
        finally:
            if brake is not None:
                brake.released.set()
            server.shutdown()
            server.server_close()
            thread.join()
