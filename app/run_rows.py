"""How is a run with everything logged to it read and written in few statements?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.database import PSYCOPG2
from app.errors import not_found
from app.ids import new_id
from app.lifetimes import living
from app.models import Experiment, LatestMetric, Run, RunParam, RunPart, RunTag
from app.models.base import now
from app.prepared import Prepared, send
from app.ready import Ready, fragment
from app.schemas.runs import LogIn, MetricIn, RunIn, RunStatus
from app.tenancy import principal


def _text(constant: str) -> ColumnElement[str]:
    """A constant of ours in the statement itself, so that a compiled read has no hidden one."""
    return literal_column(f"'{constant}'", Text)


def _json(value: ColumnElement[Any]) -> ColumnElement[str]:
    return cast(func.to_json(value), Text)


def _collected(part: type[RunPart], value: ColumnElement[str]) -> ScalarSelect[str]:
    """The run's parts as the text of one JSON object, in an order that depends on the keys only."""
    pairs = _json(part.__table__.c.key) + _text(":") + value
    joined = func.string_agg(pairs, aggregate_order_by(_text(","), part.key))
    return (
        select(_text("{") + func.coalesce(joined, _text("")) + _text("}"))
        .where(part.tenant_id == Run.tenant_id, part.run_id == Run.id)
        .correlate(Run)
        .scalar_subquery()
    )


POINT = LatestMetric.__table__.c
LATEST = (
    _text('{"step":') + _json(POINT.step) + _text(',"value":') + _json(POINT.value) + _text("}")
)
COLLECTED = ("params", "tags", "metrics")
# Ids as text: nobody needs them as objects, which take longer to make than to read.
COLUMNS = (
    cast(Run.id, Text).label("id"),
    Run.created_at,
    Run.updated_at,
    cast(Run.experiment_id, Text).label("experiment_id"),
    Run.name,
    Run.status,
    _collected(RunParam, _json(RunParam.__table__.c.value)).label("params"),
    _collected(RunTag, _json(RunTag.__table__.c.value)).label("tags"),
    _collected(LatestMetric, LATEST).label("metrics"),
)
READ_RUN = Prepared.compile(
    select(*COLUMNS)
    .where(Run.tenant_id == bindparam("tenant_id"), Run.id == bindparam("row_id"))
    .where(*living(Run))
)


def ready_run(row: Mapping[str, Any]) -> Ready:
    """A row of `COLUMNS` as it is shown."""
    return Ready({**row, **{name: fragment(row[name]) for name in COLLECTED}})


def parsed_run(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `COLUMNS` as Python's objects."""
    return {**row, **{name: orjson.loads(row[name]) for name in COLLECTED}}


def scoped_runs() -> Select[Any]:
    """Select whole runs of the request's tenant, in one statement."""
    return select(*COLUMNS).where(Run.tenant_id == principal().tenant_id, *living(Run))


def read_whole_run(run_id: UUID) -> Ready:
    """The tenant's run with everything logged to it; 404 when there is none. One round trip."""
    row = READ_RUN.one(principal().tenant_id, row_id=str(run_id))
    if row is None:
        raise not_found(Run.noun)
    return ready_run(row)


READ_RUNS = Prepared.compile(
    select(*COLUMNS)
    .where(Run.tenant_id == bindparam("tenant_id"), Run.deleted_at.is_(None))
    .where(Run.id == any_(cast(bindparam("ids"), ARRAY(Uuid))))
)


def read_runs(ids: Sequence[UUID]) -> list[Ready]:
    """The tenant's runs with these ids, in this order, for one who has just seen that they live.

    What was deleted since is left out.
    """
    names = list(map(str, ids))
    rows = READ_RUNS.all(principal().tenant_id, ids=array_of(names)) if ids else ()
    found = {row["id"]: ready_run(row) for row in rows}
    return [found[name] for name in names if name in found]


LIVING_EXPERIMENT = (
    select(Experiment.tenant_id, Experiment.id)
    .where(Experiment.tenant_id == bindparam("tenant_id"))
    .where(Experiment.id == bindparam("experiment_id"), *living(Experiment))
    .compile(dialect=PSYCOPG2)
)
# Everything that a new run brings, if its experiment is there and lives.
CREATE_RUN = Prepared.of(
    f"""
WITH experiment AS (
    {LIVING_EXPERIMENT}
), run AS (
    INSERT INTO runs (tenant_id, id, experiment_id, name, status, created_at, updated_at)
    SELECT experiment.tenant_id, %(row_id)s::uuid, experiment.id, %(name)s, %(status)s,
        %(now)s::timestamptz, %(now)s::timestamptz
    FROM experiment
    RETURNING runs.tenant_id, runs.id
), params AS (
    INSERT INTO run_params (tenant_id, run_id, key, value)
    SELECT run.tenant_id, run.id, p.key, p.value
    FROM run, unnest(%(param_keys)s::text[], %(param_values)s::text[]) AS p (key, value)
), tags AS (
    INSERT INTO run_tags (tenant_id, run_id, key, value)
    SELECT run.tenant_id, run.id, p.key, p.value
    FROM run, unnest(%(tag_keys)s::text[], %(tag_values)s::text[]) AS p (key, value)
)
SELECT count(*) FROM run
"""  # noqa: S608 - our own query, compiled
)


def create_whole_run(experiment_id: UUID, new: RunIn) -> Ready:
    """Store a new run and read it as every reader does, in one message; 404 without experiment."""
    made = READ_RUN.named(
        send(
            principal().tenant_id,
            CREATE_RUN,
            READ_RUN,
            experiment_id=str(experiment_id),
            row_id=str(new_id()),
            name=new.name,
            status=RunStatus.RUNNING.value,
            now=now(),
            **_words(new.params, new.tags),
        )
    )
    if not made:
        raise not_found(Experiment.noun)
    return ready_run(made[0])


# One statement for everything in a log, so that one round trip finds the run and stores it all.
# Rows go in key order, so that concurrent logs cannot deadlock.
LIVING_RUN = (
    select(Run.tenant_id, Run.id)
    .where(Run.tenant_id == bindparam("tenant_id"), Run.id == bindparam("run_id"))
    .where(*living(Run))
    .compile(dialect=PSYCOPG2)
)
STORE_LOG = Prepared.of(
    f"""
WITH run AS (
    {LIVING_RUN}
), points AS (
    INSERT INTO metric_points (tenant_id, run_id, key, step, value, logged_at)
    SELECT run.tenant_id, run.id, p.key, p.step, p.value, %(now)s::timestamptz
    FROM run, unnest(%(keys)s::text[], %(steps)s::bigint[], %(values)s::float8[])
        AS p (key, step, value)
    ORDER BY p.key, p.step
    ON CONFLICT (tenant_id, run_id, key, step)
        DO UPDATE SET value = excluded.value, logged_at = excluded.logged_at
), latest AS (
    INSERT INTO latest_metrics (tenant_id, run_id, key, step, value)
    SELECT run.tenant_id, run.id, p.key, p.step, p.value
    FROM run, unnest(%(last_keys)s::text[], %(last_steps)s::bigint[], %(last_values)s::float8[])
        AS p (key, step, value)
    ORDER BY p.key
    ON CONFLICT (tenant_id, run_id, key) DO UPDATE SET step = excluded.step, value = excluded.value
        WHERE latest_metrics.step <= excluded.step
), params AS (
    INSERT INTO run_params (tenant_id, run_id, key, value)
    SELECT run.tenant_id, run.id, p.key, p.value
    FROM run, unnest(%(param_keys)s::text[], %(param_values)s::text[]) AS p (key, value)
    ORDER BY p.key
    ON CONFLICT (tenant_id, run_id, key) DO UPDATE SET value = excluded.value
), tags AS (
    INSERT INTO run_tags (tenant_id, run_id, key, value)
    SELECT run.tenant_id, run.id, p.key, p.value
    FROM run, unnest(%(tag_keys)s::text[], %(tag_values)s::text[]) AS p (key, value)
    ORDER BY p.key
    ON CONFLICT (tenant_id, run_id, key) DO UPDATE SET value = excluded.value
)
SELECT count(*) FROM run
"""  # noqa: S608 - our own query, compiled
)


def store_log(run_id: UUID, log: LogIn) -> None:
    """Store what was logged, if the tenant has this run and it lives; 404 otherwise."""
    points = {(point.key, point.step): point for point in log.metrics}
    newest = {key: point for (key, _), point in sorted(points.items())}
    ((found,),) = send(
        principal().tenant_id,
        STORE_LOG,
        run_id=str(run_id),
        now=now(),
        **_columns("", points.values()),
        **_columns("last_", newest.values()),
        **_words(log.params, log.tags),
    )
    if not found:
        raise not_found(Run.noun)


def _columns(prefix: str, points: Iterable[MetricIn]) -> dict[str, str]:
    chosen = list(points)
    return {
        f"{prefix}keys": array_of(point.key for point in chosen),
        f"{prefix}steps": array_of(str(point.step) for point in chosen),
        f"{prefix}values": array_of(repr(point.value) for point in chosen),
    }


def _words(params: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, str]:
    return {
        "param_keys": array_of(params),
        "param_values": array_of(params.values()),
        "tag_keys": array_of(tags),
        "tag_values": array_of(tags.values()),
    }


def array_of(texts: Iterable[str]) -> str:
    """A literal for an array of these texts, whatever is in them (PostgreSQL manual, 8.15.2).

    To let psycopg2 adapt a list takes five times as long.
    """
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"
