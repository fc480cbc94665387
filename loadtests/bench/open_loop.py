"""How late do answers come when requests arrive at their own times, whether or not others wait?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gate.testbed.embedded import Embedded
from loadtests.bench.figures import quantile
from loadtests.open_arrivals import measure
from loadtests.plan import read_rows
from loadtests.profiles import CREATE_RUN, LIST_RUNS, LOG_POINTS, READ_RUN, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """Milliseconds from the intended start, over all answers after the warm-up."""

    rate: int
    answers: int
    failed: int
    dropped: int
    p50: float
    p99: float
    generator_lag: float

    def __str__(self) -> str:
        return (
            f"{self.rate}/s open arrivals, mixed: p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms; "
            f"{self.answers:,} answers, {self.failed} failed, {self.dropped} dropped; the "
            f"generator itself was late by {self.generator_lag:.1f} ms at most"
        )


def arrivals(testbed: Embedded, rate: int, seconds: int) -> Lateness:
    """Offer the mix of the load gate (35 % reads, 25 % lists, 25 % logs, 15 % new runs)."""
    profile = Profile(
        name="bench",
        rate=rate,
        warm_up=2,
        seconds=seconds,
        clients=64,
        patience=4.0,
        operations=(READ_RUN, LIST_RUNS, LOG_POINTS, CREATE_RUN),
    )
    list(measure(testbed, profile))
    file = testbed.folder / "loads" / "open-arrivals.jsonl"
    rows = [row for row in read_rows(file) if row.second >= profile.warm_up]
    counts: Counter[int] = Counter()
    statuses: Counter[str] = Counter()
    for row in rows:
        counts.update(dict(row.latencies))
        statuses.update(row.statuses)
    found = sorted(counts.items())
    return Lateness(
        rate=rate,
        answers=sum(statuses.values()),
        failed=sum(count for status, count in statuses.items() if status[0] != "2"),
        dropped=sum(row.dropped for row in rows),
        p50=quantile(found, 0.5),
        p99=quantile(found, 0.99),
        generator_lag=max((row.max_lag for row in rows), default=0.0) * 1000,
    )
