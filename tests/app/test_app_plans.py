"""Does every list and search find its rows by an index, in tables full of other tenants' rows?

The statements are those that real requests send, explained as the service's role under row-level
security. A new route is covered as soon as it is declared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from apiflask import APIFlask
from psycopg2 import sql
from sqlalchemy import event

from app.config import DRIVER, Config
from app.database import db
from app.endpoint import Audience, Declaration
from app.factory import create_app, declarations
from app.models import Base
from app.seed import Dataset, id_of, seed
from app.work.runner import run_due
from app.work.worker import new_worker
from gate.testbed.embedded import CHECKOUT
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema, new_schema, provision
from gate.testbed.site import Site
from tests.app.callers import NOBODY, OPERATOR_KEY, Caller, World, build_world

TABLES = sorted(Base.metadata.tables)
OWNED = [table for table in TABLES if table != "tenants"]
# The full size, 60,000 runs, is `tox -e plans`; the planner decides the same from 6,000 on.
RUNS = int(os.environ.get("MAESTRO_PLANS_RUNS", "6000"))
DATASET = Dataset(projects=RUNS // 100, experiments=RUNS // 100, runs=RUNS, models=RUNS // 10)
FEW, MANY = 1000, 3000
# What a search of runs is asked, in each group of its language and each kind of order.
SEARCHES = (
    {"filter": "metrics.metric_0 < 0.001"},
    {"filter": "params.param_0 = '0.01'"},
    {"filter": "tags.tag_0 = 'value 3' and attributes.status = 'failed'"},
    {"filter": "attributes.name like 'run 1%'", "order_by": "attributes.name asc"},
    {"filter": "attributes.status = 'running'", "order_by": "attributes.created_at desc"},
    {"order_by": "metrics.metric_0 asc"},
    {"order_by": "params.param_0 desc"},
)
Sent = tuple[str, Any]


@dataclass(frozen=True)
class Place:
    """A service on a full database, with somebody to ask it."""

    service: APIFlask
    owner: Caller
    operator: Caller
    world: World
    app_url: str
    sent: list[Sent] = field(default_factory=list)

    def ask(self, declared: Declaration, path: str, body: Any = None) -> list[Sent]:
        """The statements behind one good answer."""
        caller = self.operator if declared.access is Audience.OPERATOR else self.owner
        caller.ask("GET", "/v1/me")  # so that the key is in the cache
        self.sent.clear()
        answer = caller.ask(declared.method, path, body)
        assert answer.status_code == 200, f"{declared.operation} {path}: {answer.text}"
        return list(self.sent)


@pytest.fixture(scope="module")
def place(site: Site, postgresql: PostgreSQL, config: Config) -> Iterator[Place]:
    schema = new_schema(postgresql.url)
    provision(site, postgresql.url, schema, CHECKOUT)
    url = schema.app_url.replace("postgresql://", DRIVER)
    service = create_app(replace(config, database_url=url))
    client = service.test_client()
    operator = Caller(client, OPERATOR_KEY)
    made = operator.make(
        "/v1/tenants", name="full", plan="enterprise", owner_email="owner@example.org"
    )
    owner = Caller(client, made["api_key"])
    world = build_world(owner, "own")
    use_everything(owner, world, replace(config, database_url=url))
    tenant = UUID(made["tenant"]["id"])
    seed(schema.app_url, tenant, DATASET, lambda _: None)
    fill_up(postgresql.url_for(schema.database))
    found = Place(service, owner, operator, big(world, schema, tenant), schema.app_url)
    with service.app_context():
        engine = db.engine

    def note(*arguments: Any) -> None:
        found.sent.append((str(arguments[2]), arguments[3]))

    event.listen(engine, "before_cursor_execute", note)
    yield found
    engine.dispose()


def use_everything(owner: Caller, world: World, config: Config) -> None:
    """Make a row in each table that the world has left empty."""
    once = {"Idempotency-Key": "once"}
    assert owner.ask("POST", "/v1/projects", {"name": "once"}, headers=once).status_code == 201
    versions = f"/v1/models/{world.model_id}/versions"
    owner.make(versions, source_run_id=world.run_id, artifact_ids=[world.artifact_id])
    lowered = owner.ask("PATCH", "/v1/quotas", {"projects": 1000})
    assert lowered.status_code == 200, lowered.text
    with closing(new_worker(config)) as worker:
        run_due(worker)
    assert owner.read(f"/v1/jobs/{world.job_id}")["state"] == "succeeded"
    owner.make("/v1/exports", project_id=world.project_id)  # which nobody works on


def big(world: World, schema: Schema, tenant: UUID) -> World:
    """The world, with the largest experiment of the seed and one of its runs."""
    values = {"epoch": 1_704_067_200_000, "salt": f"{DATASET.seed} {tenant} "}
    connection = psycopg2.connect(schema.app_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {id_of('experiment', '1')}, {id_of('run', '200')}", values)
        experiment, run = cursor.fetchone() or ("", "")
    connection.close()
    return replace(world, experiment_id=str(experiment), run_id=str(run))


def fill_up(url: str) -> None:
    """Give small tables the rows of many other tenants, as copies of rows that are there."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # copies need no parents
        for table in TABLES:
            fresh = {"id"} if table == "tenants" else {"tenant_id", "id"}
            columns_of = Base.metadata.tables[table].columns
            names = [column.name for column in columns_of if column.computed is None]
            columns = [
                sql.SQL("gen_random_uuid()") if name in fresh else sql.Identifier(name)
                for name in names
            ]
            copies = sql.SQL(
                "INSERT INTO {table} ({names}) SELECT {columns} FROM "
                "(SELECT * FROM {table} LIMIT 1) AS one, generate_series(1, %s) "
                "WHERE (SELECT count(*) FROM {table}) < %s"
            )
            filled = copies.format(
                table=sql.Identifier(table),
                names=sql.SQL(", ").join(map(sql.Identifier, names)),
                columns=sql.SQL(", ").join(columns),
            )
            cursor.execute(filled, [MANY, MANY])
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def plans(place: Place, sent: list[Sent], *, operator: bool) -> Iterator[tuple[str, Any]]:
    """The plan of each SELECT on a table of ours, as the service's role in the caller's scope."""
    connection = psycopg2.connect(place.app_url)
    with connection, connection.cursor() as cursor:
        tenant = "" if operator else place.world.tenant_id
        cursor.execute(
            "SELECT set_config('app.tenant_id', %s, true), set_config('app.operator', %s, true)",
            [tenant, "on" if operator else "off"],
        )
        for text, values in sent:
            query = text.partition("; ")[2] if text.startswith("SELECT set_config") else text
            if any(f" {table}" in query for table in TABLES):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", values)
                yield query, (cursor.fetchone() or [None])[0][0]["Plan"]
    connection.close()


def scans(plan: Any) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] in {"Seq Scan", "Parallel Seq Scan"}:
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scans(part)


def is_list(declared: Declaration) -> bool:
    """Lists, searches, and everything else that answers with many rows."""
    found = declared.path.endswith(":search") or "cursor" in declared.query_names
    return found or (declared.method == "GET" and declared.path.startswith("/v1/"))


def variants(declared: Declaration, service: APIFlask) -> Iterator[dict[str, str]]:
    """No parameter, and each parameter by itself."""
    yield {}
    document: Any = service.spec
    operation = next(
        operation
        for methods in document["paths"].values()
        for operation in methods.values()
        if operation["operationId"] == declared.operation
    )
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and parameter["name"] != "cursor":
            value = sample(parameter["schema"], document)
            if value is not None:
                yield {parameter["name"]: value}


def sample(schema: Any, document: Any) -> str | None:
    """A value that the parameter's schema allows; None for free text."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        return str(schema["enum"][0])
    if schema.get("type") == "integer":
        return str(schema.get("minimum", 1) + 1)
    return NOBODY if schema.get("format") == "uuid" else None


def requests(place: Place, declared: Declaration) -> Iterator[list[Sent]]:
    if declared.method != "GET":
        for body in ({}, *SEARCHES):
            yield place.ask(declared, place.world.fill(declared.path), body)
        return
    for variant in variants(declared, place.service):
        yield place.ask(declared, place.world.url(declared.path, **variant))
    if "cursor" in declared.query_names:
        caller = place.operator if declared.access is Audience.OPERATOR else place.owner
        cursor = caller.read(place.world.url(declared.path, limit="1"))["next_cursor"]
        if cursor is not None:
            path = place.world.url(declared.path, limit="1", cursor=cursor)
            yield place.ask(declared, path)


def test_every_table_is_full(place: Place, postgresql: PostgreSQL) -> None:
    name = place.app_url.rpartition("/")[2]
    connection = psycopg2.connect(postgresql.url_for(name))
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            counted = cursor.fetchone()
            assert counted, table
            assert counted[0] > FEW, f"{table}: let build_world make one row of it"
    connection.close()


def test_no_list_or_search_reads_a_table_from_end_to_end(place: Place) -> None:
    looked, bad = 0, []
    for declared in declarations(place.service).values():
        if is_list(declared):
            operator = declared.access is Audience.OPERATOR
            for sent in requests(place, declared):
                for query, plan in plans(place, sent, operator=operator):
                    looked += 1
                    bad += [(declared.operation, table, query) for table in scans(plan)]
    assert looked > 30
    assert bad == []


def test_a_missing_index_is_noticed(place: Place, postgresql: PostgreSQL) -> None:
    admin = psycopg2.connect(postgresql.url_for(place.app_url.rpartition("/")[2]))
    with admin.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) SELECT * FROM runs WHERE updated_at = now()")
        plan = (cursor.fetchone() or [None])[0][0]["Plan"]
    admin.close()
    assert list(scans(plan)) == ["runs"]
