"""What does a judge show of its record, so that a reader sees it too, and not only its word?

Frozen values that a judge yields beside its findings; reports draw them. Times are seconds on the
axis that the exhibit names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Literal, get_args

from pydantic import Discriminator

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, as excerpts without credentials.

    `received` is the answer's body; `expected` says what a right service would have answered,
    as far as that was seen, and `expected_status` with which status.
    """

    method: str
    target: str
    sent: str = ""
    status: int | None = None
    received: str = ""
    expected_status: int | None = None
    expected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line of a timeline; its points in order of x."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time in which something was so: a fault, a warm-up."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened over time, and during which spans."""

    title: str
    x: str
    y: str
    curves: tuple[Curve, ...]
    spans: tuple[Span, ...] = ()
    kind: Literal["timeline"] = "timeline"

    def __post_init__(self) -> None:
        """Refuse what could not be drawn."""
        numbers = [number for curve in self.curves for point in curve.points for number in point]
        numbers += [number for span in self.spans for number in (span.start, span.end)]
        if not all(map(isfinite, numbers)):
            raise ValueError(f"{self.title} holds a number that is not finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How often a value lay between two neighbouring edges; one edge more than counts."""

    title: str
    x: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    marks: tuple[tuple[str, float], ...] = ()
    kind: Literal["histogram"] = "histogram"

    def __post_init__(self) -> None:
        """Refuse what could not be drawn."""
        if len(self.edges) != len(self.counts) + 1:
            raise ValueError(f"{self.title} has {len(self.edges)} edges for {len(self.counts)}")
        if not all(map(isfinite, (*self.edges, *(value for _, value in self.marks)))):
            raise ValueError(f"{self.title} holds a number that is not finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One step of several that follow each other; does what waits for the end wait for it?"""

    name: str
    seconds: float
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Steps in order, how long each took, and what else a reader must know of them."""

    title: str
    total: str
    phases: tuple[Phase, ...]
    notes: tuple[str, ...] = ()
    kind: Literal["phases"] = "phases"

    def __post_init__(self) -> None:
        """Refuse what could not be drawn."""
        if not all(isfinite(phase.seconds) and phase.seconds >= 0 for phase in self.phases):
            raise ValueError(f"{self.title} holds a duration that is none")


Cell = Literal[
    "not tried",
    "undecided",
    "nothing shown",
    "refused",
    "kept",
    "allowed",
    "got through",
    "broken",
]
"""A word for what came of a row in a column; of two words for one place the later one counts."""
CELLS: tuple[Cell, ...] = get_args(Cell)
Topic = Literal["access", "promises"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What came of each row in each column: of operations and callers, of promises and faults."""

    topic: Topic
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    kind: Literal["matrix"] = "matrix"

    def __post_init__(self) -> None:
        """Refuse what has holes."""
        for name, cells in self.rows:
            if len(cells) != len(self.columns):
                raise ValueError(f"{name} has {len(cells)} cells for {len(self.columns)} columns")


Said = tuple[str, str, Cell]
"""A row, a column and the word for it."""


def tabulate(topic: Topic, said: Iterable[Said]) -> Matrix:
    """The matrix of these words, in the order in which rows and columns are first named."""
    words: dict[tuple[str, str], Cell] = {}
    for row, column, cell in said:
        words[row, column] = max(words.get((row, column), CELLS[0]), cell, key=CELLS.index)
    rows, columns = (tuple(dict.fromkeys(place[axis] for place in words)) for axis in (0, 1))
    return Matrix(
        topic=topic,
        columns=columns,
        rows=tuple(
            (row, tuple(words.get((row, column), CELLS[0]) for column in columns)) for row in rows
        ),
    )


Exhibit = Timeline | Histogram | Phases | Matrix
Shown = Annotated[Exhibit, Discriminator("kind")]
"""An exhibit as it is written down: `kind` says which."""
