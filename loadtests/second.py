"""What happened to the arrivals of one second and one operation?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from gate.model import Json, Observation

KIND = "second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """One row of a load test; all times in milliseconds, counted in the second of the due time.

    `latencies` run from the intended start, `service` from the actual sending: their difference
    is what a closed-loop test omits. `statuses` maps an HTTP status to its count, "0" being no
    answer. `dropped` arrivals were not finished when the load ended, and their latency is the time
    until then; `late` ones found every
    client busy. `max_lag` is the generator's own worst delay, `lagged` counts the arrivals that it
    delayed too much. `present` sums how many requests were in line or under way at each arrival.
    """

    second: int
    operation: str
    arrivals: int
    latencies: tuple[float, ...]
    service: tuple[float, ...]
    statuses: Mapping[str, int]
    dropped: int
    late: int
    max_lag: float
    lagged: int
    present: int

    def observed(self, at: float) -> Observation:
        """The row as an observation."""
        data: dict[str, Json] = ROW.dump_python(self, mode="json")
        return Observation(kind=KIND, subject=self.operation, at=at, data=data)

    @classmethod
    def read(cls, observation: Observation) -> Second:
        """The row in an observation; pydantic's ValidationError when it holds none."""
        return ROW.validate_python(dict(observation.data))


ROW = TypeAdapter(Second)
