"""How does the service run under its production server?"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from gate.check import NoAnswerError
from gate.testbed.client import HttpClient
from gate.testbed.ports import LOOPBACK, reserve
from gate.testbed.process import Child, Command
from gate.testbed.site import Site

APPLICATION = "app.wsgi:app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Secrets of one installation of the service."""

    operator: str = field(repr=False, default_factory=lambda: f"mmo_{secrets.token_urlsafe(32)}")
    cursors: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def secrets(self) -> dict[str, str]:
        """Each of them, with the placeholder to print instead."""
        return {self.operator: "$TOKEN_OPERATOR", self.cursors: "$CURSOR_SECRET"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service; `child` is its server's first process."""

    base_url: str
    child: Child = field(repr=False)
    operator: HttpClient = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What to run, and with which surroundings; `pool_size` is the service's own unless named."""

    checkout: Path
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    keys: Keys
    application: str = APPLICATION
    workers: int | None = None
    port: int = 0
    name: str = "service"
    pool_size: int | None = None

    def environment(self, metrics: Path) -> dict[str, str]:
        """The whole environment of the server; nothing of ours is passed on."""
        return {
            "MAESTRO_DATABASE_URL": self.database_url,
            "MAESTRO_REDIS_URL": self.redis_url,
            "MAESTRO_OPERATOR_KEY_SHA256": hashlib.sha256(self.keys.operator.encode()).hexdigest(),
            "MAESTRO_CURSOR_SECRET": self.keys.cursors,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "MAESTRO_ARTIFACT_DIR": str(metrics.with_name("artifacts")),
            # A probe may listen for webhooks here; elsewhere loopback is refused.
            "MAESTRO_WEBHOOK_ALLOW": f"{LOOPBACK}/32",
            **({"MAESTRO_POOL_SIZE": str(self.pool_size)} if self.pool_size else {}),
        }

    def command(self, port: int, metrics: Path) -> Command:
        """One worker per core with one thread each; a worker that dies is replaced."""
        workers = str(self.workers or os.cpu_count() or 1)
        server = ["--interface", "wsgi", "--host", LOOPBACK, "--port", str(port), "--no-ws"]
        crew = ["--workers", workers, "--blocking-threads", "1", "--respawn-failed-workers"]
        return Command(
            name=self.name,
            argv=[sys.executable, "-m", "granian", *server, *crew, self.application],
            env=self.environment(metrics),
            folder=self.checkout,
        )


@contextmanager
def running_service(site: Site, installation: Installation) -> Iterator[Service]:
    """The service, ready, for as long as the block lasts."""
    metrics = Path(tempfile.mkdtemp(prefix=f"{installation.name}-metrics-", dir=site.state))
    with (
        reserve(installation.port) as port,
        closing(operator_of(port, installation.keys)) as operator,
    ):
        child = site.start(installation.command(port, metrics), lambda: is_ready(operator))
        try:
            yield Service(base_url=operator.base_url, child=child, operator=operator)
        finally:
            site.stop(child)


def operator_of(port: int, keys: Keys) -> HttpClient:
    """The platform's operator, who may create tenants and reaches no tenant's data."""
    return HttpClient(
        base_url=f"http://{LOOPBACK}:{port}",
        role="operator",
        credentials={"Authorization": f"Bearer {keys.operator}"},
        secrets=keys.secrets,
    )


def is_ready(operator: HttpClient) -> bool:
    """Does the readiness route say yes?"""
    try:
        return operator.request("GET", "/readyz", timeout=2).status == httpx.codes.OK
    except NoAnswerError:
        return False
