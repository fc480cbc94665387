"""Whatever ends the runner, nothing of its testbed is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from gate.testbed.embedded import CHECKOUT
from gate.testbed.trees import is_alive, kill
from gate.testbed.waiting import until

RUNNER = Path(__file__).with_name("runner.py")
# Guardian, postmaster with its children, Redis, granian with a worker per core.
FEWEST = 10


@dataclass(frozen=True)
class Run:
    runner: subprocess.Popen[str]
    processes: tuple[psutil.Process, ...]
    state: Path

    def nothing_is_left(self) -> bool:
        return not any(map(is_alive, self.processes)) and not self.state.exists()


@contextmanager
def run(folder: Path, ending: str = "signal") -> Iterator[Run]:
    with subprocess.Popen(
        [sys.executable, RUNNER, folder, ending],
        env={"PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as runner:
        assert runner.stdout is not None
        said = json.loads(runner.stdout.readline())
        alive = list(recorded(said["pids"]))
        try:
            yield Run(runner, tuple(alive), Path(said["state"]))
        finally:
            runner.kill()
            # A red test must not leave behind what it complains about.
            until(lambda: not any(map(is_alive, alive)), within=5)
            kill(alive)


def recorded(pids: Iterable[int]) -> Iterator[psutil.Process]:
    """Those that have not ended by themselves already, as PostgreSQL's helpers may."""
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_signal_to_the_runner_leaves_a_process_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    with run(tmp_path) as running:
        assert len(running.processes) >= FEWEST
        running.runner.send_signal(number)
        assert running.runner.wait(timeout=60) != 0
        assert until(running.nothing_is_left, within=30)


def test_an_exception_in_the_runner_leaves_no_process_behind(tmp_path: Path) -> None:
    with run(tmp_path, "exception") as running:
        assert len(running.processes) >= FEWEST
        assert running.runner.stdin is not None
        running.runner.stdin.close()
        assert running.runner.wait(timeout=60) == 1
        assert running.nothing_is_left()


def test_stopped_processes_do_not_outlive_a_killed_runner(tmp_path: Path) -> None:
    with run(tmp_path) as running:
        for process in running.processes:
            if process.parent() != psutil.Process(running.runner.pid) or is_server(process):
                process.suspend()
        running.runner.kill()
        assert until(running.nothing_is_left, within=30)


def is_server(process: psutil.Process) -> bool:
    """Not the guardian, whose command line names no server."""
    return "guardian" not in " ".join(process.cmdline())


def test_the_guardian_stays_when_it_is_asked_to_leave(tmp_path: Path) -> None:
    with run(tmp_path) as running:
        (guardian,) = [process for process in running.processes if not is_server(process)]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            guardian.send_signal(number)
        running.runner.kill()
        assert until(running.nothing_is_left, within=30)


def test_ctrl_c_reaches_the_runner_only(tmp_path: Path) -> None:
    with run(tmp_path) as running:
        assert all(os.getsid(process.pid) != os.getsid(0) for process in running.processes)
