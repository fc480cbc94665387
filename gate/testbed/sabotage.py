"""How is a testbed seen through a lie?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

from gate.check import Lie
from gate.model import Json, Target
from gate.testbed.client import Cast, new_http
from gate.testbed.proxy import LyingProxy, Operations, serving


class Sabotable(Protocol):
    """A testbed whose target is reached by HTTP only."""

    @property
    def target(self) -> Target:
        """The printable description."""

    @property
    def cast(self) -> Cast:
        """All principals."""

    def openapi(self) -> Mapping[str, Json]:
        """The target's OpenAPI document."""

    @property
    def folder(self) -> Path:
        """Where raw evidence is kept."""

    def seen_at(self, base_url: str, cast: Cast, folder: Path) -> Self:
        """The same testbed, its target reached at another address, its evidence kept apart."""


Seen = TypeVar("Seen", bound=Sabotable)


@dataclass(frozen=True, slots=True)
class Sabotaged(Generic[Seen]):
    """A testbed with a proxy that lies in front of its target; a `gate.check.Saboteur`."""

    testbed: Seen
    told: Mapping[str, int]


@contextmanager
def sabotaged(testbed: Seen, lie: Lie) -> Iterator[Sabotaged[Seen]]:
    """The testbed behind a proxy that tells this lie, for as long as the block lasts."""
    proxy = LyingProxy(
        lie=lie,
        base_url=testbed.target.base_url,
        operations=Operations.of(testbed.openapi()),
        cast=testbed.cast,
    )
    folder = testbed.folder / "sabotage" / lie
    folder.mkdir(parents=True, exist_ok=True)
    with serving(proxy) as base_url, closing(moved(testbed.cast, base_url)) as cast:
        yield Sabotaged(testbed.seen_at(base_url, cast, folder), proxy.told)


def moved(cast: Cast, base_url: str) -> Cast:
    """The same principals, with connections of their own to another address; guests are shared."""
    clients = {
        seat: replace(client, base_url=base_url, http=new_http())
        for seat, client in cast.clients.items()
    }
    return replace(cast, clients=clients)
