"""What do all tables have in common?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import DateTime, Index, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.ids import new_id

NAMES = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}

# Whatever the server's locale: only so can a prefix be read from an index.
ByCodePoint = Text(collation="C")


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}


class TenantOwned(Base):
    """A row of one tenant. The key begins with the tenant, so tables can be split by it."""

    __abstract__ = True
    noun: ClassVar[str]

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)
    created_at: Mapped[datetime] = mapped_column(default=now, sort_order=1)


class Described(TenantOwned):
    """A row that people name, describe and tag in their own words."""

    __abstract__ = True

    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now, sort_order=2)


class Removable(Described):
    """A row that people can delete and restore; what hangs below it goes and comes with it."""

    __abstract__ = True

    deleted_at: Mapped[datetime | None] = mapped_column(default=None, sort_order=3)


def unique_among_living(*columns: str) -> Index:
    """A name is taken by a living row only; deleting one frees it."""
    return Index(None, *columns, unique=True, postgresql_where=text("deleted_at IS NULL"))
