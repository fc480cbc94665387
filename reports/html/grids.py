"""Which callers got what, and which promises held under which faults, over all checks?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gate.exhibits import CELLS, Matrix, Topic, tabulate
from reports.reading import Read

ORDER = ("own tenant", "other tenant", "nobody")
TONES = {
    "got through": "fail",
    "broken": "fail",
    "undecided": "inconclusive",
    "not tried": "skipped",
}
"""What a reader must not overlook; the other words are as they should be, or say what is so."""


def grid(checks: Iterable[Read], topic: Topic) -> Matrix:
    """The matrices of all checks in one: of two words for one place the graver one counts."""
    shown = [
        each
        for one in checks
        for each in one.result.exhibits
        if isinstance(each, Matrix) and each.topic == topic
    ]
    said = [
        (row, column, cell)
        for each in shown
        for row, cells in each.rows
        for column, cell in zip(each.columns, cells, strict=True)
    ]
    return arrange(tabulate(topic, said)) if topic == "access" else tabulate(topic, said)


def arrange(access: Matrix) -> Matrix:
    """Callers from near to far, operations by their paths."""
    order = sorted(range(len(access.columns)), key=lambda at: distance(access.columns[at]))
    rows = sorted(access.rows, key=lambda row: row[0].partition(" ")[::-1])
    return Matrix(
        topic=access.topic,
        columns=tuple(access.columns[at] for at in order),
        rows=tuple((name, tuple(cells[at] for at in order)) for name, cells in rows),
    )


def distance(caller: str) -> int:
    """How far a caller is from the owner of an object."""
    return next((at for at, near in enumerate(ORDER) if caller.startswith(near)), len(ORDER))


def tone(cell: str) -> str:
    """How a word is marked."""
    return TONES.get(cell, "")


def tally(matrix: Matrix) -> Sequence[tuple[str, int]]:
    """How often each word is there: first what a reader must not overlook."""
    counts = Counter[str](cell for _, row in matrix.rows for cell in row)
    words = (*TONES, *(word for word in CELLS if word not in TONES))
    return [(word, counts[word]) for word in words if counts[word]]
