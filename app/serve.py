"""How does the service end without losing a request?

On SIGTERM it first says on `/readyz` that it is not ready, and goes on answering while the load
balancer notices. Then granian stops to accept, and its workers finish what they have begun. A
second signal skips the wait.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from threading import Timer
from typing import Any

from granian.constants import Interfaces
from granian.server.mp import MPServer

APPLICATION = "app.wsgi:app"
DRAIN_FILE = "MAESTRO_DRAIN_FILE"


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


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT, and drain. 0 after a clean end."""
    parser = argparse.ArgumentParser(prog="python -m app.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--drain-seconds", type=float, default=5.0)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="maestro-drain-") as folder:
        drain_file = Path(folder) / "draining"
        os.environ[DRAIN_FILE] = str(drain_file)
        server = Draining(
            APPLICATION,
            address=asked.host,
            port=asked.port,
            interface=Interfaces.WSGI,
            workers=asked.workers,
            blocking_threads=1,
            websockets=False,
            respawn_failed_workers=True,
        )
        server.drain_file, server.drain_seconds = drain_file, asked.drain_seconds
        server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
