"""Which load does a profile offer: how much, for how long, in which mix?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gate.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One kind of request: `template` as in the OpenAPI document, `sends` what its body holds.

    `weight` is its share of the arrivals, relative to the other operations of the profile.
    """

    method: str
    template: str
    weight: int
    sends: Literal["points", "run"] | None = None

    @property
    def name(self) -> str:
        """What findings call it, `GET /v1/runs/{run_id}`."""
        return f"{self.method} {self.template}"

    def body(self, number: int) -> Json:
        """The body of the arrival with this number, None for none."""
        match self.sends:
            case "points":
                return ten_points(number)
            case "run":
                return {"name": f"load-{number}"}
            case None:
                return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A load that never changes under its name: arrivals per second, lengths in seconds.

    `clients` is how many requests may be under way at once; an arrival that finds all of them
    busy waits in line, and its latency says so. An answer may take `patience` seconds.
    """

    name: str
    rate: int
    warm_up: int
    seconds: int
    clients: int
    patience: float
    operations: tuple[Operation, ...]

    @property
    def total(self) -> int:
        """Seconds of load, warm-up included."""
        return self.warm_up + self.seconds

    @property
    def arrivals(self) -> int:
        """Requests offered in all."""
        return self.rate * self.total


def ten_points(number: int) -> Json:
    """Ten points of one metric, at steps that no other arrival logs."""
    metrics: list[Json] = [
        {"key": "loss", "value": 1 / (step + 1), "step": step}
        for step in range(number * 10, number * 10 + 10)
    ]
    return {"metrics": metrics}


READ_RUN = Operation(method="GET", template="/v1/runs/{run_id}", weight=35)
LIST_RUNS = Operation(method="GET", template="/v1/experiments/{experiment_id}/runs", weight=25)
LOG_POINTS = Operation(method="POST", template="/v1/runs/{run_id}/log", weight=25, sends="points")
CREATE_RUN = Operation(
    method="POST", template="/v1/experiments/{experiment_id}/runs", weight=15, sends="run"
)

# A light load, which a shared CI machine carries without measuring its other work: 600 samples,
# where p99 needs 368 and an error rate below 1 % needs 381 without an error.
SHORT = Profile(
    name="short",
    rate=50,
    warm_up=2,
    seconds=12,
    clients=32,
    patience=4.0,
    operations=(READ_RUN, LIST_RUNS, LOG_POINTS, CREATE_RUN),
)
