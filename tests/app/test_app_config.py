"""Does a missing or wrong variable give one sentence that names it?"""

from __future__ import annotations

import re

import pytest

from app.config import ConfigError, read_config, read_migration_config

GOOD = {
    "MAESTRO_DATABASE_URL": "postgresql://app:pass-word@127.0.0.1/maestro",
    "MAESTRO_REDIS_URL": "redis://:red-secret@127.0.0.1:6379/0",
    "MAESTRO_CURSOR_SECRET": "a long enough secret",
}
WRONG = {
    "MAESTRO_DATABASE_URL": ["", "mysql://x", "nonsense", "postgresql://u:p@h:1,q:2@h/d"],
    "MAESTRO_REDIS_URL": ["", "http://x"],
    "MAESTRO_CURSOR_SECRET": ["", "short"],
    "MAESTRO_OPERATOR_KEY_SHA256": ["xyz", "A" * 64],
    "MAESTRO_TRUSTED_PROXIES": ["-1", "many"],
    "MAESTRO_AUTH_SECONDS": ["-1", "61", "soon"],
    "MAESTRO_POOL_SIZE": ["0", "65", "-1", "many"],
    "MAESTRO_ANONYMOUS_PER_MINUTE": ["-1", "1e3"],
    "MAESTRO_OIDC_ISSUER": ["issuer", "http://issuer.example", "ftp://127.0.0.1", "https://"],
    "OTEL_EXPORTER_OTLP_ENDPOINT": ["localhost:4318", "grpc://x"],
    "MAESTRO_TRACE_RATIO": ["", "2", "-1", "1.5", "5%"],
    "MAESTRO_WEBHOOK_SECRET": ["short"],
    "MAESTRO_WEBHOOK_ALLOW": ["10.0.0.1/8", "everything"],
    "MAESTRO_CELERY_BROKER_URL": ["amqp://x"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_variable_is_named_in_one_sentence(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(GOOD | {name: value})
    assert str(caught.value).startswith(name)
    assert re.fullmatch(r"[^\n]+\.|[^\n]+/maestro|[^\n]+", str(caught.value))
    assert not value or value not in str(caught.value)


def test_secrets_are_not_in_the_repr() -> None:
    text = repr(read_config(GOOD))
    assert not any(secret in text for secret in ("pass-word", "red-secret", "long enough"))


def test_webhooks_secrets_come_from_a_variable_of_their_own_or_from_the_cursors() -> None:
    own = GOOD | {"MAESTRO_WEBHOOK_SECRET": "another secret, long enough"}
    assert read_config(own).webhook_secret == own["MAESTRO_WEBHOOK_SECRET"]
    assert read_config(GOOD).webhook_secret == GOOD["MAESTRO_CURSOR_SECRET"]


def test_networks_for_webhooks_are_a_list_and_none_by_default() -> None:
    allowed = read_config(GOOD | {"MAESTRO_WEBHOOK_ALLOW": "10.0.0.0/8, fd00::/8"}).webhook_allow
    assert [str(network) for network in allowed] == ["10.0.0.0/8", "fd00::/8"]
    assert read_config(GOOD).webhook_allow == ()


def test_the_plain_scheme_means_psycopg2() -> None:
    assert read_config(GOOD).database_url.startswith("postgresql+psycopg2://app:")


@pytest.mark.parametrize("role", ["", "Robert'); --", "a" * 64])
def test_the_app_role_is_a_plain_name(role: str) -> None:
    environ = {"MAESTRO_MIGRATION_DATABASE_URL": "postgresql://o@h/d", "MAESTRO_APP_ROLE": role}
    with pytest.raises(ConfigError, match="MAESTRO_APP_ROLE"):
        read_migration_config(environ)


@pytest.mark.parametrize("issuer", ["https://issuer.example/realm", "http://127.0.0.1:8080"])
def test_an_issuer_needs_an_audience(issuer: str) -> None:
    with pytest.raises(ConfigError, match="MAESTRO_OIDC_AUDIENCE"):
        read_config(GOOD | {"MAESTRO_OIDC_ISSUER": issuer})
    more = {"MAESTRO_OIDC_ISSUER": issuer, "MAESTRO_OIDC_AUDIENCE": "maestro"}
    oidc = read_config(GOOD | more).oidc
    assert oidc is not None
    assert (oidc.issuer, oidc.audience, oidc.tenant_claim) == (issuer, "maestro", "tenant_id")
    named = read_config(GOOD | more | {"MAESTRO_OIDC_TENANT_CLAIM": "org"}).oidc
    assert named is not None
    assert named.tenant_claim == "org"


def test_what_is_not_said_has_the_documented_default() -> None:
    config = read_config(GOOD)
    assert (config.auth_seconds, config.anonymous_per_minute, config.oidc) == (2, 600, None)
    assert (config.trusted_proxies, config.drain_file) == (0, None)
