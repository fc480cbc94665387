"""Does each of the two walls between tenants hold when the other one is gone?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from apiflask import APIFlask
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case
from sqlalchemy import create_engine, event

from app.config import DRIVER, Config, MigrationConfig
from app.database import db
from app.factory import create_app, declarations
from app.migrate import downgrade, upgrade
from app.models import Base
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, World, arguments, build_world

TABLES = sorted(Base.metadata.tables)
OWNED = [table for table in TABLES if table != "tenants"]
BODIES_OF = {
    "update_member": {"role": "viewer"},
    "log_to_run": {"tags": {"taken": "over"}},
    "create_version": {"description": "planted"},
    "update_tenant": {"name": "taken over"},
    "update_version": {"description": "planted"},
    "transition_version": {"stage": "staging"},
    "set_alias": {"version": 1},
    "update_deployment": {"desired_state": "stopped"},
    "promote_deployment": {"version": 1},
    "rollback_deployment": {},
    "complete_upload": {"sha256": "0" * 64},
    "rotate_api_key": {},
    "update_webhook": {"enabled": False},
}


@pytest.fixture
def session(schema: Schema) -> Iterator[Connection]:
    """A connection with the service's own role and no tenant."""
    connection = psycopg2.connect(schema.app_url)
    yield connection
    connection.close()


def reach(caller: Caller, service: APIFlask, world: World) -> list[tuple[str, int]]:
    """Every operation on another tenant's object that was not answered 404."""
    reached = []
    for declared in declarations(service).values():
        if "{" in declared.path:
            sent = arguments(declared, BODIES_OF.get(declared.operation, {"name": "planted"}))
            answer = caller.ask(declared.method, world.fill(declared.path), **sent)
            if answer.status_code != 404:
                reached.append((declared.operation, answer.status_code))
    return reached


def test_no_operation_reaches_another_tenants_objects(
    service: APIFlask, new_owner: Callable[..., Caller]
) -> None:
    victim = new_owner()
    world = build_world(victim, "victim")
    assert reach(new_owner(), service, world) == []
    assert victim.read(f"/v1/runs/{world.run_id}")["tags"] == {"team": "victim"}
    assert len(victim.read(f"/v1/models/{world.model_id}/versions")["items"]) == 1


def test_the_code_alone_keeps_tenants_apart(
    config: Config, postgresql: PostgreSQL, schema: Schema, new_owner: Callable[..., Caller]
) -> None:
    victim, stranger = new_owner(), new_owner()
    world = build_world(victim, "victim")
    superuser = postgresql.url_for(schema.database).replace("postgresql://", DRIVER)
    unguarded = create_app(replace(config, database_url=superuser))
    caller = Caller(unguarded.test_client(), stranger.key)
    assert reach(caller, unguarded, world) == []
    for path in ("/v1/projects", "/v1/members?limit=200", "/v1/api-keys"):
        assert "victim" not in caller.ask("GET", path).text


def test_a_foreign_run_cannot_be_a_versions_source(new_owner: Callable[..., Caller]) -> None:
    foreign = build_world(new_owner(), "victim")
    own = new_owner()
    model = build_world(own, "own").model_id
    answer = own.ask("POST", f"/v1/models/{model}/versions", {"source_run_id": foreign.run_id})
    assert answer.status_code == 404


def test_the_database_alone_keeps_tenants_apart(
    session: Connection, new_owner: Callable[..., Caller]
) -> None:
    victim, other = new_owner(), new_owner()
    world = build_world(victim, "victim")
    other_id = other.read("/v1/me")["tenant_id"]
    with session.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [other_id])
        for table in OWNED:
            foreign = sql.SQL("SELECT count(*) FROM {} WHERE tenant_id <> %s")
            cursor.execute(foreign.format(sql.Identifier(table)), [other_id])
            assert cursor.fetchone() == (0,), table
        cursor.execute("UPDATE runs SET name = 'taken over' WHERE id = %s", [world.run_id])
        assert cursor.rowcount == 0
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(
                "INSERT INTO projects VALUES (%s, gen_random_uuid(), 'x', '', '{}', now(), now())",
                [world.tenant_id],
            )


@pytest.mark.parametrize("table", TABLES)
def test_without_a_tenant_no_row_is_visible(table: str, session: Connection, owner: Caller) -> None:
    build_world(owner, "own")
    with session.cursor() as cursor:
        # The second round has a used connection, where the setting is empty and not missing.
        for _ in range(2):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            assert cursor.fetchone() == (0,)
            cursor.execute("SELECT set_config('app.tenant_id', gen_random_uuid()::text, true)")
            session.commit()


@pytest.mark.parametrize("path", ["/v1/runs/{run_id}", "/v1/projects", "/v1/projects?x=1"])
def test_a_connection_goes_back_to_the_pool_without_its_tenant(
    config: Config, owner: Caller, path: str
) -> None:
    world = build_world(owner, "own")
    app = create_app(replace(config, pool_size=1))
    Caller(app.test_client(), owner.key).ask("GET", world.fill(path))
    with app.app_context(), db.engine.connect() as used:
        assert used.exec_driver_sql("SELECT current_setting('app.tenant_id', true)").scalar() == ""
        assert used.exec_driver_sql("SELECT count(*) FROM runs").scalar() == 0


@pytest.mark.parametrize("table", TABLES)
def test_row_level_security_is_enabled_and_forced(table: str, session: Connection) -> None:
    with session.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity, relowner = current_user::regrole::oid "
            "FROM pg_class WHERE oid = %s::regclass",
            [table],
        )
        assert cursor.fetchone() == (True, True, False)


@pytest.mark.parametrize("table", OWNED)
def test_every_key_begins_with_the_tenant(table: str, session: Connection) -> None:
    with session.cursor() as cursor:
        cursor.execute(
            "SELECT conname, attname FROM pg_constraint c JOIN pg_attribute a "
            "ON attrelid = conrelid AND attnum = conkey[1] "
            "WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f')",
            [table],
        )
        keys = cursor.fetchall()
    assert keys
    assert {column for _, column in keys} == {"tenant_id"}


def test_the_services_role_can_neither_truncate_nor_change_the_schema(
    session: Connection,
) -> None:
    for statement in ("TRUNCATE runs", "CREATE TABLE x (y int)", "DROP TABLE runs CASCADE"):
        with session.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)
        session.rollback()


def test_every_statement_on_a_tenants_table_names_the_tenant(
    service: APIFlask, owner: Caller
) -> None:
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    with service.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        engine = db.engine
    try:
        world = build_world(owner, "own")
        for declared in declarations(service).values():
            if declared.method == "GET" and declared.path.startswith("/v1/"):
                owner.ask("GET", world.fill(declared.path))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    touching = [text for text in statements if any(f" {table}" in text for table in OWNED)]
    assert len(touching) > 20
    assert [text for text in touching if "tenant_id" not in text] == []


def test_the_models_describe_the_migrated_tables(schema: Schema) -> None:
    engine = create_engine(schema.owner_url.replace("postgresql://", DRIVER))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_migrations_go_forward_and_back(postgresql: PostgreSQL, schema: Schema) -> None:
    name = f"{schema.database}_twice"
    admin = psycopg2.connect(postgresql.url)
    admin.autocommit = True
    admin.cursor().execute(f"CREATE DATABASE {name}")
    url = postgresql.url_for(name).replace("postgresql://", DRIVER)
    migration = MigrationConfig(database_url=url, app_role=schema.app_role)
    engine = create_engine(url)
    for step, expected in ((upgrade, len(TABLES)), (downgrade, 0), (upgrade, len(TABLES))):
        step(migration)
        with engine.connect() as connection:
            count = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_policies WHERE schemaname = 'public'"
            ).scalar()
        assert count == expected
    engine.dispose()
    admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


def test_ids_of_the_world_are_time_ordered(owner: Caller) -> None:
    world = build_world(owner, "own")
    ids = [world.tenant_id, world.project_id, world.experiment_id, world.run_id, world.model_id]
    assert ids == sorted(ids)
    assert {UUID(text).version for text in ids} == {7}
