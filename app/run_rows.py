"""How is a run with everything logged to it read and written in few statements?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
)

from app.database import PSYCOPG2, Read, db
from app.errors import not_found
from app.lifetimes import living
from app.models import LatestMetric, Run, RunParam, RunPart, RunTag
from app.models.base import now
from app.schemas.runs import LogIn, MetricIn
from app.tenancy import principal


def _text(constant: str) -> ColumnElement[str]:
    """A constant of ours in the statement itself, so that a compiled read has no hidden one."""
    return literal_column(f"'{constant}'", Text)


def _collected(part: type[RunPart], value: ColumnElement[Any]) -> ScalarSelect[Any]:
    """The run's parts as one JSON object, `{key: value}`."""
    empty: ColumnElement[Any] = literal_column("'{}'::json")
    return (
        select(func.coalesce(func.json_object_agg(part.key, value), empty))
        .where(part.tenant_id == Run.tenant_id, part.run_id == Run.id)
        .correlate(Run)
        .scalar_subquery()
    )


STEP, VALUE = _text("step"), _text("value")
LATEST = func.json_build_object(STEP, LatestMetric.step, VALUE, LatestMetric.value)
COLUMNS = (
    Run.id,
    Run.created_at,
    Run.updated_at,
    Run.experiment_id,
    Run.name,
    Run.status,
    _collected(RunParam, RunParam.__table__.c.value).label("params"),
    _collected(RunTag, RunTag.__table__.c.value).label("tags"),
    _collected(LatestMetric, LATEST).label("metrics"),
)


def scoped_runs() -> Select[Any]:
    """Select whole runs of the request's tenant, in one statement."""
    return select(*COLUMNS).where(Run.tenant_id == principal().tenant_id, *living(Run))


def whole_run(run_id: UUID) -> Row[Any]:
    """The tenant's run with everything logged to it; 404 when there is none."""
    row = db.session.execute(scoped_runs().where(Run.id == run_id)).one_or_none()
    if row is None:
        raise not_found(Run.noun)
    return row


READ_RUN = Read.compile(
    select(*COLUMNS)
    .where(Run.tenant_id == bindparam("tenant_id"), Run.id == bindparam("row_id"))
    .where(*living(Run))
)


def read_whole_run(run_id: UUID) -> dict[str, Any]:
    """The same as `whole_run` in one round trip, outside any transaction."""
    row = READ_RUN.one(principal().tenant_id, row_id=run_id)
    if row is None:
        raise not_found(Run.noun)
    return row


# One statement for everything in a log, so that one round trip finds the run and stores it all.
# Rows go in key order, so that concurrent logs cannot deadlock.
LIVING_RUN = (
    select(Run.tenant_id, Run.id)
    .where(Run.tenant_id == bindparam("tenant_id"), Run.id == bindparam("run_id"))
    .where(*living(Run))
    .compile(dialect=PSYCOPG2)
)
STORE_LOG = f"""
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


def store_log(run_id: UUID, log: LogIn) -> None:
    """Store what was logged, if the tenant has this run and it lives; 404 otherwise."""
    points = {(point.key, point.step): point for point in log.metrics}
    newest = {key: point for (key, _), point in sorted(points.items())}
    values = {
        "tenant_id": str(principal().tenant_id),
        "run_id": str(run_id),
        "now": now(),
        **_columns("", points.values()),
        **_columns("last_", newest.values()),
        "param_keys": list(log.params),
        "param_values": list(log.params.values()),
        "tag_keys": list(log.tags),
        "tag_values": list(log.tags.values()),
    }
    if not db.session.connection().exec_driver_sql(STORE_LOG, values).scalar():
        raise not_found(Run.noun)


def _columns(prefix: str, points: Iterable[MetricIn]) -> dict[str, list[Any]]:
    chosen = list(points)
    return {
        f"{prefix}keys": [point.key for point in chosen],
        f"{prefix}steps": [point.step for point in chosen],
        f"{prefix}values": [point.value for point in chosen],
    }


STORE_ITEMS = """
INSERT INTO {table} (tenant_id, run_id, key, value)
SELECT %(tenant_id)s::uuid, %(run_id)s::uuid, p.key, p.value
FROM unnest(%(keys)s::text[], %(values)s::text[]) AS p (key, value)
ORDER BY p.key
ON CONFLICT (tenant_id, run_id, key) DO UPDATE SET value = excluded.value
"""


def store_items(part: type[RunParam | RunTag], run_id: UUID, items: Mapping[str, str]) -> None:
    """Store params or tags of a run; a key that is there already gets the new value."""
    if items:
        values = {
            "tenant_id": str(principal().tenant_id),
            "run_id": str(run_id),
            "keys": list(items),
            "values": list(items.values()),
        }
        statement = STORE_ITEMS.format(table=part.__tablename__)
        db.session.connection().exec_driver_sql(statement, values)
