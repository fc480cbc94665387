"""Can a check fail? Which defects were planted in records and live target, and which found?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.model import Sabotage
from reports.reading import Read

WORDS = {True: "found out", False: "unnoticed"}


def trust(one: Read) -> str:
    """How far a check is proven: one miss outweighs every catch."""
    controls, lies = one.result.controls, one.result.sabotages
    missed = any(not each.caught for each in controls)
    if missed or any(tell(each) == "unnoticed" for each in lies):
        return "untrustworthy"
    if not controls:
        return "unproven"
    return "proven" if one.proven else "in doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """One check's lies: a row for each operation, a column for each kind; "" where none was told.

    `unnoticed` are the lies that were missed, with their operations; `untold` names those that
    nothing gave occasion for.
    """

    lies: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    unnoticed: tuple[tuple[str, str], ...]
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
        unnoticed=tuple((each.lie, each.operation) for each in told if tell(each) == "unnoticed"),
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
