"""In which of a service's stores does anything of one tenant stand?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg2
import redis
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from gate.check import Testbed
from validators.behind.cache_scan import content

DATABASE, CACHE, FILES, LOG = "table", "redis", "folder", "log"
PATIENCE = "SET statement_timeout = '5s'"
# Partitions by themselves, which hold the rows of their parents; materialised views as well.
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_(catalog|toast)'
ORDER BY 1, 2
"""  # noqa: E501
HOLDING = "SELECT count(*) FROM {table} t WHERE t::text ~ %(marks)s"
MOST_BYTES = 8 << 20
Amounts = Counter[str]
"""How many rows, entries, files or lines hold a mark, by store: `table public.runs`, `redis`."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What only one tenant has: its id, its ids and names, and the token in all that it wrote."""

    tenant_id: str
    token: str
    names: Collection[str] = ()

    @property
    def marks(self) -> tuple[str, ...]:
        """Each of them as rows, keys and paths may write it; ids also as raw bytes."""
        plain = UUID(self.tenant_id)
        forms = (self.tenant_id, plain.hex, str(plain.bytes)[2:-1])
        return (*forms, self.token, self.token.encode().hex(), *self.names)


def search(testbed: Testbed, trail: Trail, folders: Sequence[Path]) -> Amounts:
    """Every table of the database, every entry of Redis, every file, every line of the log."""
    found: Amounts = Counter({CACHE: 0, FILES: 0})
    url = testbed.database().url
    with closing(psycopg2.connect(url, connect_timeout=5)) as link, link.cursor() as cursor:
        cursor.execute(PATIENCE)
        found.update(dict(search_tables(cursor, trail)))
    with closing(redis.Redis.from_url(testbed.cache_url())) as cache:
        entries = (f"{key!r} {value}" for key, value in content(cache).items())
        found[CACHE] = holding(entries, trail.marks)
    found[FILES] = holding((text for each in folders for text in texts_of(each)), trail.marks)
    logs = (line for log in testbed.telemetry().logs for line in log.open(errors="replace"))
    found[LOG] = holding(logs, trail.marks)
    return found


def search_tables(cursor: Cursor, trail: Trail) -> Iterator[tuple[str, int]]:
    """Each table, with the number of rows that have a mark in any of their columns."""
    marks = "|".join(map(re.escape, trail.marks))
    cursor.execute(TABLES)
    for schema, table in cursor.fetchall():
        name = sql.Identifier(schema, table)
        cursor.execute(sql.SQL(HOLDING).format(table=name), {"marks": marks})
        (count,) = cursor.fetchone() or (0,)
        yield f"{DATABASE} {schema}.{table}", count


def texts_of(folder: Path) -> Iterator[str]:
    """Each file and folder below: its path there, and the beginning of its content."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        yield name
        if path.is_file():
            with path.open("rb") as file:
                yield file.read(MOST_BYTES).decode(errors="replace")


def holding(texts: Iterable[str], marks: Collection[str]) -> int:
    """How many of the texts hold a mark."""
    return sum(any(each in text for each in marks) for text in texts)
