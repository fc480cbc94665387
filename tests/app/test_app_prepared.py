"""Do the hot paths travel in one message, and is it as safe as a transaction of its own?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from apiflask import APIFlask
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from app.config import Config
from app.database import Hold, Scope, db, enter, hold
from app.endpoint import Audience
from app.factory import create_app, declarations
from app.prepared import KNOWN, Prepared, send
from app.run_rows import READ_RUN, array_of
from tests.app.callers import NOBODY, Caller, World, build_world

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
SETTING = Prepared.of("SELECT current_setting('app.tenant_id', true), %(x)s::int", ("tenant", "x"))
LOCKS = Prepared.of(
    "SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
)
DIVIDE = Prepared.of("SELECT 1 / %(x)s::int")
POINT = {"metrics": [{"key": "loss", "step": 1, "value": 0.5}]}


@pytest.fixture
def world(owner: Caller) -> World:
    return build_world(owner, "own")


@pytest.fixture
def alone(config: Config) -> APIFlask:
    """A service of its own, so that its pool has this test's connection only."""
    return create_app(replace(config, pool_size=1))


@contextmanager
def heard(service: APIFlask) -> Iterator[list[str]]:
    """What is said to PostgreSQL: statements, and the beginnings and ends of transactions."""
    said: list[str] = []

    def begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if not driver.autocommit:
            said.append("BEGIN")

    def end(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if driver.info.transaction_status != TRANSACTION_STATUS_IDLE:
            said.append("COMMIT or ROLLBACK")

    listeners = {
        "before_cursor_execute": lambda *of: said.append(str(of[2])),
        "begin": begin,
        "commit": end,
        "rollback": end,
    }
    with service.app_context():
        engine = db.engine
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield said
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: Any = None
    messages: int = 1


@pytest.mark.parametrize(
    "asked",
    [
        Asked("GET", "/v1/runs/{run_id}"),
        Asked("GET", "/v1/experiments/{experiment_id}/runs"),
        Asked("GET", "/v1/experiments/{experiment_id}/runs?status=running"),
        Asked("POST", "/v1/runs/{run_id}/log", POINT),
        Asked("POST", "/v1/experiments/{experiment_id}/runs", {"name": "r", "params": {"a": "b"}}),
        Asked("POST", "/v1/runs:search", {"filter": "attributes.status = 'running'"}, messages=2),
    ],
    ids=lambda asked: f"{asked.method} {asked.path}",
)
def test_a_hot_path_is_one_message_and_no_transaction_beside_it(
    service: APIFlask, owner: Caller, world: World, asked: Asked
) -> None:
    owner.read("/v1/me")  # so that the key is in the cache
    with heard(service) as said:
        assert owner.ask(asked.method, world.fill(asked.path), asked.body).status_code < 300
    assert len(said) == asked.messages, said
    assert all(text.startswith("SELECT set_config('app.tenant_id', ") for text in said)


def test_a_list_is_one_message_and_one_for_what_it_hangs_below(
    service: APIFlask, owner: Caller, operator: Caller, world: World
) -> None:
    owner.read("/v1/me")
    lists = [
        declared
        for declared in declarations(service).values()
        if declared.method == "GET" and "cursor" in declared.query_names
    ]
    assert len(lists) > 10
    for declared in lists:
        caller = operator if declared.access is Audience.OPERATOR else owner
        with heard(service) as said:
            assert caller.ask("GET", world.fill(declared.path)).status_code == 200
        assert len(said) <= 1 + ("{" in declared.path), (declared.operation, said)


def test_an_audited_change_is_heard_as_a_transaction(
    service: APIFlask, owner: Caller, world: World
) -> None:
    with heard(service) as said:
        path = f"/v1/projects/{world.project_id}"
        assert owner.ask("PATCH", path, {"description": "x"}).status_code == 200
    assert {"BEGIN", "COMMIT or ROLLBACK"} <= set(said)


def test_an_empty_page_tells_an_empty_experiment_from_none(owner: Caller, world: World) -> None:
    empty = owner.make(f"/v1/projects/{world.project_id}/experiments", name="empty")["id"]
    assert owner.read(f"/v1/experiments/{empty}/runs") == {"items": [], "next_cursor": None}
    assert owner.ask("GET", f"/v1/experiments/{NOBODY}/runs").status_code == 404
    assert owner.ask("DELETE", f"/v1/experiments/{empty}").status_code == 204
    assert owner.ask("GET", f"/v1/experiments/{empty}/runs").status_code == 404


def test_the_scope_dies_with_its_message(alone: APIFlask) -> None:
    tenant = uuid4()
    with alone.test_request_context():
        assert SETTING.one(tenant, x=1) == {"tenant": str(tenant), "x": 1}
        with db.engine.connect() as connection:
            left = connection.exec_driver_sql("SELECT current_setting('app.tenant_id', true)")
            assert left.scalar() in {None, ""}


def test_without_a_scope_a_prepared_read_shows_nothing(alone: APIFlask, world: World) -> None:
    tenant, run = UUID(world.tenant_id), world.run_id
    with alone.test_request_context():
        assert READ_RUN.one(tenant, row_id=run) is not None
        with db.engine.connect() as connection:
            found = connection.exec_driver_sql(
                READ_RUN.execute, {"tenant_id": str(tenant), "row_id": run}
            )
            assert found.all() == []


def test_inside_a_transaction_it_belongs_to_it_and_sees_its_scope(alone: APIFlask) -> None:
    tenant = uuid4()
    with alone.test_request_context():
        enter(Scope(tenant))
        backend = db.session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar()
        same = Prepared.of("SELECT pg_backend_pid(), current_setting('app.tenant_id', true)")
        assert send(uuid4(), same) == [(backend, str(tenant))]


@pytest.mark.parametrize(("single", "mode"), [(False, "ShareLock"), (True, "ExclusiveLock")])
def test_what_is_held_is_held_for_the_message(alone: APIFlask, single: bool, mode: str) -> None:
    with alone.test_request_context():
        hold(Hold(7, alone=single))
        assert send(uuid4(), LOCKS) == [(mode,)]
        hold(None)
        assert send(uuid4(), LOCKS) == []


def test_a_refused_statement_costs_no_connection(alone: APIFlask) -> None:
    with alone.test_request_context():
        backends = set()
        for _ in range(3):
            with pytest.raises(DBAPIError, match="division"):
                send(uuid4(), DIVIDE, x=0)
            assert send(uuid4(), DIVIDE, x=1) == [(1,)]
            with db.engine.connect() as connection:
                assert DIVIDE.name in connection.connection.info[KNOWN]
                backends.add(connection.connection.driver_connection.info.backend_pid)  # type: ignore[union-attr]
        assert len(backends) == 1


def test_a_message_is_done_whole_or_not_at_all(
    owner: Caller, world: World, superuser: Cursor
) -> None:
    named = {"name": "undone", "params": {"a": "b"}}
    path = f"/v1/experiments/{world.experiment_id}/runs"
    superuser.execute("ALTER TABLE run_params ADD CONSTRAINT none CHECK (key <> 'a') NOT VALID")
    try:
        assert owner.ask("POST", path, named).status_code >= 400
    finally:
        superuser.execute("ALTER TABLE run_params DROP CONSTRAINT none")
    assert "undone" not in [run["name"] for run in owner.read(path)["items"]]
    assert owner.make(path, **named)["params"] == {"a": "b"}


def test_a_dead_connection_is_503_once_and_replaced(
    alone: APIFlask, owner: Caller, world: World, superuser: Cursor
) -> None:
    caller = Caller(alone.test_client(), owner.key)
    path = f"/v1/runs/{world.run_id}"
    caller.read(path)
    with alone.app_context(), db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        pid = driver.info.backend_pid
    superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert [caller.ask("GET", path).status_code for _ in range(2)] == [503, 200]


def test_a_log_with_an_idempotency_key_is_stored_with_its_answer(
    owner: Caller, world: World
) -> None:
    once, path = {"Idempotency-Key": "log"}, f"/v1/runs/{world.run_id}/log"
    answers = [owner.ask("POST", path, POINT, headers=once) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotent-Replayed"] == "true"


@given(texts=st.lists(TEXTS))
def test_an_array_holds_what_was_put_into_it(texts: list[str], arrays: Callable[..., Any]) -> None:
    assert arrays(array_of(texts)) == texts


@pytest.fixture(scope="module")
def arrays(postgresql: Any) -> Iterator[Callable[[str], Any]]:
    connection = psycopg2.connect(postgresql.url)
    with connection.cursor() as cursor:

        def read(literal: str) -> Any:
            cursor.execute("SELECT %s::text[]", [literal])
            return (cursor.fetchone() or [None])[0]

        yield read
    connection.close()
