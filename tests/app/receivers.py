"""Who receives webhooks in tests? A real HTTP server on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from app.events import EventName
from gate.testbed.ports import LOOPBACK, reserve
from tests.app.callers import Caller

MEMBER = {"email": "new@example.org", "role": "viewer"}


@dataclass(slots=True)
class Receiver:
    """Remembers what it was sent, and answers with `statuses` in turn, the last one for ever.

    Pings it takes and forgets.
    """

    url: str
    statuses: list[int] = field(default_factory=lambda: [204])
    location: str = ""
    received: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    def next_status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens for as long as the block lasts."""
    with reserve(0) as port:
        receiver = Receiver(f"http://{LOOPBACK}:{port}/hook?a=1")

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ping = b'"webhook.ping"' in body
                if not ping:
                    receiver.received.append((dict(self.headers.items()), body))
                self.send_response(204 if ping else receiver.next_status())
                self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer((LOOPBACK, port), Hook)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def listen(owner: Caller, receiver: Receiver, *events: str) -> dict[str, Any]:
    """A webhook of the owner for these events, or for all."""
    return owner.make("/v1/webhooks", url=receiver.url, events=list(events or EventName))


def told(owner: Caller, hook: dict[str, Any]) -> list[dict[str, Any]]:
    """The deliveries but for the ping."""
    items = owner.read(f"/v1/webhooks/{hook['id']}/deliveries")["items"]
    return [item for item in items if item["event"] != EventName.PING]


def hasten(superuser: Cursor) -> None:
    """Let everything in the queue be due."""
    superuser.execute("UPDATE tasks SET due_at = now() - interval '1 second'")
