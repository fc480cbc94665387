"""What do models and their versions look like?"""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from app.schemas.basics import Id, Input, Page, Stored, Tags, Text
from app.schemas.projects import DescribedChange, DescribedIn, DescribedOut


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
    """A new version, with the run that made it."""

    source_run_id: Id | None = None
    description: Text = ""
    tags: Tags = Field(default={})


class VersionOut(Stored):
    """A version of a model; versions count from 1."""

    model_id: UUID
    version: int
    source_run_id: UUID | None
    description: str
    tags: dict[str, str]


class VersionPage(Page[VersionOut]):
    """A page of versions."""
