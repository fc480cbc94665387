"""What has the generator seen so far, by second and operation?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from loadtests.arrivals import Arrival
from loadtests.histogram import Latencies
from loadtests.plan import LAG_MS, Row
from loadtests.profiles import Profile


@dataclass(slots=True)
class Cell:
    """The counts of one second and one operation; durations in seconds."""

    arrivals: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    service: Latencies = field(default_factory=Latencies)
    statuses: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    late: int = 0
    max_lag: float = 0.0
    lagged: int = 0
    present: int = 0

    def delayed(self, lag: float) -> None:
        """The generator itself was late by `lag` seconds with one arrival."""
        self.max_lag = max(self.max_lag, lag)
        self.lagged += lag * 1000 > LAG_MS

    def answered(self, status: int, latency: float, service: float) -> None:
        """One arrival is over: since its intended start, and since it was sent."""
        self.statuses[str(status)] += 1
        self.latencies.add(latency)
        self.service.add(service)

    def gave_up(self, waited: float) -> None:
        """One arrival was not over when the load ended: its latency is at least `waited`."""
        self.dropped += 1
        self.latencies.add(waited)


@dataclass(frozen=True, slots=True)
class Tally:
    """A cell for every second and operation of a profile, also for those without arrivals."""

    cells: dict[tuple[int, str], Cell]

    @classmethod
    def expecting(cls, profile: Profile, arrivals: Iterable[Arrival]) -> Tally:
        """All cells, with the arrivals that are due in them."""
        cells = {
            (second, operation.name): Cell()
            for second in range(profile.total)
            for operation in profile.operations
        }
        for arrival in arrivals:
            cells[arrival.second, arrival.operation.name].arrivals += 1
        return cls(cells)

    def cell(self, arrival: Arrival) -> Cell:
        """Where an arrival is counted."""
        return self.cells[arrival.second, arrival.operation.name]

    def rows(self) -> Iterator[Row]:
        """The raw evidence, in order of time."""
        for (second, operation), cell in self.cells.items():
            yield Row(
                second=second,
                operation=operation,
                arrivals=cell.arrivals,
                latencies=cell.latencies.sparse(),
                service=cell.service.sparse(),
                statuses=dict(cell.statuses),
                dropped=cell.dropped,
                late=cell.late,
                max_lag=round(cell.max_lag * 1000, 1),
                lagged=cell.lagged,
                present=cell.present,
            )
