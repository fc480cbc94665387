"""Can a row be read without PostgreSQL, and never be older than the last commit?

Every tenant has a version in Redis, which changes after each commit that touches a cached table.
An entry is sealed with the version that held before its row was read, and counts under no other,
so a slow reader cannot bring back what is over. An entry also ends at an absolute time: that is the
bound when a change could not be announced, however long Redis was frozen meanwhile.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from redis import Redis
from redis.commands.core import Script

from app.redis_pool import FAILED
from app.telemetry.instruments import count

LIFETIME = 1.0
VERSION_MILLISECONDS = 3_600_000
SEAL_BYTES = 16
Row = dict[str, Any]
# The version is Redis' own time, so one that was lost never comes back.
RENEW = """
local time = redis.call('TIME')
local version = time[1] .. '.' .. time[2]
if ARGV[1] == 'keep' then
  redis.call('SET', KEYS[1], version, 'NX', 'PX', ARGV[2])
else
  redis.call('SET', KEYS[1], version, 'PX', ARGV[2])
end
return redis.call('GET', KEYS[1])
"""
STORE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[2], ARGV[2], 'PXAT', ARGV[3])
end
"""


@dataclass(slots=True)
class ReadCache:
    """Rows in Redis, each under its tenant and sealed with `secret`: a forged one is not read.

    While Redis does not answer, every read goes to PostgreSQL.
    """

    redis: Redis
    secret: bytes = field(repr=False)
    clock: Callable[[], float] = time.time
    renew: Script = field(init=False, repr=False)
    store: Script = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.renew = self.redis.register_script(RENEW)
        self.store = self.redis.register_script(STORE)

    def read(self, tenant_id: UUID, name: str, load: Callable[[], Row | None]) -> Row | None:
        """The row called `name` in the tenant: kept, or loaded and kept for `LIFETIME`."""
        version_key, key = self._keys(tenant_id, name)
        try:
            version, entry = self.redis.mget(version_key, key)  # type: ignore[misc]
            version = version or self.renew([version_key], ["keep", VERSION_MILLISECONDS])
        except FAILED:
            count("cache_requests_total", "rows", "unavailable")
            return load()
        row = self._open(entry, key, version)
        count("cache_requests_total", "rows", "miss" if row is None else "hit")
        return row if row is not None else self._fill(version_key, key, version, load)

    def change(self, tenant_id: UUID) -> None:
        """Nothing that was kept for the tenant counts any more. Call it after the commit."""
        count("cache_invalidations_total", "rows")
        try:
            self.renew([self._keys(tenant_id, "")[0]], ["new", VERSION_MILLISECONDS])
        except FAILED:
            return  # the entries' end is the bound

    def _fill(
        self, version_key: str, key: str, version: bytes, load: Callable[[], Row | None]
    ) -> Row | None:
        until = self.clock() + LIFETIME
        row = load()
        if row is not None:
            content = orjson.dumps([until, row])
            entry = self._seal(key, version, content) + content
            try:
                self.store([version_key, key], [version, entry, int(until * 1000)])
            except FAILED:
                return row
        return row

    def _open(self, entry: bytes | None, key: str, version: bytes) -> Row | None:
        """The row in an entry; None for what is over, another version's, or not ours."""
        if not entry:
            return None
        seal, content = entry[:SEAL_BYTES], entry[SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(key, version, content)):
            return None
        until, row = orjson.loads(content)
        return row if self.clock() < until else None

    def _seal(self, key: str, version: bytes, content: bytes) -> bytes:
        sealed = b"%b\n%b\n%b" % (key.encode(), version, content)
        return hashlib.blake2b(sealed, key=self.secret[:64], digest_size=SEAL_BYTES).digest()

    @staticmethod
    def _keys(tenant_id: UUID, name: str) -> tuple[str, str]:
        return f"maestro:version:{tenant_id}", f"maestro:row:{tenant_id}:{name}"
