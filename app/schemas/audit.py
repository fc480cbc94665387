"""What do audit events look like?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StringConstraints

from app.audit import Actor
from app.schemas.basics import Id, Output, Page, PageQuery

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _parse_time(value: object) -> object:
    """RFC 3339 with an offset, as the document says; a query string's `+` may come as a space."""
    if not isinstance(value, str) or len(value) < len("2026-01-02T03:04:05Z"):
        return value
    try:
        return datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        return value


def _as_utc(moment: datetime) -> datetime:
    """The same moment in UTC, for PostgreSQL refuses offsets of sixteen hours and more.

    What is before the first day, or after the last one, is at it: no event is there.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST if moment.year == 1 else LAST


Moment = Annotated[AwareDatetime, BeforeValidator(_parse_time), AfterValidator(_as_utc)]
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
