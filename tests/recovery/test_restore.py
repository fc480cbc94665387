from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import psycopg2
import pytest

from gate.testbed.postgresql import PostgreSQL, new_postgresql, sibling
from gate.testbed.site import Site
from gate.testbed.waiting import until
from recovery import (
    Archive,
    Goal,
    Lsn,
    Mark,
    RecoveryError,
    Server,
    close_archive,
    extend_archive,
    open_archive,
    open_backup,
    owner_of,
    restore,
    set_mark,
    take_backup,
    verify,
)
from recovery.restore import require_space, with_target
from recovery.server import run


@dataclass(frozen=True, slots=True)
class Made:
    """A server with a backup of one row, and a log: two rows, three at the goal, then five."""

    postgresql: PostgreSQL
    goal: Goal
    middle: Lsn
    later: Mark


def ask(postgresql: PostgreSQL, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(postgresql.url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def made(site: Site) -> Iterator[Made]:
    with (
        # Work stealing may bring a worker back to this module: then it is made anew.
        new_postgresql(site, f"recovery-{token_hex(4)}") as postgresql,
        TemporaryDirectory(dir=postgresql.data.parent) as home,
    ):
        server = Server(url=postgresql.url, binaries=postgresql.binaries)
        archive = Archive(folder=Path(home, "log"), slot="archive")
        ask(postgresql, "CREATE TABLE kept AS SELECT 1 AS number")
        open_archive(server, archive)
        take_backup(server, Path(home, "base"))
        ask(postgresql, "INSERT INTO kept VALUES (2)")
        middle = Lsn.parse(server.ask("SELECT pg_current_wal_insert_lsn()"))
        ask(postgresql, "INSERT INTO kept VALUES (3)")
        target = set_mark(server, "target")
        ask(postgresql, "INSERT INTO kept VALUES (4), (5)")
        later = set_mark(server, "later")
        extend_archive(server, archive, later)
        backup = open_backup(Path(home, "base"))
        goal = Goal(backup=backup, log=archive.folder, target=target.target)
        yield Made(postgresql, goal, middle, later)
        close_archive(server, archive)
        assert ask(postgresql, "SELECT * FROM pg_replication_slots") == []


def server_of(postgresql: PostgreSQL) -> Server:
    return Server(url=postgresql.url, binaries=postgresql.binaries)


def flaws(made: Made, goal: Goal) -> str:
    return "; ".join(map(str, verify(goal, made.postgresql.binaries)))


def bring_back(made: Made, goal: Goal, name: str) -> Path:
    data = made.postgresql.data.parent / name
    owner = owner_of(made.postgresql.data)
    restore(goal, data, owner, made.postgresql.binaries)
    return data


def test_a_fresh_backup_and_its_log_have_no_flaw(made: Made) -> None:
    assert flaws(made, made.goal) == ""


def test_all_before_the_target_comes_back_and_nothing_after_it(made: Made) -> None:
    data = bring_back(made, made.goal, "exact")
    with sibling(made.postgresql, data) as restored:
        server = server_of(restored)
        assert until(server.is_at_target, within=20)
        assert ask(restored, "SELECT number FROM kept ORDER BY 1") == [(1,), (2,), (3,)]
        server.open()
        assert server.is_open()
        ask(restored, "INSERT INTO kept VALUES (6)")
    assert ask(made.postgresql, "SELECT count(*) FROM kept") == [(5,)]


def test_nothing_is_written_until_it_was_looked_at_and_opened(made: Made) -> None:
    data = bring_back(made, made.goal, "looked-at")
    with sibling(made.postgresql, data) as restored:
        server = server_of(restored)
        assert until(server.is_at_target, within=20)
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            ask(restored, "INSERT INTO kept VALUES (6)")
        server.open()
        with pytest.raises(RecoveryError, match="is open for writes"):
            server.is_at_target()
        with pytest.raises(RecoveryError, match="is open for writes"):
            server.open()


def test_what_follows_the_target_in_the_same_segment_stays_away(made: Made) -> None:
    assert made.middle.segment(16 << 20) == made.goal.target.segment(16 << 20)
    data = bring_back(made, replace(made.goal, target=made.middle), "middle")
    with sibling(made.postgresql, data) as restored:
        assert until(server_of(restored).is_at_target, within=20)
        assert ask(restored, "SELECT number FROM kept ORDER BY 1") == [(1,), (2,)]


def test_a_later_target_brings_back_more(made: Made) -> None:
    data = bring_back(made, replace(made.goal, target=made.later.target), "later")
    with sibling(made.postgresql, data) as restored:
        assert until(server_of(restored).is_at_target, within=20)
        assert ask(restored, "SELECT count(*) FROM kept") == [(5,)]


def test_the_folder_is_the_server_s_own(made: Made) -> None:
    data = bring_back(made, made.goal, "owned")
    owner = owner_of(made.postgresql.data)
    assert {owner_of(path) for path in (data, *data.rglob("*"))} == {owner}
    assert data.stat().st_mode & 0o777 == 0o700
    assert not (data / "backup_manifest").exists()


def test_nothing_is_restored_over_something(made: Made) -> None:
    before = sorted(path.name for path in made.postgresql.data.iterdir())
    with pytest.raises(RecoveryError, match="is not empty"):
        bring_back(made, made.goal, made.postgresql.data.name)
    assert sorted(path.name for path in made.postgresql.data.iterdir()) == before


def test_a_folder_that_cannot_be_made_is_no_restore(made: Made) -> None:
    with pytest.raises(RecoveryError, match="could not be written"):
        bring_back(made, made.goal, "no/such/place")


def test_too_little_space_is_noticed_before_anything_is_copied(tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    huge.touch()
    os.truncate(huge, 1 << 42)
    with pytest.raises(RecoveryError, match="make room first"):
        require_space(tmp_path, [huge] * 1000)


def with_log(made: Made, tmp_path: Path) -> Goal:
    return replace(made.goal, log=Path(shutil.copytree(made.goal.log, tmp_path / "log")))


def segment_of(goal: Goal, position: Lsn) -> Path:
    return goal.log / f"00000001{0:08X}{position.segment(16 << 20):08X}"


def cut(segment: Path) -> None:
    os.truncate(segment, 4 << 20)


def flip(segment: Path, position: int = 600) -> None:
    content = bytearray(segment.read_bytes())
    content[position] ^= 1
    segment.write_bytes(content)


def of_another_cluster(segment: Path) -> None:
    flip(segment, 24)


def of_another_place(segment: Path) -> None:
    shutil.copyfile(segment.with_name(f"{int(segment.name, 16) - 1:024X}"), segment)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (Path.unlink, "is missing"),
        (cut, "has 4194304 bytes"),
        (of_another_cluster, "is of another cluster"),
        (of_another_place, "holds another part of the log"),
        (flip, "has a broken record"),
    ],
)
def test_a_log_that_does_not_lead_to_the_target_is_refused(
    made: Made, tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    goal = with_log(made, tmp_path)
    spoil(segment_of(goal, goal.target))
    assert reason in flaws(made, goal)
    with pytest.raises(RecoveryError, match=reason):
        bring_back(made, goal, "spoilt")
    assert not (made.postgresql.data.parent / "spoilt").exists()


def test_an_empty_archive_is_refused(made: Made, tmp_path: Path) -> None:
    assert "holds no log segment" in flaws(made, replace(made.goal, log=tmp_path))


def test_a_target_from_before_the_end_of_the_backup_is_refused(made: Made) -> None:
    goal = replace(made.goal, target=made.goal.backup.start)
    assert "is before the backup's end" in flaws(made, goal)


def test_a_flawed_backup_is_not_restored(made: Made, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made.goal.backup.folder, tmp_path / "base"))
    flip(folder / "global/pg_control")
    goal = replace(made.goal, backup=replace(made.goal.backup, folder=folder))
    with pytest.raises(RecoveryError, match="global/pg_control has another content"):
        bring_back(made, goal, "flawed")


def test_a_backup_is_never_written_over_another(made: Made) -> None:
    server = Server(url=made.postgresql.url, binaries=made.postgresql.binaries)
    with pytest.raises(RecoveryError, match="never written over"):
        take_backup(server, made.goal.backup.folder)


def test_an_archive_has_one_reader(made: Made) -> None:
    server = Server(url=made.postgresql.url, binaries=made.postgresql.binaries)
    with pytest.raises(RecoveryError, match="already exists"):
        open_archive(server, Archive(folder=made.goal.log, slot="archive"))


def test_a_program_that_dies_without_a_word_has_failed() -> None:
    with pytest.raises(RecoveryError, match="code -9: without a word"):
        run(Path("/bin/sh"), ["-c", "kill -9 $$"], {}, within=10)


def test_a_program_that_takes_too_long_has_failed() -> None:
    with pytest.raises(RecoveryError, match="took more than"):
        run(Path("/bin/sh"), ["-c", "read -r line < /dev/zero"], {}, within=0.1)


def test_the_password_is_in_no_argument_and_no_text() -> None:
    server = Server(url="postgresql://me:hush@127.0.0.1:1/db", binaries=Path("/nowhere"))
    assert server.environment["PGPASSWORD"] == "hush"
    assert "hush" not in repr(server)


def test_a_new_target_takes_the_place_of_an_earlier_one() -> None:
    once = with_target("work_mem = '8MB'\n", Lsn.parse("0/1"))
    twice = with_target(once, Lsn.parse("0/2"))
    assert twice == once.replace("'0/1'", "'0/2'")
    assert twice.startswith("work_mem = '8MB'\n")
    # A target is where the first unwanted record begins.
    assert "recovery_target_inclusive = 'off'\n" in twice
