"""Which SQL finds the runs that a filter means?

Keys and values become bound parameters; the text of the statement depends on the tree's shape only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, and_, not_, or_, select

from app.filters.tree import (
    Attribute,
    Comparison,
    Field,
    Filter,
    Group,
    Operator,
    Term,
    Value,
)
from app.models import LatestMetric, Run, RunParam, RunPart, RunTag
from app.models.run import HEAD_LENGTH

# The last second that Python's times can hold; no run is younger.
LATEST = 253_402_300_799_000.0
START = re.compile(r"(?:[^\\%_]|\\.)*", re.DOTALL)
Condition = ColumnElement[bool]
PARTS: dict[Group, type[RunPart]] = {
    Group.METRICS: LatestMetric,
    Group.PARAMS: RunParam,
    Group.TAGS: RunTag,
}
COLUMNS: dict[Attribute, ColumnElement[Any]] = {
    Attribute.ID: Run.__table__.c.id,
    Attribute.NAME: Run.__table__.c.name,
    Attribute.STATUS: Run.__table__.c.status,
    Attribute.EXPERIMENT_ID: Run.__table__.c.experiment_id,
    Attribute.CREATED_AT: Run.__table__.c.created_at,
}
COMPARE: dict[Operator, Callable[[ColumnElement[Any], Any], Condition]] = {
    Operator.EQUAL: lambda column, value: column == value,
    Operator.UNEQUAL: lambda column, value: column != value,
    Operator.LESS: lambda column, value: column < value,
    Operator.LESS_EQUAL: lambda column, value: column <= value,
    Operator.MORE: lambda column, value: column > value,
    Operator.MORE_EQUAL: lambda column, value: column >= value,
    Operator.LIKE: lambda column, value: column.like(value),
    Operator.ILIKE: lambda column, value: column.ilike(value),
}


def compile_filter(wanted: Filter) -> Condition:
    """A condition on rows of `runs`."""
    return or_(*(and_(*map(_compile_term, group)) for group in wanted.groups))


def _compile_term(term: Term) -> Condition:
    if isinstance(term, Comparison):
        return _compare(term.field, term.operator, term.value)
    return _look_up(term.field, term.values, negated=term.negated)


def sort_column(field: Field) -> ColumnElement[Any]:
    """What runs are sorted by: of a text only its start, which can be indexed."""
    if field.group is Group.ATTRIBUTES:
        return COLUMNS[Attribute(field.key)]
    return _value(field.group) if field.group is Group.METRICS else _head(field.group)


def _compare(field: Field, operator: Operator, value: Value) -> Condition:
    if field.group is Group.ATTRIBUTES:
        attribute = Attribute(field.key)
        condition = COMPARE[operator](COLUMNS[attribute], _typed(attribute, value))
        return and_(condition, *_begin(COLUMNS[attribute], operator, value))
    condition = COMPARE[operator](_value(field.group), value)
    if isinstance(value, str):
        head = _head(field.group)
        condition = and_(condition, *_begin(head, operator, value[:HEAD_LENGTH]))
        if operator is Operator.EQUAL:
            condition &= head == value[:HEAD_LENGTH]
    return _having(field, condition)


def _begin(column: ColumnElement[str], operator: Operator, value: Value) -> list[Condition]:
    """What LIKE implies for the start of the text, in words that may read an index.

    Under row-level security that is for leakproof functions only: `^@` is one, LIKE is none.
    """
    start = literal_start(value) if operator is Operator.LIKE and isinstance(value, str) else ""
    return [column.op("^@", is_comparison=True)(start)] if start else []


def literal_start(pattern: str) -> str:
    """The characters that every text has in front that is LIKE the pattern."""
    match = START.match(pattern)
    return re.sub(r"\\(.)", r"\1", match[0], flags=re.DOTALL) if match else ""


def _look_up(field: Field, values: tuple[str, ...], *, negated: bool) -> Condition:
    if field.group is Group.ATTRIBUTES:
        attribute = Attribute(field.key)
        found = COLUMNS[attribute].in_([_typed(attribute, value) for value in values])
        return not_(found) if negated else found
    found = _value(field.group).in_(values)
    if negated:
        return _having(field, not_(found))
    heads = {value[:HEAD_LENGTH] for value in values}
    return _having(field, found & _head(field.group).in_(sorted(heads)))


def _having(field: Field, condition: Condition) -> Exists:
    """The run has the key, with a value that meets the condition."""
    part = PARTS[field.group]
    mine = and_(part.tenant_id == Run.tenant_id, part.run_id == Run.id, part.key == field.key)
    return select(part.key).where(mine, condition).correlate(Run).exists()


def _value(group: Group) -> ColumnElement[Any]:
    column: ColumnElement[Any] = PARTS[group].__table__.c.value
    return column


def _head(group: Group) -> ColumnElement[str]:
    column: ColumnElement[str] = PARTS[group].__table__.c.head
    return column


def _typed(attribute: Attribute, value: Value) -> object:
    if isinstance(value, float):
        milliseconds = min(max(value, 0.0), LATEST)
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    return UUID(value) if attribute in {Attribute.ID, Attribute.EXPERIMENT_ID} else value
