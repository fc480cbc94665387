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
from sqlalchemy.dialects.postgresql import insert

from app.database import Read, db
from app.errors import not_found
from app.lifetimes import living
from app.models import LatestMetric, MetricPoint, Run, RunParam, RunPart, RunTag
from app.models.base import now
from app.schemas.runs import LogIn, MetricIn
from app.tenancy import principal

Rows = list[dict[str, Any]]


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


def store_log(run_id: UUID, log: LogIn) -> None:
    """Store what was logged. Rows go in key order, so that concurrent logs cannot deadlock."""
    store_items(RunParam, run_id, log.params)
    store_items(RunTag, run_id, log.tags)
    points = {(point.key, point.step): point for point in log.metrics}
    newest = {key: point for (key, _), point in sorted(points.items())}
    _upsert(MetricPoint, _metrics(run_id, points.values(), logged_at=now()), ["step"])
    _upsert(LatestMetric, _metrics(run_id, newest.values()), [])


def store_items(part: type[RunParam | RunTag], run_id: UUID, items: Mapping[str, str]) -> None:
    """Store params or tags of a run; a key that is there already gets the new value."""
    rows = [_part(run_id, key) | {"value": value} for key, value in items.items()]
    _upsert(part, rows, [])


def _part(run_id: UUID, key: str) -> dict[str, Any]:
    return {"tenant_id": principal().tenant_id, "run_id": run_id, "key": key}


def _metrics(run_id: UUID, points: Iterable[MetricIn], **more: Any) -> Rows:
    return [
        _part(run_id, point.key) | {"step": point.step, "value": point.value} | more
        for point in points
    ]


def _upsert(part: type[RunPart], rows: Rows, more_keys: list[str]) -> None:
    if not rows:
        return
    rows.sort(key=lambda row: (row["key"], row.get("step", 0)))
    keys = ["tenant_id", "run_id", "key", *more_keys]
    statement = insert(part)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    newer = LatestMetric.step <= statement.excluded["step"] if part is LatestMetric else None
    upsert = statement.on_conflict_do_update(index_elements=keys, set_=changed, where=newer)
    db.session.execute(upsert, rows)
