"""When does each request arrive, whatever the service does?"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from loadtests.profiles import Operation, Profile


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request to come: `at` seconds after the start of the load."""

    at: float
    operation: Operation
    number: int

    @property
    def second(self) -> int:
        """The second of the load that it belongs to, however late it is answered."""
        return int(self.at)


def schedule(profile: Profile, seed: int) -> tuple[Arrival, ...]:
    """The arrivals of a profile in order; the same seed gives the same schedule.

    A Poisson process given its count: so many independent uniform times, sorted (Kingman,
    Poisson Processes, 1993, section 2.4). Users do not wait for each other, so arrivals are
    open: the next one comes on time also when the service stalls. Fixing the count keeps the
    offered rate exact, which a run of a few seconds would otherwise miss by some percent.
    """
    chance = Random(seed)  # noqa: S311 - a schedule, not a secret
    times = sorted(chance.uniform(0, profile.total) for _ in range(profile.arrivals))
    weights = [operation.weight for operation in profile.operations]
    drawn = chance.choices(profile.operations, weights=weights, k=len(times))
    # uniform() may round up to its end, which would be a second after the last
    last = profile.total - 1e-9
    return tuple(
        Arrival(min(at, last), operation, number)
        for number, (at, operation) in enumerate(zip(times, drawn, strict=True))
    )
