"""What can a filter of runs say? Nothing but what these types hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """Where a field is looked for."""

    METRICS = "metrics"
    PARAMS = "params"
    TAGS = "tags"
    ATTRIBUTES = "attributes"


class Attribute(StrEnum):
    """The columns of a run that may be asked for."""

    ID = "id"
    NAME = "name"
    STATUS = "status"
    EXPERIMENT_ID = "experiment_id"
    CREATED_AT = "created_at"


class Operator(StrEnum):
    """How a field is compared with one value."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    MORE = ">"
    MORE_EQUAL = ">="
    LIKE = "like"
    ILIKE = "ilike"


ORDERINGS = frozenset({Operator.LESS, Operator.LESS_EQUAL, Operator.MORE, Operator.MORE_EQUAL})
PATTERNS = frozenset({Operator.LIKE, Operator.ILIKE})
Value = str | float


@dataclass(frozen=True, slots=True)
class Field:
    """`metrics.loss`; for the group `attributes` the key is one of `Attribute`."""

    group: Group
    key: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The run has the field, and its value compares so with this one.

    Metrics and times (in milliseconds since 1970) are numbers, everything else is text.
    """

    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """The run has the field, and its value is one of the texts, or, negated, none of them."""

    field: Field
    values: tuple[str, ...]
    negated: bool = False


Term = Comparison | Membership


@dataclass(frozen=True, slots=True)
class Filter:
    """In at least one of the groups every term holds: `a and b or c` is `((a, b), (c,))`."""

    groups: tuple[tuple[Term, ...], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """Runs that have the field, by its value; the others are left out."""

    field: Field
    descending: bool = False
