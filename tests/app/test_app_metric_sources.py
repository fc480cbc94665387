"""Are the caches, the limiter, the breaker and tokens counted where they decide?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app.breaker import State
from app.config import Config, Oidc
from app.factory import create_app
from app.redis_pool import FAILURES
from tests.app.callers import Caller, build_world
from tests.app.issuers import AUDIENCE, issuing

Value = Callable[..., float]


def values_of(client: FlaskClient) -> Value:
    """Reads the present value of a sample, 0 when it is not there."""

    def read(name: str, **labels: str) -> float:
        for family in text_string_to_metric_families(client.get("/metrics").text):
            for sample in family.samples:
                if sample.name == f"maestro_{name}" and labels.items() <= sample.labels.items():
                    return sample.value
        return 0.0

    return read


@pytest.fixture
def value(owner: Caller) -> Value:
    return values_of(owner.client)


def test_rows_kept_in_redis_are_counted_as_found_missed_and_ended(
    value: Value, owner: Caller
) -> None:
    model = f"/v1/models/{build_world(owner, 'own').model_id}"
    before = [value("cache_requests_total", cache="rows", result=each) for each in ("miss", "hit")]
    ended = value("cache_invalidations_total", cache="rows")
    owner.read(model)
    owner.read(model)
    owner.ask("PATCH", model, {"description": "x"})
    owner.read(model)
    after = [value("cache_requests_total", cache="rows", result=each) for each in ("miss", "hit")]
    assert [new - old for old, new in zip(before, after, strict=True)] == [2, 1]
    assert value("cache_invalidations_total", cache="rows") - ended == 1


def test_a_change_that_ends_credentials_is_counted(value: Value, owner: Caller) -> None:
    key = owner.make("/v1/api-keys", name="short")["id"]
    before = value("cache_invalidations_total", cache="keys")
    assert owner.ask("DELETE", f"/v1/api-keys/{key}").status_code == 204
    assert value("cache_invalidations_total", cache="keys") > before


def test_addresses_and_strict_operations_are_counted_by_their_own_tiers(
    value: Value, config: Config, owner: Caller
) -> None:
    strict = value("ratelimit_decisions_total", tier="key-creation", result="allowed")
    plan = value("ratelimit_decisions_total", tier="enterprise", result="allowed")
    owner.make("/v1/api-keys", name="x")
    assert value("ratelimit_decisions_total", tier="key-creation", result="allowed") - strict == 1
    assert value("ratelimit_decisions_total", tier="enterprise", result="allowed") - plan == 1
    strange = create_app(
        replace(config, anonymous_per_minute=1, cursor_secret="another bucket's secret")
    ).test_client()
    allowed = value("ratelimit_decisions_total", tier="address", result="allowed")
    limited = value("ratelimit_decisions_total", tier="address", result="limited")
    # A minute may end in between, and then one more is allowed.
    statuses = [strange.get("/openapi.json").status_code for _ in range(3)]
    now = [
        value("ratelimit_decisions_total", tier="address", result=each)
        for each in ("allowed", "limited")
    ]
    assert now == [allowed + statuses.count(200), limited + statuses.count(429)]
    assert 429 in statuses


def test_a_lost_redis_shows_in_every_number_about_it(config: Config, owner: Caller) -> None:
    model = build_world(owner, "own").model_id
    lost = create_app(replace(config, redis_url="redis://127.0.0.1:1/0"))
    value = values_of(lost.test_client())
    failed = value("ratelimit_backend_errors_total")
    caller = Caller(lost.test_client(), owner.key)
    unavailable = value("cache_requests_total", cache="rows", result="unavailable")
    for _ in range(FAILURES):
        caller.read(f"/v1/models/{model}")
    assert value("redis_breaker_state") == State.OPEN
    assert value("redis_up") == 0
    assert value("ratelimit_degraded") == 1
    assert value("ratelimit_backend_errors_total") > failed
    missing = value("cache_requests_total", cache="rows", result="unavailable") - unavailable
    assert missing == FAILURES


def test_a_redis_that_answers_again_shows_too(value: Value, owner: Caller) -> None:
    for _ in range(300):  # more than a lease of the plan
        owner.ask("GET", "/v1/me")
    assert value("ratelimit_degraded") == 0
    assert value("redis_up") == 1


def test_tokens_are_counted_as_such(value: Value, config: Config, owner: Caller) -> None:
    owner.make("/v1/members", email="ada@example.org", role="admin")
    tenant = owner.read("/v1/me")["tenant_id"]
    with issuing() as issuer:
        issuer.add("ES256", "ES256")
        oidc = Oidc(issuer=issuer.url, audience=AUDIENCE, tenant_claim="tenant")
        client = create_app(replace(config, oidc=oidc)).test_client()
        before = [
            value("auth_attempts_total", kind="token", result=each)
            for each in ("accepted", "refused")
        ]
        token = issuer.token(
            "ES256", tenant=tenant, sub="ada", email="ada@example.org", email_verified=True
        )
        Caller(client, token).read("/v1/me")
        Caller(client, f"{token}x").ask("GET", "/v1/me")
    after = [
        value("auth_attempts_total", kind="token", result=each) for each in ("accepted", "refused")
    ]
    assert [new - old for old, new in zip(before, after, strict=True)] == [1, 1]


def test_an_address_that_is_locked_out_is_counted(config: Config) -> None:
    client = create_app(
        replace(config, anonymous_per_minute=1, cursor_secret=uuid4().hex)
    ).test_client()
    value = values_of(client)
    before = value("lockouts_total")
    guesser = Caller(client, "mml_x")
    assert [guesser.ask("GET", "/v1/me").status_code for _ in range(3)] == [401, 429, 429]
    assert value("lockouts_total") - before == 2
