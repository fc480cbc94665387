"""Which changes end what workers, or Redis, remember?

They are noted when they are flushed, so no route can forget to, and announced after the commit:
before it, another request could look up, and keep, what is about to end.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from app.context import current
from app.database import db, entered
from app.models import ApiKey, Member, Model, Project, Tenant

# By what they end: the credentials that workers trust, and the rows in `app.read_cache`. Deleting
# a project deletes its models.
CREDENTIALS, ROWS = (ApiKey, Member, Tenant), (Model, Project)
NOTED = "changed"
Noted = dict[tuple[type, ...], set[UUID | None]]


def register() -> None:
    """Watch the sessions; SQLAlchemy keeps a listener once, however often it is added."""
    event.listen(db.session, "after_flush", _note_objects)
    event.listen(db.session, "do_orm_execute", _note_statement)
    event.listen(db.session, "after_commit", _announce)
    event.listen(db.session, "after_rollback", _forget_notes)


def _note_objects(session: Session, _: UOWTransaction) -> None:
    for row in filter(_is_watched, (*session.dirty, *session.deleted)):
        _note(session, type(row), row.id if isinstance(row, Tenant) else row.tenant_id)


def _is_watched(row: object) -> bool:
    return isinstance(row, CREDENTIALS + ROWS)


def _note_statement(state: ORMExecuteState) -> None:
    """An UPDATE or DELETE of many rows at once names no object: its scope says whose they are."""
    if (state.is_update or state.is_delete) and state.bind_mapper is not None:
        _note(state.session, state.bind_mapper.class_, entered().tenant_id)


def _note(session: Session, changed: type, tenant_id: UUID | None) -> None:
    noted: Noted = session.info.setdefault(NOTED, {})
    for group in (CREDENTIALS, ROWS):
        if issubclass(changed, group):
            noted.setdefault(group, set()).add(tenant_id)


def _announce(session: Session) -> None:
    if session.in_nested_transaction():
        return
    noted: Noted = session.info.pop(NOTED, {})
    if CREDENTIALS in noted:
        current().changes.announce(frozenset(noted[CREDENTIALS]))
    for tenant_id in noted.get(ROWS, ()):
        if tenant_id is not None:  # the operator's session sees no tenant's rows
            current().rows.change(tenant_id)


def _forget_notes(session: Session) -> None:
    session.info.pop(NOTED, None)
