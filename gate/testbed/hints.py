"""What does the owner of a target say about it that nobody could guess?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol, runtime_checkable

from gate.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """Operations are named as `GET /path/{id}`, where `*` stands for anything.

    `public`: read by anybody on purpose. `shared`: seen by all tenants on purpose. `leave_out`:
    never called. `values`: for fields and parameters that cannot be guessed, by name, or by label
    and name for one operation (`PATCH /limits projects`). `roles`: the target's roles from the
    weakest to the strongest. `throw_away`: the accounts were made for the run, so that their
    passwords may be changed.
    """

    public: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    values: Mapping[str, Json] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    throw_away: bool = False

    def leaves_out(self, label: str) -> bool:
        """Must this operation never be called?"""
        return named(label, self.leave_out)

    def is_public(self, label: str) -> bool:
        """May anybody read it?"""
        return named(label, self.public)

    def is_shared(self, label: str) -> bool:
        """Do all tenants see the same?"""
        return named(label, self.shared)

    def is_common(self, label: str) -> bool:
        """Is it everybody's, whoever that is: all tenants', or anybody's?"""
        return self.is_shared(label) or self.is_public(label)


@runtime_checkable
class Hinted(Protocol):
    """A testbed that knows more of its target than the document says."""

    @property
    def hints(self) -> Hints:
        """What its owner says."""


@runtime_checkable
class Repeated(Protocol):
    """A testbed that counts how often its target was looked at, through a proxy or directly."""

    @property
    def turns(self) -> Iterator[int]:
        """The next number of each."""


@runtime_checkable
class Staffed(Protocol):
    """A testbed with several principals in a tenant."""

    def roles(self, tenant: str) -> tuple[str, ...]:
        """The roles that it has a principal for, from the weakest to the strongest."""


def named(label: str, patterns: tuple[str, ...]) -> bool:
    """Is the operation meant by one of the patterns?"""
    return any(fnmatchcase(label, each.replace("[", "[[]")) for each in patterns)


def hints_of(testbed: object) -> Hints:
    """What is said of this testbed's target, or nothing."""
    return testbed.hints if isinstance(testbed, Hinted) else Hints()


def salt_of(testbed: object, seed: int, purpose: str = "") -> str:
    """What keeps the names of one look at a target apart from those of others.

    The seed, which is in the report and can be given, and how many looks of the same run came
    before: the same seed gives the same names against a fresh target.
    """
    turn = next(testbed.turns) if isinstance(testbed, Repeated) else 0
    return ":".join(filter(None, (str(seed), str(turn), purpose)))


def roles_of(testbed: object, tenant: str) -> tuple[str, ...]:
    """The roles of a tenant, from the weakest to the strongest; only owner when none are known."""
    return testbed.roles(tenant) if isinstance(testbed, Staffed) else ("owner",)
