"""What is a deployment, and what was it before?"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Described, now


class Deployment(Described):
    """A version of a model that should run in an environment, and what was seen there.

    The version cannot be deleted alone: the key to it is checked at commit. A whole model takes
    its deployments along, which the route refuses and only a purge does.
    """

    __tablename__ = "deployments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "model_id"], ["models.tenant_id", "models.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["model_versions.tenant_id", "model_versions.id"],
            deferrable=True,
            initially="DEFERRED",
        ),
        UniqueConstraint("tenant_id", "environment", "name"),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint("desired_state IN ('running', 'stopped')", name="desired_state"),
        CheckConstraint(
            "observed_state IN ('pending', 'running', 'stopped', 'failed')", name="observed_state"
        ),
        Index(None, "tenant_id", "environment", "id"),
        Index(None, "tenant_id", "model_id", "id"),
        Index(None, "tenant_id", "version_id"),
    )
    noun: ClassVar[str] = "deployment"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )
    name: Mapped[str] = mapped_column(Text)
    environment: Mapped[str] = mapped_column(Text)
    model_id: Mapped[UUID]
    version_id: Mapped[UUID]
    revision: Mapped[int]
    desired_state: Mapped[str] = mapped_column(Text)
    observed_state: Mapped[str] = mapped_column(Text)
    observed_revision: Mapped[int | None]


class DeploymentRevision(Base):
    """What a deployment was set to once. The number stays when the version is deleted."""

    __tablename__ = "deployment_revisions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "deployment_id"],
            ["deployments.tenant_id", "deployments.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["model_versions.tenant_id", "model_versions.id"],
            ondelete="SET NULL (version_id)",
        ),
        CheckConstraint("action IN ('create', 'promote', 'rollback')", name="action"),
        Index(None, "tenant_id", "version_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    deployment_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    version_id: Mapped[UUID | None]
    alias: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
