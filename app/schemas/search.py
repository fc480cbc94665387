"""What does a search by name give?"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from app.schemas.basics import Input, Name, Output, PageSize


class Kind(StrEnum):
    """What has a name."""

    PROJECT = "project"
    EXPERIMENT = "experiment"
    MODEL = "model"
    RUN = "run"


class NameQuery(Input):
    """How the names begin, and how many to show of all kinds together."""

    q: Name
    limit: PageSize = 50


class Hit(Output):
    """An object whose name begins so."""

    kind: Kind
    id: UUID
    name: str


class Hits(Output):
    """What was found, by name."""

    items: list[Hit]
