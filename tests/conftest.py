"""Which real servers may a test use? One set per session and worker, started when first asked for.

A test that stops one starts it again; a test that changes data makes its own objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from gate.testbed.embedded import CHECKOUT, Embedded, embedded
from gate.testbed.postgresql import PostgreSQL, new_postgresql
from gate.testbed.provision import Schema, new_schema, provision
from gate.testbed.redis_server import new_redis
from gate.testbed.site import Site, open_site

SEED = 20_240_601
# How long an example takes says something of the machine, and nothing of what is tested.
settings.register_profile("maestro", deadline=None)
settings.load_profile("maestro")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("logs")) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgresql(site: Site) -> Iterator[PostgreSQL]:
    with new_postgresql(site) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(site: Site) -> Iterator[str]:
    with new_redis(site) as server:
        yield server.url


@pytest.fixture(scope="session")
def schema(site: Site, postgresql: PostgreSQL) -> Schema:
    """The service's tables in a database of their own on `postgresql`."""
    made = new_schema(postgresql.url)
    provision(site, postgresql.url, made, CHECKOUT)
    return made


@pytest.fixture(scope="session")
def testbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A whole running Maestro ML with the tenants acme and globex."""
    folder: Path = tmp_path_factory.mktemp("testbed")
    with embedded(folder, SEED) as running:
        yield running
