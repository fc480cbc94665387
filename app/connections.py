"""How long can a dead or hung PostgreSQL hold a request?

A worker answers with few threads, so one that waits for ever is a worker lost. PostgreSQL's own
timeouts need a PostgreSQL that runs, and TCP's a peer that is silent; what is left is watched
here: a request that holds its connection for longer than `LONGEST` has it cut.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

import psycopg2
from flask import has_request_context
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from app.breaker import Breaker

# Seconds. A connection that rested is tried before it is used; on a busy one nothing is spent.
LONGEST, LOOK, RESTED = 3.0, 0.25, 1.0
# A connect that fails at once costs nothing; after one that took this long all others are spared.
SLOW, PAUSE = 0.5, 1.0
LINE, SINCE = "line", "rested since"


@dataclass(slots=True)
class Watch:
    """Cuts the connections of one worker that requests have held for too long."""

    held: dict[int, tuple[float, socket.socket]] = field(default_factory=dict, repr=False)
    lock: Lock = field(default_factory=Lock, repr=False)
    thread: Thread | None = None

    def begin(self, entry: ConnectionPoolEntry) -> None:
        """A request has taken the connection."""
        with self.lock:
            self.held[id(entry)] = (time.monotonic() + LONGEST, entry.info[LINE])
            if self.thread is None:
                self.thread = Thread(target=self._look, name="maestro-watch", daemon=True)
                self.thread.start()

    def end(self, entry: ConnectionPoolEntry) -> None:
        """The connection is free again, or gone."""
        with self.lock:
            self.held.pop(id(entry), None)

    def cut_overdue(self) -> None:
        """Shut the overdue connections down: libpq, which waits for them, sees them closed."""
        now = time.monotonic()
        with self.lock:
            for until, line in self.held.values():
                if now >= until:
                    with suppress(OSError):  # it is closed already
                        line.shutdown(socket.SHUT_RDWR)

    def _look(self) -> None:
        while True:
            time.sleep(LOOK)
            self.cut_overdue()


@dataclass(slots=True)
class Guard:
    """Opens, tries and watches the connections of one engine."""

    engine: Engine
    clock: Callable[[], float] = time.monotonic
    watch: Watch = field(default_factory=Watch)
    breaker: Breaker = field(default_factory=lambda: Breaker(failures=1, seconds=PAUSE))

    def connect(
        self,
        dialect: Any,
        _: ConnectionPoolEntry,
        arguments: Sequence[Any],
        options: dict[str, Any],
    ) -> Any:
        """A new connection, unless the server has just kept somebody waiting for one in vain."""
        if not self.breaker.admits():
            raise psycopg2.OperationalError("PostgreSQL is hung and is left alone for a moment.")
        began = time.monotonic()
        try:
            connection = dialect.connect(*arguments, **options)
        except psycopg2.Error:
            slow = time.monotonic() - began > SLOW
            (self.breaker.failed if slow else self.breaker.succeeded)()
            raise
        self.breaker.succeeded()
        return connection

    def opened(self, connection: Any, entry: ConnectionPoolEntry) -> None:
        """Keep a descriptor of our own: libpq closes its one, and the number may be reused."""
        entry.info[LINE] = socket.socket(fileno=os.dup(connection.fileno()))
        entry.info[SINCE] = self.clock()

    def taken(self, connection: Any, entry: ConnectionPoolEntry, _: Any) -> None:
        """Watch the connection; SQLAlchemy opens another one when it rested and is dead."""
        if has_request_context():
            self.watch.begin(entry)
        if self.clock() - entry.info[SINCE] > RESTED:
            try:
                self.engine.dialect.do_ping(connection)
            except psycopg2.Error as error:
                self.watch.end(entry)
                raise DisconnectionError from error

    def returned(self, _: Any, entry: ConnectionPoolEntry) -> None:
        """Watch it no longer."""
        self.watch.end(entry)
        entry.info[SINCE] = self.clock()

    def closed(self, _: Any, entry: ConnectionPoolEntry) -> None:
        """Give the descriptor back."""
        self.watch.end(entry)
        entry.info[LINE].close()


def guard(engine: Engine, clock: Callable[[], float] = time.monotonic) -> Guard:
    """Guard the engine from now on. It connects to nothing yet."""
    made = Guard(engine, clock)
    event.listen(engine, "do_connect", made.connect)
    event.listen(engine, "connect", made.opened)
    event.listen(engine, "checkout", made.taken)
    event.listen(engine, "checkin", made.returned)  # codespell:ignore checkin
    event.listen(engine, "close", made.closed)
    return made
