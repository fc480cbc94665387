"""Under which name does a worker keep its metrics, so that files never pile up?

prometheus-client keeps files for each process id, and those of dead workers stay for ever: every
restart makes each scrape dearer. Here a worker takes the lowest free slot and goes on counting in
the files of the one who had it before. A slot is taken for as long as its lock is held, which the
kernel gives back however the worker dies; so there are never more files than workers at a time.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO

from prometheus_client.multiprocess import mark_process_dead


@dataclass(slots=True)
class Slots:
    """The slots of one folder, and the one that this process holds."""

    folder: Path
    pid: int = 0
    mine: str = ""
    lock: IO[bytes] | None = field(default=None, repr=False)

    def identity(self) -> str:
        """The name of this process's slot; taken at first, and again after a fork."""
        if self.pid != os.getpid():
            self._take()
        return self.mine

    def _take(self) -> None:
        for number in count():
            lock = self._path(number).open("ab")
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.pid, self.mine, self.lock = os.getpid(), f"slot{number}", lock
                self._forget(self.mine)
                return
            lock.close()

    def _path(self, number: int) -> Path:
        return self.folder / f"slot{number}.lock"

    def forget_dead(self) -> None:
        """Drop the present values of slots that nobody holds; what they counted stays."""
        for name in self._free():
            self._forget(name)

    def _free(self) -> Iterator[str]:
        for path in sorted(self.folder.glob("slot*.lock")):
            # Shared, so that two scrapes at once do not take each other for a worker.
            with path.open("rb") as lock, suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                yield path.stem

    def _forget(self, name: str) -> None:
        # Two scrapes may drop the same file.
        with suppress(FileNotFoundError):
            mark_process_dead(name, str(self.folder))  # type: ignore[no-untyped-call]
