"""Which database and which cache does the service get: new ones, or installed ones?"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gate.testbed.installed import as_libpq, scratch, server_secrets
from gate.testbed.postgresql import PostgreSQL, new_postgresql
from gate.testbed.provision import Schema, provision
from gate.testbed.redis_server import new_redis
from gate.testbed.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """A running PostgreSQL and Redis; `postgresql` is None when an installed one is used."""

    admin_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    postgresql: PostgreSQL | None
    secrets: dict[str, str] = field(repr=False)


@contextmanager
def servers(site: Site, database_url: str | None, redis_url: str | None) -> Iterator[Servers]:
    """New servers, started side by side, or the installed ones that the URLs name."""
    with ExitStack() as stack:
        with ThreadPoolExecutor(1) as aside:
            cache = aside.submit(redis, site, stack, redis_url)
            postgresql = None if database_url else stack.enter_context(new_postgresql(site))
            cache_url, cache_secrets = cache.result()
        if postgresql is not None:
            admin_url, admin_secrets = postgresql.url, postgresql.secrets
        else:
            admin_url = as_libpq(database_url or "")
            admin_secrets = server_secrets(admin_url, "$DATABASE_PASSWORD")
        yield Servers(
            admin_url=admin_url,
            redis_url=cache_url,
            postgresql=postgresql,
            secrets=admin_secrets | cache_secrets,
        )


def redis(site: Site, stack: ExitStack, url: str | None) -> tuple[str, dict[str, str]]:
    """The cache's URL and its secrets."""
    if url:
        return url, server_secrets(url, "$REDIS_PASSWORD")
    server = stack.enter_context(new_redis(site))
    return server.url, {server.password: "$REDIS_PASSWORD"}


@contextmanager
def migrated(site: Site, parts: Servers, schema: Schema, checkout: Path) -> Iterator[None]:
    """The service's database with its roles and tables; dropped again from an installed server."""
    if parts.postgresql is None:
        with scratch(site, parts.admin_url, schema, checkout):
            yield
        return
    provision(site, parts.admin_url, schema, checkout)
    parts.postgresql.database = schema.database
    yield
