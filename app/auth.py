"""Whose key is this, and what is it worth right now?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from app.credentials import note_use, usable
from app.database import Scope, db, enter
from app.keys import Key
from app.models import ApiKey, Member, Tenant
from app.permissions import Permission, Role
from app.tenancy import Principal

MOST_CACHED = 4096


@dataclass(slots=True)
class KeyCache:
    """Principals looked up by this worker, each trusted for `seconds` at most."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    entries: dict[bytes, tuple[float, Principal]] = field(default_factory=dict, repr=False)

    def get(self, digest: bytes) -> Principal | None:
        """The principal, unless it was never looked up or that was too long ago."""
        until, principal = self.entries.get(digest, (0.0, None))
        return principal if self.clock() < until else None

    def put(self, digest: bytes, principal: Principal) -> None:
        """Trust the principal from now on; a full cache starts again from nothing."""
        if len(self.entries) >= MOST_CACHED:
            self.entries.clear()
        self.entries[digest] = (self.clock() + self.seconds, principal)

    def forget(self, tenant_id: UUID) -> None:
        """Look every key of the tenant up again: a member or a key has changed."""
        for digest, (_, principal) in list(self.entries.items()):
            if principal.tenant_id == tenant_id:
                self.entries.pop(digest, None)


def look_up(key: Key) -> Principal | None:
    """The principal of a stored key, read from the database under the key's own tenant."""
    enter(Scope(key.tenant_id))
    query = (
        select(ApiKey.id, ApiKey.scopes, Member.id, Member.role, Tenant.plan, ApiKey.last_used_at)
        .join(Member, (Member.tenant_id == ApiKey.tenant_id) & (Member.id == ApiKey.member_id))
        .join(Tenant, Tenant.id == ApiKey.tenant_id)
        .where(ApiKey.tenant_id == key.tenant_id, usable(key.digest))
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        return None
    key_id, scopes, member_id, role, plan, last_used_at = found
    note_use(key.tenant_id, key_id, last_used_at)
    return Principal(
        tenant_id=key.tenant_id,
        plan=plan,
        member_id=member_id,
        key_id=key_id,
        role=Role(role),
        scopes=None if scopes is None else frozenset(map(Permission, scopes)),
    )
