"""How did the latencies of a load lie, and how did they change over its seconds? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil, floor, log10

from gate.exhibits import Curve, Histogram, Span, Timeline
from gate.model import Observation
from gate.stats import quantile
from loadtests.load import measured
from loadtests.second import Second

PER_DECADE = 8
SHOWN = {"median": 0.5, "95 %": 0.95, "longest": 1.0}


def exhibits(
    profile: Observation, rows: Sequence[Second], limit: float
) -> Iterator[Histogram | Timeline]:
    """Both pictures of one load; none where nothing was answered. `limit` is that of p99, in ms."""
    warm_up = int(str(profile.data["warm_up"]))
    counted = [value for block in measured(profile, 0.0, rows).blocks() for value in block]
    if counted:
        yield histogram(sorted(counted), limit)
        yield timeline(rows, warm_up)


def histogram(ordered: Sequence[float], limit: float) -> Histogram:
    """Latencies without the warm-up, in buckets of equal width on a logarithmic axis."""
    first = floor(log10(max(ordered[0], 0.1)) * PER_DECADE)
    last = max(ceil(log10(max(ordered[-1], 0.1)) * PER_DECADE), first + 1)
    edges = [10 ** (step / PER_DECADE) for step in range(first, last + 1)]
    counts = [0] * (len(edges) - 1)
    for value in ordered:
        place = floor(log10(max(value, 0.1)) * PER_DECADE) - first
        counts[min(place, len(counts) - 1)] += 1
    return Histogram(
        title="Latency from the intended start",
        x="ms",
        edges=tuple(float(f"{edge:.4g}") for edge in edges),
        counts=tuple(counts),
        marks=(
            ("p50", quantile(ordered, 0.5)),
            ("p99", quantile(ordered, 0.99)),
            ("limit of p99", limit),
        ),
    )


def timeline(rows: Sequence[Second], warm_up: int) -> Timeline:
    """Latencies of each second, warm-up included and marked."""
    ordered = sorted(rows, key=lambda row: row.second)
    seconds = {
        second: sorted(value for row in group for value in row.latencies)
        for second, group in groupby(ordered, key=lambda row: row.second)
    }
    curves = tuple(
        Curve(
            name=name,
            points=tuple((float(at), quantile(seen, q)) for at, seen in seconds.items() if seen),
        )
        for name, q in SHOWN.items()
    )
    return Timeline(
        title="Latency of each second",
        x="seconds of load",
        y="ms",
        curves=curves,
        spans=(Span(name="warm-up, not counted", start=0.0, end=float(warm_up)),) * (warm_up > 0),
    )
