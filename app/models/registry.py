"""What are models and their versions?"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    ByCodePoint,
    Described,
    Removable,
    now,
    unique_among_living,
)


class Model(Removable):
    """A named model of a project. `versions` counts the versions ever made."""

    __tablename__ = "models"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"], ondelete="CASCADE"
        ),
        unique_among_living("tenant_id", "project_id", "name"),
        Index(None, "tenant_id", "project_id", "id"),
        Index(None, "tenant_id", "name", "id"),
    )
    noun: ClassVar[str] = "model"

    project_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(ByCodePoint)
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[dict[str, str]] = mapped_column(JSONB)
    versions: Mapped[int] = mapped_column(default=0)


class ModelVersion(Described):
    """One numbered state of a model, with the run that made it and how far it has come."""

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
        CheckConstraint("stage IN ('none', 'staging', 'production', 'archived')", name="stage"),
        UniqueConstraint("tenant_id", "model_id", "version"),
        Index(None, "tenant_id", "model_id", "id"),
        Index(None, "tenant_id", "source_run_id"),
    )
    noun: ClassVar[str] = "model version"

    model_id: Mapped[UUID]
    version: Mapped[int]
    stage: Mapped[str] = mapped_column(Text)
    source_run_id: Mapped[UUID | None]
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[dict[str, str]] = mapped_column(JSONB)


class ModelAlias(Base):
    """A name for one version of a model, which can be moved; it goes with its version."""

    __tablename__ = "model_aliases"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "model_id", "version"],
            ["model_versions.tenant_id", "model_versions.model_id", "model_versions.version"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "model_id", "version"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    model_id: Mapped[UUID] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class VersionArtifact(Base):
    """A version consists of an artifact, which therefore cannot be deleted."""

    __tablename__ = "version_artifacts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["model_versions.tenant_id", "model_versions.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "artifact_id"],
            ["artifacts.tenant_id", "artifacts.id"],
            deferrable=True,
            initially="DEFERRED",
        ),
        Index(None, "tenant_id", "artifact_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    artifact_id: Mapped[UUID] = mapped_column(primary_key=True)
