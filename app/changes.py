"""Which changes to keys, members and tenants must every worker hear of?

They are noted when they are flushed, so no route can forget to, and announced after the commit:
before it, another request could look up, and keep, what is about to end.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from app.context import current
from app.database import db
from app.models import ApiKey, Member, Tenant

WATCHED = (ApiKey, Member, Tenant)
NOTED = "changed_tenants"


def register() -> None:
    """Watch the sessions; SQLAlchemy keeps a listener once, however often it is added."""
    event.listen(db.session, "after_flush", _note_objects)
    event.listen(db.session, "do_orm_execute", _note_statement)
    event.listen(db.session, "after_commit", _announce)
    event.listen(db.session, "after_rollback", _forget_notes)


def _note_objects(session: Session, _: UOWTransaction) -> None:
    for row in (*session.dirty, *session.deleted):
        if isinstance(row, WATCHED):
            _note(session, row.id if isinstance(row, Tenant) else row.tenant_id)


def _note_statement(state: ORMExecuteState) -> None:
    """An UPDATE or DELETE of many rows at once names no object: its scope says whose they are."""
    if not (state.is_update or state.is_delete) or state.bind_mapper is None:
        return
    if issubclass(state.bind_mapper.class_, WATCHED):
        scope = state.session.info.get("scope")
        _note(state.session, scope.tenant_id if scope else None)


def _note(session: Session, tenant_id: UUID | None) -> None:
    session.info.setdefault(NOTED, set()).add(tenant_id)


def _announce(session: Session) -> None:
    if not session.in_nested_transaction():
        noted = session.info.pop(NOTED, None)
        if noted:
            current().changes.announce(frozenset(noted))


def _forget_notes(session: Session) -> None:
    session.info.pop(NOTED, None)
