"""What must a place offer that keeps the bytes of artifacts?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol
from uuid import UUID

from app.errors import ProblemError, conflict, not_found, unavailable

CHUNK = 1 << 18
URL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Key:
    """The name of an object. It is made of two ids, never of what a user wrote."""

    tenant_id: UUID
    object_id: UUID

    def __str__(self) -> str:
        """The name, which begins with the tenant, so that a policy can be bound to it."""
        return f"{self.tenant_id}/{self.object_id}"


@dataclass(frozen=True, slots=True)
class Transfer:
    """An object on its way in parts. `reference` is the store's own name for it."""

    key: Key
    reference: str
    size: int
    part_size: int

    @property
    def parts(self) -> range:
        """The numbers of the parts, from 1; an empty object has none."""
        return range(1, -(-self.size // self.part_size) + 1)

    def size_of(self, part: int) -> int:
        """How many bytes the part has: `part_size`, or what is left for the last one."""
        return min(self.part_size, self.size - (part - 1) * self.part_size)


class Store(Protocol):
    """A place for objects. Where it does not answer, each method raises a 503."""

    def begin(self, key: Key) -> str:
        """Be ready for the parts of an object: the reference of the transfer."""
        ...

    def part_url(self, transfer: Transfer, part: int) -> str | None:
        """Where the part can be sent without asking us, for one hour; None if nowhere."""
        ...

    def put(self, transfer: Transfer, part: int, body: IO[bytes]) -> None:
        """Keep a part, whole or not at all; one that is there is replaced. 404 after the end."""
        ...

    def missing(self, transfer: Transfer) -> list[int]:
        """The parts that are not there, or not of their size."""
        ...

    def finish(self, transfer: Transfer, sha256: str) -> None:
        """Make the parts one object, which is there with this digest (hex) or not at all: 409.

        The transfer is over in any case.
        """
        ...

    def abort(self, transfer: Transfer) -> None:
        """Forget the parts; no error when there are none."""
        ...

    def read(self, key: Key, start: int, length: int) -> Iterator[bytes]:
        """The bytes from `start` on. The object is opened before this returns."""
        ...

    def url(self, key: Key, filename: str) -> str | None:
        """Where the object can be read without asking us, for one hour; None if nowhere."""
        ...

    def delete(self, key: Key) -> None:
        """Remove the object; no error when it is not there."""
        ...

    def forget(self, tenant_id: UUID) -> None:
        """Remove everything of a tenant, also what is on its way."""
        ...


def out_of_reach() -> ProblemError:
    """503: the store does not answer, or lost an object."""
    return unavailable("artifact store")


def over() -> ProblemError:
    """404: the transfer was completed or given up meanwhile."""
    return not_found("upload")


def wrong_digest() -> ProblemError:
    """409: what arrived is not what the caller says it sent."""
    return conflict("wrong-digest", "The bytes have another SHA-256: begin a new upload.")


def incomplete() -> ProblemError:
    """409: the body ended before the part did."""
    return conflict("wrong-part-size", "The body ended too early.")
