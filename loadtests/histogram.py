"""How long did things take, to 0.1 %, in little memory?

HDR histograms (Tene, hdrhistogram.org) keep three significant digits from 1 µs to 100 s, and can
be added up over seconds and machines. Locust's own statistics round 1049 ms down to 1000 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hdrh.histogram import HdrHistogram

Sparse = list[tuple[int, int]]
LOWEST_US, HIGHEST_US, DIGITS = 1, 100_000_000, 3


def empty() -> HdrHistogram:
    """A histogram of microseconds."""
    return HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)


@dataclass(slots=True)
class Latencies:
    """Counts of durations."""

    counts: HdrHistogram = field(default_factory=empty)

    def add(self, seconds: float) -> None:
        """Count one duration; what is out of range counts as the nearest end of it."""
        self.counts.record_value(min(HIGHEST_US, max(LOWEST_US, round(seconds * 1e6))))

    def sparse(self) -> Sparse:
        """The filled buckets in order: (microseconds, count), each at its upper end.

        The library's own iterator does the same at a fiftieth of the speed, which would keep a
        generator busy for seconds.
        """
        counts = self.counts
        return [
            (counts.get_highest_equivalent_value(counts.get_value_from_index(index)), count)
            for index, count in enumerate(counts.counts[: counts.counts_len])
            if count
        ]


def milliseconds(buckets: Iterable[tuple[int, int]]) -> tuple[float, ...]:
    """The durations in a sparse histogram, in order, rounded to 0.1 ms."""
    return tuple(round(value / 1000, 1) for value, count in buckets for _ in range(count))
