"""The relay between a service and its PostgreSQL: unseen by both, and able to ask in between."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gate.errors import SetupError
from gate.testbed.lone import through
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.waiting import until
from gate.testbed.wire import Relay, relaying, row

MESSAGE = b"\x00\x02\x00\x00\x00\x01x\xff\xff\xff\xff"


@contextmanager
def connected(postgresql: PostgreSQL) -> Iterator[tuple[Relay, Connection]]:
    with (
        relaying(postgresql.port) as (relay, port),
        closing(psycopg2.connect(through(postgresql.url, port))) as connection,
    ):
        yield relay, connection


def say(connection: Connection, text: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall() if cursor.description else []


def test_what_is_said_passes_and_a_question_is_asked_in_between(postgresql: PostgreSQL) -> None:
    with connected(postgresql) as (relay, connection):
        connection.autocommit = True
        assert say(connection, "SELECT repeat('x', 300000)") == [("x" * 300_000,)]
        say(connection, "SET application_name = 'theirs'")
        found = relay.ask("SELECT pg_backend_pid(), current_setting('application_name'), NULL")
        assert found == [(str(relay.sessions[0]), "theirs", None)]
        assert say(connection, "SELECT 2") == [(2,)]
        assert relay.states == ("idle",)
        assert relay.said[0] >= 3


def test_the_state_is_told_and_a_transaction_goes_on_after_a_question(
    postgresql: PostgreSQL,
) -> None:
    with connected(postgresql) as (relay, connection):
        say(connection, "CREATE TEMP TABLE mine (n int)")
        assert relay.states == ("in a transaction",)
        assert relay.ask("SELECT count(*) FROM mine") == [("0",)]
        with pytest.raises(psycopg2.Error):
            say(connection, "SELECT 1 / 0")
        assert relay.states == ("in a failed transaction",)
        connection.rollback()
        assert relay.states == ("idle",)


def test_a_refused_question_is_said(postgresql: PostgreSQL) -> None:
    with connected(postgresql) as (relay, connection):
        with pytest.raises(SetupError, match="no_such_table"):
            relay.ask("SELECT 1 FROM no_such_table")
        assert say(connection, "SELECT 1") == [(1,)]


def test_what_is_said_inside_a_transaction_waits_while_it_is_held(postgresql: PostgreSQL) -> None:
    with connected(postgresql) as (relay, connection), ThreadPoolExecutor(1) as thread:
        with relay.hold():
            running = thread.submit(say, connection, "SELECT 3")
            assert until(lambda: relay.states == ("in a transaction",), within=5)
            assert not running.done()
        assert running.result() == [(3,)]


def test_a_closed_connection_is_counted_no_longer(postgresql: PostgreSQL) -> None:
    with connected(postgresql) as (relay, connection):
        connection.close()
        assert until(lambda: relay.sessions == (), within=5)
        assert relay.ask("SELECT 1") == []


def test_a_killed_session_ends_the_connection_for_the_service(postgresql: PostgreSQL) -> None:
    with connected(postgresql) as (relay, connection):
        with closing(psycopg2.connect(postgresql.url)) as admin:
            say(admin, f"SELECT pg_terminate_backend({relay.sessions[0]})")
        with pytest.raises(psycopg2.OperationalError):
            say(connection, "SELECT 1")
        assert until(lambda: relay.sessions == (), within=5)


def test_a_row_is_read() -> None:
    assert row(MESSAGE) == ("x", None)


def test_only_the_port_of_an_address_changes() -> None:
    url = "postgresql://app:p%40ss@127.0.0.1:5432/db"
    assert through(url, 7) == "postgresql://app:p%40ss@127.0.0.1:7/db"
