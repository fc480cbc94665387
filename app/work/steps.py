"""What is one step of a job?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from app.work.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step's surroundings: a transaction under the tenant's scope, and what came before.

    What the step writes and its checkpoint are committed together, so a step that is run again
    after a worker's death starts where the last commit ended.
    """

    worker: Worker
    connection: Connection
    tenant_id: UUID
    job_id: UUID
    arguments: Mapping[str, Any]
    checkpoint: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a step leaves: `checkpoint` for the next one, or None when the job is done.

    `done` of `total` are in the job's own units; `result_bytes` is the size of a result so far.
    """

    checkpoint: Mapping[str, Any] | None
    done: int
    total: int
    result_bytes: int | None = None


class JobError(Exception):
    """The job cannot succeed, however often it is tried; `code` is shown to the tenant."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


TakeStep = Callable[[Step], Progress]
