"""Which runs does a search find, in which order, from where on?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, literal, null, tuple_

from app.cursors import seal, unseal
from app.filters.compile import PARTS, compile_filter, sort_column
from app.filters.tree import Attribute, Field, Filter, Group, Order
from app.models import Run, RunPart
from app.prepared import fetch
from app.ready import Ready
from app.run_rows import read_runs
from app.schemas.runs import SearchIn
from app.tenancy import principal, scoped

BY_AGE = Field(Group.ATTRIBUTES, Attribute.CREATED_AT)


@dataclass(frozen=True, slots=True)
class Sorting:
    """By a value and then by the run's id, both up or both down; ids alone sort by age."""

    value: ColumnElement[Any] | None
    run_id: ColumnElement[UUID]
    descending: bool
    part: type[RunPart] | None = None
    key: str = ""

    def apply(self, query: Select[Any]) -> Select[Any]:
        """The query in this order, with only the runs that have the value."""
        if self.part is not None:
            mine = and_(
                self.part.tenant_id == Run.tenant_id,
                self.part.run_id == Run.id,
                self.part.key == self.key,
            )
            query = query.join(self.part, mine)
        columns = [column for column in (self.value, self.run_id) if column is not None]
        return query.order_by(*(each.desc() if self.descending else each for each in columns))

    def after(self, place: tuple[Any, str]) -> ColumnElement[bool]:
        """Only what comes after the last run of the page before."""
        value, run_id = place[0], UUID(place[1])
        if self.value is None:
            return self.run_id < run_id if self.descending else self.run_id > run_id
        here, there = tuple_(self.value, self.run_id), tuple_(literal(value), literal(run_id))
        return here < there if self.descending else here > there


def search(asked: SearchIn, wanted: Filter | None, sorting: Sorting) -> Ready:
    """One page of the tenant's runs as `{items, next_cursor}`.

    Ids are found first; only the runs of the page are put together.
    """
    owner = str(principal().tenant_id)
    query = select_places(asked, wanted, sorting)
    if asked.cursor is not None:
        query = query.where(sorting.after(unseal(asked, owner, asked.cursor)))
    places = fetch(query)
    shown = places[: asked.limit]
    more = len(places) > asked.limit
    last = [shown[-1].position, shown[-1].id.hex] if more else None
    following = seal(asked, owner, last) if more else None
    return Ready(items=read_runs([place.id for place in shown]), next_cursor=following)


def select_places(asked: SearchIn, wanted: Filter | None, sorting: Sorting) -> Select[Any]:
    """Select id and sorting value of each run of the page, and of the one behind it."""
    value = null() if sorting.value is None else sorting.value
    query = scoped(Run).with_only_columns(Run.id, value.label("position"))
    if asked.experiment_ids:
        query = query.where(Run.experiment_id.in_(asked.experiment_ids))
    if wanted is not None:
        query = query.where(compile_filter(wanted))
    return sorting.apply(query).limit(asked.limit + 1)


def sort_by(order: Order | None) -> Sorting:
    """How to sort in this order, by default the newest first."""
    if order is None or order.field == BY_AGE:
        return Sorting(None, Run.__table__.c.id, order is None or order.descending)
    value = sort_column(order.field)
    if order.field.group is Group.ATTRIBUTES:
        return Sorting(value, Run.__table__.c.id, order.descending)
    part = PARTS[order.field.group]
    return Sorting(value, part.__table__.c.run_id, order.descending, part, order.field.key)
