"""Which lies were told in the live target, where, and which were found out?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.model import Sabotage
from reports.reading import Read

WORDS = {True: "found out", False: "unnoticed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """One check's lies: a row for each operation, a column for each kind; "" where none was told.

    `untold` names the lies that nothing gave occasion for.
    """

    lies: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    untold: tuple[str, ...]
    caught: int
    told: int


def rehearsal(one: Read) -> Rehearsal | None:
    """What became of the sabotage of a check; None where there was none."""
    told = [each for each in one.result.sabotages if each.operation]
    if not one.result.sabotages:
        return None
    cells = {(each.operation, each.lie): tell(each) for each in told}
    lies = tuple(dict.fromkeys(each.lie for each in told))
    return Rehearsal(
        lies=lies,
        rows=tuple(
            (operation, row(operation, lies, cells))
            for operation in sorted({each.operation for each in told})
        ),
        untold=tuple(each.lie for each in one.result.sabotages if not each.operation),
        caught=sum(each.caught for each in told),
        told=len(told),
    )


def row(
    operation: str, lies: tuple[str, ...], cells: Mapping[tuple[str, str], str]
) -> tuple[str, ...]:
    """One operation's cells."""
    return tuple(cells.get((operation, lie), "") for lie in lies)


def tell(sabotage: Sabotage) -> str:
    """What became of one lie."""
    return "undecided" if sabotage.doubt else WORDS[sabotage.caught]
