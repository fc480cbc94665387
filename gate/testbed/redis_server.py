"""How does a real Redis run?"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from gate.testbed.binaries import redis_program
from gate.testbed.ports import LOOPBACK, reserve
from gate.testbed.process import Child, Command
from gate.testbed.site import Site

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
daemonize no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """A Redis server on loopback that keeps nothing on disk."""

    port: int
    password: str = field(repr=False)
    child: Child = field(repr=False)

    @property
    def url(self) -> str:
        """The URL with its password. Secret."""
        return url_of(self.port, self.password)


@contextmanager
def new_redis(site: Site) -> Iterator[Redis]:
    """A new, empty server that runs for as long as the block lasts."""
    folder = site.state / "redis"
    folder.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    with reserve() as port:
        configuration = folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            CONFIGURATION.format(host=LOOPBACK, port=port, password=password, folder=folder),
            encoding="utf-8",
        )
        command = Command(name="redis", argv=[redis_program(), configuration], folder=folder)
        child = site.start(command, lambda: answers(url_of(port, password)))
        try:
            yield Redis(port=port, password=password, child=child)
        finally:
            site.stop(child)


def url_of(port: int, password: str) -> str:
    """The URL of database 0."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def answers(url: str) -> bool:
    """Does the server answer PING?"""
    try:
        with redis.Redis.from_url(url, socket_timeout=1, retry=None) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
