"""What do runs and their logs look like?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic import model_validator as check

from app.schemas.basics import (
    Change,
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
    """Which steps of a metric: those after `after`, oldest first."""

    limit: PageSize = 200
    after: Offset | None = None


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
