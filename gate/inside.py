"""What does a check see of a service besides its answers, where the target lets it look inside?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gate.model import Json

if TYPE_CHECKING:
    from gate.check import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A file on its way into the target: the paths to put its bytes, to end, and to read it.

    `end` is asked by POST with the body `seal`; `drop` by DELETE, as long as it is on its way.
    """

    text: str
    put: str
    end: str
    seal: Json
    drop: str
    content: str


class Guest(Protocol):
    """A new tenant without a limit in its way, made for one probe: nobody else looks at it."""

    @property
    def owner(self) -> Client:
        """Its owner."""

    @property
    def others(self) -> tuple[Client, ...]:
        """Other principals of it."""

    @property
    def tenant_id(self) -> str:
        """Its id in the target's database."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the target keeps the bytes of all tenants."""

    def begin(self, text: str) -> Parcel:
        """Announce a file whose content is the text as JSON; SetupError when it is refused."""

    def store(self, text: str) -> Parcel:
        """Store such a file."""

    def export(self) -> str:
        """Ask for an export of everything: the path of the job."""

    def result_of(self, job: str) -> str:
        """The path of what an export made, once it is there; SetupError when it does not come."""

    def listen(self, url: str) -> str:
        """Let a URL hear of what the tenant does: the secret of the signatures."""

    def leave(self, within: float) -> bool:
        """Delete the tenant as the target does: is it done in so many seconds?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One message of the service to its database, as the database's log has it.

    `session` is the server process, `transaction` its virtual id; `text` may hold several
    statements, and values: never record it.
    """

    session: int
    transaction: str
    text: str = field(repr=False)


class Wire(Protocol):
    """All connections of a service to its database, seen from between the two."""

    @property
    def sessions(self) -> tuple[int, ...]:
        """The server processes behind the open connections."""

    @property
    def states(self) -> tuple[str, ...]:
        """What each is at: `idle`, `in a transaction`, `in a failed transaction`."""

    @property
    def said(self) -> tuple[int, ...]:
        """How many messages the service has sent on each."""

    def ask(self, query: str) -> Sequence[tuple[str | None, ...]]:
        """The rows that each connection itself answers a question with, as texts."""

    def hold(self) -> AbstractContextManager[None]:
        """What the service says inside a transaction waits until the end of the block."""
