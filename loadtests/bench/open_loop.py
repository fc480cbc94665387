"""How late do answers come when requests arrive at their own times, whether or not others wait?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from gate.testbed.embedded import Embedded
from loadtests.bench.figures import quantile
from loadtests.open_arrivals import measure
from loadtests.plan import read_rows
from loadtests.profiles import CREATE_RUN, LIST_RUNS, LOG_POINTS, READ_RUN, Operation, Profile

# What the aim of 1,000 requests a second is about, and what a working day looks like. The mix costs
# three times as much CPU for each request, so it has a rate of its own.
READS = (READ_RUN,)
MIX = (READ_RUN, LIST_RUNS, LOG_POINTS, CREATE_RUN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """Milliseconds from the intended start, over all answers after the warm-up."""

    operations: tuple[Operation, ...]
    rate: int
    answers: int
    failed: int
    dropped: int
    p50: float
    p99: float
    generator_lag: float

    def __str__(self) -> str:
        return (
            f"{self.rate}/s open arrivals of {shares(self.operations)}: "
            f"p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms; "
            f"{self.answers:,} answers, {self.failed} failed, {self.dropped} dropped; "
            f"the generator itself was late by {self.generator_lag:.1f} ms at most"
        )


def shares(operations: tuple[Operation, ...]) -> str:
    """Each operation with its share of the arrivals in percent."""
    total = sum(operation.weight for operation in operations)
    return ", ".join(f"{100 * each.weight / total:.0f} % {each.name}" for each in operations)


def arrivals(
    testbed: Embedded, name: str, operations: tuple[Operation, ...], rate: int, seconds: int
) -> Lateness:
    """Offer these operations on eight runs of one new experiment, as the load gate does.

    What is offered is kept as `name` below the testbed's folder.
    """
    profile = Profile(
        name=name,
        rate=rate,
        warm_up=2,
        seconds=seconds,
        clients=64,
        patience=4.0,
        operations=operations,
    )
    place = replace(testbed, folder=testbed.folder / name)
    list(measure(place, profile))
    file = place.folder / "loads" / "open-arrivals.jsonl"
    rows = [row for row in read_rows(file) if row.second >= profile.warm_up]
    counts: Counter[int] = Counter()
    statuses: Counter[str] = Counter()
    for row in rows:
        counts.update(dict(row.latencies))
        statuses.update(row.statuses)
    found = sorted(counts.items())
    return Lateness(
        operations=operations,
        rate=rate,
        answers=sum(statuses.values()),
        failed=sum(count for status, count in statuses.items() if status[0] != "2"),
        dropped=sum(row.dropped for row in rows),
        p50=quantile(found, 0.5),
        p99=quantile(found, 0.99),
        generator_lag=max((row.max_lag for row in rows), default=0.0),
    )
