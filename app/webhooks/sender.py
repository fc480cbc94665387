"""How is one delivery sent to an address that a stranger chose?"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from threading import Timer
from urllib.parse import urlsplit

from app.webhooks.addresses import AddressError, Network, choose

CONNECT_SECONDS = 3
TOTAL_SECONDS = 10
PORTS = {"http": 80, "https": 443}
SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, or why there is none. Bodies are never read."""

    status: int | None
    error: str | None = None

    @property
    def delivered(self) -> bool:
        """Only 2xx counts; a redirect is not followed and is a failure."""
        return self.status is not None and self.status in SUCCESS


class Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, speaking to the host that was named."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self.default_port = PORTS["http" if tls is None else "https"]
        self.address = address
        self.tls = tls

    def connect(self) -> None:
        """Connect without asking DNS again, which could answer otherwise this time."""
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.tls is not None:
            # Known as `sock` before the handshake, so that the watch can cut that as well.
            secure = self.tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = secure
            secure.do_handshake()


def send(
    url: str, headers: Mapping[str, str], body: bytes, allowed: Sequence[Network] = ()
) -> Answer:
    """POST the body once. Plain HTTP only into `allowed` networks; ten seconds in all."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        port = parts.port or PORTS[parts.scheme]
        address, known = choose(host, port, allowed)
    except AddressError as error:
        return Answer(None, str(error))
    except ValueError:
        return Answer(None, "unknown-host")
    if parts.scheme != "https" and not known:
        return Answer(None, "https-required")
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    with closing(Pinned(host, port, str(address), tls)) as connection:
        return _exchange(connection, path, headers, body)


def _exchange(connection: Pinned, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send and read the status line, within the total time even from a server that dribbles."""
    watch = Timer(TOTAL_SECONDS, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", path, body, dict(headers))
        return Answer(connection.getresponse().status)
    except ssl.SSLError:
        return Answer(None, "tls-failed")
    except TimeoutError:
        return Answer(None, "timeout")
    except (OSError, http.client.HTTPException):
        return Answer(None, "connection-failed")
    finally:
        watch.cancel()


def _cut(connection: Pinned) -> None:
    """End the conversation from outside: every read on it fails at once."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
