"""How does a test run the service as real processes, and speak to one of its workers?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from gate.testbed.embedded import CHECKOUT
from gate.testbed.ports import reserve
from gate.testbed.process import Child, Command
from gate.testbed.provision import Schema
from gate.testbed.service import Installation, Keys, is_ready, operator_of
from gate.testbed.site import Site
from gate.testbed.waiting import until

WORKERS = 2


@dataclass(frozen=True, slots=True)
class Crew:
    """A running service and the operator's key."""

    url: str
    child: Child
    operator_key: str = field(repr=False)

    def workers(self) -> list[psutil.Process]:
        """The workers, which are the server's children that speak to the network."""
        return [one for one in self.child.process.children() if speaks(one)]

    def connections(self) -> list[int]:
        """How many clients each worker is connected to."""
        port = int(self.url.rpartition(":")[2])
        return [
            len(
                [
                    link
                    for link in one.net_connections("tcp")
                    if link.raddr and link.laddr.port == port
                ]
            )
            for one in self.workers()
        ]

    def client(self, key: str = "", **more: object) -> httpx.Client:
        """A client with its own connections; each of them stays with one worker."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=10, **more)  # type: ignore[arg-type]

    def new_owner(self, plan: str = "enterprise") -> str:
        """The key of a new tenant's owner."""
        with self.client(self.operator_key) as operator:
            wanted = {"name": "t", "plan": plan, "owner_email": "owner@example.org"}
            answer = operator.post("/v1/tenants", json=wanted)
        assert answer.status_code == 201, answer.text
        key: str = answer.json()["api_key"]
        return key


def speaks(process: psutil.Process) -> bool:
    """Has the process a TCP socket? One that has just ended has none."""
    try:
        return bool(process.net_connections("tcp"))
    except psutil.NoSuchProcess:
        return False


@contextmanager
def crew(
    site: Site, schema: Schema, redis_url: str, *serve: str, **variables: str
) -> Iterator[Crew]:
    """Two workers under the service's own server; `serve` are more of its arguments."""
    keys = Keys()
    installation = Installation(
        checkout=CHECKOUT, database_url=schema.app_url, redis_url=redis_url, keys=keys
    )
    metrics = Path(site.scratch) / f"metrics-{keys.cursors}"
    metrics.mkdir()
    with reserve() as port, closing(operator_of(port, keys)) as operator:
        command = Command(
            name=f"crew-{port}",
            argv=[
                sys.executable,
                "-m",
                "app",
                "serve",
                "--port",
                str(port),
                "--workers",
                str(WORKERS),
                *serve,
            ],
            env=installation.environment(metrics) | variables,
            folder=CHECKOUT,
        )
        child = site.start(command, lambda: is_ready(operator))
        # Granian does not stop a worker that has not started when it is told to.
        assert until(lambda: child.log.read_text().count("] Started worker-") == WORKERS, within=30)
        try:
            yield Crew(operator.base_url, child, keys.operator)
        finally:
            site.stop(child)
