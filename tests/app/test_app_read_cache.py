"""Is a kept row never older than the last commit, and never anybody else's?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from redis import Redis

from app.config import Config
from app.read_cache import LIFETIME, SEAL_BYTES, ReadCache
from app.redis_pool import FAILURES, new_pool
from tests.app.callers import NOBODY, Caller, build_world

SECRET = b"a secret of the tests"
Rows = dict[str, Any]


@pytest.fixture(scope="module")
def redis(redis_url: str) -> Redis:
    return Redis.from_url(redis_url)


def counted(row: Rows | None) -> tuple[list[int], Callable[[], Rows | None]]:
    loads: list[int] = []

    def load() -> Rows | None:
        loads.append(1)
        return row

    return loads, load


def test_a_row_is_loaded_once_and_again_after_a_change(redis: Redis) -> None:
    cache, tenant = ReadCache(redis, SECRET), uuid4()
    loads, load = counted({"id": "x"})
    assert [cache.read(tenant, "x", load) for _ in range(3)] == [{"id": "x"}] * 3
    assert len(loads) == 1
    cache.change(tenant)
    assert cache.read(tenant, "x", load) == {"id": "x"}
    assert len(loads) == 2


def test_what_does_not_exist_is_not_kept(redis: Redis) -> None:
    cache, tenant = ReadCache(redis, SECRET), uuid4()
    loads, load = counted(None)
    assert [cache.read(tenant, "x", load) for _ in range(2)] == [None, None]
    assert len(loads) == 2


def test_a_slow_reader_cannot_store_what_is_over(redis: Redis) -> None:
    cache, tenant = ReadCache(redis, SECRET), uuid4()

    def load_while_somebody_commits() -> Rows:
        cache.change(tenant)
        return {"state": "old"}

    assert cache.read(tenant, "x", load_while_somebody_commits) == {"state": "old"}
    assert cache.read(tenant, "x", lambda: {"state": "new"}) == {"state": "new"}


def test_a_slow_reader_does_not_displace_a_newer_entry(redis: Redis) -> None:
    cache, tenant = ReadCache(redis, SECRET), uuid4()
    loads, load = counted({"state": "new"})

    def load_while_somebody_commits_and_reads() -> Rows:
        cache.change(tenant)
        cache.read(tenant, "x", load)
        return {"state": "old"}

    cache.read(tenant, "x", load_while_somebody_commits_and_reads)
    assert cache.read(tenant, "x", load) == {"state": "new"}
    assert len(loads) == 1


def test_an_entry_ends_at_an_absolute_time_in_redis_and_for_the_reader(redis: Redis) -> None:
    now = [1000.0]
    cache, tenant = ReadCache(redis, SECRET, clock=lambda: now[0]), uuid4()
    cache.read(tenant, "x", lambda: {"a": 1})
    # For Redis that moment is long past, whenever the command arrives.
    assert not redis.exists(f"maestro:row:{tenant}:x")
    loads, load = counted({"a": 2})
    forward = ReadCache(redis, SECRET)
    forward.read(tenant, "y", load)
    left = redis.pttl(f"maestro:row:{tenant}:y")
    assert 0 < left <= LIFETIME * 1000  # type: ignore[operator]
    forward.clock = lambda: 10.0**12
    forward.read(tenant, "y", load)
    assert len(loads) == 2


def sealed(cache: ReadCache, key: str, version: bytes, content: bytes) -> bytes:
    return cache._seal(key, version, content) + content


def test_an_entry_that_is_not_ours_or_of_another_version_or_tenant_is_not_read(
    redis: Redis,
) -> None:
    cache, tenant, other = ReadCache(redis, SECRET), uuid4(), uuid4()
    for owner in (tenant, other):
        cache.read(owner, "x", lambda owner=owner: {"owner": str(owner)})  # type: ignore[misc]
    version = redis.get(f"maestro:version:{tenant}")
    assert isinstance(version, bytes)
    key = f"maestro:row:{tenant}:x"
    planted = orjson.dumps([10.0**12, {"owner": "planted"}])
    good = redis.get(key)
    assert isinstance(good, bytes)
    poison: list[bytes] = [
        b"",
        b"rubbish",
        planted,
        b"\0" * SEAL_BYTES + planted,
        good[:-1] + b"x",
        good[:SEAL_BYTES],
        sealed(ReadCache(redis, b"another secret"), key, version, planted),
        sealed(cache, key, b"another version", planted),
        sealed(cache, f"maestro:row:{other}:x", version, planted),
        redis.get(f"maestro:row:{other}:x") or b"",  # type: ignore[list-item]
    ]
    for value in poison:
        redis.set(key, value)
        assert cache.read(tenant, "x", lambda: {"owner": str(tenant)}) == {"owner": str(tenant)}
    redis.set(key, sealed(cache, key, version, planted))
    assert cache.read(tenant, "x", dict) == {"owner": "planted"}  # the check itself can pass


def test_a_lost_version_never_comes_back(redis: Redis) -> None:
    cache, tenant = ReadCache(redis, SECRET), uuid4()
    cache.read(tenant, "x", lambda: {"state": "old"})
    redis.delete(f"maestro:version:{tenant}")
    assert cache.read(tenant, "x", lambda: {"state": "new"}) == {"state": "new"}


def test_without_redis_every_read_is_a_real_one(config: Config) -> None:
    pool = new_pool(replace(config, redis_url="redis://127.0.0.1:1/0"))
    cache, tenant = ReadCache(Redis(connection_pool=pool), SECRET), uuid4()
    loads, load = counted({"a": 1})
    for number in range(FAILURES + 2):
        assert cache.read(tenant, "x", load) == {"a": 1}
        cache.change(tenant)
        assert len(loads) == number + 1


class Beside(RuleBasedStateMachine):
    """Readers that are slow, writers that commit: what is served is what was committed last.

    Each worker has its own cache on the same Redis. `committed` is the row in the database.
    """

    redis: Redis

    def __init__(self) -> None:
        super().__init__()
        self.now = 10.0**10  # far ahead, so that Redis itself ends nothing while this runs
        self.workers = [ReadCache(self.redis, SECRET, clock=lambda: self.now) for _ in range(2)]
        self.tenant = uuid4()
        self.committed = 0

    @rule(worker=st.integers(0, 1))
    def somebody_commits(self, worker: int) -> None:
        self.committed += 1
        self.workers[worker].change(self.tenant)

    @rule(worker=st.integers(0, 1), commits=st.integers(0, 3))
    def a_slow_read_overlaps_commits(self, worker: int, commits: int) -> None:
        before = self.committed

        def load() -> Rows:
            seen = self.committed
            for _ in range(commits):
                self.committed += 1
                self.workers[1 - worker].change(self.tenant)
            return {"state": seen}

        row = self.workers[worker].read(self.tenant, "x", load)
        assert row is not None
        assert row["state"] >= before

    @rule(seconds=st.floats(0.1, 2))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def redis_loses_everything(self) -> None:
        for key in self.redis.scan_iter(f"maestro:*:{self.tenant}*"):
            self.redis.delete(key)

    @rule()
    def redis_loses_the_version(self) -> None:
        self.redis.delete(f"maestro:version:{self.tenant}")

    @invariant()
    def every_worker_serves_the_last_commit(self) -> None:
        for worker in self.workers:
            row = worker.read(self.tenant, "x", lambda: {"state": self.committed})
            assert row == {"state": self.committed}


def test_a_read_is_never_older_than_the_last_commit_seen(redis: Redis) -> None:
    class Here(Beside):
        pass

    Here.redis = redis
    case = Here.TestCase
    case.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
    case().runTest()


def test_a_model_is_read_from_the_cache_and_every_change_shows_at_once(
    owner: Caller, new_owner: Callable[..., Caller], redis: Redis
) -> None:
    world = build_world(owner, "w")
    path = f"/v1/models/{world.model_id}"
    assert owner.read(path) == owner.read(path)
    assert redis.exists(f"maestro:row:{world.tenant_id}:model:{world.model_id}")
    for number in range(5):
        owner.ask("PATCH", path, {"description": str(number)})
        assert owner.read(path)["description"] == str(number)
    owner.make(f"{path}/versions")
    assert new_owner().ask("GET", path).status_code == 404
    owner.ask("DELETE", f"/v1/deployments/{world.deployment_id}")
    assert owner.ask("DELETE", path).status_code == 204
    assert owner.ask("GET", path).status_code == 404
    owner.make(f"{path}:restore")
    assert owner.read(path)["description"] == "4"
    assert owner.ask("DELETE", path).status_code == 204
    assert owner.ask("GET", f"/v1/models/{NOBODY}").status_code == 404


def test_deleting_a_project_ends_its_models(owner: Caller) -> None:
    world = build_world(owner, "w")
    owner.ask("DELETE", f"/v1/deployments/{world.deployment_id}")
    owner.read(f"/v1/models/{world.model_id}")
    assert owner.ask("DELETE", f"/v1/projects/{world.project_id}").status_code == 204
    assert owner.ask("GET", f"/v1/models/{world.model_id}").status_code == 404
