"""What must the environment say before the service can run?"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+psycopg2://"
SHORTEST_SECRET = 16
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ConfigError(Exception):
    """A variable is missing or unusable; the message names it and says what it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """Whose tokens sign members in: `tenant_claim` holds the id of the tenant."""

    issuer: str
    audience: str
    tenant_claim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything the service is told from outside. URLs and secrets never appear in its repr.

    `auth_seconds` bounds how long a worker may trust a key it has looked up, and so how late a
    revocation takes effect while Redis is down. `anonymous_per_minute` is what one address may
    ask without a valid credential. Webhooks' secrets are derived from `webhook_secret`; deliveries
    may go into the private networks of `webhook_allow`, which is empty but for tests and intranets.
    What was deleted is purged after `retention_days`; when they are 0, if somebody asks for it.
    `pool_size` is how many connections to PostgreSQL a worker keeps.
    """

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    cursor_secret: str = field(repr=False)
    operator_key_sha256: str | None = field(default=None, repr=False)
    trusted_proxies: int = 0
    multiprocess_dir: str | None = None
    auth_seconds: float = 2.0
    pool_size: int = 4
    anonymous_per_minute: int = 600
    oidc: Oidc | None = None
    drain_file: str | None = None
    otlp_endpoint: str | None = None
    trace_ratio: float = 0.01
    artifact_dir: str | None = None
    artifact_bucket: str | None = None
    artifact_endpoint: str | None = None
    artifact_region: str | None = None
    webhook_secret: str = field(default="", repr=False)
    webhook_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    celery_broker_url: str | None = field(default=None, repr=False)
    retention_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationConfig:
    """Who owns the schema, and which role the service will use."""

    database_url: str = field(repr=False)
    app_role: str


def read_config(environ: Mapping[str, str]) -> Config:
    """The service's configuration; raises `ConfigError` with one sentence."""
    return Config(
        database_url=_database_url(environ, "MAESTRO_DATABASE_URL"),
        redis_url=_redis_url(environ),
        cursor_secret=_secret(environ, "MAESTRO_CURSOR_SECRET"),
        operator_key_sha256=_digest(environ),
        trusted_proxies=_count(environ, "MAESTRO_TRUSTED_PROXIES"),
        multiprocess_dir=environ.get("PROMETHEUS_MULTIPROC_DIR"),
        auth_seconds=_number(environ, "MAESTRO_AUTH_SECONDS", default=2, most=60),
        pool_size=_number(environ, "MAESTRO_POOL_SIZE", default=4, most=64, least=1),
        anonymous_per_minute=_number(
            environ, "MAESTRO_ANONYMOUS_PER_MINUTE", default=600, most=999_999
        ),
        oidc=_oidc(environ),
        drain_file=environ.get("MAESTRO_DRAIN_FILE"),
        otlp_endpoint=_otlp_endpoint(environ),
        trace_ratio=_ratio(environ),
        artifact_dir=_folder(environ, "MAESTRO_ARTIFACT_DIR"),
        artifact_bucket=environ.get("MAESTRO_ARTIFACT_S3_BUCKET") or None,
        artifact_endpoint=_endpoint(environ, "MAESTRO_ARTIFACT_S3_ENDPOINT"),
        artifact_region=environ.get("MAESTRO_ARTIFACT_S3_REGION") or None,
        webhook_secret=_secret(environ, "MAESTRO_WEBHOOK_SECRET", "MAESTRO_CURSOR_SECRET"),
        webhook_allow=_networks(environ, "MAESTRO_WEBHOOK_ALLOW"),
        celery_broker_url=_broker_url(environ),
        retention_days=_number(environ, "MAESTRO_RETENTION_DAYS", default=0, most=3650),
    )


def read_migration_config(environ: Mapping[str, str]) -> MigrationConfig:
    """The migration's configuration; raises `ConfigError` with one sentence."""
    role = environ.get("MAESTRO_APP_ROLE", "maestro_app")
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", role):
        raise ConfigError("MAESTRO_APP_ROLE must be a plain lower-case PostgreSQL role name.")
    url = _database_url(environ, "MAESTRO_MIGRATION_DATABASE_URL")
    return MigrationConfig(database_url=url, app_role=role)


def read_database_url(environ: Mapping[str, str]) -> str:
    """The service's database alone, for tools that need nothing else."""
    return _database_url(environ, "MAESTRO_DATABASE_URL")


def metrics_folder() -> str | None:
    """Where workers share their metrics; needed before the configuration is read."""
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR") or None


def _required(environ: Mapping[str, str], name: str, shape: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set: give {shape}.")
    return value


def _database_url(environ: Mapping[str, str], name: str) -> str:
    shape = "a URL such as postgresql://user:password@127.0.0.1:5432/maestro"
    value = _required(environ, name, shape)
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg2"}:
        raise ConfigError(f"{name} must be {shape}.")
    try:
        make_url(DRIVER + rest)
    except (ArgumentError, ValueError):
        # The library's own message would show the password.
        raise ConfigError(f"{name} must be {shape}.") from None
    return DRIVER + rest


def _redis_url(environ: Mapping[str, str]) -> str:
    shape = "a URL such as redis://127.0.0.1:6379/0"
    value = _required(environ, "MAESTRO_REDIS_URL", shape)
    if not value.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigError(f"MAESTRO_REDIS_URL must be {shape}.")
    return value


def _secret(environ: Mapping[str, str], *names: str) -> str:
    """The first of these variables that is set."""
    name = next((name for name in names if environ.get(name)), names[-1])
    shape = f"at least {SHORTEST_SECRET} random characters, the same for every worker"
    value = _required(environ, name, shape)
    if len(value) < SHORTEST_SECRET:
        raise ConfigError(f"{name} must be {shape}.")
    return value


def _networks(environ: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(map(ip_network, environ.get(name, "").replace(",", " ").split()))
    except ValueError as error:
        raise ConfigError(f"{name} must be networks such as 10.0.0.0/8, with commas.") from error


def _broker_url(environ: Mapping[str, str]) -> str | None:
    value = environ.get("MAESTRO_CELERY_BROKER_URL") or None
    if value is not None and not value.startswith(("redis://", "rediss://")):
        raise ConfigError("MAESTRO_CELERY_BROKER_URL must be a URL such as redis://127.0.0.1/1.")
    return value


def _digest(environ: Mapping[str, str]) -> str | None:
    value = environ.get("MAESTRO_OPERATOR_KEY_SHA256")
    if value and not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ConfigError(
            "MAESTRO_OPERATOR_KEY_SHA256 must be the SHA-256 of the operator's key in hex."
        )
    return value or None


def _oidc(environ: Mapping[str, str]) -> Oidc | None:
    issuer = environ.get("MAESTRO_OIDC_ISSUER", "")
    if not issuer:
        return None
    if not is_safe(issuer):
        raise ConfigError(
            "MAESTRO_OIDC_ISSUER must be an https URL, or an http one on this machine."
        )
    shape = "the audience that the issuer's tokens for this service have"
    return Oidc(
        issuer=issuer,
        audience=_required(environ, "MAESTRO_OIDC_AUDIENCE", shape),
        tenant_claim=environ.get("MAESTRO_OIDC_TENANT_CLAIM") or "tenant_id",
    )


def is_safe(url: str) -> bool:
    """Is it https, or a server on this machine?"""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or local)


def _number(
    environ: Mapping[str, str], name: str, *, default: int, most: int, least: int = 0
) -> int:
    value = environ.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,6}", value) or not least <= int(value) <= most:
        raise ConfigError(f"{name} must be a whole number from {least} to {most}.")
    return int(value)


def _count(environ: Mapping[str, str], name: str) -> int:
    value = environ.get(name, "0")
    if not re.fullmatch(r"[0-9]{1,2}", value):
        raise ConfigError(f"{name} must be the number of proxies in front, such as 0 or 1.")
    return int(value)


def _otlp_endpoint(environ: Mapping[str, str]) -> str | None:
    value = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if value and not value.startswith(("http://", "https://")):
        raise ConfigError(
            "OTEL_EXPORTER_OTLP_ENDPOINT must be the URL of an OTLP receiver over HTTP."
        )
    return value or None


def _ratio(environ: Mapping[str, str]) -> float:
    value = environ.get("MAESTRO_TRACE_RATIO", "0.01")
    if not re.fullmatch(r"0(\.[0-9]{1,6})?|1(\.0+)?", value):
        raise ConfigError("MAESTRO_TRACE_RATIO must be the share of requests to trace: 0 to 1.")
    return float(value)


def _folder(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(name)
    if value and not value.startswith("/"):
        raise ConfigError(f"{name} must be the absolute path of a folder that all workers share.")
    return value or None


def _endpoint(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(name)
    if value and not re.fullmatch(r"https?://[^/\s@]+/?", value):
        raise ConfigError(f"{name} must be a URL such as https://s3.example.com without a path.")
    return value or None
