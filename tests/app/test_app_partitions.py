"""Are the metric points split by run, and guarded in every part?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text

from app.config import DRIVER, MigrationConfig
from app.migrate import MigrationError, _alembic, upgrade
from gate.testbed.embedded import CHECKOUT
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, build_world

PARTITIONS = text(
    """SELECT c.oid::regclass::text, relrowsecurity, relforcerowsecurity,
        has_schema_privilege(:role, relnamespace, 'USAGE'),
        has_table_privilege(:role, c.oid, 'SELECT')
    FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE inhparent = 'metric_points'::regclass"""
)
PLANTED = (
    "INSERT INTO tenants VALUES (gen_random_uuid(), 't', 'free', now())",
    """INSERT INTO projects (tenant_id, id, name, description, tags, created_at, updated_at)
    SELECT id, gen_random_uuid(), 'p', '', '{}', now(), now() FROM tenants""",
    """INSERT INTO experiments
        (tenant_id, id, project_id, name, description, tags, created_at, updated_at)
    SELECT tenant_id, gen_random_uuid(), id, 'e', '', '{}', now(), now() FROM projects""",
    """INSERT INTO runs (tenant_id, id, experiment_id, name, status, created_at, updated_at)
    SELECT tenant_id, gen_random_uuid(), id, 'r', 'running', now(), now()
    FROM experiments, generate_series(1, :runs)""",
    """INSERT INTO metric_points (tenant_id, run_id, key, step, value, logged_at)
    SELECT tenant_id, id, 'loss', step, step, now() FROM runs, generate_series(0, 4) AS step""",
)


@contextmanager
def own_database(postgresql: PostgreSQL, schema: Schema) -> Iterator[Connection]:
    """A database of its own, migrated by a superuser."""
    name = f"{schema.database}_parts"
    admin = psycopg2.connect(postgresql.url)
    admin.autocommit = True
    admin.cursor().execute(f"CREATE DATABASE {name}")
    url = postgresql.url_for(name).replace("postgresql://", DRIVER)
    upgrade(MigrationConfig(database_url=url, app_role=schema.app_role))
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
        admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.close()


def test_every_partition_is_guarded_and_out_of_the_services_reach(schema: Schema) -> None:
    engine = create_engine(schema.owner_url.replace("postgresql://", DRIVER))
    with engine.connect() as connection:
        parts = connection.execute(PARTITIONS, {"role": schema.app_role}).all()
    engine.dispose()
    assert len(parts) == 8
    assert {tuple(part[1:]) for part in parts} == {(True, True, False, False)}


def test_the_service_cannot_ask_a_partition_directly(schema: Schema, owner: Caller) -> None:
    build_world(owner, "own")
    connection = psycopg2.connect(schema.app_url)
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("SELECT count(*) FROM metric_partitions.points_0")
    connection.close()


def test_one_run_is_read_from_one_partition(postgresql: PostgreSQL, schema: Schema) -> None:
    query = (
        "EXPLAIN (COSTS off) SELECT * FROM metric_points WHERE tenant_id = gen_random_uuid() "
        "AND run_id = '01900000-0000-7000-8000-000000000000' AND key = 'loss' ORDER BY step"
    )
    with own_database(postgresql, schema) as connection:
        plan = "\n".join(connection.execute(text(query)).scalars())
    assert plan.count("points_") == 2, plan  # the index and its table
    assert "Seq Scan" not in plan


def test_points_survive_the_conversion_forward_and_back(
    postgresql: PostgreSQL, schema: Schema
) -> None:
    with own_database(postgresql, schema) as connection:
        plant(connection, runs=20)
        for revision, parts in (("0001", 0), ("0005", 8)):
            move = command.downgrade if revision == "0001" else command.upgrade
            move(_alembic(connection), revision)
            count = connection.execute(text("SELECT count(*), sum(value) FROM metric_points"))
            assert count.one() == (100, 20 * 10)
            found = connection.execute(PARTITIONS, {"role": schema.app_role}).all()
            assert len(found) == parts


def test_uploads_that_are_under_way_count_from_their_migration_on(
    postgresql: PostgreSQL, schema: Schema
) -> None:
    counted = text("SELECT sum(used) FROM usage_counters WHERE resource = 'artifact_bytes'")
    with own_database(postgresql, schema) as connection:
        plant(connection, runs=1)
        connection.execute(
            text(
                "INSERT INTO uploads (tenant_id, id, run_id, path, size, part_size, reference, "
                "created_at) SELECT tenant_id, gen_random_uuid(), id, 'p', 30, 10, 'r', now() "
                "FROM runs"
            )
        )
        assert connection.execute(counted).scalar() == 30
        command.downgrade(_alembic(connection), "0007")
        assert connection.execute(counted).scalar() == 0
        command.upgrade(_alembic(connection), "0008")
        assert connection.execute(counted).scalar() == 30


def plant(connection: Connection, runs: int) -> None:
    """Five points each of some runs of one tenant."""
    for statement in PLANTED:
        connection.execute(text(statement), {"runs": runs} if ":runs" in statement else {})


def test_two_migrations_at_once_wait_for_each_other(postgresql: PostgreSQL, schema: Schema) -> None:
    """As two copies of the service do that are rolled out together."""
    with own_database(postgresql, schema) as connection:
        command.downgrade(_alembic(connection), "base")
        connection.execute(text("DROP TABLE alembic_version"))
        connection.commit()
        url = connection.engine.url.render_as_string(hide_password=False)
        told = {"MAESTRO_MIGRATION_DATABASE_URL": url, "MAESTRO_APP_ROLE": schema.app_role}
        command_line, own = [sys.executable, "-m", "app", "migrate"], os.environ | told
        begun = [subprocess.Popen(command_line, env=own, cwd=CHECKOUT) for _ in range(2)]
        assert [each.wait(timeout=80) for each in begun] == [0, 0]


def test_a_migration_does_not_queue_for_long_in_front_of_everybody(
    postgresql: PostgreSQL, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.migrate.LOCK_SECONDS", 0.2)
    with own_database(postgresql, schema) as connection:
        command.downgrade(_alembic(connection), "0006")
        connection.commit()
        url = connection.engine.url.render_as_string(hide_password=False)
        config = MigrationConfig(database_url=url, app_role=schema.app_role)
        with connection.engine.connect() as reader:
            reader.execute(text("SELECT 1 FROM uploads"))  # for long
            with pytest.raises(MigrationError, match="in use for"):
                upgrade(config)
        upgrade(config)
