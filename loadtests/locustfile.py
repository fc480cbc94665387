"""How is a planned load sent, on time, by Locust?

Run by `python -m locust --headless -f … --plan FILE`; importing it patches the process. Locust's
users wait for their answers, so a stalled service would slow down its own test (coordinated
omission). Here one scheduler puts every arrival on a queue when it is due, the users only take
from it, and latency counts from the due time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import gevent
from gevent.event import Event
from gevent.queue import SimpleQueue
from locust import FastHttpUser, events, task
from locust.argument_parser import LocustArgumentParser
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

from loadtests.arrivals import Arrival, schedule
from loadtests.plan import Plan, write_rows
from loadtests.tally import Tally

LEAD = 0.2  # seconds between the last client's start and the first arrival


@dataclass(slots=True)
class Load:
    """One load under way; `present` arrivals are in line or under way."""

    plan: Plan
    arrivals: tuple[Arrival, ...]
    tally: Tally
    clients: int
    patience: float
    queue: SimpleQueue[tuple[Arrival, bool]] = field(default_factory=SimpleQueue)
    over: Event = field(default_factory=Event)
    started: float = 0.0
    present: int = 0
    pending: dict[int, Arrival] = field(default_factory=dict)

    def now(self) -> float:
        """Seconds since the load began; before that, negative."""
        return perf_counter() - self.started

    def offer(self) -> None:
        """Put every arrival on the queue when it is due; then wait for the last answers."""
        self.started = perf_counter() + LEAD
        for arrival in self.arrivals:
            gevent.sleep(max(0.0, arrival.at - self.now()))
            self.arrive(arrival)
        self.over.wait(timeout=2 * self.patience)
        for arrival in self.pending.values():
            self.tally.cell(arrival).gave_up(self.now() - arrival.at)

    def arrive(self, arrival: Arrival) -> None:
        """Hand over one arrival, and note whether all clients are busy."""
        cell = self.tally.cell(arrival)
        late = self.present >= self.clients
        if late:
            cell.late += 1
            cell.delayed(self.now() - arrival.at)
        cell.present += self.present
        self.present += 1
        self.queue.put((arrival, late))

    def serve(self, session: FastHttpSession) -> None:
        """Take one arrival, send it, and count it."""
        arrival, late = self.queue.get()
        cell = self.tally.cell(arrival)
        sent = self.now()
        if not late:
            cell.delayed(sent - arrival.at)
        status = self.send(session, arrival)
        done = self.now()
        cell.answered(status, done - arrival.at, done - sent)
        self.present -= 1
        del self.pending[arrival.number]
        if not self.pending:
            self.over.set()

    def send(self, session: FastHttpSession, arrival: Arrival) -> int:
        """The HTTP status of one request, 0 when there was no answer."""
        operation = arrival.operation
        paths = self.plan.paths[operation.name]
        response = session.request(
            operation.method,
            paths[arrival.number % len(paths)],
            name=operation.name,
            headers=dict(self.plan.headers),
            json=operation.body(arrival.number),
        )
        return int(response.status_code)


class Caller(FastHttpUser):
    """A client with its own connection, which takes the next arrival when it is free."""

    load: ClassVar[Load]
    insecure = False

    @task
    def take(self) -> None:
        """Serve one arrival."""
        self.load.serve(self.client)


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def accept_plan(parser: LocustArgumentParser) -> None:
    """Let Locust take the path of the plan."""
    parser.add_argument("--plan", type=Path, required=True)


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: Any) -> None:
    """Work out the schedule before the clients start."""
    options: Any = environment.parsed_options
    plan = Plan.read(options.plan)
    profile = plan.profile
    arrivals = schedule(profile, plan.seed)
    Caller.host = plan.base_url
    Caller.network_timeout = Caller.connection_timeout = profile.patience
    Caller.load = Load(
        plan=plan,
        arrivals=arrivals,
        tally=Tally.expecting(profile, arrivals),
        clients=profile.clients,
        patience=profile.patience,
        pending={arrival.number: arrival for arrival in arrivals},
    )
    environment.events.spawning_complete.add_listener(  # type: ignore[no-untyped-call]
        lambda **_: gevent.spawn(run, environment)
    )


def run(environment: Environment) -> None:
    """Offer the load, keep what was seen, and end the process in every case."""
    load, runner = Caller.load, environment.runner
    try:
        load.offer()
        write_rows(Path(load.plan.rows), load.tally.rows())
        # Locust counts failed requests as its own failure; here the rows tell of them
        environment.process_exit_code = 0
    finally:
        if runner is not None:
            runner.quit()
