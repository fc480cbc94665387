"""How many requests does a target answer when each connection asks again at once?

Run as `python -m loadtests.bench.closed ORDERS`, in a process of its own.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import gevent
from geventhttpclient import HTTPClient

from gate.codec import decode, encode
from loadtests.bench.orders import Answers, Orders
from loadtests.histogram import Latencies


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
