"""A site starts processes, tells why they failed, and ends every one of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gate.errors import SetupError
from gate.testbed.process import Child, Command
from gate.testbed.site import Site, open_site
from gate.testbed.trees import is_alive, members
from gate.testbed.waiting import until

STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"],
                 stdin=subprocess.PIPE)
signal.pause()
"""
ABANDONING = """
import subprocess, sys
subprocess.Popen(["sleep", "1000"])
print("up", flush=True)
"""


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path / "logs") as site:
        yield site


def python(code: str, name: str = "child", **env: str) -> Command:
    return Command(name=name, argv=[sys.executable, "-c", code], env=env)


def start(site: Site, code: str) -> Child:
    command = python(code)
    log = site.logs / f"{command.name}.log"
    return site.start(command, lambda: "up" in log.read_text(encoding="utf-8"))


def test_a_process_that_ignores_its_farewell_is_ended_with_its_children(own_site: Site) -> None:
    child = start(own_site, STUBBORN)
    tree = members(child.process)
    assert len(tree) == 2
    child.stop(patience=0.1)
    assert not any(map(is_alive, tree))


def test_children_of_a_dead_parent_are_still_found_and_ended(own_site: Site) -> None:
    child = own_site.launch(python(ABANDONING))
    assert child.wait(within=30) == 0
    (orphan,) = members(child.process)
    own_site.stop(child)
    assert not is_alive(orphan)


def test_the_session_of_a_recycled_pid_is_left_alone(
    own_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody = start(own_site, STUBBORN)
    recorded = psutil.Process(somebody.pid)
    monkeypatch.setattr(recorded, "_ident", (somebody.pid, 1.0))
    assert members(recorded) == set()
    assert len(members(somebody.process)) == 2
    somebody.kill()


def test_a_process_that_ends_while_starting_is_reported_at_once_with_its_last_words(
    own_site: Site,
) -> None:
    with pytest.raises(SetupError, match=r"child ended with code 3\.\n  alas"):
        own_site.start(python("print('alas'); raise SystemExit(3)"), lambda: False, within=60)


def test_a_process_that_never_is_ready_is_ended_and_reported(own_site: Site) -> None:
    with pytest.raises(SetupError, match="not ready within 0"):
        own_site.start(python("import signal; signal.pause()"), lambda: False, within=0)
    assert own_site.children == []


def test_a_failing_command_is_reported_with_its_last_words(own_site: Site) -> None:
    with pytest.raises(SetupError, match=r"child failed with code 4\.\n  alas"):
        own_site.run(python("print('alas'); raise SystemExit(4)"))


def test_a_missing_program_is_reported(own_site: Site) -> None:
    with pytest.raises(SetupError, match="code 127"):
        own_site.run(Command(name="absent", argv=["/no/such/program"]))


def test_a_process_inherits_no_environment(own_site: Site) -> None:
    own_site.run(python("import os; print(sorted(os.environ))", name="bare", ONLY="this"))
    said = (own_site.logs / "bare.log").read_text(encoding="utf-8")
    assert "ONLY" in said
    assert "PATH" not in said


def test_the_end_of_a_site_ends_its_processes_and_keeps_only_the_logs(tmp_path: Path) -> None:
    with open_site(tmp_path / "logs") as site:
        child = start(site, "import signal; print('up', flush=True); signal.pause()")
        assert site.state.is_dir()
    assert not is_alive(child.process)
    assert not site.state.exists()
    assert (site.logs / "child.log").is_file()


def test_a_process_does_nothing_before_it_is_on_record(own_site: Site, tmp_path: Path) -> None:
    own_site.guardian.process.kill()
    own_site.guardian.process.wait()
    before = set(psutil.Process().children())
    with pytest.raises(SetupError, match="guardian was killed"):
        own_site.launch(python(f"open({str(tmp_path / 'trace')!r}, 'w').close()"))
    started = set(psutil.Process().children()) - before
    assert until(lambda: not any(map(is_alive, started)), within=30)
    assert not (tmp_path / "trace").exists()
