"""What is a check, and what does it need from the world?

A check asks one question. Its probe touches the world and only records; its judge is a pure
function of the record; each control is the record of a planted defect that the judge must reject.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from gate.exhibits import Exhibit
from gate.inside import Guest, Statement, Wire
from gate.model import Doubt, Estimate, Finding, Json, Limit, Observation, Page, Target, gate_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer. Header names are lower case; `seconds` is the time to the last byte."""

    status: int
    headers: Mapping[str, str]
    body: str
    seconds: float

    def json(self) -> Json:
        """The body as JSON, or None when it is not JSON."""
        try:
            value: Json = json.loads(self.body)
        except ValueError:
            return None
        return value


class Lie(StrEnum):
    """A defect that can be planted in any live target, by a proxy in front of it."""

    READ = "read"
    WRITE = "write"
    LIST = "list"
    ERROR = "error"
    EXISTENCE = "existence"
    ANONYMOUS = "anonymous"
    ROLE = "role"
    HEADER = "header"
    FIELD = "field"
    CRASH = "crash"
    SLOW = "slow"
    SWALLOW = "swallow"

    @property
    def meaning(self) -> str:
        """What the proxy does to a request, in words."""
        return LIES[self]


LIES: Mapping[Lie, str] = {
    Lie.READ: "answers a refused read as its owner would be answered",
    Lie.WRITE: "carries a refused write out as its owner",
    Lie.LIST: "adds what another tenant was shown to a list",
    Lie.ERROR: "adds what the owner would have read to a refusal",
    Lie.EXISTENCE: "refuses with 403 what another tenant has and with 404 what nobody has",
    Lie.ANONYMOUS: "lets a caller without a credential in as an owner",
    Lie.ROLE: "lets a member without the permission in as the tenant's owner",
    Lie.HEADER: "drops the headers that protect callers",
    Lie.FIELD: "drops a field from an answer",
    Lie.CRASH: "answers 500 now and then",
    Lie.SLOW: "answers late",
    Lie.SWALLOW: "acknowledges a write now and then that it does not pass on",
}


class NoAnswerError(Exception):
    """The request got no HTTP answer: it may or may not have taken effect."""


class Client(Protocol):
    """One principal of one tenant, speaking HTTP to the target."""

    @property
    def tenant(self) -> str:
        """The tenant's name in this testbed, or "" for nobody."""

    @property
    def role(self) -> str:
        """The principal's role, or "anonymous"."""

    @property
    def credentials(self) -> Mapping[str, str]:
        """The headers that sign this principal in. Secret: never record them."""

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Answer:
        """Send one request; raise `NoAnswerError` when no HTTP answer comes back."""

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        """The same request as a shell line, with `$TOKEN…` in place of the credential."""


class Database(Protocol):
    """The target's PostgreSQL, as a process that can be hurt and read."""

    @property
    def url(self) -> str:
        """A superuser's libpq URL. Secret: never record it."""

    @property
    def binaries(self) -> Path:
        """The folder with `postgres`, `pg_basebackup` and the like."""

    @property
    def data(self) -> Path:
        """The data folder."""

    def kill(self) -> None:
        """SIGKILL the postmaster; its children end by themselves."""

    def start(self) -> None:
        """Start the server on the data folder and wait until it accepts connections."""

    def stop(self) -> None:
        """Stop it cleanly; no error when it is not running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """How the target's database tells its tenants apart.

    `url` signs in as the role that the service uses; `setting` is the run-time parameter that
    scopes a transaction, `column` what names the tenant in a row, `tenants` the ids by name.
    """

    url: str = field(repr=False)
    setting: str
    column: str
    tenants: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What the target tells its operators: log files, and the path that shows its metrics."""

    logs: tuple[Path, ...]
    metrics: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lone:
    """The target once more, as one process with one connection for its requests."""

    testbed: Testbed
    wire: Wire


class Testbed(Protocol):
    """A running target, with everything a probe may use."""

    @property
    def target(self) -> Target:
        """The printable description."""

    @property
    def seed(self) -> int:
        """The one source of randomness."""

    @property
    def folder(self) -> Path:
        """Where a probe may put raw evidence (histograms, logs)."""

    @property
    def scratch(self) -> Path:
        """A private folder for what must not outlive the run; gone however the run ends."""

    @property
    def tenants(self) -> tuple[str, ...]:
        """Names of the tenants, at least two."""

    @property
    def secrets(self) -> Mapping[str, str]:
        """Every credential of this testbed, with the placeholder to print instead."""

    def clock(self) -> float:
        """Seconds since the run began, monotonic."""

    def actor(self, tenant: str, role: str = "owner") -> Client:
        """A principal of a tenant; `actor("", "anonymous")` has no credentials."""

    def openapi(self) -> Mapping[str, Json]:
        """The target's OpenAPI document."""

    def database(self) -> Database:
        """The target's database; only where the target offers `database`."""

    def tenancy(self) -> Tenancy:
        """How its database tells tenants apart; only where the target offers `row-security`."""

    def telemetry(self) -> Telemetry:
        """Where it says what it does; only where the target offers `telemetry`."""

    def statements(self) -> AbstractContextManager[Callable[[], Sequence[Statement]]]:
        """Let the database tell every statement of the service; only where it offers `statements`.

        The function returns what was said since it was last called.
        """

    def lone(self) -> AbstractContextManager[Lone]:
        """A second instance with one connection; only where the target offers `lone-connection`."""

    def cache_url(self) -> str:
        """Its Redis, as the service signs in; only where it offers `redis`. Secret."""

    def newcomer(self) -> AbstractContextManager[Client]:
        """The owner of a new tenant on the smallest plan; only where it offers `newcomers`."""

    def guest(self) -> AbstractContextManager[Guest]:
        """A tenant for one probe, deleted afterwards; only where it offers `guests`."""

    def run_tool(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], within: float
    ) -> int | None:
        """Run a program to its end: its exit code, or None when it takes over `within` seconds.

        What it prints goes to `logs/<name>.log` in `folder`. `environment` is all it gets, and the
        place for secrets; `argv` is not. However the run ends, the program ends with it.
        """

    def fault(self, name: str) -> AbstractContextManager[Mapping[str, Json]]:
        """Inject a fault, yield the proof that it bit, heal on exit."""

    def sabotage(self, lie: Lie) -> AbstractContextManager[Saboteur]:
        """Plant a defect in front of the running target, in every operation that gives occasion."""


class Saboteur(Protocol):
    """A target that lies."""

    @property
    def testbed(self) -> Testbed:
        """The same testbed, seen through the lie."""

    @property
    def told(self) -> Mapping[str, int]:
        """How often it has lied so far, by operation: `GET /v1/runs/{run_id}`."""


Probe = Callable[[Testbed], Iterable[Observation]]
Judge = Callable[[Sequence[Observation]], Iterable[Finding | Estimate | Doubt | Exhibit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The record of a planted defect: the judge must find something in it."""

    defect: str
    record: tuple[Observation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question to the target, with the proof that the answer can be no.

    `lies` maps each lie that the check must find out in a live target to the kinds of observation
    in which it shows: an operation that the probe never looked at in this way is not held against
    the check.
    """

    id: str
    claim: str
    blind_to: str
    probe: Probe
    judge: Judge
    controls: tuple[Control, ...]
    at_least: Mapping[str, int]
    needs: frozenset[str] = frozenset()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    lies: Mapping[Lie, tuple[str, ...]] = field(default_factory=dict)
    covers: tuple[str, ...] = ()
    """What it looks at, by the ids of `gate.coverage`."""

    @property
    def gate(self) -> str:
        """The family: the part of the id before the dot."""
        return gate_of(self.id)

    @property
    def page(self) -> Page:
        """What a reader must know to trust the result."""
        return Page(
            check=self.id,
            claim=self.claim,
            blind_to=self.blind_to,
            lies=tuple(map(str, self.lies)),
            covers=self.covers,
        )
