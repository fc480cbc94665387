"""How does a tenant go, with everything that it had anywhere?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, any_, delete, func, literal_column, select

from app.models import Base, Tenant
from app.work.steps import Progress, Step

BATCH = 1000
# The job needs itself, its entry and the tenant until its last step.
KEPT = {"jobs", "tasks", "tenants"}
log = logging.getLogger("maestro")


def forget_redis_keys(step: Step) -> None:
    """Remove what Redis holds under the tenant's id. Without Redis it expires by itself."""
    try:
        for name in (str(step.tenant_id), step.tenant_id.hex):
            for key in step.worker.redis.scan_iter(match=f"*{name}*", count=1000):
                step.worker.redis.delete(key)
    except (RedisError, OSError) as error:
        log.warning("tenant deletion", extra={"error": type(error).__name__})


def forget_objects(step: Step) -> None:
    """Remove the bytes of its artifacts, and what is on its way to be some."""
    step.worker.store.forget(step.tenant_id)


# What a tenant has outside of PostgreSQL; each may run again.
ELSEWHERE: tuple[Callable[[Step], None], ...] = (forget_redis_keys, forget_objects)


def removal_step(step: Step) -> Progress:
    """Remove one batch of rows; when there is none left, what is elsewhere and the tenant."""
    removed = _remove_batch(step)
    done = step.checkpoint.get("removed", 0) + removed
    if removed:
        return Progress(checkpoint={"removed": done}, done=done, total=done)
    for forget in ELSEWHERE:
        forget(step)
    step.connection.execute(delete(Tenant).where(Tenant.id == step.tenant_id))
    return Progress(checkpoint=None, done=done, total=done)


def _remove_batch(step: Step) -> int:
    """Rows of the first table that has any, children before parents."""
    place: ColumnElement[Any] = literal_column("ctid")
    for table in reversed(Base.metadata.sorted_tables):
        # What is only appended to may go with its tenant and never alone.
        if table.name in KEPT or table.info.get("append_only"):
            continue
        own = table.c.tenant_id == step.tenant_id
        batch = select(place).select_from(table).where(own).limit(BATCH).correlate(None)
        chosen = func.array(batch.scalar_subquery())
        removed = step.connection.execute(delete(table).where(own, place == any_(chosen))).rowcount
        if removed:
            return removed
    return 0
