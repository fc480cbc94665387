"""How much may one tenant ask per minute?

Flask-Limiter counts in Redis. Busy plans lease requests in batches, so that most requests cost
no round trip; a tenant may overshoot by at most one lease per worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from apiflask import APIFlask
from flask import g
from flask_limiter import ApplicationLimit, Limiter

from app.config import Config

REDIS_SECONDS = 0.15
# redis-py takes fractions of a second, which Flask-Limiter's annotation leaves out.
TIMEOUTS = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}


@dataclass(frozen=True, slots=True)
class Tier:
    """A plan's requests per minute, and how many of them one worker leases at once."""

    per_minute: int
    lease: int


TIERS = {
    "free": Tier(60, 1),
    "team": Tier(600, 1),
    "business": Tier(6000, 20),
    "enterprise": Tier(600_000, 200),
}
OPERATOR = ("operator", "team")


@dataclass(slots=True)
class Leases:
    """Requests that this worker has counted already and not yet used, by bucket."""

    clock: Callable[[], float] = time.time
    held: dict[str, tuple[int, int]] = field(default_factory=dict)

    def spend(self, bucket: str) -> bool:
        """Use one leased request; False when none is left in this minute."""
        minute, left = self.held.get(bucket, (0, 0))
        if left < 1 or minute != self._minute():
            return False
        self.held[bucket] = (minute, left - 1)
        return True

    def fill(self, bucket: str, requests: int) -> None:
        """Hold the rest of a fresh lease, whose first request is this one."""
        if requests > 1:
            self.held[bucket] = (self._minute(), requests - 1)

    def _minute(self) -> int:
        return int(self.clock()) // 60


def register(app: APIFlask, config: Config) -> Limiter:
    """Limit every request of a signed-in caller; raise 429 through Flask-Limiter beyond it."""
    leases = Leases()
    limiter = Limiter(
        key_func=lambda: _bucket()[0],
        application_limits=[
            ApplicationLimit(
                lambda: f"{_tier().per_minute} per minute",
                cost=lambda: _tier().lease,
            )
        ],
        storage_uri=config.redis_url,
        storage_options=cast("dict[str, str | int]", TIMEOUTS),
        in_memory_fallback_enabled=True,
        key_prefix="maestro",
    )

    limiter.request_filter(lambda: not _bucket()[0] or bool(g.leased))

    def spend() -> None:
        bucket, _ = _bucket()
        g.leased = bool(bucket) and leases.spend(bucket)

    def fill() -> None:
        bucket, _ = _bucket()
        if bucket and not g.leased:
            leases.fill(bucket, _tier().lease)

    app.before_request(spend)
    limiter.init_app(app)
    app.before_request(fill)
    return limiter


def _bucket() -> tuple[str, str]:
    """Who is counted, and by which plan; an empty bucket is not counted."""
    principal = g.get("principal")
    if principal is not None:
        return str(principal.tenant_id), principal.plan
    return OPERATOR if g.get("operator") else ("", "free")


def _tier() -> Tier:
    return TIERS[_bucket()[1]]
