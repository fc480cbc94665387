"""What keeps the tenants apart in the database, and does it keep them apart now?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from gate.check import Tenancy

OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'"
GUARDS: Mapping[str, str] = {
    "row-level security": """
        SELECT n.nspname, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
          pg_get_userbyid(c.relowner), c.reloptions
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND {ours}""",
    "policies": """
        SELECT schemaname, tablename, policyname, permissive, roles, cmd, qual, with_check
        FROM pg_policies""",
    "roles": """
        SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
          rolreplication, rolbypassrls, rolconfig
        FROM pg_roles WHERE rolname !~ '^pg_'""",
    "memberships": """
        SELECT pg_get_userbyid(roleid), pg_get_userbyid(member), admin_option
        FROM pg_auth_members""",
    "grants": """
        SELECT n.nspname, c.relname, a.attname, COALESCE(a.attacl, c.relacl)::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL WHERE {ours}""",
    "keys": """
        SELECT n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours}""",
    "functions": """
        SELECT n.nspname, p.proname, p.prosecdef, p.proacl::text, md5(p.prosrc)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {ours}""",
}
DIGEST = """
SELECT count(*), encode(sha256(convert_to(
    COALESCE(string_agg(md5(t::text), '' ORDER BY md5(t::text)), ''), 'UTF8')), 'hex')
FROM ({query}) t
"""
READABLE = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = %(column)s AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {ours}
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1, 2
"""
SEEN = """
SELECT count(*) FILTER (WHERE {column}::text = %(tenant)s),
  count(*) FILTER (WHERE {column}::text IS DISTINCT FROM %(tenant)s) FROM {table}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """All of one kind that keeps tenants apart, such as the policies."""

    name: str
    count: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the service's role sees of a table under a tenant's scope: rows of its own and others'.

    The tenant "" is no scope at all.
    """

    table: str
    tenant: str
    own: int
    foreign: int


def take_guards(url: str) -> Iterator[Guard]:
    """Each kind with a digest that any change of one changes; `url` is a superuser's."""
    with closing(psycopg2.connect(url, connect_timeout=10)) as link, link.cursor() as cursor:
        yield from guards_seen(cursor)


def guards_seen(cursor: Cursor) -> Iterator[Guard]:
    """The same, as a transaction sees them."""
    for name, query in GUARDS.items():
        cursor.execute(sql.SQL(DIGEST).format(query=ours(query)))
        count, sha256 = cursor.fetchone() or (0, "")
        yield Guard(name=name, count=count, sha256=sha256)


def ours(query: str) -> sql.Composed:
    """The query, about what is not PostgreSQL's own."""
    return sql.SQL(query).format(ours=sql.SQL(OURS))


def take_views(tenancy: Tenancy) -> Iterator[View]:
    """What each tenant sees of each table with a tenant's column, and what nobody sees.

    As the service's own role, in transactions that are rolled back.
    """
    scopes = ("", *tenancy.tenants.values())
    with (
        closing(psycopg2.connect(tenancy.url, connect_timeout=10)) as link,
        link.cursor() as cursor,
    ):
        cursor.execute(ours(READABLE), {"column": tenancy.column})
        tables = cursor.fetchall()
        link.rollback()
        for tenant in scopes:
            cursor.execute("SELECT set_config(%s, %s, true)", (tenancy.setting, tenant))
            for schema, table in tables:
                yield see(cursor, tenancy.column, sql.Identifier(schema, table), tenant)
            link.rollback()


def see(cursor: Cursor, column: str, table: sql.Identifier, tenant: str) -> View:
    """One table, as it is seen now."""
    query = sql.SQL(SEEN).format(column=sql.Identifier(column), table=table)
    cursor.execute(query, {"tenant": tenant})
    own, foreign = cursor.fetchone() or (0, 0)
    return View(table=table.strings[-1], tenant=tenant, own=own, foreign=foreign)
