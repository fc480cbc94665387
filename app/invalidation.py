"""How does every worker hear at once that a key, a role, a member or a plan has changed?

The worker that made the change announces it on Redis, and each worker listens in a thread of its
own. While the channel is down, the short life of the cache's entries is the bound.
"""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any
from uuid import UUID

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from app.auth import KeyCache
from app.redis_pool import FAILED, SECONDS

CHANNEL = "maestro:changed"
EVERYBODY = b"*"
UUID_BYTES = 16
# A listener that has heard nothing, not even an answer to its ping, for `SILENCE` starts again.
PING, SILENCE, PAUSE = 1.0, 3.0, 0.25
log = logging.getLogger("maestro")


@dataclass(slots=True)
class Invalidations:
    """One worker's end of the channel: `redis` announces, a connection to `url` listens."""

    cache: KeyCache
    redis: Redis
    url: str = field(repr=False)
    thread: Thread | None = None
    hears: bool = False
    lock: Lock = field(default_factory=Lock, repr=False)
    stopped: Event = field(default_factory=Event, repr=False)

    def announce(self, tenant_ids: frozenset[UUID | None]) -> None:
        """Forget these tenants' credentials here, and tell all other workers to."""
        for tenant_id in tenant_ids:
            self.cache.forget(tenant_id)
        try:
            for tenant_id in tenant_ids:
                self.redis.publish(CHANNEL, tenant_id.bytes if tenant_id else EVERYBODY)
        except FAILED as error:
            log.warning("change not announced", extra={"error": type(error).__name__})

    def listen(self) -> None:
        """Start this worker's thread, once. Called late: a thread does not survive a fork."""
        if self.thread is None:
            with self.lock:
                if self.thread is None:
                    self.thread = Thread(target=self._run, name="maestro-changes", daemon=True)
                    self.thread.start()

    def stop(self) -> None:
        """End the thread, if it runs."""
        self.stopped.set()
        if self.thread is not None:
            self.thread.join()

    def _run(self) -> None:
        while not self.stopped.is_set():
            try:
                self._follow()
            except FAILED as error:
                if self.hears:
                    log.warning("changes not heard", extra={"error": type(error).__name__})
                self.hears = False
                self.stopped.wait(PAUSE)

    def _follow(self) -> None:
        """Hear messages until the connection fails or is silent."""
        client = Redis.from_url(
            self.url,
            socket_timeout=PING,
            socket_connect_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        with closing(client), closing(client.pubsub()) as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(CHANNEL)
            heard = time.monotonic()
            while not self.stopped.is_set():
                message = subscription.get_message(timeout=PING)
                if message is not None:
                    heard = time.monotonic()
                    self._hear(message)
                elif time.monotonic() - heard > SILENCE:
                    raise RedisConnectionError("The channel is silent.")
                else:
                    subscription.ping()

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self.cache.forget(None)  # whatever was announced before was not heard
            self.hears = True
        elif message["type"] == "message":
            data = message["data"]
            self.cache.forget(UUID(bytes=data) if len(data) == UUID_BYTES else None)
