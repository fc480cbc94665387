"""How many requests may a bucket still make in this minute, over all workers together?

Redis grants requests in leases. It never grants more than the limit, and a lease ends with the
window it was granted in, so workers together never let through more than the limit. What is left
in the leases of other workers may be refused: at most one lease each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from redis import Redis
from redis.commands.core import Script

from app.redis_pool import FAILED
from app.telemetry.instruments import count, gauge

WINDOW = 60.0
MOST_HELD = 10_000
# One round trip; the window is the key's own lifetime, so no two clocks have to agree.
GRANT = """
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local granted = math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - used))
if granted > 0 then redis.call('INCRBY', KEYS[1], granted) end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[3])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {granted, tonumber(ARGV[2]) - used - granted, left}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A policy: its name in the headers, requests per minute, and how many one lease holds."""

    name: str
    per_minute: int
    lease: int = 1


@dataclass(frozen=True, slots=True)
class Lease:
    """Requests that are counted already: `held` by this worker, and `beyond` it still to be had.

    `until` is on the worker's monotonic clock and never after the window's end in Redis.
    """

    held: int
    beyond: int
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a bucket stands after a request: `reset` is in seconds."""

    tier: Tier
    allowed: bool
    remaining: int
    reset: float


@dataclass(slots=True)
class Counter:
    """Counts requests in Redis, or, while that is down, in this worker alone. Safe among threads.

    It holds at most `MOST_HELD` buckets.
    """

    redis: Redis
    clock: Callable[[], float] = time.monotonic
    leases: dict[str, Lease] = field(default_factory=dict, repr=False)
    lock: Lock = field(default_factory=Lock, repr=False)
    grant: Script = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.grant = self.redis.register_script(GRANT)

    def take(self, bucket: str, tier: Tier) -> Standing:
        """Count one request; not allowed when the bucket's minute is used up."""
        name = f"{tier.name}:{bucket}"
        with self.lock:
            lease = self._live(name)
            if lease is not None and lease.held > 0:
                return self._spend(name, tier, lease)
        granted = self._ask(name, tier)
        with self.lock:
            lease = self._live(name)
            return self._spend(name, tier, _joined(lease, granted) or self._alone(lease, tier))

    def exhausted(self, bucket: str, tier: Tier) -> Standing | None:
        """The standing of a bucket that this worker knows to be used up; asks nobody."""
        with self.lock:
            lease = self._live(f"{tier.name}:{bucket}")
        if lease is None or lease.held + lease.beyond > 0:
            return None
        return self._standing(tier, lease, allowed=False)

    def _live(self, name: str) -> Lease | None:
        lease = self.leases.get(name)
        return lease if lease is not None and self.clock() < lease.until else None

    def _ask(self, name: str, tier: Tier) -> Lease | None:
        """A lease from Redis; None while that is down."""
        # Before the question: an answer that takes long must not prolong the window.
        asked = self.clock()
        try:
            granted, beyond, left = self.grant(
                [f"maestro:rate:{name}"], [tier.lease, tier.per_minute, int(WINDOW * 1000)]
            )
        except FAILED:
            count("ratelimit_backend_errors_total")
            gauge("ratelimit_degraded").set(1)
            return None
        gauge("ratelimit_degraded").set(0)
        return Lease(granted, beyond, asked + left / 1000)

    def _alone(self, lease: Lease | None, tier: Tier) -> Lease:
        """Without Redis each worker grants by itself what it believes to be left."""
        if lease is None:
            return Lease(tier.per_minute, 0, self.clock() + WINDOW)
        return replace(lease, held=lease.held + lease.beyond, beyond=0)

    def _spend(self, name: str, tier: Tier, lease: Lease) -> Standing:
        """Take one request out of the lease, if there is one, and keep the rest."""
        allowed = lease.held > 0
        rest = replace(lease, held=lease.held - 1) if allowed else lease
        if name not in self.leases and len(self.leases) >= MOST_HELD:
            self._make_room()
        self.leases[name] = rest
        return self._standing(tier, rest, allowed=allowed)

    def _make_room(self) -> None:
        """Drop what is over, and of a flood of new buckets the older half."""
        now = self.clock()
        kept = [(name, lease) for name, lease in self.leases.items() if now < lease.until]
        self.leases = dict(kept[-MOST_HELD // 2 :])

    def _standing(self, tier: Tier, lease: Lease, *, allowed: bool) -> Standing:
        reset = max(0.0, lease.until - self.clock())
        remaining = lease.held + lease.beyond
        return Standing(tier=tier, allowed=allowed, remaining=remaining, reset=reset)


def _joined(held: Lease | None, granted: Lease | None) -> Lease | None:
    """A fresh lease together with what another thread has got meanwhile."""
    if held is None or granted is None:
        return granted
    return replace(granted, held=held.held + granted.held, until=min(held.until, granted.until))
