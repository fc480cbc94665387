"""What does Prometheus read?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.config import Config
from app.database import Scope, db, enter
from app.models import Tenant
from app.schemas.tenants import Plan
from app.telemetry.instruments import SLOTS, gauge

FRESH_SECONDS = 60.0


@dataclass(slots=True)
class Census:
    """The tenants of each plan, counted again at most once in `FRESH_SECONDS`."""

    until: float = 0.0

    def take(self) -> None:
        """Count, unless the last count is fresh. Without the database the last count stays."""
        if time.monotonic() < self.until:
            return
        self.until = time.monotonic() + FRESH_SECONDS
        enter(Scope(None, operator=True))
        try:
            query = select(Tenant.plan, func.count()).group_by(Tenant.plan)
            found: dict[str, int] = dict(list(db.session.execute(query).tuples()))
            for plan in Plan:
                gauge("tenants_active", plan.value).set(found.get(plan, 0))
        except SQLAlchemyError:  # counted by db_errors_total; a scrape must not depend on it
            db.session.rollback()


CENSUS = Census()


def release() -> str:
    """The version that is installed."""
    try:
        return version("maestro-gate")
    except PackageNotFoundError:
        return "unknown"


gauge("build_info", release()).set(1)


def exposition(config: Config) -> tuple[bytes, str]:
    """All metrics in Prometheus' text format with their content type, over all workers."""
    CENSUS.take()
    registry = REGISTRY
    if config.multiprocess_dir:
        if SLOTS is not None:
            SLOTS.forget_dead()
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=config.multiprocess_dir)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
