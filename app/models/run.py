"""What is a run, and what does it log?"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, ByCodePoint, Removable, now

# As much of a value as an index row surely holds.
HEAD_LENGTH = 100
HEAD = f'"left"(value, {HEAD_LENGTH})'


class Run(Removable):
    """One attempt: what was set (params), what came out (metrics), what people noted (tags)."""

    __tablename__ = "runs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "experiment_id"],
            ["experiments.tenant_id", "experiments.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("status IN ('running', 'finished', 'failed', 'killed')", name="status"),
        Index(None, "tenant_id", "experiment_id", "id"),
        Index(None, "tenant_id", "experiment_id", "status", "id"),
        Index(None, "tenant_id", "name", "id"),
        Index(None, "tenant_id", "status", "id"),
    )
    noun: ClassVar[str] = "run"

    experiment_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(ByCodePoint)
    status: Mapped[str] = mapped_column(Text)


def _of_run() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE"
    )


def _by_value(column: str) -> Index:
    return Index(None, "tenant_id", "key", column, "run_id")


class RunPart(Base):
    """Something logged under a key of one run."""

    __abstract__ = True

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-3)
    run_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    key: Mapped[str] = mapped_column(Text, primary_key=True, sort_order=-1)


class RunParam(RunPart):
    """An input of the run."""

    __tablename__ = "run_params"
    __table_args__ = (_of_run(), _by_value("head"))

    value: Mapped[str] = mapped_column(Text)
    head: Mapped[str] = mapped_column(ByCodePoint, Computed(HEAD, persisted=True))


class RunTag(RunPart):
    """A note on the run."""

    __tablename__ = "run_tags"
    __table_args__ = (_of_run(), _by_value("head"))

    value: Mapped[str] = mapped_column(Text)
    head: Mapped[str] = mapped_column(ByCodePoint, Computed(HEAD, persisted=True))


class LatestMetric(RunPart):
    """The value of a metric at its highest step."""

    __tablename__ = "latest_metrics"
    __table_args__ = (_of_run(), _by_value("value"))

    step: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[float]


class MetricPoint(RunPart):
    """The value of a metric at one step; logging a step again replaces it."""

    __tablename__ = "metric_points"
    __table_args__ = (_of_run(), {"postgresql_partition_by": "HASH (run_id)"})

    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    value: Mapped[float]
    logged_at: Mapped[datetime] = mapped_column(default=now)
