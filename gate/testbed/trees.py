"""Which processes belong to one that we started, and how do all of them end?

A process is known by its PID *and* its start time, so a recycled PID is never touched. Imports
nothing but psutil: the guardian, too, runs this code and must start quickly.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress

import psutil

from gate.testbed.waiting import until

PATIENCE = 10.0


def is_alive(process: psutil.Process) -> bool:
    """Is it the same process as when it was recorded, and more than a zombie?"""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def members(root: psutil.Process) -> set[psutil.Process]:
    """The living processes of a tree: the root, its descendants, and all of its session.

    The root must have been started as the leader of a session; then orphans of a dead root are
    still found, because the kernel reuses no PID that a session is named after.
    """
    found = {root}
    if root.is_running() or not psutil.pid_exists(root.pid):
        found.update(of_session(root.pid))
    with suppress(psutil.NoSuchProcess):
        found.update(root.children(recursive=True))
    return {process for process in found if is_alive(process)}


def of_session(leader: int) -> Iterable[psutil.Process]:
    """All processes in the session that this PID opened."""
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            if pid != leader and os.getsid(pid) == leader:
                yield psutil.Process(pid)


def kill_tree(root: psutil.Process) -> bool:
    """SIGKILL a whole tree, stopped processes too; True when nothing of it is left."""
    doomed = members(root)

    def gone() -> bool:
        # New members may appear until the last parent is dead.
        doomed.update(members(root))
        kill(doomed)
        return not any(map(is_alive, doomed))

    return until(gone, PATIENCE)


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL each of them that still lives."""
    for process in processes:
        send(process, signal.SIGKILL)


def send(process: psutil.Process, number: int) -> None:
    """Send a signal; no error when the process has ended."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
