"""Whose credential is this, and what is it worth right now?"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from sqlalchemy import select

from app.credentials import end_of, note_use, usable
from app.database import Scope, db, enter
from app.keys import Key
from app.models import ApiKey, Member, Tenant
from app.models.base import now
from app.permissions import Permission, Role
from app.telemetry.instruments import count
from app.tenancy import Principal

MOST_CACHED = 4096


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a credential stands for, and for how many seconds it is valid at most."""

    principal: Principal
    seconds: float = math.inf


@dataclass(slots=True)
class KeyCache:
    """Principals looked up by this worker, each trusted for `seconds` at most.

    Only credentials that were found are kept, so wrong ones cannot fill it. Safe among threads.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    entries: dict[bytes, tuple[float, Principal]] = field(default_factory=dict, repr=False)
    generation: int = 0
    lock: Lock = field(default_factory=Lock, repr=False)

    def get(self, digest: bytes) -> Principal | None:
        """The principal, unless it was never looked up or that was too long ago."""
        until, principal = self.entries.get(digest, (0.0, None))
        return principal if self.clock() < until else None

    def put(self, digest: bytes, found: SignedIn, generation: int) -> None:
        """Trust the principal from now on; the oldest entry makes room.

        `generation` is the cache's from before the lookup: what was looked up before a change
        that has been heard of meanwhile is not trusted again.
        """
        until = self.clock() + min(self.seconds, found.seconds)
        with self.lock:
            if generation != self.generation:
                until = 0.0
            self.entries.pop(digest, None)
            if len(self.entries) >= MOST_CACHED:
                self.entries.pop(next(iter(self.entries)))
            self.entries[digest] = (until, found.principal)

    def forget(self, tenant_id: UUID | None) -> None:
        """Look every credential of the tenant, or of all tenants, up again: something changed."""
        count("cache_invalidations_total", "keys")
        with self.lock:
            self.generation += 1
            for digest, (_, principal) in self.entries.items():
                if tenant_id is None or principal.tenant_id == tenant_id:
                    self.entries[digest] = (0.0, principal)

    def knows(self, digest: bytes) -> bool:
        """Was this credential valid the last time it was looked up?"""
        return digest in self.entries

    def drop(self, digest: bytes) -> None:
        """This credential is not valid any more."""
        with self.lock:
            self.entries.pop(digest, None)


def digest_of(credential: str) -> bytes:
    """SHA-256 of a credential: what is stored, compared and cached in its place."""
    return hashlib.sha256(credential.encode(errors="surrogateescape")).digest()


def look_up(key: Key) -> SignedIn | None:
    """The principal of a stored key, read from the database under the key's own tenant."""
    enter(Scope(key.tenant_id))
    query = (
        select(
            ApiKey.id.label("key_id"),
            ApiKey.scopes,
            ApiKey.last_used_at,
            end_of(key.digest).label("ends"),
            Member.id.label("member_id"),
            Member.role,
            Tenant.plan,
        )
        .join(Member, (Member.tenant_id == ApiKey.tenant_id) & (Member.id == ApiKey.member_id))
        .join(Tenant, Tenant.id == ApiKey.tenant_id)
        .where(ApiKey.tenant_id == key.tenant_id, usable(key.digest))
    )
    row = db.session.execute(query).one_or_none()
    if row is None:
        return None
    note_use(key.tenant_id, row.key_id, row.last_used_at)
    principal = Principal(
        tenant_id=key.tenant_id,
        plan=row.plan,
        member_id=row.member_id,
        key_id=row.key_id,
        role=Role(row.role),
        scopes=None if row.scopes is None else frozenset(map(Permission, row.scopes)),
    )
    return SignedIn(principal, math.inf if row.ends is None else (row.ends - now()).total_seconds())
