"""How does the service end without losing a request?

On SIGTERM it first says on `/readyz` that it is not ready, and goes on answering while the load
balancer notices. Then granian stops to accept, and its workers finish what they have begun. A
second signal skips the wait. A worker that is still starting just ends.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Timer
from typing import Any

from granian.constants import Interfaces
from granian.server.mp import MPServer

APPLICATION = "app.wsgi:app"


class Draining(MPServer):
    """Granian that announces its end: `drain_file` is made `drain_seconds` before it."""

    drain_file: Path
    drain_seconds: float

    def signal_handler_interrupt(self, *_: Any, **__: Any) -> None:
        """Begin to drain, or end at once when draining has begun already."""
        if self.drain_file.exists():
            self._end()
            return
        self.drain_file.touch()
        wait = Timer(self.drain_seconds, self._end)
        wait.daemon = True
        wait.start()

    def _end(self) -> None:
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]


def serve(*, host: str, port: int, workers: int, drain_file: Path, drain_seconds: float) -> None:
    """Serve until SIGTERM or SIGINT, and drain. Workers find `drain_file` in their environment."""
    # A forked worker has its parent's handlers until it has loaded the application, and would lose
    # a signal in them that its parent then waits for without end.
    os.register_at_fork(after_in_child=_end_on_signals)
    server = Draining(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        websockets=False,
        respawn_failed_workers=True,
    )
    server.drain_file, server.drain_seconds = drain_file, drain_seconds
    server.serve()


def _end_on_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
