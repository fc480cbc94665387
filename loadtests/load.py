"""Which arrivals of a record count, and how long did they take?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gate.model import Observation
from loadtests.second import Second


@dataclass(frozen=True, slots=True)
class Load:
    """What was offered, and the rows of the seconds that count."""

    rate: int
    seconds: int
    seed: int
    foreign: float
    rows: tuple[Second, ...]

    @property
    def arrivals(self) -> int:
        """Requests that were due."""
        return sum(row.arrivals for row in self.rows)

    @property
    def statuses(self) -> Counter[str]:
        """Answers by status, "0" for none."""
        return sum((Counter(row.statuses) for row in self.rows), Counter[str]())

    def blocks(self, operation: str | None = None) -> list[list[float]]:
        """Latencies in milliseconds, one list per second, of one operation or of all."""
        found: dict[int, list[float]] = defaultdict(list)
        for row in self.rows:
            if row.latencies and operation in (None, row.operation):
                found[row.second].extend(row.latencies)
        return list(found.values())

    def by_second(self) -> Mapping[int, list[Second]]:
        """The rows of each second."""
        found: dict[int, list[Second]] = defaultdict(list)
        for row in self.rows:
            found[row.second].append(row)
        return found


def measured(profile: Observation, foreign: float, rows: Iterable[Second]) -> Load:
    """The load without its warm-up; `foreign` is the share of the machine that others used."""
    rate, warm_up, seconds, seed = (
        int(str(profile.data[name])) for name in ("rate", "warm_up", "seconds", "seed")
    )
    return Load(rate, seconds, seed, foreign, tuple(row for row in rows if row.second >= warm_up))
