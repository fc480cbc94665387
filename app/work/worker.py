"""What does background work run with, and whose rows may it touch?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from uuid import UUID

from redis import Redis
from sqlalchemy import Connection, Engine, create_engine, text

from app.artifacts.choice import open_store
from app.artifacts.store import Store
from app.config import Config
from app.connections import guard
from app.database import SET_SCOPE, Scope, engine_options

LEASE_SECONDS = 30
# Milliseconds. A step is far shorter than its lease, and longer than a request may take.
LIMITS = (
    "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=20000"
)
SET_RUNNER = text("SELECT set_config('app.runner', 'on', true)")


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker's own connections: it never takes one from the pool that requests use."""

    config: Config
    engine: Engine = field(repr=False)
    redis: Redis = field(repr=False)
    store: Store = field(repr=False)
    stopping: Event = field(default_factory=Event)

    @contextmanager
    def as_tenant(self, tenant_id: UUID) -> Iterator[Connection]:
        """A transaction that sees the rows of one tenant; every job runs in these."""
        with self.engine.begin() as connection:
            connection.execute(SET_SCOPE, Scope(tenant_id).parameters())
            yield connection

    @contextmanager
    def as_runner(self) -> Iterator[Connection]:
        """A transaction that sees all tenants' entries of the queue and not one row besides."""
        with self.engine.begin() as connection:
            connection.execute(SET_RUNNER)
            yield connection

    def close(self) -> None:
        """Give the connections back to the servers."""
        self.engine.dispose()
        self.redis.close()


def new_worker(config: Config) -> Worker:
    """A worker with one connection of its own to PostgreSQL; it connects to nothing yet."""
    options = engine_options(config)
    options["pool_size"] = 1
    del options["poolclass"]  # the metrics of the pool are those of requests
    options["connect_args"] |= {"options": LIMITS, "application_name": "maestro jobs"}
    redis = Redis.from_url(config.redis_url, socket_timeout=2, socket_connect_timeout=2)
    engine = create_engine(config.database_url, **options)
    guard(engine)
    return Worker(config, engine, redis, open_store(config))
