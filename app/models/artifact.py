"""What are artifacts, and uploads that will become some?"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import TenantOwned


class Artifact(TenantOwned):
    """A file that a run made. Its bytes are in the store, under the tenant's and its own id.

    It outlives its run, because a version may name it; `run_id` is null from then on.
    """

    __tablename__ = "artifacts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="SET NULL (run_id)"
        ),
        UniqueConstraint("tenant_id", "run_id", "path"),
        CheckConstraint("size >= 0", name="size"),
        Index(None, "tenant_id", "run_id", "id"),
    )
    noun: ClassVar[str] = "artifact"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )
    run_id: Mapped[UUID | None]
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)


class Upload(TenantOwned):
    """An artifact that is on its way in parts. `reference` is the store's name for the transfer.

    `completing_at` is when somebody began to make it an artifact; from then on it takes no parts.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE"
        ),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("part_size > 0", name="part_size"),
        Index(None, "tenant_id", "run_id", "id"),
    )
    noun: ClassVar[str] = "upload"

    run_id: Mapped[UUID]
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    part_size: Mapped[int]
    reference: Mapped[str] = mapped_column(Text)
    completing_at: Mapped[datetime | None]
