"""How many requests does a target answer when each connection asks again at once?

Run as `python -m loadtests.bench.closed ORDERS`, in a process of its own.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Literal

import gevent
import orjson
from geventhttpclient import HTTPClient

from gate.codec import decode, encode
from loadtests.histogram import Latencies, Sparse

Sends = Literal["points", "run", "search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What to ask, and for how long; the first `warm_up` seconds count for CPU only.

    `size` is how many points a log has. `headers` sign in: the file is for its owner only.
    """

    base_url: str
    method: str
    paths: tuple[str, ...]
    sends: Sends | None
    size: int
    connections: int
    warm_up: float
    seconds: float
    result: str
    headers: Mapping[str, str] = field(repr=False)

    def body(self, number: int) -> bytes:
        """The body of a request; no two logs to one run have a step in common."""
        match self.sends:
            case "points":
                first = number // len(self.paths) * self.size
                points = [
                    {"key": "bench", "value": 0.5, "step": first + step}
                    for step in range(self.size)
                ]
                return orjson.dumps({"metrics": points})
            case "run":
                return orjson.dumps({"name": f"bench {number}", "params": {"lr": "0.1"}})
            case "search":
                return orjson.dumps({"limit": 100})
            case None:
                return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What came back; `sent` counts the warm-up too, and `seconds` is what was measured."""

    sent: int
    counted: int
    seconds: float
    statuses: Mapping[str, int]
    latencies: Sparse


@dataclass(slots=True)
class Run:
    """One load under way."""

    orders: Orders
    numbers: Iterator[int] = field(default_factory=itertools.count)
    sent: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    statuses: Counter[str] = field(default_factory=Counter)
    begins: float = 0.0
    ends: float = 0.0

    def ask(self) -> None:
        """Ask over one connection until the time is over."""
        orders = self.orders
        client = HTTPClient.from_url(orders.base_url, concurrency=1, network_timeout=30)
        headers = {"Content-Type": "application/json"} if orders.sends else {}
        headers |= orders.headers
        while (began := perf_counter()) < self.ends:
            number = next(self.numbers)
            path = orders.paths[number % len(orders.paths)]
            response = client.request(orders.method, path, orders.body(number), headers)
            response.read()
            ended = perf_counter()
            self.sent += 1
            if began >= self.begins:
                self.statuses[str(response.status_code)] += 1
                self.latencies.add(ended - began)
        client.close()

    def all(self) -> Answers:
        """Ask over all connections."""
        now = perf_counter()
        self.begins = now + self.orders.warm_up
        self.ends = self.begins + self.orders.seconds
        crew = [gevent.spawn(self.ask) for _ in range(self.orders.connections)]
        gevent.joinall(crew, raise_error=True)
        return Answers(
            sent=self.sent,
            counted=sum(self.statuses.values()),
            seconds=perf_counter() - self.begins,
            statuses=self.statuses,
            latencies=self.latencies.sparse(),
        )


def main(orders: Path) -> None:
    """Do what the file orders, and write what came back."""
    wanted = decode(Orders, orders.read_text("utf-8"), source=str(orders))
    Path(wanted.result).write_text(encode(Run(wanted).all()), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
