"""Who changed what, and can anybody have altered the record since?

Every event is sealed by a hash over its content and the hash of the event before (a hash chain), so
that an edited, missing or moved event breaks the chain from there on. Whoever keeps a hash outside
the database notices even a chain that was written anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import orjson

GENESIS = bytes(32)


class Actor(StrEnum):
    """Who acted."""

    MEMBER = "member"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change, as it is sealed. `seq` counts from 1 in each tenant; `created_at` has a zone."""

    tenant_id: UUID
    seq: int
    id: UUID
    created_at: datetime
    action: str
    actor: Actor
    member_id: UUID | None
    key_id: UUID | None
    object_type: str
    object_id: str | None
    path: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """An event with its seal and the one before."""

    event: Event
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, and why."""

    seq: int
    reason: str


def seal(event: Event, prev_hash: bytes) -> Sealed:
    """Seal the event: SHA-256 over the hash before it and the canonical event.

    Canonical is JSON with sorted keys, no spaces, time in UTC with microseconds and `+00:00`.
    """
    content = asdict(event)
    content["created_at"] = event.created_at.astimezone(UTC).isoformat(timespec="microseconds")
    canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return Sealed(event, prev_hash, hashlib.sha256(prev_hash + canonical).digest())


def verify(chain: Iterable[Sealed], *, head: tuple[int, bytes]) -> Iterator[Break]:
    """Every place where the whole chain of one tenant, oldest first, does not hold.

    `head` is the number of events and the last hash, kept apart from the events: without it nobody
    could tell that the newest ones are missing.
    """
    prev_hash, expected = GENESIS, 0
    for expected, sealed in enumerate(chain, start=1):
        event = sealed.event
        if event.seq != expected:
            yield Break(expected, f"found event {event.seq} in the place of {expected}")
        if sealed.prev_hash != prev_hash:
            yield Break(event.seq, "does not follow the event before it")
        if seal(event, sealed.prev_hash).hash != sealed.hash:
            yield Break(event.seq, "is not what was sealed")
        prev_hash = sealed.hash
    if head != (expected, prev_hash):
        yield Break(head[0], f"the chain should end here and ends at {expected}")
