"""What is the generator told, and what does it hand back?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gate.codec import decode, encode
from loadtests.histogram import Sparse, milliseconds
from loadtests.profiles import Profile
from loadtests.second import Second

# A delay of a tenth of the latency limit would begin to colour the answer.
LAG_MS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The orders of one generator process. `headers` sign in: the file is for its owner only."""

    profile: Profile
    seed: int
    base_url: str
    paths: Mapping[str, tuple[str, ...]]
    rows: str
    headers: Mapping[str, str] = field(repr=False)

    def write(self, path: Path) -> None:
        """Store the plan in a new file that nobody else can read."""
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(encode(self), "utf-8")

    @classmethod
    def read(cls, path: Path) -> Plan:
        """The plan in a file; IntegrityError when it holds none."""
        return decode(cls, path.read_text("utf-8"), source=str(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the raw evidence: a `Second` with its histograms unexpanded, in microseconds."""

    second: int
    operation: str
    arrivals: int
    latencies: Sparse
    service: Sparse
    statuses: Mapping[str, int]
    dropped: int
    late: int
    max_lag: float
    lagged: int
    present: int

    def expand(self) -> Second:
        """The row with each latency by itself, in milliseconds."""
        return Second(
            second=self.second,
            operation=self.operation,
            arrivals=self.arrivals,
            latencies=milliseconds(self.latencies),
            service=milliseconds(self.service),
            statuses=self.statuses,
            dropped=self.dropped,
            late=self.late,
            max_lag=self.max_lag,
            lagged=self.lagged,
            present=self.present,
        )


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Store rows as JSON lines."""
    with path.open("x", encoding="utf-8") as file:
        file.writelines(f"{encode(row)}\n" for row in rows)


def read_rows(path: Path) -> Iterator[Row]:
    """The rows in a file; IntegrityError names the line that holds none."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            yield decode(Row, line, source=f"{path.name}:{number}")
