"""What are models and their versions?"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Removable, TenantOwned, unique_among_living


class Model(Removable):
    """A named model of a project. `versions` counts the versions ever made."""

    __tablename__ = "models"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"], ondelete="CASCADE"
        ),
        unique_among_living("tenant_id", "project_id", "name"),
        Index(None, "tenant_id", "project_id", "id"),
    )
    noun: ClassVar[str] = "model"

    project_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[dict[str, str]] = mapped_column(JSONB)
    versions: Mapped[int] = mapped_column(default=0)


class ModelVersion(TenantOwned):
    """One numbered state of a model, with the run that made it."""

    __tablename__ = "model_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "model_id"], ["models.tenant_id", "models.id"], ondelete="CASCADE"
        ),
        # A version outlives the run that made it; only the reference goes, never the tenant.
        ForeignKeyConstraint(
            ["tenant_id", "source_run_id"],
            ["runs.tenant_id", "runs.id"],
            ondelete="SET NULL (source_run_id)",
        ),
        UniqueConstraint("tenant_id", "model_id", "version"),
        Index(None, "tenant_id", "model_id", "id"),
        Index(None, "tenant_id", "source_run_id"),
    )
    noun: ClassVar[str] = "model version"

    model_id: Mapped[UUID]
    version: Mapped[int]
    source_run_id: Mapped[UUID | None]
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[dict[str, str]] = mapped_column(JSONB)
