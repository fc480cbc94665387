"""How long does a tenant wait while another one floods the service, and how long without?"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.check import Client, NoAnswerError, Testbed
from gate.codec import decode, encode
from gate.model import Observation
from gate.testbed.waiting import until
from loadtests.flood import Answers, Orders, Span, Spans, answers_file, ready_file, spans_file
from loadtests.generate import ROOT, GeneratorError
from loadtests.machine import look
from loadtests.plan import LAG_MS

PATH = "/v1/projects"
ARMS = ("alone", "flooded", "alone again")
FLOODED = ARMS[1]
CLIENTS = 8
FLOOD_THREADS = 4
REST = 0.1
"""Seconds between two windows, so that one does not reach into the next."""
START = 0.5
LONGEST = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many rounds of windows of how many seconds, and how many requests a second in them."""

    rounds: int = 5
    seconds: float = 0.9
    rate: int = 72
    flood_rate: int = 200

    def windows(self, begin: float) -> list[tuple[str, Span]]:
        """When each arm of each round is measured."""
        starts = [begin + at * (self.seconds + REST) for at in range(self.rounds * len(ARMS))]
        return [
            (ARMS[index % len(ARMS)], (at, at + self.seconds)) for index, at in enumerate(starts)
        ]

    def due(self, begin: float) -> list[float]:
        """When the requests of a window are due."""
        return [begin + number / self.rate for number in range(round(self.seconds * self.rate))]


PACE = Pace()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: from its due time to its end and how late it was sent, in milliseconds."""

    waited: float
    late: float
    status: int


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Ask as one tenant 72 times a second, while a new tenant on the smallest plan floods or not.

    Five rounds of three windows of 0.9 s: alone, flooded, alone again. Requests are due at even
    times, whether or not the last was answered, and each is timed from when it was due. The flood,
    200 requests a second, comes from a process of its own, so that it costs the measurement only
    what it costs the service and the machine. Both ask for a list of their own projects.
    """
    yield from compare(testbed, PACE)


def compare(testbed: Testbed, pace: Pace) -> Iterator[Observation]:
    """The windows, how busy the machine was meanwhile, and what came of the flood."""
    client = testbed.actor(testbed.tenants[0])
    client.request("GET", PATH)
    with testbed.newcomer() as crowd, flooding(testbed, crowd, pace) as (folder, running):
        spans = pace.windows(time.monotonic() + START)
        told = [span for arm, span in spans if arm == FLOODED]
        draft = folder / "draft"
        draft.write_text(encode(Spans(tuple(told))), "utf-8")
        draft.rename(spans_file(folder))
        before = look()
        with ThreadPoolExecutor(CLIENTS) as threads:
            found = [measure(client, pace, span, threads) for _, span in spans]
        yield before.until(look(), testbed.clock())
        if running.result() != 0:
            raise GeneratorError("The flood ended without a complete result.")
        answers = decode(Answers, answers_file(folder).read_text("utf-8"), source="the flood")
    for index, ((arm, _), asked) in enumerate(zip(spans, found, strict=True)):
        yield window(testbed, arm, index // len(ARMS), asked)
    yield flood_of(testbed, pace, answers.statuses)


@contextmanager
def flooding(
    testbed: Testbed, crowd: Client, pace: Pace
) -> Iterator[tuple[Path, Future[int | None]]]:
    """The flood's process, ready; its folder, and its exit code to come."""
    with TemporaryDirectory(dir=testbed.scratch) as place, ThreadPoolExecutor(1) as aside:
        folder = Path(place)
        Orders(
            url=testbed.target.base_url + PATH,
            headers=crowd.credentials,
            rate=pace.flood_rate,
            threads=FLOOD_THREADS,
        ).write(folder / "orders.json")
        argv = [sys.executable, "-m", "loadtests.flood", place]
        surroundings = {"PYTHONPATH": str(ROOT)}
        running = aside.submit(testbed.run_tool, "flood", argv, surroundings, LONGEST)
        if not until(lambda: ready_file(folder).exists() or running.done(), LONGEST):
            raise GeneratorError("The flood did not become ready.")
        yield folder, running


def measure(client: Client, pace: Pace, span: Span, threads: ThreadPoolExecutor) -> list[Asked]:
    """Send what is due in a window, each at its time, and wait for the answers.

    Nothing is sent any more in a window that is over: the machine is too slow to be measured.
    """
    begin, end = span
    asked = []
    for at in pace.due(begin) if time.monotonic() < end else ():
        time.sleep(max(0.0, at - time.monotonic()))
        late = 1000 * (time.monotonic() - at)
        asked.append(threads.submit(ask, client, at, late))
    return [each.result() for each in asked]


def ask(client: Client, due: float, late: float) -> Asked:
    """One request; status 0 is no answer."""
    try:
        status = client.request("GET", PATH).status
    except NoAnswerError:
        status = 0
    return Asked(waited=1000 * (time.monotonic() - due), late=late, status=status)


def window(testbed: Testbed, arm: str, index: int, asked: list[Asked]) -> Observation:
    """What the tenant met in one window."""
    statuses = Counter(str(each.status) for each in asked)
    return Observation(
        kind="window",
        subject=arm,
        at=testbed.clock(),
        data={
            "round": index,
            "latencies": [round(each.waited, 2) for each in asked],
            "lagged": sum(each.late > LAG_MS for each in asked),
            "statuses": dict(statuses),
        },
    )


def flood_of(testbed: Testbed, pace: Pace, statuses: Mapping[str, int]) -> Observation:
    """What the other tenant sent, and how much of it was refused as too much."""
    return Observation(
        kind="flood",
        subject=f"GET {PATH}",
        at=testbed.clock(),
        data={
            "wanted": round(pace.rounds * pace.seconds * pace.flood_rate),
            "sent": sum(statuses.values()),
            "limited": statuses.get("429", 0),
            "statuses": dict(statuses),
        },
    )
