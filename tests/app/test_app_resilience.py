"""Does every request end in time with one connection, whatever PostgreSQL does?"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psutil
import psycopg2
import pytest
from apiflask import APIFlask
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from app import connections
from app.config import Config
from app.database import db
from app.errors import database_problem
from app.factory import create_app, declarations
from gate.testbed.embedded import CHECKOUT
from gate.testbed.postgresql import PostgreSQL, new_postgresql
from gate.testbed.provision import Schema, new_schema, provision
from gate.testbed.site import Site, open_site
from gate.testbed.trees import members
from gate.testbed.waiting import until
from tests.app.callers import Caller, build_world
from tests.app.crews import crew

LIMITS = {
    "statement_timeout": "2s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "2s",
    "application_name": "maestro",
}
PARAMETERS = {
    "connect_timeout": "2",
    "tcp_user_timeout": "3000",
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "2",
}


def test_every_connection_has_its_timeouts(service: APIFlask) -> None:
    with service.app_context(), db.engine.connect() as live:
        shown = {name: live.execute(text(f"SHOW {name}")).scalar() for name in LIMITS}
        driver: Any = live.connection.driver_connection
        given = driver.info.dsn_parameters
        assert shown == LIMITS
        assert {name: given[name] for name in PARAMETERS} == PARAMETERS
        assert (db.engine.pool.timeout(), db.engine.pool._max_overflow) == (1, 0)  # type: ignore[attr-defined]


@contextmanager
def counting(app: APIFlask) -> Iterator[Callable[[], tuple[int, int]]]:
    """How many connections were taken, and how many at once at most, since the last question."""
    now, taken, most = 0, 0, 0

    def take(*_: object) -> None:
        nonlocal now, taken, most
        now, taken = now + 1, taken + 1
        most = max(most, now)

    def give(*_: object) -> None:
        nonlocal now
        now -= 1

    def asked() -> tuple[int, int]:
        nonlocal taken, most
        answer = (taken, most)
        taken, most = 0, now
        return answer

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", take)
    event.listen(engine, "checkin", give)  # codespell:ignore checkin
    yield asked
    event.remove(engine, "checkout", take)
    event.remove(engine, "checkin", give)  # codespell:ignore checkin


@pytest.mark.parametrize("cached", [False, True])
def test_every_route_uses_at_most_one_connection_at_a_time(
    config: Config, owner: Caller, cached: bool
) -> None:
    # With one connection in the pool, a second one at the same time would be a 503.
    app = create_app(replace(config, pool_size=1, auth_seconds=60.0 if cached else 0.0))
    caller = Caller(app.test_client(), owner.key)
    worlds = [build_world(owner, f"w{number}") for number in range(2)]
    wrong = []
    with counting(app) as asked:
        for declared in declarations(app).values():
            body = {"name": "x"} if declared.body else None
            answer = caller.ask(declared.method, worlds[0].fill(declared.path), body)
            taken, most = asked()
            if most > 1 or taken > 2 or answer.status_code == 503:
                wrong.append((declared.operation, taken, most, answer.status_code))
    assert wrong == []


def test_three_times_as_many_writers_as_connections_are_served_or_told_to_come_back(
    config: Config, owner: Caller
) -> None:
    app = create_app(config)
    experiment = build_world(owner, "busy").experiment_id
    path = f"/v1/experiments/{experiment}/runs"
    runs = [owner.make(path, name="r")["id"] for _ in range(3 * config.pool_size)]
    body = {"metrics": [{"key": f"k{n}", "step": 1, "value": 0.5} for n in range(100)]}

    def write(run: str) -> int:
        caller = Caller(app.test_client(), owner.key)
        return caller.ask("POST", f"/v1/runs/{run}/log", body).status_code

    with ThreadPoolExecutor(len(runs)) as writers:
        statuses = Counter(writers.map(write, runs * 5))
    assert set(statuses) <= {200, 503}
    # How many depends on the machine; those that got a connection were served.
    assert statuses[200] >= config.pool_size


@contextmanager
def stopped(server: PostgreSQL) -> Iterator[None]:
    """The whole PostgreSQL, frozen: it accepts and never answers."""
    tree = members(psutil.Process(server.pid))
    for one in tree:
        one.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in tree:
            one.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, PostgreSQL, Schema]]:
    """A PostgreSQL that only these tests break."""
    with open_site(tmp_path_factory.mktemp("apart")) as site, new_postgresql(site) as server:
        schema = new_schema(server.url)
        provision(site, server.url, schema, CHECKOUT)
        yield site, server, schema


def test_while_postgresql_is_frozen_the_server_lives_and_says_no(
    apart: tuple[Site, PostgreSQL, Schema], redis_url: str
) -> None:
    site, server, schema = apart
    with crew(site, schema, redis_url, "--drain-seconds", "0") as running:
        key = running.new_owner()
        with running.client(key) as caller:
            project = caller.post("/v1/projects", json={"name": "kept"}).json()["id"]
            path = f"/v1/projects/{project}"

            def ask(asked: str) -> tuple[str, int, str | None]:
                with running.client(key) as client:
                    answer = client.get(asked, timeout=30)
                return asked, answer.status_code, answer.headers.get("Retry-After")

            with stopped(server), ThreadPoolExecutor(8) as threads:
                asked = [path, "/v1/projects", "/readyz", "/healthz"] * 8
                seen = Counter(threads.map(ask, asked))
            assert set(seen) == {
                (path, 503, "1"),
                ("/v1/projects", 503, "1"),
                ("/readyz", 503, "1"),
                ("/healthz", 200, None),
            }
            assert until(lambda: caller.get("/readyz").status_code == 200, within=30)
            assert until(lambda: caller.get(path).status_code == 200, within=30)
            assert caller.post("/v1/projects", json={"name": "afterwards"}).status_code == 201


def test_a_connection_that_died_at_rest_is_replaced_before_it_is_used(
    apart: tuple[Site, PostgreSQL, Schema], config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, server, schema = apart
    monkeypatch.setattr(connections, "RESTED", 0.0)
    app = create_app(
        replace(config, database_url=schema.app_url.replace("postgresql", "postgresql+psycopg2", 1))
    )
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    admin = psycopg2.connect(server.url_for(schema.database))
    with admin.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE usename = %s",
            [schema.app_role],
        )
        assert cursor.fetchone() != (0,)
    admin.close()
    assert client.get("/readyz").status_code == 200


def test_a_request_that_holds_its_connection_too_long_has_it_cut(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LONGEST", 0.0)
    with create_app(config).test_request_context(), pytest.raises(OperationalError) as caught:
        db.session.execute(text("SELECT pg_sleep(1.9)"))
    assert caught.value.connection_invalidated
    problem = database_problem(caught.value)
    assert problem is not None
    assert problem.status == 503


def test_outside_of_a_request_a_connection_may_be_held(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LONGEST", 0.0)
    with create_app(config).app_context(), db.engine.connect() as held:
        assert held.execute(text("SELECT pg_sleep(0.6) IS NULL")).scalar() is False
