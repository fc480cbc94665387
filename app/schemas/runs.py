"""What do runs and their logs look like?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic import model_validator as check

from app.filters import pattern
from app.filters.parse import LONGEST
from app.schemas.basics import (
    Change,
    Id,
    Input,
    Integer,
    KeptQuery,
    Key,
    Name,
    Offset,
    Output,
    Page,
    PageSize,
    Tags,
    Text,
    Updated,
    parse_count,
    parse_integer,
    words,
)

MOST_ITEMS = 1000
METRIC_KEY = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"
MetricKey = Annotated[str, StringConstraints(pattern=METRIC_KEY)]
Items = Annotated[dict[Key, Text], words(MOST_ITEMS)]


class RunStatus(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"


class RunIn(Input):
    """A new run."""

    name: Name
    params: Tags = Field(default={})
    tags: Tags = Field(default={})


class RunChange(Change):
    """A run's new name or status."""

    name: Name = ""
    status: Annotated[RunStatus, Field(strict=False)] = RunStatus.RUNNING


class Latest(Output):
    """A metric's value at its highest step."""

    step: int
    value: float


class RunOut(Updated):
    """A run with everything logged to it, metrics at their latest step."""

    experiment_id: UUID
    name: str
    status: RunStatus
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, Latest]


class RunPage(Page[RunOut]):
    """A page of runs."""


class RunQuery(KeptQuery):
    """Which runs."""

    status: Annotated[RunStatus, Field(strict=False)] | None = None


class MetricIn(Input):
    """One value of a metric."""

    key: MetricKey
    step: Integer = 0
    value: Annotated[float, Field(ge=-1.7e308, le=1.7e308, allow_inf_nan=False)]


def _describe_log(schema: dict[str, Any]) -> None:
    schema["minProperties"] = 1


class LogIn(Input):
    """Metrics, params and tags of one run, all stored or none."""

    model_config = ConfigDict(json_schema_extra=_describe_log)

    metrics: Annotated[list[MetricIn], Field(max_length=MOST_ITEMS)] = Field(default=[])
    params: Items = Field(default={})
    tags: Items = Field(default={})

    @check(mode="after")
    def _within_bounds(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give metrics, params or tags")
        if len(self.metrics) + len(self.params) + len(self.tags) > MOST_ITEMS:
            raise ValueError(f"give at most {MOST_ITEMS} items in all")
        return self


class Logged(Output):
    """How many items are stored now that were sent."""

    metrics: int
    params: int
    tags: int


class HistoryQuery(Input):
    """Which steps of a metric: those after `after`, oldest first.

    With `max_points` all of them at once, thinned to that many, and `limit` means nothing.
    """

    limit: PageSize = 200
    after: Offset | None = None
    max_points: Annotated[int, Field(ge=4, le=5000), BeforeValidator(parse_count)] | None = None


class Point(Output):
    """A metric's value at one step."""

    step: int
    value: float
    logged_at: datetime


class History(Output):
    """A part of a metric's history; pass `next_after` as `after` to read on."""

    key: str
    points: list[Point]
    next_after: int | None


def _described_by(pattern: str) -> Any:
    """A text that the parser checks; the document says in a pattern what it accepts."""
    return WithJsonSchema(
        {"anyOf": [{"type": "string", "maxLength": LONGEST, "pattern": pattern}, {"type": "null"}]}
    )


FilterText = Annotated[
    str | None, StringConstraints(max_length=LONGEST), _described_by(pattern.FILTER)
]
OrderText = Annotated[
    str | None, StringConstraints(max_length=LONGEST), _described_by(pattern.ORDER)
]


class SearchIn(Input):
    """Which runs: of some experiments or of all, that a filter lets through, in an order.

    `metrics.loss < 0.5 and params.lr = '0.01' or tags.team like 'x%'`; `and` binds closer than
    `or`. Fields are `metrics.…`, `params.…`, `tags.…` (a key with other signs stands in backticks)
    and `attributes.id|name|status|experiment_id|created_at`, the last in milliseconds since 1970.
    A run without the field is not found, and not ordered by it either.
    """

    experiment_ids: Annotated[list[Id], Field(max_length=100)] = Field(default=[])
    filter: FilterText = None
    order_by: OrderText = None
    limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(parse_integer)] = 50
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None


class CompareIn(Input):
    """Runs to put side by side."""

    run_ids: Annotated[
        list[Id], Field(min_length=2, max_length=20, json_schema_extra={"uniqueItems": True})
    ]

    @check(mode="after")
    def _different(self) -> Self:
        if len(set(self.run_ids)) < len(self.run_ids):
            raise ValueError("name each run once")
        return self


class Compared(Output):
    """A run in the comparison."""

    id: UUID
    experiment_id: UUID
    name: str
    status: RunStatus


class ComparedText(Output):
    """A param or tag in each run, in the order of the runs; null where it was not logged."""

    key: str
    values: list[str | None]
    differs: bool


class ComparedMetric(Output):
    """A metric's latest value in each run, in the order of the runs."""

    key: str
    values: list[float | None]
    differs: bool


class Comparison(Output):
    """Runs side by side, keys in alphabetical order."""

    runs: list[Compared]
    params: list[ComparedText]
    tags: list[ComparedText]
    metrics: list[ComparedMetric]
