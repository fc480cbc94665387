"""How long does a request wait for a database connection?"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import QueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from app.telemetry.instruments import count, gauge, observe
from app.telemetry.watch import CURRENT


class WatchedPool(QueuePool):
    """SQLAlchemy's pool, counting."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        gauge("db_pool_size").set(self.size())

    def _do_get(self) -> ConnectionPoolEntry:
        began = time.perf_counter()
        try:
            entry = super()._do_get()
        except PoolTimeoutError:
            count("db_pool_timeouts_total")
            current = CURRENT.get()
            count("http_timeouts_total", current.route if current else "none")
            raise
        observe("db_pool_wait_seconds", time.perf_counter() - began)
        gauge("db_pool_in_use").inc()
        return entry

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        gauge("db_pool_in_use").dec()
