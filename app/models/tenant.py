"""Who are the tenants, their members and the members' keys?"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.ids import new_id
from app.models.base import Base, TenantOwned, now


class Tenant(Base):
    """A customer. `plan` decides the rate limit."""

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint("plan IN ('free', 'team', 'business', 'enterprise')", name="plan"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Member(TenantOwned):
    """A person or a machine inside a tenant, with one role.

    `subject` is who they are to the OIDC issuer, once they have signed in there.
    """

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("tenant_id", "email"),
        UniqueConstraint("tenant_id", "subject"),
        CheckConstraint(
            "role IN ('viewer', 'contributor', 'maintainer', 'admin', 'owner')", name="role"
        ),
    )
    noun: ClassVar[str] = "member"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )
    email: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)


class ApiKey(TenantOwned):
    """A credential of a member: `digest` is SHA-256 of the key, which itself is not stored.

    After a rotation the `previous_digest` is good until `previous_until`.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("tenant_id", "digest"),
        Index(None, "tenant_id", "member_id", "id"),
        Index(None, "tenant_id", "previous_digest"),
    )
    noun: ClassVar[str] = "API key"

    member_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes]
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    previous_digest: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
