"""What is a mutant: one flaw in the service's source, and who must find it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gate.catalogue import CHECKS
from tests.mutants.source import Edits

POLICIES = "isolation.row-security"


class Ground(StrEnum):
    """Which of the two layers stand beside the flaw.

    BOTH: filters in the code and policies in the database. CODE: every policy is open, so that the
    code alone must hold. TABLES: nothing but the database is asked, no service runs.
    """

    BOTH = "both layers"
    CODE = "the code alone"
    TABLES = "the database alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One flaw.

    `edits` are whole files by path. `channels` are numbers of `gate.coverage`: a check that covers
    one of them must find it, and its finding must be about one of `names` (an operation, a
    relation, a metric; () for any). `about` are the operations that are looked at, with what is
    needed to make their objects; () for all. `slip` is SQL that an administrator runs by hand, for
    what the service's own migrations may not do. A `harmless` one must not be found.
    `checks` are named where no check of isolation has to find the flaw.
    """

    operator: str
    place: str
    edits: Edits = field(repr=False)
    channels: tuple[int, ...]
    names: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    ground: Ground = Ground.BOTH
    checks: tuple[str, ...] = ()
    slip: str = ""
    harmless: bool = False

    @property
    def id(self) -> str:
        return f"{self.operator}: {self.place}"


def looking(mutant: Mutant) -> Sequence[str]:
    """The checks that cover one of the mutant's channels.

    Where all policies are open on purpose, the check of policies is not asked.
    """
    if mutant.checks:
        return mutant.checks
    wanted = {f"isolation:{number}" for number in mutant.channels}
    return [
        name
        for name, check in CHECKS.items()
        if name.startswith("isolation.")
        and wanted & set(check.covers)
        and (name != POLICIES or mutant.ground is not Ground.CODE)
    ]
