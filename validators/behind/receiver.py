"""Who hears of webhooks while a probe looks, and by whose secret were they signed?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from gate.testbed.ports import LOOPBACK, reserve

LARGEST = 1 << 20
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was posted to one path; header names are lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def is_signed(self, secret: str) -> bool:
        """Does a signature of the request belong to the secret (standardwebhooks.com)?"""
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            return False
        said = (self.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp"))
        digest = hmac.digest(key, ".".join(said).encode() + b"." + self.body, hashlib.sha256)
        wanted = f"v1,{base64.b64encode(digest).decode()}"
        given = self.headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(each.encode(), wanted.encode()) for each in given)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A server on loopback that takes whatever is posted, and remembers it."""

    base_url: str
    received: list[Delivery] = field(default_factory=list)

    def at(self, path: str) -> list[Delivery]:
        """What came to this path so far."""
        return [each for each in self.received if each.path == path]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens for as long as the block lasts."""
    with reserve() as port:
        receiver = Receiver(f"http://{LOOPBACK}:{port}")

        class Hook(BaseHTTPRequestHandler):
            """Answers 204."""

            def do_POST(self) -> None:
                """Keep the request."""
                size = min(int(self.headers.get("Content-Length") or 0), LARGEST)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Delivery(self.path, headers, self.rfile.read(size)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer((LOOPBACK, port), Hook) as server:
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield receiver
            finally:
                server.shutdown()
                thread.join()
