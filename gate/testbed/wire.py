"""What does a connection between a service and its PostgreSQL look like from between the two?

A relay that passes every message on unchanged, and can ask a question of its own while nothing is
under way. PostgreSQL's manual, chapter 54: a message is a letter, its length in four bytes, and a
body; `Z` says that the server is ready, and in which state.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Condition, Event, Thread

from gate.errors import SetupError
from gate.testbed.ports import LOOPBACK, reserve

SSL, GSS = 80877103, 80877104
STATES = {b"I": "idle", b"T": "in a transaction", b"E": "in a failed transaction"}
PATIENCE = 10.0
ASKS = b"QSF"
Message = tuple[bytes, bytes]
Row = tuple[str | None, ...]


@dataclass(slots=True)
class Link:
    """One connection. `session` is the server's process, `state` what it said last.

    `said` counts the service's messages, `waiting` what the server has still to end.
    """

    service: socket.socket
    server: socket.socket
    session: int = 0
    state: str = ""
    waiting: int = 1
    said: int = 0
    asking: bool = False
    closed: bool = False
    answers: SimpleQueue[Message] = field(default_factory=SimpleQueue)
    changed: Condition = field(default_factory=Condition)

    def run(self, free: Event) -> None:
        """Pass messages on, both ways, until one side hangs up."""
        back = Thread(target=self.backward, name="wire-backward", daemon=True)
        try:
            greet(self.service, self.server)
            back.start()
            self.forward(free)
        except OSError:  # either side has gone, which ends the connection for both
            pass
        finally:
            self.close()

    def forward(self, free: Event) -> None:
        """What the service says; inside a transaction only while that is `free`."""
        while message := receive(self.service):
            if self.state == STATES[b"T"]:
                free.wait()
            with self.changed:
                self.changed.wait_for(lambda: not self.asking or self.closed)
                self.waiting += message[0] in ASKS
                self.said += 1
                send(self.server, message)

    def backward(self) -> None:
        """What the server says; the answers to our own question are kept."""
        with suppress(OSError):
            while message := receive(self.server):
                self.take(message)
        self.close()

    def take(self, message: Message) -> None:
        """One message of the server."""
        kind, body = message
        with self.changed:
            if kind == b"K":
                (self.session,) = struct.unpack("!I", body[:4])
            if kind == b"Z":
                self.state = STATES[body]
                self.waiting -= 1
            if self.asking:
                self.answers.put(message)
            else:
                send(self.service, message)
            self.changed.notify_all()

    def close(self) -> None:
        """End both sides; no error when they have ended."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        for each in (self.service, self.server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def ask(self, query: str) -> list[Row]:
        """The rows of a question of ours, in between; SetupError when it cannot be asked."""
        with self.changed:
            quiet = self.changed.wait_for(lambda: self.waiting <= 0 or self.closed, PATIENCE)
            if self.closed or not quiet:
                raise SetupError("The service's connection has closed, or is never at rest.")
            self.asking, self.waiting = True, self.waiting + 1
            send(self.server, (b"Q", query.encode() + b"\0"))
        try:
            return [*self.rows()]
        finally:
            with self.changed:
                self.asking = False
                self.changed.notify_all()

    def rows(self) -> Iterator[Row]:
        """The rows of an answer; SetupError when it is an error or does not come."""
        refused = ""
        while True:
            try:
                kind, body = self.answers.get(timeout=PATIENCE)
            except Empty:
                raise SetupError(
                    "PostgreSQL does not answer on the service's connection."
                ) from None
            if kind == b"D":
                yield row(body)
            elif kind == b"E":
                refused = body.replace(b"\0", b" ").decode(errors="replace")
            elif kind == b"Z":
                break
        if refused:
            raise SetupError(f"PostgreSQL refused a question on the connection: {refused}")


def row(body: bytes) -> Row:
    """A DataRow: the number of columns, then each one's length (-1 for NULL) and text."""
    (count,), at, found = struct.unpack("!H", body[:2]), 2, []
    for _ in range(count):
        (length,) = struct.unpack("!i", body[at : at + 4])
        at += 4
        found.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return tuple(found)


def greet(service: socket.socket, server: socket.socket) -> None:
    """Pass the start-up message on; encryption, which would hide all others, is refused."""
    while True:
        (length,) = struct.unpack("!I", exactly(service, 4))
        body = exactly(service, length - 4)
        if struct.unpack("!I", body[:4])[0] not in {SSL, GSS}:
            server.sendall(struct.pack("!I", length) + body)
            return
        service.sendall(b"N")


def receive(peer: socket.socket) -> Message | None:
    """One message, or None when the other side has hung up."""
    kind = peer.recv(1)
    if not kind:
        return None
    (length,) = struct.unpack("!I", exactly(peer, 4))
    return kind, exactly(peer, length - 4)


def exactly(peer: socket.socket, count: int) -> bytes:
    """So many bytes; ConnectionError when fewer come."""
    found = bytearray()
    while len(found) < count:
        more = peer.recv(count - len(found))
        if not more:
            raise ConnectionError
        found += more
    return bytes(found)


def send(peer: socket.socket, message: Message) -> None:
    """Pass one message on."""
    kind, body = message
    peer.sendall(kind + struct.pack("!I", len(body) + 4) + body)


@dataclass(slots=True)
class Relay:
    """Listens for the service; implements `gate.check.Wire`."""

    target: int
    links: list[Link] = field(default_factory=list)
    free: Event = field(default_factory=Event)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        self.free.set()
        with suppress(OSError):
            while True:
                service, _ = listener.accept()
                server = socket.create_connection((LOOPBACK, self.target))
                for each in (service, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                link = Link(service, server)
                self.links.append(link)
                Thread(target=link.run, args=(self.free,), name="wire", daemon=True).start()

    @property
    def open(self) -> Sequence[Link]:
        """The connections that are signed in and open."""
        return [each for each in self.links if each.session and not each.closed]

    @property
    def sessions(self) -> tuple[int, ...]:
        """The server processes behind the open connections."""
        return tuple(each.session for each in self.open)

    @property
    def states(self) -> tuple[str, ...]:
        """What each is at: `idle`, `in a transaction`, `in a failed transaction`."""
        return tuple(each.state for each in self.open)

    @property
    def said(self) -> tuple[int, ...]:
        """How many messages the service has sent on each."""
        return tuple(each.said for each in self.open)

    def ask(self, query: str) -> Sequence[Row]:
        """The rows that each open connection answers a question with, as texts.

        SetupError when one is never at rest, or refuses the question.
        """
        return [found for each in self.open for found in each.ask(query)]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """What the service says inside a transaction waits until the end of the block."""
        self.free.clear()
        try:
            yield
        finally:
            self.free.set()


@contextmanager
def relaying(target: int) -> Iterator[tuple[Relay, int]]:
    """A relay to a loopback port, and the port that it listens on."""
    with reserve() as port, socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen()
        relay = Relay(target)
        thread = Thread(target=relay.serve, args=(listener,), name="wire-listener", daemon=True)
        thread.start()
        try:
            yield relay, port
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for link in relay.links:
                link.close()
