"""What can be broken on purpose, how is it healed, and how do we know that it broke?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import psutil
import psycopg2

from gate.errors import UsageError
from gate.model import Json
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.trees import is_alive

Fault = Callable[[PostgreSQL], AbstractContextManager[Mapping[str, Json]]]


@contextmanager
def postgres_killed(database: PostgreSQL) -> Iterator[Mapping[str, Json]]:
    """`kill -9` of the postmaster, as in an out-of-memory kill; started again at the end.

    The proof: its PID, that it is `gone`, and what a `connect` attempt came to ("refused").
    """
    postmaster = psutil.Process(database.pid)
    database.kill()
    try:
        gone = not is_alive(postmaster)
        yield {"pid": postmaster.pid, "gone": gone, "connect": attempt(database)}
    finally:
        database.start()


def attempt(database: PostgreSQL) -> str:
    """What becomes of a new connection: "accepted", "refused", or the server's complaint."""
    try:
        psycopg2.connect(database.url, connect_timeout=2).close()
    except psycopg2.OperationalError as error:
        first = str(error).strip().partition("\n")[0]
        return "refused" if "Connection refused" in first else first
    return "accepted"


FAULTS: Mapping[str, Fault] = {"postgres-killed": postgres_killed}


def inject(name: str, database: PostgreSQL) -> AbstractContextManager[Mapping[str, Json]]:
    """The fault of that name; UsageError lists the names there are."""
    fault = FAULTS.get(name)
    if fault is None:
        raise UsageError(f"There is no fault {name!r}; there are: {', '.join(sorted(FAULTS))}.")
    return fault(database)
