"""How are PostgreSQL's own programs asked to do something, and did they do it?"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from psycopg2.extensions import parse_dsn

from recovery.errors import RecoveryError

VARIABLES: Mapping[str, str] = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
OPENS_WITHIN = 60  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running PostgreSQL and the programs of its version.

    `url` is a libpq URL of a role with REPLICATION that may also create restore points.
    """

    url: str = field(repr=False)
    binaries: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """How to reach the server. A password in an argument would be seen in `ps`."""
        parts = parse_dsn(self.url)
        named = {variable: parts[key] for key, variable in VARIABLES.items() if key in parts}
        return {"LC_ALL": "C", **named}

    def ask(self, question: str, *values: str) -> str:
        """The one value that a query gives, as text; RecoveryError when the server refuses."""
        try:
            with closing(psycopg2.connect(self.url, connect_timeout=10)) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(question, values)
                    row = cursor.fetchone()
        except psycopg2.Error as error:
            raise RecoveryError(f"The server refuses: {str(error).strip()}") from error
        return "" if row is None else str(row[0])

    def is_at_target(self) -> bool:
        """Is a restored server where it was to go, and waiting to be opened?"""
        if self.is_open():
            raise RecoveryError("The server is open for writes: nobody can look at it first.")
        return self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused"

    def open(self) -> None:
        """Let a restored server that is at its target take writes; return when it does."""
        if not self.is_at_target():
            raise RecoveryError("The server is not at its target yet: open it once it is.")
        if self.ask("SELECT pg_promote(wait_seconds => %s)", str(OPENS_WITHIN)) != "True":
            raise RecoveryError(f"The server did not open for writes in {OPENS_WITHIN} s.")

    def is_open(self) -> bool:
        """Does it take writes? A restored server does not before it is opened."""
        return self.ask("SELECT pg_is_in_recovery()") == "False"

    def run(self, program: str, *arguments: str | Path, within: float) -> None:
        """Let one of the server's programs do its work on the server."""
        run(self.binaries / program, arguments, self.environment, within)


def run(
    program: Path, arguments: Sequence[str | Path], environment: Mapping[str, str], within: float
) -> None:
    """Run a program to its end; RecoveryError unless it returns 0 in `within` seconds.

    The return code decides: a program that crashes while it loads says nothing on stderr.
    """
    try:
        done = subprocess.run(
            [program, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=within,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RecoveryError(f"{program.name} took more than {within:g} s.") from error
    if done.returncode != 0:
        words = done.stderr.strip() or "without a word"
        raise RecoveryError(f"{program.name} failed with code {done.returncode}: {words}")
