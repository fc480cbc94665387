"""What do models, their versions and aliases look like?"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from app.schemas.basics import Change, Id, Input, Page, Tags, Text, Updated, parse_integer
from app.schemas.projects import DescribedChange, DescribedIn, DescribedOut

MOST_ARTIFACTS = 100
ALIAS = r"^[a-z][a-z0-9._-]{0,49}$"
AliasName = Annotated[str, StringConstraints(pattern=ALIAS)]
Number = Annotated[int, Field(ge=1, le=999_999_999), BeforeValidator(parse_integer)]


class Stage(StrEnum):
    """How far a version has come."""

    NONE = "none"
    STAGING = "staging"
    PRODUCTION = "production"
    ARCHIVED = "archived"


class Existing(StrEnum):
    """What becomes of the versions that are in production when another one goes there."""

    REFUSE = "refuse"
    ARCHIVE = "archive"
    KEEP = "keep"


class ModelIn(DescribedIn):
    """A new model."""


class ModelChange(DescribedChange):
    """New words for a model."""


class ModelOut(DescribedOut):
    """A model; `versions` counts the versions ever made."""

    project_id: UUID
    versions: int


class ModelPage(Page[ModelOut]):
    """A page of models."""


class VersionIn(Input):
    """A new version, with the run that made it and the artifacts that it consists of."""

    source_run_id: Id | None = None
    description: Text = ""
    tags: Tags = Field(default={})
    artifact_ids: Annotated[list[Id], Field(max_length=MOST_ARTIFACTS)] = Field(default=[])


class VersionChange(Change):
    """New words for a version."""

    description: Text = ""
    tags: Tags = Field(default={})


class VersionOut(Updated):
    """A version of a model with the aliases that name it; versions count from 1."""

    model_id: UUID
    version: int
    stage: Stage
    source_run_id: UUID | None
    description: str
    tags: dict[str, str]
    aliases: list[str]
    artifact_ids: list[UUID]


class VersionPage(Page[VersionOut]):
    """A page of versions."""


class TransitionIn(Input):
    """The stage to move a version to.

    Into production: `existing` says whether a version that is there already makes the move fail,
    is archived in the same step, or stays beside the new one.
    """

    stage: Annotated[Stage, Field(strict=False)]
    existing: Annotated[Existing, Field(strict=False)] = Existing.REFUSE


class AliasIn(Input):
    """The version that an alias names from now on."""

    version: Number
