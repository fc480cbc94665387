"""How does a real PostgreSQL run, die, and come back?"""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg2

from gate.check import Database
from gate.errors import SetupError
from gate.testbed.binaries import postgresql_programs
from gate.testbed.cluster import ENVIRONMENT, SUPERUSER, create_cluster
from gate.testbed.identity import Identity, unprivileged
from gate.testbed.ports import LOOPBACK, reserve
from gate.testbed.process import Child, Command
from gate.testbed.site import Site
from gate.testbed.trees import is_alive, kill, members
from gate.testbed.waiting import until


@dataclass(slots=True, kw_only=True)
class PostgreSQL:
    """A PostgreSQL server on loopback; implements `gate.check.Database`.

    `database` is the one that `url` names. The port stays reserved while the server is down.
    """

    site: Site = field(repr=False)
    name: str
    binaries: Path
    data: Path
    port: int
    password: str = field(repr=False)
    database: str = "postgres"
    runs_as: Identity
    child: Child | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The superuser's libpq URL of `database`. Secret."""
        return self.url_for(self.database)

    @property
    def secrets(self) -> dict[str, str]:
        """The superuser's password, with the placeholder to print instead."""
        return {self.password: "$DATABASE_SUPERUSER_PASSWORD"}

    @property
    def pid(self) -> int:
        """The postmaster's PID; SetupError when it does not run."""
        if self.child is None:
            raise SetupError(f"{self.name} does not run.")
        return self.child.pid

    @property
    def identity(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess` to run a program on the data folder as its owner."""
        return self.runs_as.of_process()

    def url_for(self, database: str) -> str:
        """The superuser's libpq URL of another database. Secret."""
        return f"postgresql://{SUPERUSER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections; no error when it runs."""
        if self.child is not None and self.child.is_running():
            return
        self.forget()
        self.child = self.site.start(self.command(), self.accepts, within=60)

    def stop(self) -> None:
        """Shut down cleanly (fast mode, with a checkpoint); no error when it does not run."""
        if self.child is not None:
            self.site.stop(self.child)
            self.child = None

    def kill(self) -> None:
        """SIGKILL the postmaster, then wait until its children have ended by themselves.

        Children that cannot end (stopped ones) are killed after three seconds.
        """
        if self.child is None:
            return
        orphans = members(self.child.process) - {self.child.process}
        kill([self.child.process])
        self.child.wait(within=10)
        until(lambda: not any(map(is_alive, orphans)), within=3)
        kill(orphans)
        self.forget()

    def forget(self) -> None:
        """Strike a dead server off the record."""
        if self.child is not None:
            self.site.kill(self.child)
            self.child = None

    def accepts(self) -> bool:
        """Does it let the superuser in?"""
        try:
            psycopg2.connect(self.url_for("postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def command(self) -> Command:
        """The postmaster. Port and address are arguments, so that any data folder will do."""
        listen = ["-p", str(self.port), "-c", f"listen_addresses={LOOPBACK}"]
        return Command(
            name=self.name,
            argv=[self.binaries / "postgres", "-D", self.data, *listen],
            env=ENVIRONMENT,
            folder=self.data,
            identity=self.runs_as,
            farewell=signal.SIGINT,
        )


@contextmanager
def new_postgresql(
    site: Site, name: str = "postgresql", database: str = "postgres"
) -> Iterator[PostgreSQL]:
    """A new, empty server that runs for as long as the block lasts."""
    identity = unprivileged()
    if not identity.may_enter(site.state):
        raise SetupError(
            f"The user nobody cannot enter {site.state}: set TMPDIR to a folder it can."
        )
    binaries = postgresql_programs(identity, site.state)
    password = secrets.token_urlsafe(24)
    data = create_cluster(site, binaries, identity, site.state / name, password)
    with reserve() as port:
        server = PostgreSQL(
            site=site,
            name=name,
            binaries=binaries,
            data=data,
            port=port,
            password=password,
            database=database,
            runs_as=identity,
        )
        yield from running(server)


@contextmanager
def sibling(database: Database, data: Path) -> Iterator[PostgreSQL]:
    """The same programs and passwords on another (restored) data folder, on a port of its own.

    The folder is given to the user that the server runs as; whatever recovery settings are in it
    apply. SetupError when `database` is not ours or the server does not come up.
    """
    if not isinstance(database, PostgreSQL):
        raise SetupError("Only a server of this testbed can be restored beside itself.")
    database.runs_as.own(data)
    data.chmod(0o700)
    with reserve() as port:
        name = f"{database.name}-on-{port}"
        yield from running(replace(database, name=name, data=data, port=port, child=None))


def running(server: PostgreSQL) -> Iterator[PostgreSQL]:
    """Start, hand out, and stop in every case."""
    server.start()
    try:
        yield server
    finally:
        server.stop()
