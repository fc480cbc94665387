"""How much may one tenant, or one address without a credential, ask per minute?

The tenant's plan is counted in leases (`app.leases`), so that most requests of a busy tenant cost
no round trip. Routes that need a stricter limit of their own are counted by Flask-Limiter.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import cast

from apiflask import APIFlask
from flask import Response, g, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit
from flask_limiter.errors import RateLimitExceeded

from app.config import Config
from app.context import current
from app.errors import ProblemError, respond
from app.leases import WINDOW, Standing, Tier
from app.redis_pool import FAILED, GuardedPool
from app.telemetry.instruments import count

TIERS = {
    "free": Tier(name="free", per_minute=60),
    "team": Tier(name="team", per_minute=600),
    "business": Tier(name="business", per_minute=6000, lease=20),
    "enterprise": Tier(name="enterprise", per_minute=600_000, lease=200),
}
OPERATOR = Tier(name="operator", per_minute=600)
# Requests per minute and tenant of single operations, beside what the plan allows.
STRICT = {
    "create_api_key": Tier(name="key-creation", per_minute=60),
    "rotate_api_key": Tier(name="key-rotation", per_minute=60),
    "create_export": Tier(name="exports", per_minute=30),
}
# Probes of the platform itself, which must never be refused.
UNCOUNTED = frozenset({"read_health", "read_readiness", "read_metrics"})
IPV6 = 6


def register(app: APIFlask, config: Config, pool: GuardedPool) -> None:
    """Count every request once its caller is known, and tell the caller where it stands."""
    limiter = _strict_limiter(config, pool)
    check = _check_of(limiter, app)

    def count_strict() -> None:
        if _operation() in STRICT and request.method != "OPTIONS":
            check()
            note()

    def note() -> None:
        limit = limiter.current_limit
        if limit is not None:
            g.standings.append(_standing_of(limit))

    def refuse(_: RateLimitExceeded) -> Response:
        note()
        return respond(_too_many(g.standings[-1]))

    app.before_request(_count)
    app.before_request(count_strict)
    app.register_error_handler(RateLimitExceeded, refuse)
    app.after_request(_tell)


def _strict_limiter(config: Config, pool: GuardedPool) -> Limiter:
    """Flask-Limiter for the strict operations; every tenant has a count for each of them.

    While Redis is down it counts in this worker; key creation is refused then (`app.guard`).
    """
    return Limiter(
        key_func=_strict_bucket,
        application_limits=[
            ApplicationLimit(lambda: f"{STRICT[_operation()].per_minute} per minute")
        ],
        storage_uri=config.redis_url,
        storage_options=cast("dict[str, str | int]", {"connection_pool": pool}),
        in_memory_fallback_enabled=True,
        key_prefix="maestro",
    )


def _check_of(limiter: Limiter, app: APIFlask) -> Callable[[], object]:
    """What Flask-Limiter does before a request, to be done for the strict operations only.

    Its hooks would look at every request, which costs as much as half a bare one. The two behind
    the answer are for headers, which are ours, and for what ends with the request anyway.
    """
    limiter.init_app(app)
    app.after_request_funcs[None].pop()
    app.teardown_request_funcs[None].pop()
    check: Callable[[], object] = app.before_request_funcs[None].pop()
    return check


def check_address() -> None:
    """Refuse an address that has failed to sign in too often, before it costs a lookup."""
    standing = current().counter.exhausted(*_address())
    if standing is not None:
        count("lockouts_total")
        _admit(standing)


def count_failure() -> None:
    """Count a request without a valid credential against its address; 429 beyond the limit."""
    _admit(current().counter.take(*_address()))


def _count() -> None:
    counted = _who()
    if counted is not None:
        _admit(current().counter.take(*counted))


def _strict_bucket() -> str:
    bucket, _ = _who() or ("", None)
    return f"{bucket}:{_operation()}"


def _operation() -> str:
    return (request.endpoint or "").rpartition(".")[2]


def _who() -> tuple[str, Tier] | None:
    """Whose request it is and by which tier it counts; None when it is not counted."""
    principal = g.get("principal")
    if principal is not None:
        return str(principal.tenant_id), TIERS[principal.plan]
    if g.get("operator"):
        return "operator", OPERATOR
    counted = request.routing_exception is None and _operation() not in UNCOUNTED
    return _address() if counted and request.method != "OPTIONS" else None


def _address() -> tuple[str, Tier]:
    """The caller's address as one of 65,536 buckets, so that no flood of addresses fills anything.

    Which one is keyed with a secret, so nobody can choose to share a bucket with somebody. An
    IPv6 customer has a whole /64.
    """
    config = current().config
    network = _network(request.remote_addr or "")
    digest = hashlib.blake2b(network, key=config.cursor_secret.encode()[:64], digest_size=2)
    return digest.hexdigest(), Tier(name="address", per_minute=config.anonymous_per_minute)


def _network(address: str) -> bytes:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address.encode()
    return parsed.packed[: 8 if parsed.version == IPV6 else 4]


def _admit(standing: Standing) -> None:
    """Remember the standing for the answer's headers; 429 when the request is one too many."""
    g.setdefault("standings", []).append(standing)
    if not standing.allowed:
        raise _too_many(standing)


def _too_many(standing: Standing) -> ProblemError:
    """429, with the seconds until the window is over."""
    return ProblemError(
        429,
        "rate-limited",
        f"The requests of this minute are used up ({standing.tier.name}).",
        headers={"Retry-After": str(_seconds(standing))},
    )


def _standing_of(limit: RequestLimit) -> Standing:
    """The standing in a strict limit; Redis may have died since it was checked."""
    tier = STRICT[_operation()]
    try:
        remaining, reset = limit.remaining, limit.reset_at - time.time()
    except FAILED:
        remaining, reset = 0, WINDOW
    return Standing(tier=tier, allowed=not limit.breached, remaining=remaining, reset=reset)


def _tell(response: Response) -> Response:
    for name, value in fields(g.get("standings", ())):
        response.headers[name] = value
    return response


def fields(standings: Sequence[Standing]) -> list[tuple[str, str]]:
    """The header fields of draft-ietf-httpapi-ratelimit-headers-11: lists of structured items."""
    if not standings:
        return []
    policies = [f'"{one.tier.name}";q={one.tier.per_minute};w={WINDOW:.0f}' for one in standings]
    left = [f'"{one.tier.name}";r={one.remaining};t={_seconds(one)}' for one in standings]
    return [("RateLimit-Policy", ", ".join(policies)), ("RateLimit", ", ".join(left))]


def _seconds(standing: Standing) -> int:
    return max(1, math.ceil(standing.reset))
