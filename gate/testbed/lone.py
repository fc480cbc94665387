"""How does the service run with a single connection that can be looked at?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from gate.testbed.client import Cast
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.sabotage import moved
from gate.testbed.service import Installation, running_service
from gate.testbed.site import Site
from gate.testbed.wire import Relay, relaying


@contextmanager
def lonely(
    site: Site, installation: Installation, database: PostgreSQL, cast: Cast
) -> Iterator[tuple[Cast, Relay]]:
    """The principals of a second instance, and the relay between it and the database.

    One worker with one thread and a pool of one: each request gets the connection that the last
    one gave back. What the service does in the background has a connection of its own.
    """
    with relaying(database.port) as (relay, port):
        alone = replace(
            installation,
            database_url=through(installation.database_url, port),
            name="lone-service",
            workers=1,
            pool_size=1,
            port=0,
        )
        with (
            running_service(site, alone) as service,
            closing(moved(cast, service.base_url)) as principals,
        ):
            yield principals, relay


def through(url: str, port: int) -> str:
    """The same database, reached at another port."""
    parts = urlsplit(url)
    signed = parts.netloc.rpartition(":")[0]
    return parts._replace(netloc=f"{signed}:{port}").geturl()
