"""What do projects and experiments look like?"""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from app.schemas.basics import Change, Input, Name, Page, Tags, Text, Updated


class DescribedIn(Input):
    """A new object that people name, describe and tag."""

    name: Name
    description: Text = ""
    tags: Tags = Field(default={})


class DescribedChange(Change):
    """New words for an object."""

    name: Name = ""
    description: Text = ""
    tags: Tags = Field(default={})


class DescribedOut(Updated):
    """An object with its words, echoed as they came."""

    name: str
    description: str
    tags: dict[str, str]


class ProjectIn(DescribedIn):
    """A new project."""


class ProjectChange(DescribedChange):
    """New words for a project."""


class ProjectOut(DescribedOut):
    """A project."""


class ProjectPage(Page[ProjectOut]):
    """A page of projects."""


class ExperimentIn(DescribedIn):
    """A new experiment."""


class ExperimentChange(DescribedChange):
    """New words for an experiment."""


class ExperimentOut(DescribedOut):
    """An experiment."""

    project_id: UUID


class ExperimentPage(Page[ExperimentOut]):
    """A page of experiments."""
