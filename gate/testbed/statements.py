"""What does the service say to its PostgreSQL, statement by statement?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gate.errors import SetupError
from gate.inside import Statement
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.waiting import until

# PostgreSQL's manual, section 19.8.3: %p the process, %u the role, %v the virtual transaction.
PREFIX = "%m [%p] %u@%d %v "
TOLD = {"log_statement": "all", "log_line_prefix": PREFIX}
ENTRY = re.compile(
    r"^\S+ \S+ \S+ \[(\d+)\] ([^@\n]*)@\S* (\d+/\d+) LOG:  (.*(?:\n\t.*)*)", re.MULTILINE
)
SIMPLE = "statement: "
WITHIN = 5.0
Hear = Callable[[], Sequence[Statement]]


@contextmanager
def telling(database: PostgreSQL, logs: Path, role: str) -> Iterator[Hear]:
    """PostgreSQL logs every statement for as long as the block lasts, in all sessions.

    The function returns what the role has said since it was last called. SetupError when the
    server does not take the settings over; they are put back in every case.
    """
    log = logs / f"{database.name}.log"
    with closing(psycopg2.connect(database.url)) as admin:
        admin.autocommit = True
        try:
            for name, value in TOLD.items():
                change(admin, f"ALTER SYSTEM SET {name} = %s", value)
            reload(admin, tells=True)
            yield listener(log, role)
        finally:
            for name in TOLD:
                change(admin, f"ALTER SYSTEM RESET {name}")
            reload(admin, tells=False)


def change(admin: Connection, statement: str, *values: str) -> None:
    """Run one statement."""
    with admin.cursor() as cursor:
        cursor.execute(statement, values)


def reload(admin: Connection, *, tells: bool) -> None:
    """Let all sessions read the settings again, and wait until this one has."""
    change(admin, "SELECT pg_reload_conf()")
    if not until(lambda: (shown(admin) == PREFIX) is tells, within=WITHIN):
        raise SetupError("PostgreSQL did not take its log settings over.")


def shown(admin: Connection) -> str:
    """How lines of the log begin for this session."""
    with admin.cursor() as cursor:
        cursor.execute("SHOW log_line_prefix")
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def listener(log: Path, role: str) -> Hear:
    """A function that returns what was said since its last call."""
    read = [log.stat().st_size]

    def hear() -> Sequence[Statement]:
        new = b""

        def is_whole() -> bool:
            """An entry that is being written while it is read ends in the middle of a line."""
            nonlocal new
            new = gained(log, read[0])
            return new[-1:] in {b"", b"\n"}

        until(is_whole, within=WITHIN)
        read[0] += len(new)
        return [*statements_in(new.decode(errors="replace"), role)]

    return hear


def gained(log: Path, start: int) -> bytes:
    """What stands in the log from there on."""
    with log.open("rb") as lines:
        lines.seek(start)
        return lines.read()


def statements_in(text: str, role: str) -> Iterator[Statement]:
    """The role's statements in a part of the log.

    What a prepared statement is called with stands elsewhere; its text has `$1` for each value.
    """
    for session, user, transaction, said in ENTRY.findall(text):
        if user == role and said.startswith((SIMPLE, "execute ")):
            body = said.partition(": ")[2].replace("\n\t", "\n")
            yield Statement(session=int(session), transaction=transaction, text=body)
