"""What does a tenant send that asks for far more than its share? A process of its own.

It says that it is ready, waits for the windows, and asks again and again within them, at a bounded
rate; what it was answered is counted by status and by window.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from gate.codec import decode, encode
from gate.testbed.waiting import until

WAIT = 30.0
NO_ANSWER = "0"
Span = tuple[float, float]
"""From when to when, in seconds of the machine's monotonic clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Whom to ask what, how often a second, from how many threads. Secret: it signs in."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    rate: int
    threads: int

    def write(self, path: Path) -> None:
        """Store the orders in a new file that nobody else can read."""
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(encode(self), "utf-8")


@dataclass(frozen=True, slots=True)
class Spans:
    """When to flood."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """Statuses with their counts; "0" is no answer."""

    statuses: Mapping[str, int]


def ready_file(folder: Path) -> Path:
    """It is there once the flood could begin."""
    return folder / "ready"


def spans_file(folder: Path) -> Path:
    """It says when."""
    return folder / "spans.json"


def answers_file(folder: Path) -> Path:
    """It says what came of it."""
    return folder / "answers.json"


def times(span: Span, rate: int, thread: int, threads: int) -> Sequence[float]:
    """When one of the threads asks: every so often, evenly among the threads."""
    begin, end = span
    count = int((end - begin) * rate)
    return [begin + number / rate for number in range(thread, count, threads)]


def flood(orders: Orders, spans: Sequence[Span], thread: int) -> Counter[str]:
    """One thread's part: what is late is sent at once, and nothing after a window's end."""
    found: Counter[str] = Counter()
    with httpx.Client(headers=dict(orders.headers), timeout=5, trust_env=False) as http:
        for span in spans:
            for due in times(span, orders.rate, thread, orders.threads):
                time.sleep(max(0.0, due - time.monotonic()))
                if time.monotonic() > span[1]:
                    break
                found[ask(http, orders.url)] += 1
    return found


def ask(http: httpx.Client, url: str) -> str:
    """The status of an answer."""
    try:
        return str(http.get(url).status_code)
    except httpx.RequestError:
        return NO_ANSWER


def serve(folder: Path) -> int:
    """Read the orders, wait for the windows, flood, and say what came of it; an exit code."""
    orders = decode(Orders, (folder / "orders.json").read_text("utf-8"), source="the orders")
    ready_file(folder).touch()
    if not until(spans_file(folder).exists, WAIT):
        return 1
    told = decode(Spans, spans_file(folder).read_text("utf-8"), source="the windows")
    with ThreadPoolExecutor(orders.threads) as threads:
        parts = threads.map(lambda each: flood(orders, told.spans, each), range(orders.threads))
        statuses = sum(parts, Counter[str]())
    answers_file(folder).write_text(encode(Answers(statuses)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1])))
