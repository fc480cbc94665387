"""What are projects and experiments?"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import ByCodePoint, Removable, unique_among_living


class Project(Removable):
    """A tenant's container of experiments and models."""

    __tablename__ = "projects"
    __table_args__ = (unique_among_living("tenant_id", "name"),)
    noun: ClassVar[str] = "project"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )
    name: Mapped[str] = mapped_column(ByCodePoint)
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[dict[str, str]] = mapped_column(JSONB)


class Experiment(Removable):
    """One question of a project; its runs are the attempts to answer it."""

    __tablename__ = "experiments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"], ondelete="CASCADE"
        ),
        unique_among_living("tenant_id", "project_id", "name"),
        Index(None, "tenant_id", "project_id", "id"),
        Index(None, "tenant_id", "name", "id"),
    )
    noun: ClassVar[str] = "experiment"

    project_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(ByCodePoint)
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[dict[str, str]] = mapped_column(JSONB)
