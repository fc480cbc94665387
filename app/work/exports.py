"""How is a tenant's data written as JSON lines, piece by piece?"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    tuple_,
)

from app.lifetimes import living_rows
from app.models import Base, JobResult
from app.work.steps import JobError, Progress, Step

# Each table with the column and the table that tell which project a row is in.
PARENTS: Mapping[str, tuple[str, str]] = {
    "experiments": ("project_id", "projects"),
    "runs": ("experiment_id", "experiments"),
    "run_params": ("run_id", "runs"),
    "run_tags": ("run_id", "runs"),
    "latest_metrics": ("run_id", "runs"),
    "metric_points": ("run_id", "runs"),
    "models": ("project_id", "projects"),
    "model_versions": ("model_id", "models"),
    "model_aliases": ("model_id", "models"),
    "artifacts": ("run_id", "runs"),
    "version_artifacts": ("version_id", "model_versions"),
    "deployments": ("model_id", "models"),
    "deployment_revisions": ("deployment_id", "deployments"),
}
OF_A_PROJECT = ("projects", *PARENTS)
OF_A_TENANT = ("members", *OF_A_PROJECT)
ROWS = 1000
MOST_BYTES = 1 << 30
# A row may have half a megabyte: what is held at once is a piece and one message of rows.
PIECE_BYTES = 4 << 20
STREAMED = {"yield_per": 20}


def export_step(step: Step) -> Progress:
    """Append up to 1,000 rows of one table to the result, or fewer when they are large.

    Rows are read by key and not from one snapshot: a row that changes meanwhile may be in the
    export in its old or its new state, and never twice.
    """
    project = step.arguments.get("project_id")
    tables = OF_A_PROJECT if project else OF_A_TENANT
    place = {"table": 0, "after": None, "number": 0, "bytes": 0} | dict(step.checkpoint)
    table = Base.metadata.tables[tables[place["table"]]]
    keys = [column for column in table.primary_key if column.name != "tenant_id"]
    query = _rows(table, keys, step.tenant_id, project, place["after"])
    with step.connection.execute(query, execution_options=STREAMED) as found:
        rows = list(within(PIECE_BYTES, found))
    if rows:
        _append(step, place, [row[0] for row in rows])
        place["after"] = [_plain(value) for value in rows[-1][1:]]
    else:
        place |= {"table": place["table"] + 1, "after": None}
    finished = place["table"] == len(tables)
    return Progress(
        checkpoint=None if finished else place,
        done=place["table"],
        total=len(tables),
        result_bytes=place["bytes"],
    )


def within(most: int, rows: Iterable[Row[Any]]) -> Iterator[Row[Any]]:
    """The first rows, until their lines have `most` characters together; one at least."""
    size = 0
    for row in rows:
        yield row
        size += len(row[0])
        if size >= most:
            return


def _rows(
    table: Table,
    keys: Sequence[Column[Any]],
    tenant_id: UUID,
    project: str | None,
    after: Sequence[Any] | None,
) -> Select[Any]:
    row = func.to_jsonb(table.table_valued()).op("-")(literal_column("'tenant_id'"))
    line = cast(func.jsonb_build_object("table", table.name, "row", row), Text)
    query = select(line, *keys).where(table.c.tenant_id == tenant_id, *living_rows(table))
    if project:
        query = query.where(inside(table, tenant_id, UUID(project)))
    if after is not None:
        values = (_bound(key, value) for key, value in zip(keys, after, strict=True))
        query = query.where(tuple_(*keys) > tuple_(*values))
    return query.order_by(*keys).limit(ROWS)


def inside(table: Table, tenant_id: UUID, project_id: UUID) -> ColumnElement[bool]:
    """Is a row of the table part of the project?"""
    if table.name not in PARENTS:
        return table.c.id == project_id
    column, name = PARENTS[table.name]
    if name == "projects":
        return table.c[column] == project_id
    parent = Base.metadata.tables[name]
    found = select(parent.c.id).where(
        parent.c.tenant_id == tenant_id, inside(parent, tenant_id, project_id)
    )
    return table.c[column].in_(found)


def _append(step: Step, place: dict[str, Any], lines: Sequence[str]) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    place["bytes"] += len(content)
    if place["bytes"] > MOST_BYTES:
        raise JobError("export-too-large")
    piece = {"number": place["number"], "content": zlib.compress(content)}
    owner = {"tenant_id": step.tenant_id, "job_id": step.job_id}
    step.connection.execute(insert(JobResult).values(**owner, **piece))
    place["number"] += 1


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _bound(key: Column[Any], value: Any) -> ColumnElement[Any]:
    return literal(UUID(value) if isinstance(key.type, Uuid) else value, key.type)
