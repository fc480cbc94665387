"""What does each tenant have in each table, in a form that can be compared?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from gate.testbed.locks import lock_tables

NOBODY = ""
TABLES = """
SELECT n.nspname, c.relname, EXISTS (
    SELECT FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2
"""
DIGEST = """
SELECT {tenant}, count(*), encode(sha256(convert_to(
    string_agg(md5(t::text), '' ORDER BY md5(t::text)), 'UTF8')), 'hex')
FROM {table} t GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """All rows of a tenant (or of nobody, in a table without tenants) in one table."""

    table: str
    tenant: str
    rows: int
    sha256: str


@contextmanager
def held_still(url: str) -> Iterator[None]:
    """Let all who write to any table finish, and who wants to write wait; reading goes on.

    `url` is a superuser's. SetupError when the writers do not let the tables go.
    """
    with closing(psycopg2.connect(url, connect_timeout=10)) as link, link.cursor() as cursor:
        cursor.execute(TABLES)
        names = [sql.Identifier(schema, table) for schema, table, _ in cursor.fetchall()]
        lock_tables(link, names, "SHARE")
        yield


def take_digests(url: str) -> tuple[Digest, ...]:
    """Every table of the database, tenant by tenant, in one snapshot.

    `url` is a superuser's, whom row-level security hides nothing from. The order of the rows on
    disk, which a restore may change, does not matter.
    """
    with closing(psycopg2.connect(url, connect_timeout=10)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL TimeZone = 'UTC'")
            return tuple(digest_tables(cursor))


def digest_tables(cursor: Cursor) -> Iterator[Digest]:
    """The digests, table by table."""
    cursor.execute(TABLES)
    for schema, table, owned in cursor.fetchall():
        column = sql.SQL("t.tenant_id::text" if owned else "''::text")
        cursor.execute(sql.SQL(DIGEST).format(tenant=column, table=sql.Identifier(schema, table)))
        for tenant, rows, sha256 in cursor.fetchall():
            yield Digest(table=table, tenant=tenant or NOBODY, rows=rows, sha256=sha256)
