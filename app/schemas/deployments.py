"""What do deployments look like?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.schemas.basics import Change, Id, Input, Name, Output, Page, PageQuery, Updated
from app.schemas.models import AliasName, Number

Environment = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,49}$")]
Version = Annotated[Number | AliasName, Field(union_mode="left_to_right")]


class Desired(StrEnum):
    """What should be."""

    RUNNING = "running"
    STOPPED = "stopped"


class Observed(StrEnum):
    """What was seen by whoever runs the deployment."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


class Action(StrEnum):
    """What made a revision."""

    CREATE = "create"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


class DeploymentIn(Input):
    """A model in an environment: a version by its number, or by an alias as it stands now."""

    name: Name
    environment: Environment
    model_id: Id
    version: Version


class DeploymentChange(Change):
    """What should be, and what was seen of which revision."""

    desired_state: Annotated[Desired, Field(strict=False)] = Desired.RUNNING
    observed_state: Annotated[Observed, Field(strict=False)] = Observed.PENDING
    observed_revision: Number = 1


class PromoteIn(Input):
    """The version to go to, by its number or by an alias as it stands now."""

    version: Version


class RollbackIn(Input):
    """The revision to return to; by default the one before the present one."""

    revision: Number | None = None


class RevisionOut(Output):
    """What a deployment was set to; `version_id` is null once the version is deleted."""

    revision: int
    action: Action
    version: int
    version_id: UUID | None
    alias: str | None
    created_at: datetime


class DeploymentOut(Updated):
    """A deployment and the version that it is set to."""

    name: str
    environment: str
    model_id: UUID
    version: int
    version_id: UUID
    revision: int
    desired_state: Desired
    observed_state: Observed
    observed_revision: int | None


class DeploymentDetail(DeploymentOut):
    """A deployment with its newest revisions, the present one first."""

    history: list[RevisionOut]


class DeploymentPage(Page[DeploymentOut]):
    """A page of deployments."""


class DeploymentQuery(PageQuery):
    """Which deployments."""

    environment: Environment | None = None
