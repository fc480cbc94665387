"""What do jobs look like?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from app.schemas.basics import WHOLE, Id, Input, Page, PageQuery, Text, Updated


class JobKind(StrEnum):
    """What a job does."""

    EXPORT = "export"
    PURGE = "purge"
    TENANT_DELETION = "tenant-deletion"


class JobState(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExportIn(Input):
    """What to export: one project, or the whole tenant; `note` says why, for whoever reads it."""

    project_id: Id | None = None
    note: Text = ""


Days = Annotated[int, Field(ge=0, le=3650), WHOLE]


class PurgeIn(Input):
    """What to remove for good: what was deleted, or has ended, at least so many days ago."""

    older_than_days: Days = 30
    note: Text = ""


class JobOut(Updated):
    """A job. `done` of `total` are in its own units; `result_url` is there once it can be read.

    `attempts` counts the tries since the last step that succeeded.
    """

    kind: JobKind
    state: JobState
    arguments: dict[str, Any]
    done: int
    total: int
    attempts: int
    error: str | None
    result_bytes: int | None
    result_url: str | None
    finished_at: datetime | None


class JobPage(Page[JobOut]):
    """A page of jobs."""


class JobQuery(PageQuery):
    """Which jobs."""

    state: Annotated[JobState, Field(strict=False)] | None = None
