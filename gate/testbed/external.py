"""How is somebody else's running service made a testbed?

A file `target.toml` says where it is and who may sign in; credentials come from the environment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Self

from gate.check import Client, Lie, Lone, Saboteur, Telemetry, Tenancy
from gate.errors import SetupError
from gate.exchanges import Tape
from gate.inside import Guest, Statement
from gate.model import Json, Target
from gate.testbed.again import Enter, Entry, entrance, nobody_enters
from gate.testbed.client import Cast, HttpClient, document, remembered
from gate.testbed.documents import read_file
from gate.testbed.enrolment import asks, operations
from gate.testbed.hints import Hints
from gate.testbed.looking import check_address, document_of
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.sabotage import sabotaged
from gate.testbed.sign_in import cast_of, check_variables
from gate.testbed.site import Site, open_site
from gate.testbed.target_file import WrittenTarget, read_target

MOST_READS = 3
OFFERS = frozenset({"http", "openapi", "tenants"})


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """Somebody's service, known by HTTP only; implements `gate.check.Testbed`."""

    target: Target
    seed: int
    folder: Path
    tenants: tuple[str, ...]
    secrets: Mapping[str, str] = field(repr=False)
    cast: Cast = field(repr=False)
    description: Mapping[str, Json] = field(repr=False)
    site: Site = field(repr=False)
    began: float
    turns: Iterator[int] = field(default_factory=count, repr=False, compare=False)
    hints: Hints = field(default_factory=Hints)
    enter: Enter = field(default=nobody_enters, repr=False)

    def clock(self) -> float:
        """Seconds since the target answered first."""
        return time.monotonic() - self.began

    def actor(self, tenant: str, role: str = "owner") -> HttpClient:
        """A principal that the file names, or nobody (`""`, `anonymous`)."""
        return self.cast.actor(tenant, role)

    def roles(self, tenant: str) -> tuple[str, ...]:
        """The roles that the file names for a tenant, weakest first when it says the order."""
        named = [role for owner, role in self.cast.clients if owner == tenant]
        order = [role for role in self.hints.roles if role in named]
        return (*order, *(role for role in named if role not in order))

    def enter_again(self, tenant: str, role: str = "owner") -> Entry | None:
        """Another credential of a principal that signs in or registers; None for any other."""
        return self.enter(tenant, role)

    def openapi(self) -> Mapping[str, Json]:
        """The target's OpenAPI document, as read at the start."""
        return self.description

    def database(self) -> PostgreSQL:
        """Never: the target is known by HTTP only."""
        raise SetupError("The database of an external target is out of reach.")

    def tenancy(self) -> Tenancy:
        """Never: the target is known by HTTP only."""
        raise SetupError("The database of an external target is out of reach.")

    def telemetry(self) -> Telemetry:
        """Never: the target is known by HTTP only."""
        raise SetupError("The logs of an external target are out of reach.")

    def statements(self) -> AbstractContextManager[Callable[[], Sequence[Statement]]]:
        """Never: the target is known by HTTP only."""
        raise SetupError("The statements of an external target are out of reach.")

    def lone(self) -> AbstractContextManager[Lone]:
        """Never: nobody here can start an external target."""
        raise SetupError("An external target cannot be started once more.")

    def cache_url(self) -> str:
        """Never: the target is known by HTTP only."""
        raise SetupError("The cache of an external target is out of reach.")

    def newcomer(self) -> AbstractContextManager[Client]:
        """Never: an external target's plans are unknown."""
        raise SetupError("No tenant can be added to an external target.")

    def guest(self) -> AbstractContextManager[Guest]:
        """Never: how an external target deletes a tenant is unknown."""
        raise SetupError("No tenant can be added to an external target, nor deleted from it.")

    @property
    def scratch(self) -> Path:
        """A private folder that is gone however the run ends."""
        return self.site.scratch

    def run_tool(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], within: float
    ) -> int | None:
        """Run a program to its end, which comes with the run's at the latest."""
        return self.site.run_tool(name, argv, environment, within)

    def fault(self, name: str) -> AbstractContextManager[Mapping[str, Json]]:
        """Never: nothing of an external target is broken on purpose."""
        raise SetupError(f"{name} cannot be injected into an external target.")

    def sabotage(self, lie: Lie) -> AbstractContextManager[Saboteur]:
        """The same testbed behind a proxy that lies; the target itself is left alone."""
        return sabotaged(self, lie)

    def seen_at(self, base_url: str, cast: Cast, folder: Path) -> Self:
        """The same testbed, its target reached at another address, its evidence kept apart."""
        target = replace(self.target, base_url=base_url)
        return replace(self, target=target, cast=cast, folder=folder)


@contextmanager
def external(
    file: Path,
    folder: Path,
    seed: int,
    environment: Mapping[str, str],
    tape: Tape | None = None,
) -> Iterator[External]:
    """The target that `file` describes; UsageError when it is wrong, SetupError when silent.

    `environment` holds the variables that the file refers to. `folder` is for evidence. `tape`
    hears of every exchange of the checks.
    """
    written = read_target(file)
    check_variables(written, environment, file)
    description = describe(written, file)
    check_address(written.base_url.rstrip("/"), description)
    cast, secrets = cast_of(written, environment, file, description)
    known = remembered(secrets, tape)
    with closing(cast), open_site(folder / "logs") as site:
        yield External(
            target=Target(
                name=written.name,
                base_url=written.base_url.rstrip("/"),
                revision=written.revision,
                offers=OFFERS | ({"roles"} if has_roles(cast) else frozenset()),
            ),
            seed=seed,
            folder=folder,
            tenants=tuple(dict.fromkeys(tenant for tenant, _ in cast.clients if tenant)),
            secrets=known,
            cast=cast.taped(tape),
            description=description,
            site=site,
            began=time.monotonic(),
            hints=hints_in(written),
            enter=entrance(written, environment, file, known, description),
        )


def entries(bed: External) -> Iterator[tuple[str, str, bool]]:
    """For each principal who he is, what reads that ask for a credential gave him, and if any."""
    document = bed.description
    reads = [
        path
        for method, path, declared in operations(document)
        if method == "GET" and "{" not in path and asks(document, declared)
    ]
    for (tenant, role), client in bed.cast.clients.items():
        if not tenant:
            continue
        answers = [(path, client.request("GET", path).status) for path in reads[:MOST_READS]]
        told = ", ".join(f"GET {path} {status}" for path, status in answers)
        refused = bool(answers) and all(status in {401, 403} for _, status in answers)
        yield f"{tenant}, {role}", told or "no read to try", not refused


def hints_in(written: WrittenTarget) -> Hints:
    """What the file says; accounts that it registers are made for the run."""
    said = written.hints.said
    made = written.register_tenants is not None or not written.actors
    return replace(said, throw_away=said.throw_away or made)


def has_roles(cast: Cast) -> bool:
    """Has a tenant somebody beside its owner?"""
    return any(tenant and role != "owner" for tenant, role in cast.clients)


def describe(written: WrittenTarget, file: Path) -> Mapping[str, Json]:
    """The OpenAPI document: from the target, another address, or a file beside the target file.

    Where the file does not say, it is looked for in the usual places.
    """
    place = written.openapi
    if "openapi" not in written.model_fields_set:
        return document_of(written.base_url, None)[1]
    if not place.startswith(("/", "http://", "https://")):
        return read_file(file.parent / place)
    base_url, path = (written.base_url.rstrip("/"), place) if place[0] == "/" else (place, "")
    with closing(HttpClient(base_url=base_url)) as nobody:
        return document(nobody, path)
