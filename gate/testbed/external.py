"""How is somebody else's running service made a testbed?

A file `target.toml` says where it is and who may sign in; credentials come from the environment.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gate.check import Lie, Saboteur, Tenancy
from gate.errors import SetupError, UsageError
from gate.exchanges import Tape
from gate.model import Json, Target
from gate.testbed.client import Cast, HttpClient, document, remembered
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.sabotage import sabotaged
from gate.testbed.site import Site, open_site

OFFERS = frozenset({"http", "openapi", "tenants"})
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
SHORTEST_SECRET = 8
Text = Annotated[str, Field(min_length=1)]
Web = Annotated[str, Field(pattern=r"^https?://[^/\s?#@]+(/[^\s?#]*)?$")]


class Written(BaseModel):
    """A part of the file: strict and complete."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class WrittenActor(Written):
    """Somebody who may sign in, and with which headers; `${NAME}` stands for a variable."""

    tenant: Text
    role: Text = "owner"
    headers: dict[str, Text]

    @field_validator("headers")
    @classmethod
    def refer(cls, headers: dict[str, str]) -> dict[str, str]:
        """A credential never stands in the file itself."""
        for name, value in headers.items():
            if name.lower() in SECRET_HEADERS and not VARIABLE.search(value):
                raise ValueError(f"{name} must refer to a variable, such as ${{TOKEN}}")
        return headers


class WrittenTarget(Written):
    """The whole file."""

    name: Text
    base_url: Web
    revision: Text = "unknown"
    openapi: Annotated[str, Field(pattern=r"^(/|https?://)\S*$")] = "/openapi.json"
    actors: Annotated[list[WrittenActor], Field(min_length=2)]

    @model_validator(mode="after")
    def two_owners(self) -> Self:
        """Isolation needs two tenants, and every check may ask for a tenant's owner."""
        seats = [(actor.tenant, actor.role) for actor in self.actors]
        if len(seats) != len(set(seats)):
            raise ValueError("a role of a tenant is given twice")
        tenants = {tenant for tenant, _ in seats}
        if len(tenants) < 2:  # noqa: PLR2004 - one tenant and its neighbour
            raise ValueError("at least two tenants are needed")
        if missing := sorted(tenant for tenant in tenants if (tenant, "owner") not in seats):
            raise ValueError(f"tenant {missing[0]} has no actor with role owner")
        return self


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

    def clock(self) -> float:
        """Seconds since the target answered first."""
        return time.monotonic() - self.began

    def actor(self, tenant: str, role: str = "owner") -> HttpClient:
        """A principal that the file names, or nobody (`""`, `anonymous`)."""
        return self.cast.actor(tenant, role)

    def openapi(self) -> Mapping[str, Json]:
        """The target's OpenAPI document, as read at the start."""
        return self.description

    def database(self) -> PostgreSQL:
        """Never: the target is known by HTTP only."""
        raise SetupError("The database of an external target is out of reach.")

    def tenancy(self) -> Tenancy:
        """Never: the target is known by HTTP only."""
        raise SetupError("The database of an external target is out of reach.")

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
    cast, secrets = cast_of(written, environment, file)
    with closing(cast):
        description = describe(written, cast.actor("", "anonymous"))
        with open_site(folder / "logs") as site:
            yield External(
                target=Target(
                    name=written.name,
                    base_url=written.base_url.rstrip("/"),
                    revision=written.revision,
                    offers=OFFERS,
                ),
                seed=seed,
                folder=folder,
                tenants=tuple(dict.fromkeys(actor.tenant for actor in written.actors)),
                secrets=remembered(secrets, tape),
                cast=cast.taped(tape),
                description=description,
                site=site,
                began=time.monotonic(),
            )


def read_target(file: Path) -> WrittenTarget:
    """The file's content; UsageError names the file, the key and the first mistake."""
    try:
        return WrittenTarget.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise UsageError(f"{file} is wrong at {where}: {first['msg']}.") from None
    except ValueError as error:
        raise UsageError(f"{file} is not TOML: {error}.") from error


def cast_of(
    written: WrittenTarget, environment: Mapping[str, str], file: Path
) -> tuple[Cast, dict[str, str]]:
    """All principals, and their secrets with placeholders; UsageError for a missing variable."""
    texts = [value for actor in written.actors for value in actor.headers.values()]
    names = [name for text in texts for name in VARIABLE.findall(text)]
    secrets = {secret_in(environment, name, file): f"${name}" for name in names}
    base_url = written.base_url.rstrip("/")
    clients = {("", "anonymous"): HttpClient(base_url=base_url)}
    for actor in written.actors:
        clients[actor.tenant, actor.role] = HttpClient(
            base_url=base_url,
            tenant=actor.tenant,
            role=actor.role,
            credentials={
                name: VARIABLE.sub(lambda found: environment[found[1]], value)
                for name, value in actor.headers.items()
            },
            secrets=secrets,
        )
    return Cast(clients), secrets


def secret_in(environment: Mapping[str, str], name: str, file: Path) -> str:
    """The variable's value; UsageError when it is missing or too short to be kept secret."""
    value = environment.get(name, "")
    if not value:
        raise UsageError(f"{file} refers to the variable {name}, which is not set.")
    if len(value) < SHORTEST_SECRET or not value.isprintable():
        raise UsageError(
            f"The variable {name} of {file} needs {SHORTEST_SECRET} printable characters or more."
        )
    return value


def describe(written: WrittenTarget, anonymous: HttpClient) -> Mapping[str, Json]:
    """The OpenAPI document, from the target or from the address that the file gives."""
    if written.openapi.startswith("/"):
        return document(anonymous, written.openapi)
    elsewhere = HttpClient(base_url=written.openapi)
    try:
        return document(elsewhere, "")
    finally:
        elsewhere.close()
