"""Where do the processes and files of one testbed live, and who clears them away?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import psutil

from gate.errors import SetupError
from gate.testbed.guardian import Guardian
from gate.testbed.process import Child, Command, launch


@dataclass(frozen=True, slots=True)
class Site:
    """A state folder, a folder for logs, and the children that run there. Safe among threads."""

    state: Path
    logs: Path
    guardian: Guardian = field(repr=False)
    children: list[Child] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock, repr=False)

    def start(self, command: Command, ready: Callable[[], bool], within: float = 30.0) -> Child:
        """Start a process and wait until it is ready; SetupError when it is not in time.

        However this run ends, the process and its descendants end with it.
        """
        child = self.launch(command)
        try:
            child.await_ready(ready, within)
        except BaseException:
            self.stop(child)
            raise
        return child

    def run(self, command: Command, within: float = 60.0) -> None:
        """Run a command to its end; SetupError with its last words when it fails."""
        child = self.launch(command)
        try:
            done = child.wait(within)
        finally:
            self.stop(child)
        if done != 0:
            how = f"failed with code {done}" if done is not None else f"took over {within:g} s"
            raise SetupError(f"{command.name} {how}.{child.last_words()}")

    def run_tool(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], within: float
    ) -> int | None:
        """Run a program to its end: its exit code, or None when it takes over `within` seconds."""
        child = self.launch(Command(name=name, argv=argv, env=environment, folder=self.scratch))
        try:
            return child.wait(within)
        finally:
            self.kill(child)

    @property
    def scratch(self) -> Path:
        """Our own private corner of the state folder."""
        return self.state / "scratch"

    def launch(self, command: Command) -> Child:
        """Start a process that is on record before it runs."""

        def record(process: psutil.Process) -> None:
            with self.lock:
                self.guardian.watch(process, command.farewell)

        child = launch(command, self.logs / f"{command.name}.log", record)
        with self.lock:
            self.children.append(child)
        return child

    def stop(self, child: Child) -> None:
        """End a process with all its tree and strike it off the record."""
        child.stop()
        self.strike(child)

    def kill(self, child: Child) -> None:
        """SIGKILL a process with all its tree and strike it off the record."""
        child.kill()
        self.strike(child)

    def strike(self, child: Child) -> None:
        """Forget an ended process; no error when it is forgotten already."""
        with self.lock:
            if child in self.children:
                self.children.remove(child)
                self.guardian.forget(child.pid)

    def close(self) -> None:
        """End all that still runs, the last started first."""
        with ExitStack() as stack:
            for child in tuple(self.children):
                stack.callback(self.stop, child)


@contextmanager
def open_site(logs: Path) -> Iterator[Site]:
    """A new site; at the end of the block nothing of it runs and its state folder is gone.

    `logs` is kept. The state folder can be entered by the user `nobody`, but not listed.
    """
    logs.mkdir(parents=True, exist_ok=True)
    state = Path(tempfile.mkdtemp(prefix="maestro-"))
    state.chmod(0o711)
    guardian = Guardian.start(state)
    site = Site(state, logs, guardian)
    site.scratch.mkdir(mode=0o700)
    try:
        yield site
    finally:
        try:
            site.close()
        finally:
            guardian.dismiss()
            shutil.rmtree(state, ignore_errors=True)
