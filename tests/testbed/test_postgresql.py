"""PostgreSQL dies, comes back with its data, and gives no secret away."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import psutil
import psycopg2
import pytest

from gate.errors import SetupError
from gate.testbed.binaries import POSTGRESQL, copy, package_folder
from gate.testbed.identity import Identity, unprivileged
from gate.testbed.postgresql import PostgreSQL, new_postgresql, sibling
from gate.testbed.site import Site
from gate.testbed.trees import is_alive, members


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[PostgreSQL]:
    with new_postgresql(site, name=f"mortal-{token_hex(4)}") as running:
        yield running


def query(url: str, statement: str) -> str:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
    return "" if row is None else str(row[0])


def test_a_killed_server_restarts_with_its_data(server: PostgreSQL) -> None:
    query(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    old = members(psutil.Process(server.pid))
    assert len(old) > 5
    server.kill()
    assert not any(map(is_alive, old))
    assert not server.accepts()
    server.start()
    assert query(server.url, "SELECT answer FROM kept") == "42"
    query(server.url, "DROP TABLE kept")


def test_children_that_are_stopped_do_not_survive_the_kill(server: PostgreSQL) -> None:
    old = members(psutil.Process(server.pid))
    for child in old - {psutil.Process(server.pid)}:
        child.suspend()
    server.kill()
    assert not any(map(is_alive, old))
    server.start()


def test_starting_and_stopping_twice_is_no_error(server: PostgreSQL) -> None:
    before = server.pid
    server.start()
    assert server.pid == before
    server.stop()
    server.stop()
    with pytest.raises(SetupError, match="does not run"):
        _ = server.pid
    server.start()
    assert server.accepts()


def test_what_is_acknowledged_is_durable_and_checked(server: PostgreSQL) -> None:
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert query(server.url, f"SHOW {name}") == "on"
    assert query(server.url, "SHOW wal_level") == "replica"
    assert query(server.url, "SHOW summarize_wal") == "on"


def test_nobody_enters_without_the_password(server: PostgreSQL) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.url.replace(server.password, "wrong"))
    assert query(server.url, "SHOW unix_socket_directories") == ""
    assert query(server.url, "SHOW listen_addresses") == "127.0.0.1"


def test_root_runs_the_server_as_nobody(server: PostgreSQL) -> None:
    uid = psutil.Process(server.pid).uids().real
    assert uid != 0
    assert uid == server.data.stat().st_uid == (server.identity.get("user") or os.getuid())


def test_the_password_is_in_no_repr_and_on_no_disk(server: PostgreSQL) -> None:
    assert server.password not in repr(server)
    assert not (server.data.parent / "password").exists()


def test_a_copied_data_folder_runs_beside_the_original(server: PostgreSQL) -> None:
    query(server.url, "CREATE TABLE copied AS SELECT 7 AS answer")
    server.stop()
    data = server.data.with_name("copy")
    shutil.copytree(server.data, data)
    server.start()
    with sibling(server, data) as restored:
        assert restored.port != server.port
        query(server.url, "DROP TABLE copied")
        assert query(restored.url, "SELECT answer FROM copied") == "7"
        pid = restored.pid
    assert not psutil.pid_exists(pid)
    assert server.accepts()


def test_a_broken_data_folder_is_reported_with_the_servers_own_words(server: PostgreSQL) -> None:
    data = server.data.with_name("broken")
    data.mkdir()
    with pytest.raises(SetupError, match="ended with code 2"), sibling(server, data):
        pass


def test_programs_below_a_private_folder_are_copied_so_that_they_run(site: Site) -> None:
    folder = package_folder(POSTGRESQL)
    assert folder is not None
    programs = copy(folder, site.state) / "pginstall18/bin"
    identity = unprivileged()
    assert identity.may_enter(programs / "initdb")
    version = subprocess.run(
        [programs / "initdb", "--version"],
        check=True,
        capture_output=True,
        env={},
        **identity.of_process(),
    )
    assert b"(PostgreSQL) 18" in version.stdout


def test_a_private_folder_is_known_to_be_out_of_reach(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    assert not Identity(65_534, 65_534).may_enter(private / "postgres")
    assert Identity().may_enter(private / "postgres")


def test_programs_are_copied_once_even_by_two_at_a_time(tmp_path: Path) -> None:
    folder = package_folder(POSTGRESQL)
    assert folder is not None
    with ThreadPoolExecutor(2) as pool:
        copies = list(pool.map(lambda _: copy(folder, tmp_path), range(2)))
    assert copies[0] == copies[1]
    assert [path.name for path in tmp_path.iterdir()] == ["programs"]
