"""What does the service remember about changes and about answers it has given?"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TenantOwned, now


class AuditEvent(TenantOwned):
    """One change in a tenant, sealed by a hash over itself and the event before.

    The service's role may add and read events, and neither change nor remove them.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        UniqueConstraint("tenant_id", "seq"),
        Index(None, "tenant_id", "action", "seq"),
        Index(None, "tenant_id", "member_id", "seq"),
        Index(None, "tenant_id", "object_id", "seq"),
        Index(None, "tenant_id", "created_at"),
        {"info": {"append_only": True}},
    )
    noun: ClassVar[str] = "audit event"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )
    seq: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    member_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    object_type: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str | None] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]


class AuditHead(Base):
    """The end of a tenant's chain: whoever adds an event locks it, so that the chain is a line."""

    __tablename__ = "audit_heads"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]


class KeptAnswer(Base):
    """An answer to a request with an Idempotency-Key, encrypted, for whoever asks again."""

    __tablename__ = "kept_answers"
    __table_args__ = (
        Index(None, "tenant_id", "created_at"),
        Index(None, "claim", postgresql_where=text("by_operator")),
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True
    )
    claim: Mapped[bytes] = mapped_column(primary_key=True)
    by_operator: Mapped[bool]
    request_hash: Mapped[bytes]
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)
