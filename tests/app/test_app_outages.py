"""Does the service stay honest when PostgreSQL or Redis is gone, and come back by itself?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from flask import Response
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.config import Config
from app.database import db
from app.errors import database_problem
from app.factory import create_app
from app.limits import TIERS
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller


@pytest.fixture
def outage(postgresql: PostgreSQL) -> Iterator[PostgreSQL]:
    """A server that a test may kill; it runs again afterwards."""
    yield postgresql
    if not postgresql.accepts():
        postgresql.start()


def test_without_postgresql_everything_is_503_and_afterwards_right(
    owner: Caller, outage: PostgreSQL
) -> None:
    project = owner.make("/v1/projects", name="kept")["id"]
    outage.kill()
    for method, path, body in (
        ("GET", f"/v1/projects/{project}", None),
        ("GET", "/v1/projects", None),
        ("POST", "/v1/projects", {"name": "x"}),
        ("GET", "/readyz", None),
    ):
        answer = owner.ask(method, path, body)
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.get_json()["code"] == "unavailable"
    assert owner.ask("GET", "/healthz").status_code == 200
    outage.start()
    assert owner.ask("GET", "/readyz").status_code == 200
    assert owner.read(f"/v1/projects/{project}")["name"] == "kept"
    owner.make("/v1/projects", name="afterwards")


def test_a_connection_that_dies_after_the_last_statement_spoils_no_answer(
    config: Config, postgresql: PostgreSQL
) -> None:
    app = create_app(config)

    def cut(response: Response) -> Response:
        used = db.session.connection().connection.driver_connection
        assert used is not None
        with closing(psycopg2.connect(postgresql.url)) as admin, admin.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [used.info.backend_pid])
        return response

    app.after_request(cut)
    assert app.test_client().get("/readyz").status_code == 200


def test_a_row_locked_by_somebody_else_is_503_and_not_a_hang(
    owner: Caller, postgresql: PostgreSQL, schema: Schema
) -> None:
    project = owner.make("/v1/projects", name="locked")["id"]
    holder = psycopg2.connect(postgresql.url_for(schema.database))
    holder.cursor().execute("SELECT 1 FROM projects WHERE id = %s FOR UPDATE", [project])
    answer = owner.ask("PATCH", f"/v1/projects/{project}", {"name": "x"})
    holder.close()
    assert answer.status_code == 503
    assert owner.read(f"/v1/projects/{project}")["name"] == "locked"


class Failed(Exception):  # noqa: N818 - stands for a driver's error
    def __init__(self, pgcode: str | None) -> None:
        super().__init__("secret text of the driver")
        self.pgcode = pgcode


@pytest.mark.parametrize("state", ["08006", "53300", "57014", "57P01", "40001", "40P01", "55P03"])
def test_a_state_that_passes_is_503(state: str) -> None:
    problem = database_problem(DBAPIError("", None, Failed(state)))
    assert problem is not None
    assert problem.status == 503
    assert "secret" not in problem.detail


def test_other_database_errors_are_told_apart() -> None:
    assert database_problem(PoolTimeoutError()).status == 503  # type: ignore[union-attr]
    assert database_problem(OperationalError("", None, Failed(None))).status == 503  # type: ignore[union-attr]
    assert database_problem(DBAPIError("", None, Failed("23505"))).status == 409  # type: ignore[union-attr]
    assert database_problem(DBAPIError("", None, Failed("42601"))) is None


def test_without_redis_reads_and_writes_work_and_new_keys_wait(
    config: Config, owner: Caller
) -> None:
    lost = create_app(replace(config, redis_url="redis://127.0.0.1:1/0"))
    caller = Caller(lost.test_client(), owner.key)
    caller.make("/v1/projects", name="without Redis")
    assert caller.read("/readyz")["redis"] == "down"
    answer = caller.ask("POST", "/v1/api-keys", {"name": "x"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")


@pytest.mark.parametrize("redis", [True, False])
def test_a_tenant_is_held_to_its_plan_and_only_that_tenant(
    config: Config, new_owner: Callable[..., Caller], redis: bool
) -> None:
    app = create_app(config if redis else replace(config, redis_url="redis://127.0.0.1:1/0"))
    busy, calm = (Caller(app.test_client(), new_owner("free").key) for _ in range(2))
    # A minute may end in between: two minutes' worth is enough to run into the limit.
    answers = [busy.ask("GET", "/v1/me") for _ in range(2 * TIERS["free"].per_minute + 1)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert refused[0].get_json()["code"] == "rate-limited"
    assert calm.ask("GET", "/v1/me").status_code == 200


def test_while_the_drain_file_exists_nothing_new_should_be_sent(
    config: Config, tmp_path: Path
) -> None:
    file = tmp_path / "draining"
    client = create_app(replace(config, drain_file=str(file))).test_client()
    assert client.get("/readyz").status_code == 200
    file.touch()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
