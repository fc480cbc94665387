"""Which stored key does a presented one match, and when was it last used?"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, update

from app.database import db
from app.models import ApiKey
from app.models.base import now

# How coarse `last_used_at` is: one write for each key and hour, and none for each request.
USE_NOTED = timedelta(hours=1)


def usable(digest: bytes) -> ColumnElement[bool]:
    """Keys of this digest that have not expired; after a rotation, the old one while it may be."""
    moment = now()
    current = ApiKey.digest == digest
    previous = and_(ApiKey.previous_digest == digest, ApiKey.previous_until > moment)
    unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > moment)
    return and_(or_(current, previous), unexpired)


def end_of(digest: bytes) -> ColumnElement[datetime | None]:
    """When the key stops to be usable with this digest; NULL for never."""
    previous = case((ApiKey.digest != digest, ApiKey.previous_until))
    return func.least(ApiKey.expires_at, previous)  # which ignores NULL


def note_use(tenant_id: UUID, key_id: UUID, last: datetime | None) -> None:
    """Write that the key is used, unless that was written less than an hour ago. Commits."""
    moment = now()
    if last is not None and moment - last < USE_NOTED:
        return
    # Of the table and not of the class: `app.changes` would take it for the end of the credential.
    keys = ApiKey.metadata.tables[ApiKey.__tablename__]
    noted = update(keys).where(keys.c.tenant_id == tenant_id, keys.c.id == key_id)
    db.session.execute(noted.values(last_used_at=moment))
    db.session.commit()
