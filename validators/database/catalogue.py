"""What does the database's own catalogue say about rows of several tenants?

Asked as the role that the application uses, so that every privilege is seen as it is. PostgreSQL's
system catalogues are described in its manual, chapter 52; row security in section 5.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gate.model import Json

OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%%'"
NAME = "n.nspname || '.' || c.relname"
EXEMPT = "(o.rolsuper OR o.rolbypassrls)"
ROLE = """
SELECT current_user, r.rolsuper, r.rolbypassrls,
  ARRAY(SELECT p.rolname::text FROM pg_roles p
        WHERE pg_has_role(r.oid, p.oid, 'MEMBER') AND p.oid <> r.oid
        AND (p.rolsuper OR p.rolbypassrls)),
  ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND {ours} AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
FROM pg_roles r WHERE r.rolname = current_user
"""
RELATIONS = """
SELECT {name}, c.relkind, {exempt}, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
  EXISTS (SELECT FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attname = %(column)s AND NOT a.attisdropped),
  ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
        WHERE has_table_privilege(c.oid, p)
        OR (p IN ('SELECT', 'INSERT', 'UPDATE') AND has_any_column_privilege(c.oid, p))),
  COALESCE(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles o ON o.oid = c.relowner
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {ours}
AND has_schema_privilege(n.oid, 'USAGE') ORDER BY 1
"""
POLICIES = """
SELECT p.schemaname || '.' || p.tablename, p.policyname, p.cmd, p.permissive = 'PERMISSIVE',
  p.qual, p.with_check
FROM pg_policies p WHERE EXISTS (
  SELECT FROM unnest(p.roles) r
  WHERE r = 'public' OR pg_has_role(current_user, r, 'MEMBER')) ORDER BY 1, 2
"""
UNIQUE = """
SELECT {name}, u.relname, ARRAY(
  SELECT a.attname::text FROM unnest(i.indkey) k
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k)
FROM pg_index i JOIN pg_class u ON u.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND {ours} ORDER BY 1, 2
"""
REFERENCES = """
SELECT {name}, f.conname, t.relname,
  ARRAY(SELECT a.attname || '=' || b.attname FROM unnest(f.conkey, f.confkey) k(x, y)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.x
        JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.y)
FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class t ON t.oid = f.confrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE f.contype = 'f' AND f.conparentid = 0 AND {ours} ORDER BY 1, 2
"""
FUNCTIONS = """
SELECT n.nspname || '.' || p.proname, {exempt}
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles o ON o.oid = p.proowner
WHERE p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE') AND {ours} ORDER BY 1
"""
SEQUENCES = """
SELECT {name} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {ours} AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT') END
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Question:
    """One query; its first column is what the fact is about, the others are the fact."""

    kind: str
    query: str
    columns: tuple[str, ...]


QUESTIONS = (
    Question("role", ROLE, ("superuser", "bypasses", "privileged_roles", "owns")),
    Question(
        "relation",
        RELATIONS,
        (
            *("kind", "owner_exempt", "enabled", "forced", "partition", "has_tenant"),
            *("privileges", "invoker"),
        ),
    ),
    Question("policy", POLICIES, ("name", "command", "permissive", "using", "check")),
    Question("unique", UNIQUE, ("name", "columns")),
    Question("reference", REFERENCES, ("name", "target", "pairs")),
    Question("definer", FUNCTIONS, ("owner_exempt",)),
    Question("sequence", SEQUENCES, ()),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the catalogue."""

    kind: str
    subject: str
    data: Mapping[str, Json]


def read_catalogue(connection: Connection, column: str) -> Iterator[Fact]:
    """Every fact; `column` is what names the tenant in a table."""
    with connection.cursor() as cursor:
        for question in QUESTIONS:
            text = question.query.format(name=NAME, exempt=EXEMPT, ours=OURS)
            cursor.execute(text, {"column": column})
            for subject, *values in cursor.fetchall():
                yield Fact(question.kind, subject, dict(named(question.columns, values)))


def named(columns: tuple[str, ...], values: list[Any]) -> Iterator[tuple[str, Json]]:
    """The values of one row under their names."""
    yield from zip(columns, values, strict=True)
