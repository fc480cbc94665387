"""How does an event get to the end of its tenant's chain, and how is the chain read back?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import g, request
from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_ignore
from sqlalchemy.exc import SQLAlchemyError

from app.audit import GENESIS, Actor, Event, Sealed, seal
from app.database import db, entered
from app.errors import REQUEST_ID
from app.ids import new_id
from app.models import AuditEvent, AuditHead
from app.models.base import now
from app.telemetry.instruments import count

PAGE = 1000


def append(action: str, object_type: str, object_id: str | None) -> None:
    """Add what this request did to the tenant's chain, in the transaction that did it.

    The end of the chain stays locked until the commit, so it is asked for last. A request of the
    operator that is about no tenant leaves no event.
    """
    tenant_id = entered().tenant_id
    if tenant_id is None:
        return
    try:
        _append(tenant_id, action, object_type, object_id)
    except SQLAlchemyError:
        # The change fails with its event, so this counts attempts that could not be recorded.
        count("audit_write_failures_total")
        raise


def _append(tenant_id: UUID, action: str, object_type: str, object_id: str | None) -> None:
    seq, prev_hash = _lock_end(tenant_id)
    member = None if g.get("operator") else g.principal
    event = Event(
        tenant_id=tenant_id,
        seq=seq + 1,
        id=new_id(),
        created_at=now(),
        action=action,
        actor=Actor.MEMBER if member else Actor.OPERATOR,
        member_id=member.member_id if member else None,
        key_id=member.key_id if member else None,
        object_type=object_type,
        object_id=object_id,
        path=request.path,
        request_id=request.environ.get(REQUEST_ID, ""),
    )
    _store(seal(event, prev_hash))


def read_chain(tenant_id: UUID) -> tuple[Iterator[Sealed], tuple[int, bytes]]:
    """The tenant's whole chain, oldest first, with its head, as `audit.verify` takes them.

    It is the session's first question, in one snapshot: what is added meanwhile is in neither. The
    chain is read page by page, as it is asked for, so that its length costs no memory.
    """
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    head = select(AuditHead.seq, AuditHead.hash).where(AuditHead.tenant_id == tenant_id)
    found = db.session.execute(head).one_or_none()
    return _pages(tenant_id), (found.seq, found.hash) if found else (0, GENESIS)


def _pages(tenant_id: UUID) -> Iterator[Sealed]:
    columns = AuditEvent.__table__.c
    mine = select(*columns).where(columns.tenant_id == tenant_id).order_by(columns.seq)
    page = mine
    while True:
        rows = db.session.execute(page.limit(PAGE)).all()
        yield from map(_sealed, rows)
        if len(rows) < PAGE:
            return
        page = mine.where(columns.seq > rows[-1].seq)


def _sealed(row: Row[Any]) -> Sealed:
    content = {name: getattr(row, name) for name in Event.__slots__}
    return Sealed(Event(**content | {"actor": Actor(row.actor)}), row.prev_hash, row.hash)


def _lock_end(tenant_id: UUID) -> tuple[int, bytes]:
    query = select(AuditHead.seq, AuditHead.hash).where(AuditHead.tenant_id == tenant_id)
    end = db.session.execute(query.with_for_update()).one_or_none()
    if end is None:
        first = {"tenant_id": tenant_id, "seq": 0, "hash": GENESIS}
        db.session.execute(insert_or_ignore(AuditHead).values(first).on_conflict_do_nothing())
        end = db.session.execute(query.with_for_update()).one()
    return end.seq, end.hash


def _store(sealed: Sealed) -> None:
    """Store the event and move the end, in one round trip."""
    event = sealed.event
    moved = (
        update(AuditHead)
        .where(AuditHead.tenant_id == event.tenant_id)
        .values(seq=event.seq, hash=sealed.hash)
        .cte("moved")
    )
    row = asdict(event) | {"prev_hash": sealed.prev_hash, "hash": sealed.hash}
    db.session.execute(insert(AuditEvent).values(row).add_cte(moved))
