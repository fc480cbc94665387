"""What do audit events look like?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, StringConstraints

from app.audit import Actor
from app.schemas.basics import Id, Output, Page, PageQuery


def _parse_time(value: object) -> object:
    """RFC 3339 with an offset, as the document says; a query string's `+` may come as a space."""
    if not isinstance(value, str) or len(value) < len("2026-01-02T03:04:05Z"):
        return value
    try:
        return datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        return value


Moment = Annotated[AwareDatetime, BeforeValidator(_parse_time)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]


class AuditQuery(PageQuery):
    """Which events: `since` is included, `until` is not."""

    action: Word | None = None
    member_id: Id | None = None
    object_id: Word | None = None
    since: Moment | None = None
    until: Moment | None = None


class AuditEventOut(Output):
    """One change. `hash` seals the event and `prev_hash`; both are hexadecimal."""

    id: UUID
    seq: int
    created_at: datetime
    action: str
    actor: Actor
    member_id: UUID | None
    key_id: UUID | None
    object_type: str
    object_id: str | None
    path: str
    request_id: str
    prev_hash: Annotated[str, BeforeValidator(bytes.hex)]
    hash: Annotated[str, BeforeValidator(bytes.hex)]


class AuditEventPage(Page[AuditEventOut]):
    """A page of events."""
