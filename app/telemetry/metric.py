"""What is one metric: its name, kind, labels, and who feeds it?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """Prometheus' types. Info and Enum do not exist across processes, so neither do they here."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Feed(StrEnum):
    """Who writes the numbers."""

    WORKER = "worker"
    JOB = "job"
    NOBODY = "nobody yet"


# How the values of living processes become one: their sum, the least, the greatest, the newest.
Mode = Literal["livesum", "livemin", "livemax", "livemostrecent"]
# Seconds. 0.1, 0.5 and 1.0 are the edges of the objectives and alerts.
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0)
BYTES = (256, 1024, 4096, 65536, 1048576)
MINUTES = (1, 10, 60, 300, 900, 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One row of the catalogue; `name` with the unit, as Prometheus names it.

    `why` says of a metric that no worker feeds what it waits for.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    mode: Mode | None = None
    feed: Feed = Feed.WORKER
    why: str = ""


def counter(name: str, text: str, *labels: str) -> Metric:
    """A count since the start of the service."""
    return Metric(name=f"maestro_{name}", kind=Kind.COUNTER, help=text, labels=labels)


def gauge(name: str, text: str, *labels: str, mode: Mode = "livesum") -> Metric:
    """A present value; `mode` says how those of several workers become one."""
    return Metric(name=f"maestro_{name}", kind=Kind.GAUGE, help=text, labels=labels, mode=mode)


def histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Metric:
    """A distribution over fixed buckets."""
    return Metric(
        name=f"maestro_{name}", kind=Kind.HISTOGRAM, help=text, labels=labels, buckets=buckets
    )
