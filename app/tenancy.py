"""Which tenant is this request for, and which rows are its own?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from flask import g
from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, select

from app.database import Scope, db, enter
from app.errors import forbidden, not_found
from app.lifetimes import Kept, dead, living, restore
from app.models import Removable, TenantOwned
from app.permissions import Permission, Role
from app.prepared import Prepared
from app.schemas.basics import KeptQuery, State

Owned = TypeVar("Owned", bound=TenantOwned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The member on whose behalf a credential speaks, with what it allows right now.

    `key_id` is None for a member who is signed in with the issuer's token.
    """

    tenant_id: UUID
    plan: str
    member_id: UUID
    key_id: UUID | None
    role: Role
    scopes: frozenset[Permission] | None

    @property
    def permissions(self) -> frozenset[Permission]:
        """The member's role, cut down to the key's scopes."""
        granted = self.role.permissions
        return granted if self.scopes is None else granted & self.scopes


def sign_in(principal: Principal) -> None:
    """Make the principal the request's, and the tenant the session's."""
    g.principal = principal
    enter(Scope(principal.tenant_id))


def principal() -> Principal:
    """The request's principal; routes for members always have one."""
    signed_in: Principal | None = g.get("principal")
    if signed_in is None:
        raise forbidden("This needs a tenant's key.")
    return signed_in


def scoped(model: type[Owned]) -> Select[tuple[Owned]]:
    """Select the model's living rows of the request's tenant: how a route starts a query."""
    return select(model).where(model.tenant_id == principal().tenant_id, *living(model))


def listed(model: type[Kept], asked: KeptQuery, deleting: Permission) -> Select[tuple[Kept]]:
    """Select living rows, or for those with the permission `deleting` the deleted ones."""
    return select(model).where(*listed_conditions(model, asked, deleting))


def listed_conditions(
    model: type[Removable], asked: KeptQuery, deleting: Permission
) -> tuple[ColumnElement[bool], ...]:
    """The conditions of `listed`, for a route that chooses its columns."""
    own = model.tenant_id == principal().tenant_id
    return (own, *(dead(model) if wants_deleted(asked, deleting) else living(model)))


def wants_deleted(asked: KeptQuery, deleting: Permission) -> bool:
    """Is it the deleted objects that are asked for? 403 without the permission `deleting`."""
    if asked.state is State.ACTIVE:
        return False
    if deleting not in principal().permissions:
        raise forbidden(f"Deleted objects need the permission {deleting}.")
    return True


def bring_back(model: type[Kept], row_id: UUID) -> Kept:
    """Restore the tenant's row with this id; a living one stays as it is."""
    return restore(model, principal().tenant_id, row_id)


@cache
def _read(model: type[TenantOwned]) -> Prepared:
    columns = model.__table__.c
    tenant: BindParameter[UUID] = bindparam("tenant_id")
    row: BindParameter[UUID] = bindparam("row_id")
    chosen = [column for column in columns if column.key not in {"tenant_id", "deleted_at"}]
    found = select(*chosen).where(columns.tenant_id == tenant, columns.id == row, *living(model))
    return Prepared.compile(found)


def read(model: type[TenantOwned], row_id: UUID) -> dict[str, Any]:
    """What `find` finds, for a route that only shows it: one round trip, no session."""
    row = look(model, row_id)
    if row is None:
        raise not_found(model.noun)
    return row


def look(model: type[TenantOwned], row_id: UUID) -> dict[str, Any] | None:
    """The same as `read`, and None for a row that does not exist."""
    return _read(model).one(principal().tenant_id, row_id=row_id)


def find(model: type[Owned], row_id: UUID, *, lock: bool = False) -> Owned:
    """The tenant's living row with this id; 404 for none and for another tenant's alike."""
    query = scoped(model).where(model.id == row_id)
    row = db.session.scalar(query.with_for_update(of=model) if lock else query)
    if row is None:
        raise not_found(model.noun)
    return row
