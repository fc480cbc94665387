"""What is background work, and where is it queued?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Described

UNFINISHED = ("queued", "running")
# Nobody is left who could start it again.
NEVER_GIVEN_UP = frozenset({"tenant-deletion"})


class Job(Described):
    """Work in steps, each committed with its checkpoint.

    `turn` counts how often a worker took the job: a worker whose turn is over writes nothing more.
    `attempts` counts the turns since the last step that succeeded.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "created_by"],
            ["members.tenant_id", "members.id"],
            ondelete="SET NULL (created_by)",
        ),
        CheckConstraint("kind IN ('export', 'purge', 'tenant-deletion')", name="kind"),
        CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"
        ),
        Index(None, "tenant_id", "created_by"),
        Index(None, "tenant_id", "state", "id"),
    )
    noun: ClassVar[str] = "job"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="queued")
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    checkpoint: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    result_bytes: Mapped[int | None] = mapped_column(BigInteger)
    created_by: Mapped[UUID | None]
    finished_at: Mapped[datetime | None]


class JobResult(Base):
    """A piece of what a job made, compressed by zlib; the pieces in order are the whole."""

    __tablename__ = "job_results"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], ondelete="CASCADE"
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes]


class Task(Base):
    """An entry of the queue: only whose it is, which job or delivery, and when it is due.

    A tenant's `retention` has the tenant's own id, and is due once a day.

    The one table that the runner reads across tenants. `due_at` of a leased task is when its
    lease ends.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("kind IN ('job', 'delivery', 'retention')", name="kind"),
        Index(None, "due_at"),
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime]
    leased: Mapped[bool] = mapped_column(default=False)
