"""Is everybody held to their own limit, whoever counts and whatever they claim?"""

from __future__ import annotations

import re
from collections import Counter as Counts
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from apiflask import APIFlask
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.config import Config
from app.database import db
from app.factory import create_app, declarations
from app.leases import MOST_HELD, Counter, Standing, Tier
from app.limits import STRICT, TIERS, fields
from app.redis_pool import new_pool
from gate.model import Json
from gate.testbed.client import HttpClient
from gate.testbed.embedded import Embedded
from tests.app.callers import EMPTY_WORLD, NOBODY, Caller

ITEM = re.compile(r'"([a-z-]+)";(?:q=(\d+);w=(\d+)|r=(\d+);t=(\d+))')
NOWHERE = "redis://127.0.0.1:1/0"


def standings(answer: TestResponse) -> dict[str, tuple[int, int, int, int]]:
    """Name → quota, window, remaining and reset, read from both fields."""
    policies = answer.headers["RateLimit-Policy"].split(", ")
    limits = answer.headers["RateLimit"].split(", ")
    found = {}
    for policy, limit in zip(policies, limits, strict=True):
        first, second = ITEM.fullmatch(policy), ITEM.fullmatch(limit)
        assert first
        assert second
        assert first[1] == second[1]
        found[first[1]] = (int(first[2]), int(first[3]), int(second[4]), int(second[5]))
    return found


def new_counter(config: Config, **more: Any) -> Counter:
    """A counter as one worker has it, but as patient with Redis as a busy machine needs."""
    pool = new_pool(config)
    pool.connection_kwargs |= {"socket_timeout": 30, "socket_connect_timeout": 30}
    return Counter(Redis(connection_pool=pool), **more)


def take_all(counter: Counter, bucket: str, tier: Tier) -> int:
    """How many requests the bucket gets until it is refused."""
    allowed = 0
    while counter.take(bucket, tier).allowed:
        allowed += 1
    return allowed


@pytest.mark.parametrize(("limit", "lease"), [(500, 1), (500, 20), (90, 200), (501, 7)])
def test_workers_and_threads_together_never_pass_the_limit_and_use_it_up(
    config: Config, limit: int, lease: int
) -> None:
    workers = [new_counter(config) for _ in range(3)]
    tier = Tier(name="t", per_minute=limit, lease=lease)
    bucket = uuid4().hex
    with ThreadPoolExecutor(9) as threads:
        counts = threads.map(lambda worker: take_all(worker, bucket, tier), workers * 3)
    assert sum(counts) == limit


def test_a_worker_may_be_refused_at_most_what_the_others_have_leased(config: Config) -> None:
    first, second = new_counter(config), new_counter(config)
    tier, bucket = Tier(name="t", per_minute=100, lease=20), uuid4().hex
    assert first.take(bucket, tier).allowed
    assert take_all(second, bucket, tier) == 80
    assert take_all(first, bucket, tier) == 19


def test_a_lease_ends_with_its_window(config: Config) -> None:
    clock = [0.0]
    counter = new_counter(config, clock=lambda: clock[0])
    tier, bucket = Tier(name="t", per_minute=3, lease=3), uuid4().hex
    assert counter.take(bucket, tier).remaining == 2
    clock[0] = 61.0
    # What was held is gone, and in Redis, whose minute is not over, everything is granted.
    assert not counter.take(bucket, tier).allowed


def test_the_remaining_requests_count_what_is_held_and_what_is_left(config: Config) -> None:
    counter = new_counter(config)
    tier, bucket = Tier(name="t", per_minute=50, lease=20), uuid4().hex
    assert [counter.take(bucket, tier).remaining for _ in range(50)] == list(range(49, -1, -1))
    last = counter.take(bucket, tier)
    assert (last.allowed, last.remaining) == (False, 0)
    assert 0 < last.reset <= 60
    assert counter.exhausted(bucket, tier) is not None


def test_without_redis_a_worker_counts_alone_and_goes_on_where_it_was(config: Config) -> None:
    counter = new_counter(config)
    tier, bucket = Tier(name="t", per_minute=50, lease=10), uuid4().hex
    assert counter.take(bucket, tier).remaining == 49
    counter.grant = new_counter(replace(config, redis_url=NOWHERE)).grant
    assert take_all(counter, bucket, tier) == 49
    assert take_all(counter, uuid4().hex, tier) == 50


def test_a_flood_of_buckets_takes_bounded_memory(config: Config) -> None:
    counter = new_counter(replace(config, redis_url=NOWHERE))
    counter.redis.connection_pool.breaker.in_a_row = 10**9
    tier = Tier(name="t", per_minute=5)
    for number in range(3 * MOST_HELD):
        counter.take(str(number), tier)
        assert len(counter.leases) <= MOST_HELD


def test_every_signed_in_answer_says_where_the_tenant_stands(owner: Caller) -> None:
    owner.make("/v1/projects", name="taken")
    answers = {
        200: owner.ask("GET", "/v1/me"),
        404: owner.ask("GET", f"/v1/projects/{NOBODY}"),
        409: owner.ask("POST", "/v1/projects", {"name": "taken"}),
        415: owner.ask("POST", "/v1/projects", data=b"{}"),
        422: owner.ask("GET", "/v1/projects?limit=0"),
        403: owner.key_for("viewer").ask("POST", "/v1/projects", {"name": "x"}),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {
        status: status for status in answers
    }
    for answer in answers.values():
        ((quota, window, remaining, reset),) = standings(answer).values()
        assert (quota, window) == (TIERS["enterprise"].per_minute, 60)
        assert 0 < remaining < quota
        assert 1 <= reset <= 60


def test_a_refused_request_says_when_to_come_back(new_owner: Callable[..., Caller]) -> None:
    owner = new_owner("free")
    answers = [owner.ask("GET", "/v1/me") for _ in range(TIERS["free"].per_minute + 1)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert [standings(answer)["free"][2] for answer in answers] == [*range(59, -1, -1), 0]
    problem = answers[-1].get_json()
    assert (problem["code"], problem["status"]) == ("rate-limited", 429)
    assert int(answers[-1].headers["Retry-After"]) == standings(answers[-1])["free"][3]


def test_requests_that_are_forbidden_or_wrong_count_as_well(
    new_owner: Callable[..., Caller],
) -> None:
    owner = new_owner("free")
    before = standings(owner.ask("GET", "/v1/me"))["free"][2]
    owner.ask("GET", "/v1/tenants")
    owner.ask("GET", "/v1/projects?limit=0")
    assert standings(owner.ask("GET", "/v1/me"))["free"][2] == before - 3


def test_asking_for_the_options_of_a_strict_operation_is_not_counted(
    service: APIFlask, owner: Caller
) -> None:
    routes = declarations(service)
    for operation in STRICT:
        answer = owner.ask("OPTIONS", EMPTY_WORLD.fill(routes[operation].path))
        assert answer.status_code == 200, operation
        assert "RateLimit" not in answer.headers


def test_key_creation_has_a_limit_of_its_own_in_each_tenant(
    new_owner: Callable[..., Caller],
) -> None:
    busy, calm = new_owner(), new_owner()
    limit = STRICT["create_api_key"].per_minute
    # Flask-Limiter's minute is the clock's and may end in between: two minutes' worth is enough.
    answers = [
        busy.ask("POST", "/v1/api-keys", {"name": "x", "scopes": []}) for _ in range(2 * limit + 1)
    ]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {201, 429}
    assert standings(refused[0])["key-creation"][:3] == (limit, 60, 0)
    assert int(refused[0].headers["Retry-After"]) == standings(refused[0])["key-creation"][3]
    assert standings(answers[0])["key-creation"][2] == limit - 1
    assert busy.ask("GET", "/v1/api-keys").status_code == 200
    assert calm.ask("POST", "/v1/api-keys", {"name": "x"}).status_code == 201


SPOOFED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP")


@pytest.mark.parametrize("header", SPOOFED)
def test_a_claimed_address_does_not_help_who_guesses_keys(config: Config, header: str) -> None:
    app = create_app(replace(config, anonymous_per_minute=5, cursor_secret=uuid4().hex))
    client = app.test_client()
    statuses = []
    for number in range(8):
        claim = f"for=203.0.113.{number}" if header == "Forwarded" else f"203.0.113.{number}"
        answer = client.get("/v1/me", headers={header: claim, "Authorization": "Bearer x"})
        statuses.append(answer.status_code)
    assert statuses == [401] * 5 + [429] * 3


def test_behind_a_proxy_each_address_counts_for_itself(config: Config) -> None:
    alone = replace(config, anonymous_per_minute=1, cursor_secret=uuid4().hex, trusted_proxies=1)
    client = create_app(alone).test_client()

    def ask(address: str) -> int:
        guess = {"Authorization": "Bearer x", "X-Forwarded-For": address}
        return client.get("/v1/me", headers=guess).status_code

    assert [ask("203.0.113.1"), ask("203.0.113.1"), ask("203.0.113.2")] == [401, 429, 401]
    assert ask("6.6.6.6, 203.0.113.1") == 429
    # One customer has a whole /64 of IPv6.
    assert [ask("2001:db8::1"), ask("2001:db8::2"), ask("2001:db8:0:1::1")] == [401, 429, 401]


def test_an_address_that_guesses_costs_no_lookup_and_hurts_no_known_key(
    config: Config, owner: Caller
) -> None:
    app = create_app(replace(config, anonymous_per_minute=5, cursor_secret=uuid4().hex))
    known = Caller(app.test_client(), owner.key)
    guesser = Caller(app.test_client(), f"mml_{'0' * 32}_{'x' * 43}")
    assert known.ask("GET", "/v1/me").status_code == 200
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *of: statements.append(str(of[2])))
    assert [guesser.ask("GET", "/v1/me").status_code for _ in range(8)] == [401] * 5 + [429] * 3
    assert len([text for text in statements if "api_keys" in text]) == 5
    assert known.ask("GET", "/v1/me").status_code == 200


def test_who_says_nothing_is_told_to_sign_in_though_others_guess_from_the_same_address(
    config: Config,
) -> None:
    app = create_app(replace(config, anonymous_per_minute=2, cursor_secret=uuid4().hex))
    client = app.test_client()
    guess = {"Authorization": "Bearer x"}
    silent = [client.get("/v1/me").status_code for _ in range(4)]
    guessed = [client.get("/v1/me", headers=guess).status_code for _ in range(3)]
    assert (silent, guessed) == ([401] * 4, [401, 401, 429])
    assert client.get("/v1/me").status_code == 401


def test_probes_of_the_platform_are_never_refused(config: Config) -> None:
    app = create_app(replace(config, anonymous_per_minute=2, cursor_secret=uuid4().hex))
    client = app.test_client()
    asked = ["/openapi.json", "/healthz", "/readyz", "/metrics"]
    statuses = [[client.get(path).status_code for path in asked] for _ in range(3)]
    assert statuses == [[200] * 4] * 2 + [[429, 200, 200, 200]]


def test_the_limit_holds_across_the_workers_of_the_real_server(testbed: Embedded) -> None:
    # On a busy machine Redis may take over 150 ms, and a worker counts alone: another try is due.
    assert any(statuses_of_a_flood(testbed, attempt) == FLOODED for attempt in range(5))


FLOODED = Counts({200: 60, 429: 30})


def statuses_of_a_flood(testbed: Embedded, attempt: int) -> Counts[int]:
    """What 90 requests of a new small tenant get, each on a connection of its own."""
    operator = testbed.actor("", "operator")
    wanted: dict[str, Json] = {"name": "x", "plan": "free", "owner_email": f"o{attempt}@x.example"}
    made = operator.request("POST", "/v1/tenants", body=wanted).json()
    assert isinstance(made, dict)
    credentials = {"Authorization": f"Bearer {made['api_key']}"}

    def ask(_: int) -> int:
        client = HttpClient(base_url=testbed.target.base_url, credentials=credentials)
        try:
            return client.request("GET", "/v1/me").status
        finally:
            client.close()

    with ThreadPoolExecutor(4) as threads:
        return Counts(threads.map(ask, range(90)))


@given(
    st.integers(0, 10**9),
    st.floats(0, 60),
    st.sampled_from([*TIERS.values(), *STRICT.values()]),
)
def test_the_fields_are_structured_items(remaining: int, reset: float, tier: Tier) -> None:
    standing = Standing(tier=tier, allowed=True, remaining=remaining, reset=reset)
    for name, value in fields([standing, standing]):
        assert name in {"RateLimit", "RateLimit-Policy"}
        assert all(ITEM.fullmatch(item) for item in value.split(", "))
