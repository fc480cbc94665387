"""Is a rested connection asked before it is used, and a fresh one taken on trust?"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from sqlalchemy import Engine, create_engine, text

from app.config import DRIVER
from app.connections import guard
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema

TERMINATE = "SELECT pg_terminate_backend(%s, 5000)"
PID = text("SELECT pg_backend_pid()")


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def engine(schema: Schema, clock: list[float]) -> Iterator[Engine]:
    made = create_engine(schema.app_url.replace("postgresql://", DRIVER), pool_size=1)
    guard(made, lambda: clock[0])
    yield made
    made.dispose()


def backend(engine: Engine) -> int:
    with engine.connect() as connection:
        found: int = connection.execute(PID).scalar_one()
        return found


def end(postgresql: PostgreSQL, pid: int) -> None:
    admin = psycopg2.connect(postgresql.url)
    with admin.cursor() as cursor:
        cursor.execute(TERMINATE, [pid])
    admin.close()


def test_a_rested_connection_whose_server_is_gone_is_replaced(
    engine: Engine, clock: list[float], postgresql: PostgreSQL
) -> None:
    pid = backend(engine)
    clock[0] = 0.9
    assert backend(engine) == pid
    end(postgresql, pid)
    clock[0] = 2.0
    assert backend(engine) != pid


def test_a_rested_connection_that_lives_is_kept(engine: Engine, clock: list[float]) -> None:
    pid = backend(engine)
    clock[0] = 100.0
    assert backend(engine) == pid


def test_a_connection_that_died_a_moment_ago_fails_once(
    engine: Engine, postgresql: PostgreSQL
) -> None:
    pid = backend(engine)
    end(postgresql, pid)
    with pytest.raises(Exception, match="terminat"):
        backend(engine)
    assert backend(engine) != pid
