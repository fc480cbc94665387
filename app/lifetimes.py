"""Which rows are alive, and how do they die and come back?

A deleted row keeps its place and gets `deleted_at`. What hangs below it is not touched: it counts
as dead as long as anything above it is, and comes back with it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Table, select, true
from sqlalchemy.sql.expression import FromClause

from app.database import db
from app.errors import conflict, not_found
from app.models import Base, Removable
from app.models.base import now

Kept = TypeVar("Kept", bound=Removable)
Condition = ColumnElement[bool]


@cache
def living(model: type[Base]) -> tuple[Condition, ...]:
    """The conditions under which a row of the model is alive: itself, and all it hangs below.

    Read from the schema: a row hangs below another when it would be purged with it (`ON DELETE
    CASCADE`). Each parent is looked up by its key for each row that the query would show, so the
    plan of the query around it stays what it was.
    """
    return living_rows(model.__table__)


def living_rows(table: FromClause) -> tuple[Condition, ...]:
    """The same for a table."""
    return (*_not_deleted(table), *_parents_living(table, table))


def dead(model: type[Kept]) -> tuple[Condition, ...]:
    """The conditions under which a row is deleted itself, below living parents."""
    table = model.__table__
    return (table.c.deleted_at.is_not(None), *_parents_living(table, table))


def remove(row: Removable) -> None:
    """Delete the row, and with it whatever hangs below it, until it is restored."""
    row.deleted_at = now()
    db.session.flush()


def restore(model: type[Kept], tenant_id: UUID, row_id: UUID) -> Kept:
    """Bring back the tenant's row, whatever its state; a living one stays.

    404 when there is none, 409 when a parent is deleted or the name has been taken meanwhile.
    """
    this = (model.tenant_id == tenant_id, model.id == row_id)
    row = db.session.scalar(select(model).where(*this).with_for_update())
    if row is None:
        raise not_found(model.noun)
    table = model.__table__
    if db.session.scalar(select(model.id).where(*this, *_parents_living(table, table))) is None:
        raise conflict("parent-deleted", "Restore the object that this one hangs below first.")
    row.deleted_at = None
    db.session.flush()
    return row


def _not_deleted(table: FromClause) -> tuple[Condition, ...]:
    return (table.c.deleted_at.is_(None),) if "deleted_at" in table.c else ()


def _parents_living(table: Any, row: FromClause) -> tuple[Condition, ...]:
    """One condition for each parent of the row that can be deleted, or hangs below one that can.

    `row` is the table or an alias of it.
    """
    return tuple(
        condition
        for key in sorted(_parents(table), key=lambda key: key.referred_table.name)
        for condition in _parent_living(key, row)
    )


def _parents(table: Table) -> list[ForeignKeyConstraint]:
    return [
        key
        for key in table.foreign_key_constraints
        if key.ondelete == "CASCADE" and key.referred_table is not table
    ]


def _parent_living(key: ForeignKeyConstraint, row: FromClause) -> tuple[Condition, ...]:
    parent = key.referred_table.alias()
    above = (*_not_deleted(parent), *_parents_living(key.referred_table, parent))
    if not above:
        return ()
    same = [parent.c[part.column.name] == row.c[part.parent.name] for part in key.elements]
    found = select(true()).where(*same, *above).correlate_except(parent).scalar_subquery()
    optional = [row.c[name].is_(None) for name in key.column_keys if row.c[name].nullable]
    alive: Condition = found.is_(true())
    for missing in optional:
        alive = missing | alive
    return (alive,)
