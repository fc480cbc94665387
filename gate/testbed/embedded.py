"""How does a whole testbed come up: database, cache, service and tenants, all real?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Self

from gate.check import Client, Lie, Lone, Saboteur, Telemetry, Tenancy
from gate.errors import SetupError
from gate.exchanges import Tape
from gate.inside import Guest, Statement
from gate.model import Json, Target
from gate.redaction import redact
from gate.testbed.client import Cast, HttpClient, document, remembered
from gate.testbed.faults import inject
from gate.testbed.guests import visiting
from gate.testbed.hints import Hints
from gate.testbed.lone import lonely
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema, new_schema
from gate.testbed.revision import revision_of
from gate.testbed.sabotage import sabotaged
from gate.testbed.servers import Servers, migrated, servers
from gate.testbed.service import APPLICATION, Installation, Keys, Service, running_service
from gate.testbed.site import Site, open_site
from gate.testbed.statements import telling
from gate.testbed.tenants import ROLES, Principal, cast_of, create_tenants, new_owner

CHECKOUT = Path(__file__).resolve().parents[2]
BY_HTTP = frozenset({"http", "openapi", "tenants", "roles", "newcomers"})
ALWAYS = BY_HTTP | frozenset({"processes", "row-security", "telemetry", "redis", "guests"})
WITH_OWN_DATABASE = frozenset({"database", "faults", "statements", "lone-connection"})
Say = Callable[[str], None]
HINTS = Hints(
    values={
        # Below the plan's ceiling, which the document does not say, and above what is used.
        f"PATCH /v1/quotas {name}": 9_000
        for name in ("projects", "members", "keys")
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Maestro ML on servers of its own; implements `gate.check.Testbed`."""

    target: Target
    seed: int
    folder: Path
    tenants: tuple[str, ...]
    tenant_ids: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    cast: Cast = field(repr=False)
    description: Mapping[str, Json] = field(repr=False)
    schema: Schema
    installation: Installation = field(repr=False)
    redis_url: str = field(repr=False)
    postgresql: PostgreSQL | None
    site: Site = field(repr=False)
    began: float
    turns: Iterator[int] = field(default_factory=count, repr=False, compare=False)

    def clock(self) -> float:
        """Seconds since the testbed was ready."""
        return time.monotonic() - self.began

    def actor(self, tenant: str, role: str = "owner") -> HttpClient:
        """A principal: owner, admin, maintainer, contributor or viewer of a tenant.

        Of no tenant (""): `anonymous`, and `operator`, who runs the platform.
        """
        return self.cast.actor(tenant, role)

    def roles(self, tenant: str) -> tuple[str, ...]:
        """The roles of a tenant's members, from the weakest to the strongest."""
        return tuple(role for role in (*ROLES, "owner") if (tenant, role) in self.cast.clients)

    def openapi(self) -> Mapping[str, Json]:
        """The service's OpenAPI document, as read at the start."""
        return self.description

    def database(self) -> PostgreSQL:
        """The service's own PostgreSQL; SetupError when an installed one is used."""
        if self.postgresql is None:
            raise SetupError("An installed PostgreSQL is used, which must not be touched.")
        return self.postgresql

    def tenancy(self) -> Tenancy:
        """The service's own role, and the setting that its policies read."""
        return Tenancy(
            url=self.schema.app_url,
            setting="app.tenant_id",
            column="tenant_id",
            tenants=self.tenant_ids,
        )

    def telemetry(self) -> Telemetry:
        """The service's own log, and its metrics for Prometheus."""
        return Telemetry(logs=(self.site.logs / "service.log",), metrics="/metrics")

    def statements(self) -> AbstractContextManager[Callable[[], Sequence[Statement]]]:
        """What the service's role says, from the log of its own PostgreSQL."""
        return telling(self.database(), self.site.logs, self.schema.app_role)

    @contextmanager
    def lone(self) -> Iterator[Lone]:
        """The service once more, on the same database, with one worker and one connection."""
        with lonely(self.site, self.installation, self.database(), self.cast) as (cast, relay):
            base_url = cast.actor("", "anonymous").base_url
            yield Lone(testbed=self.seen_at(base_url, cast, self.folder), wire=relay)

    def cache_url(self) -> str:
        """The service's own Redis."""
        return self.redis_url

    @contextmanager
    def newcomer(self) -> Iterator[Client]:
        """The owner of a new tenant on the free plan."""
        operator = self.cast.actor("", "operator")
        with closing(new_owner(operator, f"newcomer-{self.seed}-{next(self.turns)}")) as owner:
            if operator.tape is not None:
                operator.tape.secrets.update(owner.secrets)
            yield owner

    @contextmanager
    def guest(self) -> Iterator[Guest]:
        """A tenant on the largest plan, which is deleted at the end of the block at the latest."""
        folder = self.site.state / "artifacts"
        with visiting(self.cast, f"guest-{time.monotonic_ns()}", folder) as guest:
            if guest.owner.tape is not None:
                guest.owner.tape.secrets.update(guest.secrets)
            yield guest

    def fault(self, name: str) -> AbstractContextManager[Mapping[str, Json]]:
        """A fault of `gate.testbed.faults`, healed at the end of the block."""
        return inject(name, self.database())

    def sabotage(self, lie: Lie) -> AbstractContextManager[Saboteur]:
        """The same testbed behind a proxy that lies; the target itself is left alone."""
        return sabotaged(self, lie)

    def seen_at(self, base_url: str, cast: Cast, folder: Path) -> Self:
        """The same testbed, its target reached at another address, its evidence kept apart."""
        target = replace(self.target, base_url=base_url)
        return replace(self, target=target, cast=cast, folder=folder)

    @property
    def hints(self) -> Hints:
        """What nobody could guess of Maestro ML."""
        return HINTS

    @property
    def scratch(self) -> Path:
        """A private folder that is gone however the run ends."""
        return self.site.scratch

    def run_tool(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], within: float
    ) -> int | None:
        """Run a program to its end, which comes with the run's at the latest."""
        return self.site.run_tool(name, argv, environment, within)

    @property
    def pids(self) -> Mapping[str, int]:
        """The first process of each part that runs: `postgresql`, `redis`, `service`."""
        return {child.command.name: child.pid for child in self.site.children}


@contextmanager
def embedded(  # noqa: PLR0913 - each is a wish of its own, with a default
    folder: Path,
    seed: int,
    *,
    say: Say = lambda _: None,
    tenants: Sequence[str] = ("acme", "globex"),
    workers: int | None = None,
    port: int = 0,
    checkout: Path = CHECKOUT,
    application: str = APPLICATION,
    database_url: str | None = None,
    redis_url: str | None = None,
    tape: Tape | None = None,
) -> Iterator[Embedded]:
    """A running service with tenants, for as long as the block lasts; SetupError when it fails.

    `folder` keeps the evidence and the logs. `say` hears of each step. The service runs from
    `checkout`, with a worker per core or as `workers` says, on a free port or on `port`.
    `database_url` and `redis_url` name installed servers to be used instead. `tape` hears of every
    exchange with the service, from the first check on.
    """
    with open_site(folder / "logs") as site, ExitStack() as stack:
        say("Starting PostgreSQL and Redis")
        parts = stack.enter_context(servers(site, database_url, redis_url))
        schema, keys = new_schema(parts.admin_url), Keys()
        known = parts.secrets | schema.secrets | keys.secrets
        installation = Installation(
            checkout=checkout,
            database_url=schema.app_url,
            redis_url=parts.redis_url,
            keys=keys,
            application=application,
            workers=workers,
            port=port,
        )
        with redacting(known):
            say("Migrating the database")
            stack.enter_context(migrated(site, parts, schema, checkout))
            say("Starting the service")
            service = stack.enter_context(running_service(site, installation))
            say("Creating the tenants")
            principals = create_tenants(service.operator, tenants)
        cast = cast_of(service.operator, principals).taped(tape)
        stack.callback(cast.close)
        yield Embedded(
            target=target_of(service, checkout, offers_of(parts)),
            seed=seed,
            folder=folder,
            tenants=tuple(tenants),
            tenant_ids={each.tenant: each.tenant_id for each in principals},
            secrets=remembered(known | secrets_of(principals), tape),
            cast=cast,
            description=document(cast.actor("", "anonymous"), "/openapi.json"),
            schema=schema,
            installation=installation,
            redis_url=parts.redis_url,
            postgresql=parts.postgresql,
            site=site,
            began=time.monotonic(),
        )


@contextmanager
def redacting(secrets: Mapping[str, str]) -> Iterator[None]:
    """Keep secrets out of what a log's tail adds to a message."""
    try:
        yield
    except SetupError as error:
        raise SetupError(redact(str(error), secrets)) from None


def target_of(service: Service, checkout: Path, offers: frozenset[str]) -> Target:
    """The printable description."""
    return Target(
        name="maestro-ml",
        base_url=service.base_url,
        revision=revision_of(checkout),
        offers=offers,
    )


def offers_of(parts: Servers) -> frozenset[str]:
    """What a check may use here; an installed database is neither killed nor restored."""
    return ALWAYS if parts.postgresql is None else ALWAYS | WITH_OWN_DATABASE


def secrets_of(principals: Sequence[Principal]) -> dict[str, str]:
    """All members' keys, with their placeholders."""
    return {
        secret: shown for principal in principals for secret, shown in principal.secrets.items()
    }
