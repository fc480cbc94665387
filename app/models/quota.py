"""How much may a tenant have, and how much has it?"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Quota(Base):
    """A limit that an owner set below the plan's ceiling."""

    __tablename__ = "quotas"
    __table_args__ = (CheckConstraint("most >= 0", name="most"),)

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True
    )
    resource: Mapped[str] = mapped_column(Text, primary_key=True)
    most: Mapped[int] = mapped_column(BigInteger)


class UsageCounter(Base):
    """A part of a resource's count, kept by triggers; a tenant's usage is the sum of its slots."""

    __tablename__ = "usage_counters"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True
    )
    resource: Mapped[str] = mapped_column(Text, primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    used: Mapped[int] = mapped_column(BigInteger)
