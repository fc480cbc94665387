"""What happens to our processes when the runner dies without a word?

The guardian is a small process of its own session. The runner tells it over a pipe which
processes exist. When the pipe closes, for whatever reason, even `kill -9` of the runner, the
guardian ends what is still recorded and removes the state folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import psutil

from gate.errors import SetupError
from gate.testbed.trees import is_alive, kill_tree, send
from gate.testbed.waiting import until

GRACE = 2.0
CODE = """
import sys
sys.path[:0] = sys.argv[2:]
from gate.testbed.guardian import guard
guard(sys.argv[1], sys.stdin)
"""


@dataclass(frozen=True, slots=True)
class Guardian:
    """The runner's end of the pipe."""

    process: subprocess.Popen[bytes]
    pipe: IO[bytes]

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start guarding; nobody waits until the guardian is up, the pipe keeps what it is told."""
        paths = [str(Path(psutil.__file__).parents[1]), str(Path(__file__).parents[2])]
        command = [sys.executable, "-I", "-S", "-c", CODE, str(folder), *paths]
        reads, writes = os.pipe()
        with os.fdopen(reads) as far_end:
            process = subprocess.Popen(
                command, stdin=far_end, start_new_session=True, cwd="/", env={}
            )
        return cls(process, os.fdopen(writes, "wb", buffering=0))

    def watch(self, process: psutil.Process, farewell: int) -> None:
        """Record a process, and the signal by which it ends most cleanly."""
        self.tell(watch=process.pid, created=process.create_time(), farewell=int(farewell))

    def forget(self, pid: int) -> None:
        """The process has ended, with all its tree."""
        self.tell(forget=pid)

    def tell(self, **message: float) -> None:
        """Send one line; SetupError when the guardian is gone, for then nothing is safe."""
        try:
            self.pipe.write(json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            raise SetupError(
                "The testbed's guardian was killed, so its processes might outlive the run."
            ) from None

    def dismiss(self) -> None:
        """Close the pipe and wait until everything recorded and the state folder are gone."""
        self.pipe.close()
        self.process.wait()


def guard(folder: str, messages: Iterable[str]) -> None:
    """Follow the messages to their end, then end what is recorded and remove the folder."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    watched: dict[int, tuple[psutil.Process, int]] = {}
    for line in messages:
        if line.endswith("\n"):
            note(json.loads(line), watched)
    for process, farewell in watched.values():
        send(process, farewell)
    until(lambda: not any(is_alive(process) for process, _ in watched.values()), GRACE)
    for process, _ in watched.values():
        kill_tree(process)
    shutil.rmtree(folder, ignore_errors=True)


def note(message: dict[str, float], watched: dict[int, tuple[psutil.Process, int]]) -> None:
    """Take one message in."""
    if "forget" in message:
        watched.pop(int(message["forget"]), None)
        return
    try:
        process = psutil.Process(int(message["watch"]))
        same = abs(process.create_time() - message["created"]) < 1
    except psutil.NoSuchProcess:
        return
    if same:
        watched[process.pid] = (process, int(message["farewell"]))
