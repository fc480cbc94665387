"""How is the service doing, in numbers for Prometheus?"""

from __future__ import annotations

from functools import cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.config import Config

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0)
REQUESTS = Counter(
    "maestro_http_requests_total", "Answered requests.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "maestro_http_request_duration_seconds", "Time to answer.", ["route"], buckets=BUCKETS
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer. `route` is the rule, never the path: its values must stay few."""
    _counter(method, route, status).inc()
    _histogram(route).observe(seconds)


@cache
def _counter(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, status)


@cache
def _histogram(route: str) -> Histogram:
    return SECONDS.labels(route)


def exposition(config: Config) -> tuple[bytes, str]:
    """All metrics in Prometheus' text format with their content type, over all workers."""
    registry = REGISTRY
    if config.multiprocess_dir:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=config.multiprocess_dir)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
