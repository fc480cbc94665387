"""May a record be believed: did the generator do its own work?"""

from __future__ import annotations

from collections.abc import Iterator

from gate.model import Doubt
from gate.stats import least_samples
from loadtests.load import Load

LAGGED_SHARE = 0.02
RATE_SLACK = 0.1
FOREIGN_SHARE = 0.2


def incomplete(load: Load) -> Iterator[Doubt]:
    """Arrivals that were lost make a pass worthless; a limit that they broke stays broken."""
    dropped = sum(row.dropped for row in load.rows)
    if dropped:
        reason = f"{dropped} of {load.arrivals} arrivals were dropped"
        yield Doubt(subject="arrivals", reason=reason)
    offered, wanted = load.arrivals, load.rate * load.seconds
    if abs(offered - wanted) > RATE_SLACK * wanted:
        yield Doubt(subject="rate", reason=f"{offered} arrivals were offered instead of {wanted}")


def lag(load: Load) -> Iterator[Doubt]:
    """A late generator adds its own delay to every latency."""
    lagged = sum(row.lagged for row in load.rows)
    if lagged > LAGGED_SHARE * load.arrivals:
        worst = max(row.max_lag for row in load.rows)
        yield Doubt(
            subject="generator",
            reason=f"it was late with {lagged} of {load.arrivals} arrivals, by up to {worst:g} ms; "
            "run again on a quieter machine",
        )


def is_noisy(load: Load) -> bool:
    """Did others use so much of the machine that the service may have had to wait for it?"""
    return load.foreign > FOREIGN_SHARE


def noise(load: Load) -> Doubt:
    """Who used the machine."""
    return Doubt(
        subject="machine",
        reason=f"{load.foreign:.0%} of it was spent on other work; run again on a quieter machine",
    )


def starved(load: Load) -> Iterator[Doubt]:
    """Too few samples say nothing about a rare delay."""
    samples = sum(len(block) for block in load.blocks())
    if samples < least_samples(0.99):
        reason = f"{samples} samples are too few for p99, which needs {least_samples(0.99)}"
        yield Doubt(subject="samples", reason=reason)


def little(load: Load) -> Iterator[Doubt]:
    """Little's law: requests present = rate times time in system (Operations Research 9, 1961).

    Poisson arrivals see the time average, so the mean that they saw is the left side. Far more
    present than the latencies explain means that some requests were never measured. The other
    way round is an overload, which no law of steady states covers and the latencies show.
    """
    if not load.arrivals:
        return
    saw = sum(row.present for row in load.rows) / load.arrivals
    explained = sum(map(sum, load.blocks())) / 1000 / load.seconds
    if saw > 2 * explained + 1:
        yield Doubt(
            subject="Little's law",
            reason=f"{saw:.1f} requests were present, but the latencies explain {explained:.1f}",
        )
