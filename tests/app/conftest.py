"""Which service do these tests ask? The real one, on real PostgreSQL and Redis."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg2
import pytest
from apiflask import APIFlask
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from app.config import Config, read_config
from app.factory import create_app
from app.work.worker import Worker, new_worker
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import OPERATOR_KEY, Caller
from tests.app.receivers import Receiver, receiving


@pytest.fixture(scope="session")
def config(schema: Schema, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    return read_config(
        {
            "MAESTRO_DATABASE_URL": schema.app_url,
            "MAESTRO_REDIS_URL": redis_url,
            "MAESTRO_OPERATOR_KEY_SHA256": hashlib.sha256(OPERATOR_KEY.encode()).hexdigest(),
            "MAESTRO_CURSOR_SECRET": "a cursor secret of the tests",
            "MAESTRO_WEBHOOK_ALLOW": "127.0.0.0/8",
            "MAESTRO_ARTIFACT_DIR": str(tmp_path_factory.mktemp("artifacts")),
        }
    )


@pytest.fixture(scope="session")
def service(config: Config) -> APIFlask:
    return create_app(config)


@pytest.fixture(scope="session")
def operator_key() -> str:
    return OPERATOR_KEY


@pytest.fixture
def superuser(postgresql: PostgreSQL, schema: Schema) -> Iterator[Cursor]:
    """Sees and changes everything at once, whatever the policies say."""
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture
def worker(config: Config, superuser: Cursor) -> Iterator[Worker]:
    """Background work to be run by the test itself.

    What earlier tests left in the queue is gone.
    """
    superuser.execute("DELETE FROM tasks")
    made = new_worker(config)
    yield made
    made.close()


@pytest.fixture
def operator(service: APIFlask) -> Caller:
    return Caller(service.test_client(), OPERATOR_KEY)


@pytest.fixture
def new_owner(operator: Caller) -> Callable[..., Caller]:
    """Makes a tenant and gives its owner."""

    def make(plan: str = "enterprise") -> Caller:
        name = f"tenant {uuid4().hex}"
        made = operator.make("/v1/tenants", name=name, plan=plan, owner_email="owner@example.org")
        return Caller(operator.client, made["api_key"])

    return make


@pytest.fixture
def owner(new_owner: Callable[..., Caller]) -> Caller:
    return new_owner()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes webhooks."""
    with receiving() as running:
        yield running
