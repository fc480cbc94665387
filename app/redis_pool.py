"""How does the service reach Redis without ever waiting long for it?"""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from app.breaker import Breaker, State
from app.config import Config
from app.telemetry.instruments import gauge

SECONDS = 0.15
FAILURES, PAUSE = 3, 1.0
FAILED = (RedisError, OSError)


class GuardedPool(ConnectionPool):
    """Connections behind a circuit breaker, for every client that is given this pool.

    A dead or hung Redis costs each worker `FAILURES` waits of `SECONDS`, and then one per `PAUSE`:
    all other requests are refused at once with redis-py's own ConnectionError.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.breaker = Breaker(FAILURES, PAUSE)
        self.shown: State | None = None

    def get_connection(self, *names: Any, **options: Any) -> Any:
        """A connection, unless Redis has just failed."""
        admitted = self.breaker.admits()
        self._show_state()
        if not admitted:
            raise RedisConnectionError("Redis has failed and is left alone for a moment.")
        return super().get_connection(*names, **options)

    def release(self, connection: Any) -> None:
        """Take the connection back; redis-py has closed it if Redis did not answer."""
        answered = connection._sock is not None  # noqa: SLF001 - redis-py has no public name for it
        (self.breaker.succeeded if answered else self.breaker.failed)()
        self._show_state()
        super().release(connection)

    def _show_state(self) -> None:
        state = self.breaker.state
        if state is not self.shown:
            self.shown = state
            gauge("redis_breaker_state").set(state)


def new_pool(config: Config) -> GuardedPool:
    """A pool that connects to nothing yet. A command is never sent twice."""
    pool: GuardedPool = GuardedPool.from_url(
        config.redis_url,
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return pool


def answers(redis: Redis) -> bool:
    """Does Redis answer now?"""
    try:
        return bool(redis.ping())
    except FAILED:
        return False
