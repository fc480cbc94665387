"""How much may a tenant have on its plan?

The database counts and refuses (migration 0004), so that no way of writing slips past. Here are
the same ceilings for what people read and set; a test compares the two.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import func, select

from app.database import db
from app.errors import quota_exceeded
from app.models import Quota, UsageCounter
from app.tenancy import principal

GIB = 1 << 30


class Resource(StrEnum):
    """What is counted."""

    PROJECTS = "projects"
    RUNS = "runs"
    MEMBERS = "members"
    KEYS = "keys"
    WEBHOOKS = "webhooks"
    ARTIFACT_BYTES = "artifact_bytes"


CEILINGS: dict[str, dict[Resource, int]] = {
    plan: dict(zip(Resource, most, strict=True))
    for plan, most in {
        "free": (10, 10_000, 10, 50, 2, GIB),
        "team": (100, 1_000_000, 100, 500, 10, 100 * GIB),
        "business": (1_000, 10_000_000, 1_000, 5_000, 100, 1_000 * GIB),
        "enterprise": (10_000, 100_000_000, 10_000, 50_000, 1_000, 100_000 * GIB),
    }.items()
}


def limits() -> dict[Resource, int]:
    """What applies to the request's tenant: what its owner set, and the plan's ceiling at most."""
    caller = principal()
    query = select(Quota.resource, Quota.most).where(Quota.tenant_id == caller.tenant_id)
    lowered = {Resource(resource): most for resource, most in db.session.execute(query)}
    ceilings = CEILINGS[caller.plan]
    return {each: min(lowered.get(each, most), most) for each, most in ceilings.items()}


def usage() -> dict[Resource, int]:
    """What the request's tenant has; soft-deleted objects count until they are purged."""
    query = (
        select(UsageCounter.resource, func.sum(UsageCounter.used))
        .where(UsageCounter.tenant_id == principal().tenant_id)
        .group_by(UsageCounter.resource)
    )
    found = {str(resource): int(used) for resource, used in db.session.execute(query)}
    return {each: found.get(each, 0) for each in Resource}


def require_room(resource: Resource, amount: int) -> None:
    """403 when the quota would not take so much more now. The database decides in the end."""
    if usage()[resource] + amount > limits()[resource]:
        raise quota_exceeded(resource)
