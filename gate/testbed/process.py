"""How does a child process start, become ready, and end?"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from gate.errors import SetupError
from gate.testbed.identity import OURSELVES, Identity
from gate.testbed.trees import kill_tree, send
from gate.testbed.waiting import until

# The child waits for a line before it becomes the command, so that it is on record before it does
# anything; when the runner dies in between, the child reads the end of the file and is gone.
GATE = ("/bin/sh", "-c", 'read -r _ && exec "$0" "$@" </dev/null')
TAIL = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run. Secrets belong into `env` (the whole environment) or a file, never `argv`."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path = Path("/")
    identity: Identity = OURSELVES
    farewell: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Child:
    """A running process that leads a session of its own, and the log of all it prints."""

    command: Command
    popen: subprocess.Popen[bytes] = field(repr=False)
    process: psutil.Process
    log: Path

    @property
    def pid(self) -> int:
        """The process id, also the id of its session."""
        return self.popen.pid

    def is_running(self) -> bool:
        """Has it not ended?"""
        return self.popen.poll() is None

    def wait(self, within: float) -> int | None:
        """The code it ends with, or None when it takes longer."""
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            return None

    def await_ready(self, ready: Callable[[], bool], within: float) -> None:
        """Wait until `ready` holds; SetupError with the log's tail when it ends or takes longer."""
        if not until(lambda: not self.is_running() or ready(), within):
            raise SetupError(
                f"{self.command.name} was not ready within {within:g} s.{self.last_words()}"
            )
        if not self.is_running():
            raise SetupError(
                f"{self.command.name} ended with code {self.popen.returncode}.{self.last_words()}"
            )

    def stop(self, patience: float = 10.0) -> None:
        """Let the process end its tree after its farewell signal; SIGKILL whatever is left."""
        send(self.process, self.command.farewell)
        self.wait(patience)
        self.kill()

    def kill(self) -> None:
        """SIGKILL the tree; SetupError when something of it cannot be ended."""
        gone = kill_tree(self.process)
        self.wait(within=1)
        if not gone:
            raise SetupError(f"{self.command.name} (PID {self.pid}) cannot be ended.")

    def last_words(self) -> str:
        """The end of the log, as further lines of a message."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        return "".join(f"\n  {line}" for line in lines)


def launch(command: Command, log: Path, record: Callable[[psutil.Process], None]) -> Child:
    """Start a command; it runs only after `record` has taken note of its process."""
    reads, writes = os.pipe()
    with os.fdopen(reads) as far_end, os.fdopen(writes, "w") as gate, log.open("ab") as output:
        popen = subprocess.Popen(
            [*GATE, *command.argv],
            stdin=far_end,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=command.env,
            cwd=command.folder,
            start_new_session=True,
            **command.identity.of_process(),
        )
        process = psutil.Process(popen.pid)
        record(process)
        gate.write("\n")
    return Child(command, popen, process, log)
