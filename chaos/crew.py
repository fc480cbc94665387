"""Who writes, and who feels the pulse, while something breaks?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event

from chaos.history import Ending, Exchange, Write
from chaos.workload import LIVENESS, READINESS, Clock, Place, ask_health
from gate.check import Client
from gate.testbed.waiting import until

HANDS = 6
HEALTH = (LIVENESS, READINESS)
PAUSE = 0.01
"""Seconds between a writer's requests; without, an outage that answers fast would be a flood."""
PULSE = 0.05
"""Seconds between two looks at liveness and readiness."""


@dataclass(slots=True)
class Crew:
    """Threads that work until told to stop, and all that they noted. Lists only ever grow."""

    stop: Event = field(default_factory=Event)
    writes: list[Write] = field(default_factory=list)
    liveness: list[Exchange] = field(default_factory=list)
    readiness: list[Exchange] = field(default_factory=list)

    def acknowledged(self, since: float = 0.0) -> int:
        """How many writes asked for since then were acknowledged."""
        return sum(
            write.ending is Ending.OK and write.exchange.called >= since
            for write in tuple(self.writes)
        )

    def wait(self, condition: Callable[[], bool], within: float) -> bool:
        """Let them work until the condition holds; False when it did not in that time.

        The threads only end before they are told to when one of them broke: no use to wait then.
        """
        return until(lambda: self.stop.is_set() or condition(), within)

    def repeat(self, act: Callable[[], None], pause: float) -> None:
        """Do it again and again until told to stop; whoever breaks stops all."""
        try:
            while not self.stop.wait(pause):
                act()
        finally:
            self.stop.set()


@contextmanager
def at_work(places: Sequence[Place], label: str, visitor: Client | None = None) -> Iterator[Crew]:
    """Six writers, spread over the places, who work for as long as the block lasts.

    A visitor looks at liveness and readiness all the time. Whatever a thread broke of is raised
    at the end of the block.
    """
    crew = Crew()
    acts = [
        (writer(crew, places[hand % len(places)], f"{label}-{hand}"), PAUSE)
        for hand in range(HANDS)
    ]
    if visitor is not None:
        acts += [(pulse(crew, visitor, subject, places[0].clock), PULSE) for subject in HEALTH]
    with ThreadPoolExecutor(max_workers=len(acts)) as pool:
        threads = [pool.submit(crew.repeat, act, pause) for act, pause in acts]
        try:
            yield crew
        finally:
            crew.stop.set()
        for thread in threads:
            thread.result()


def writer(crew: Crew, place: Place, label: str) -> Callable[[], None]:
    """A writer that gives each write a name of its own."""
    numbers = count()
    return lambda: crew.writes.append(place.write(f"{label}-{next(numbers)}"))


def pulse(crew: Crew, visitor: Client, subject: str, clock: Clock) -> Callable[[], None]:
    """A visitor that notes liveness or readiness."""
    notes = crew.liveness if subject == LIVENESS else crew.readiness
    return lambda: notes.append(ask_health(visitor, subject, clock))
