"""Does every worker hear at once of what a credential is worth no more?"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import pytest
from apiflask import APIFlask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from redis import Redis
from sqlalchemy import update

from app.auth import MOST_CACHED, KeyCache, SignedIn
from app.config import Config
from app.context import Context, current
from app.database import Scope, db, enter
from app.factory import create_app
from app.invalidation import CHANNEL
from app.models import Member
from app.permissions import Role
from app.tenancy import Principal
from gate.testbed.provision import Schema
from gate.testbed.redis_server import new_redis
from gate.testbed.site import Site, open_site
from gate.testbed.waiting import until
from tests.app.callers import Caller
from tests.app.crews import Crew, crew

log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def trusting(site: Site, schema: Schema, redis_url: str) -> Iterator[Crew]:
    """Two workers that would trust a key for a minute if nobody told them otherwise."""
    with crew(
        site, schema, redis_url, "--drain-seconds", "0", MAESTRO_AUTH_SECONDS="60"
    ) as running:
        yield running


def both_workers(crew: Crew, key: str, stack: ExitStack) -> list[httpx.Client]:
    """Clients whose kept connections reach both workers, which trust the key afterwards."""
    clients = [stack.enter_context(crew.client(key))]
    while min(crew.connections()) == 0 or len(clients) < 4:
        clients.append(stack.enter_context(crew.client(key)))
        assert {client.get("/v1/me").status_code for client in clients} == {200}
        assert len(clients) < 100
    return clients


def revoke(owner: httpx.Client, made: dict[str, str]) -> None:
    assert owner.delete(f"/v1/api-keys/{made['id']}").status_code == 204


def demote(owner: httpx.Client, made: dict[str, str]) -> None:
    path = f"/v1/members/{made['member_id']}"
    assert owner.patch(path, json={"role": "viewer"}).status_code == 200


def remove(owner: httpx.Client, made: dict[str, str]) -> None:
    assert owner.delete(f"/v1/members/{made['member_id']}").status_code == 204


CHANGES = {"revoked": (revoke, 401), "demoted": (demote, 403), "removed": (remove, 401)}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_takes_effect_in_every_worker_long_before_the_cache_ends(
    trusting: Crew, change: str
) -> None:
    act, expected = CHANGES[change]
    with ExitStack() as stack:
        owner = stack.enter_context(trusting.client(trusting.new_owner()))
        lags: list[float] = []
        for number in range(3):
            address = {"email": f"m{number}@example.org", "role": "admin"}
            member = owner.post("/v1/members", json=address).json()["id"]
            made = owner.post("/v1/api-keys", json={"name": "k", "member_id": member}).json()
            clients = both_workers(trusting, made["secret"], stack)
            act(owner, made)
            acknowledged = time.monotonic()
            for client in clients:
                # 30 s is half of what the cache alone would allow.
                assert until(
                    lambda client=client: (
                        client.post("/v1/members", json={}).status_code == expected
                    ),
                    within=30,
                )
            lags.append(time.monotonic() - acknowledged)
    log.info("%s everywhere after %.3f s (median of 3)", change, statistics.median(lags))


def principal(tenant_id: UUID | None = None) -> Principal:
    return Principal(
        tenant_id=tenant_id or uuid4(),
        plan="free",
        member_id=uuid4(),
        key_id=uuid4(),
        role=Role.OWNER,
        scopes=None,
    )


def context_of(app: APIFlask) -> Context:
    with app.app_context():
        return current()


@pytest.fixture
def two(config: Config) -> Iterator[tuple[APIFlask, APIFlask]]:
    """Two applications as two workers have them, both listening."""
    patient = replace(config, auth_seconds=60.0)
    apps = create_app(patient), create_app(patient)
    for app in apps:
        context_of(app).changes.listen()
        assert until(lambda app=app: context_of(app).changes.hears, within=10)
    yield apps
    for app in apps:
        context_of(app).changes.stop()


def test_a_change_that_is_rolled_back_is_not_announced(
    two: tuple[APIFlask, APIFlask], owner: Caller
) -> None:
    here, _ = two
    me = owner.read("/v1/me")
    with here.app_context():
        before = current().keys.generation
        enter(Scope(UUID(me["tenant_id"])))
        db.session.execute(update(Member).values(role="viewer"))
        db.session.rollback()
        db.session.commit()
        assert current().keys.generation == before


def test_an_update_of_many_rows_is_announced_too(
    two: tuple[APIFlask, APIFlask], owner: Caller
) -> None:
    here, there = two
    caller = Caller(there.test_client(), owner.key)
    me = caller.read("/v1/me")
    with here.app_context():
        enter(Scope(UUID(me["tenant_id"])))
        db.session.execute(update(Member).values(role="viewer"))
        db.session.commit()
    assert until(lambda: caller.read("/v1/me")["role"] == "viewer", within=10)


def test_a_plan_change_is_announced(two: tuple[APIFlask, APIFlask], owner: Caller) -> None:
    here, there = two
    caller = Caller(there.test_client(), owner.key)
    tenant = caller.read("/v1/me")["tenant_id"]
    generation = context_of(there).keys.generation
    Caller(here.test_client(), owner.key).ask("PATCH", f"/v1/tenants/{tenant}", {"name": "new"})
    assert until(lambda: context_of(there).keys.generation > generation, within=10)


@pytest.mark.parametrize("rubbish", [b"", b"*", b"x" * 15, b"\xff" * 17])
def test_rubbish_on_the_channel_only_costs_lookups(
    two: tuple[APIFlask, APIFlask], owner: Caller, redis_url: str, rubbish: bytes
) -> None:
    _, there = two
    caller = Caller(there.test_client(), owner.key)
    caller.read("/v1/me")
    generation = context_of(there).keys.generation
    Redis.from_url(redis_url).publish(CHANNEL, rubbish)
    assert until(lambda: context_of(there).keys.generation > generation, within=10)
    caller.read("/v1/me")


def test_a_worker_that_lost_the_channel_forgets_everything_and_hears_again(
    config: Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with open_site(tmp_path_factory.mktemp("redis")) as own, new_redis(own) as server:
        changes = context_of(create_app(replace(config, redis_url=server.url))).changes
        changes.listen()
        assert until(lambda: changes.hears, within=10)
        generation = changes.cache.generation
        with Redis.from_url(server.url) as admin:
            admin.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        assert until(lambda: changes.cache.generation > generation, within=10)
        assert until(lambda: changes.hears, within=10)
        generation = changes.cache.generation
        changes.redis.publish(CHANNEL, uuid4().bytes)
        assert until(lambda: changes.cache.generation > generation, within=10)
        changes.stop()


def test_wrong_keys_cannot_fill_the_cache(config: Config) -> None:
    app = create_app(config)
    for number in range(20):
        key = f"mml_{number:032x}_{'x' * 43}"
        assert Caller(app.test_client(), key).ask("GET", "/v1/me").status_code == 401
    assert context_of(app).keys.entries == {}


def test_a_full_cache_gives_up_its_oldest_entry() -> None:
    cache = KeyCache(60.0)
    for number in range(MOST_CACHED + 1):
        cache.put(number.to_bytes(4), SignedIn(principal()), 0)
    assert len(cache.entries) == MOST_CACHED
    assert cache.get((0).to_bytes(4)) is None
    assert cache.get((1).to_bytes(4)) is not None


class CacheBesideADatabase(RuleBasedStateMachine):
    """A worker looks up, others commit, and messages arrive late: never older than what it heard.

    `committed` is the role in the database, `heard` how many changes this worker has been told of.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.cache = KeyCache(2.0, clock=lambda: self.now)
        self.tenant = uuid4()
        self.committed = 0
        self.unheard = 0
        self.lookups: list[tuple[int, int]] = []
        self.versions: dict[Principal, int] = {}

    @rule()
    def somebody_commits_a_change(self) -> None:
        self.committed += 1
        self.unheard += 1

    @rule()
    def the_message_arrives(self) -> None:
        if self.unheard:
            self.unheard -= 1
            self.cache.forget(self.tenant)

    @rule()
    def a_lookup_begins(self) -> None:
        self.lookups.append((self.cache.generation, self.committed))

    @rule(which=st.integers(0, 9))
    def a_lookup_ends(self, which: int) -> None:
        if self.lookups:
            generation, seen = self.lookups.pop(which % len(self.lookups))
            found = principal(self.tenant)
            self.versions[found] = seen
            self.cache.put(b"key", SignedIn(found), generation)

    @rule(seconds=st.floats(0.1, 3))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def nothing_older_than_the_last_change_heard_of_is_served(self) -> None:
        served = self.cache.get(b"key")
        if served is not None:
            assert self.versions[served] >= self.committed - self.unheard


CacheBesideADatabase.TestCase.settings = settings(
    max_examples=200, stateful_step_count=30, deadline=None
)
test_the_cache_is_never_older_than_the_last_change_heard_of = CacheBesideADatabase.TestCase


def test_what_was_trusted_for_too_long_or_beyond_a_tokens_end_is_looked_up_again() -> None:
    now = [0.0]
    cache = KeyCache(2.0, clock=lambda: now[0])
    cache.put(b"key", SignedIn(principal()), 0)
    cache.put(b"token", SignedIn(principal(), seconds=1.0), 0)
    now[0] = 1.5
    assert [cache.get(name) is not None for name in (b"key", b"token")] == [True, False]
    now[0] = 2.0
    assert cache.get(b"key") is None
    assert cache.knows(b"key")
