"""How does code count something? `count("http_requests_total", "GET", route, "200")`.

Children are looked up once and then kept: finding one by its labels costs more than counting.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    values,
)
from prometheus_client.values import MultiProcessValue

from app.config import metrics_folder
from app.telemetry.catalogue import METRICS
from app.telemetry.metric import Feed, Kind, Metric
from app.telemetry.slots import Slots

Instrument = Counter | Gauge | Histogram
Found = TypeVar("Found", Counter, Gauge, Histogram)


def _slots(folder: str | None) -> Slots | None:
    """Make prometheus-client name its files after slots instead of process ids."""
    if not folder:
        return None
    slots = Slots(Path(folder))
    values.ValueClass = MultiProcessValue(slots.identity)  # type: ignore[no-untyped-call]
    return slots


def build(metric: Metric, registry: CollectorRegistry) -> Instrument:
    """The instrument of a row of the catalogue."""
    match metric.kind:
        case Kind.COUNTER:
            return Counter(metric.name, metric.help, metric.labels, registry=registry)
        case Kind.GAUGE:
            mode = metric.mode or "livesum"
            return Gauge(
                metric.name, metric.help, metric.labels, registry=registry, multiprocess_mode=mode
            )
        case Kind.HISTOGRAM:
            return Histogram(
                metric.name,
                metric.help,
                metric.labels,
                registry=registry,
                buckets=metric.buckets,
            )


disable_created_metrics()  # type: ignore[no-untyped-call]
SLOTS = _slots(metrics_folder())
INSTRUMENTS = {
    name: build(metric, REGISTRY) for name, metric in METRICS.items() if metric.feed is Feed.WORKER
}


@cache
def counter(name: str, *labels: str) -> Counter:
    """The counter, or its child with these labels."""
    return _child(name, labels, Counter)


@cache
def gauge(name: str, *labels: str) -> Gauge:
    """The gauge, or its child with these labels."""
    return _child(name, labels, Gauge)


@cache
def histogram(name: str, *labels: str) -> Histogram:
    """The histogram, or its child with these labels."""
    return _child(name, labels, Histogram)


def _child(name: str, labels: tuple[str, ...], kind: type[Found]) -> Found:
    found = INSTRUMENTS[name]
    child = found.labels(*labels) if labels else found
    if not isinstance(child, kind):
        raise TypeError(f"{name} is no {kind.__name__}")
    return child


def count(name: str, *labels: str, by: float = 1) -> None:
    """Count one event, or `by` of them."""
    counter(name, *labels).inc(by)


def observe(name: str, value: float, *labels: str) -> None:
    """Add one value to a distribution."""
    histogram(name, *labels).observe(value)
