"""How are all cases measured in one sitting, so that their ratios mean something?

The cases alternate, round after round, with the same ones of bare Flask and of PostgreSQL alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psutil
import psycopg2

from gate.codec import decode, encode
from gate.errors import SetupError
from gate.testbed.embedded import Embedded
from gate.testbed.ports import LOOPBACK, reserve
from gate.testbed.process import Child, Command
from gate.testbed.seeding import fill
from gate.testbed.trees import members
from loadtests.bench.cases import Case, cases
from loadtests.bench.figures import BARE, DATABASE, Round
from loadtests.bench.orders import Answers, Orders
from loadtests.generate import ROOT, surroundings
from loadtests.machine import spent_by

SCALE = 10
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to measure: `rounds` times each case for `seconds`, after a second of warm-up."""

    rounds: int = 3
    seconds: int = 3
    connections: int = 16
    runs: int = 60_000


@dataclass(frozen=True, slots=True)
class Sitting:
    """A testbed with a seeded tenant, and bare Flask next to it."""

    testbed: Embedded
    bare: Child = field(repr=False)
    bare_url: str
    effort: Effort
    seeded: str

    def measure(self, say: Say) -> Mapping[str, list[Round]]:
        """All rounds of all cases, by name."""
        client = self.testbed.actor(self.testbed.tenants[0])
        wanted = cases(client)
        found: dict[str, list[Round]] = {BARE: [], DATABASE: []}
        service = psutil.Process(self.testbed.pids["service"])
        for number in range(self.effort.rounds):
            say(f"Round {number + 1} of {self.effort.rounds}")
            hello = Case(name=BARE, method="GET", paths=("/",))
            found[BARE].append(self.ask(hello, self.bare_url, {}, self.bare.process))
            found[DATABASE].append(self.ask_database())
            for case in wanted:
                answers = self.ask(case, self.testbed.target.base_url, client.credentials, service)
                found.setdefault(case.name, []).append(answers)
        return found

    def ask(
        self, case: Case, base_url: str, headers: Mapping[str, str], server: psutil.Process
    ) -> Round:
        """One case for some seconds, with the CPU time of the server's whole tree."""
        scratch = self.testbed.scratch
        result, file = scratch / "answers.json", scratch / "orders.json"
        orders = Orders(
            base_url=base_url,
            method=case.method,
            paths=case.paths,
            sends=case.sends,
            size=case.size,
            within=case.within,
            connections=self.effort.connections,
            warm_up=1.0,
            seconds=self.effort.seconds,
            result=str(result),
            headers=headers,
        )
        file.touch(mode=0o600)
        file.write_text(encode(orders), "utf-8")
        argv = [sys.executable, "-m", "loadtests.bench.closed", str(file)]
        before = tree_seconds(server)
        try:
            code = self.testbed.run_tool("closed", argv, surroundings(scratch), 60)
        finally:
            file.unlink(missing_ok=True)
        spent = tree_seconds(server) - before
        if code != 0:
            raise SetupError(f"The generator ended with code {code}.")
        answers = decode(Answers, result.read_text("utf-8"), source=str(result))
        return Round.of(answers, spent)

    def ask_database(self) -> Round:
        """PostgreSQL's own benchmark: one row by its key, prepared, without any service."""
        argv = ["-S", "-M", "prepared", "-c", "8", "-j", "2", "-T", str(self.effort.seconds)]
        text = pgbench(self.testbed, argv)
        found = re.search(r"tps = ([0-9.]+)", text)
        if found is None:
            raise SetupError("pgbench gave no figure.")
        latency = re.search(r"latency average = ([0-9.]+)", text)
        mean = float(latency[1]) if latency else 0.0
        return Round(rate=float(found[1]), p50=mean, p99=mean, cpu=0, failed=0)


def tree_seconds(root: psutil.Process) -> float:
    """CPU seconds of a process and all below it so far."""
    return sum(map(spent_by, members(root)))


def pgbench(testbed: Embedded, arguments: list[str]) -> str:
    """Run pgbench on the testbed's server; everything it printed."""
    server = testbed.database()
    log = testbed.site.logs / "pgbench.log"
    start = log.stat().st_size if log.exists() else 0
    command = Command(
        name="pgbench",
        argv=[
            *(server.binaries / "pgbench", "-h", LOOPBACK, "-p", str(server.port)),
            *("-U", "postgres", *arguments, "postgres"),
        ],
        env={"PGPASSWORD": server.password},
    )
    testbed.site.run(command, within=120)
    return log.read_text("utf-8")[start:]


@contextmanager
def sitting(testbed: Embedded, effort: Effort, say: Say) -> Iterator[Sitting]:
    """Seed the first tenant and start bare Flask, on the server that the service has."""
    say(f"Seeding {effort.runs:,} runs")
    tenant_id = testbed.tenant_ids[testbed.tenants[0]]
    said = fill(testbed.site, testbed.schema.app_url, tenant_id, ["--runs", str(effort.runs)])
    say(said)
    pgbench(testbed, ["-i", "-q", "-s", str(SCALE)])
    vacuum(testbed)
    with reserve() as port:
        url = f"http://{LOOPBACK}:{port}"
        workers = str(psutil.cpu_count() or 1)
        server = ["--interface", "wsgi", "--host", LOOPBACK, "--port", str(port), "--no-ws"]
        crew = ["--workers", workers, "--blocking-threads", "1"]
        command = Command(
            name="bare",
            argv=[sys.executable, "-m", "granian", *server, *crew, "loadtests.bench.bare:app"],
            folder=ROOT,
        )
        bare = testbed.site.start(command, lambda: answers(url))
        try:
            yield Sitting(testbed, bare, url, effort, said)
        finally:
            testbed.site.stop(bare)


def vacuum(testbed: Embedded) -> None:
    """Bring the statistics up to date, as autovacuum would in a while."""
    server = testbed.database()
    connection = psycopg2.connect(server.url_for(testbed.schema.database))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def answers(url: str) -> bool:
    """Does it answer at all?"""
    try:
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
