"""Which rows can the application's role see and change under one tenant's scope, and under none?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gate.check import Tenancy
from gate.model import Json

SEEN = "SELECT count(*) FILTER (WHERE {column} = %(own)s), count(*) FILTER (WHERE {column} IS DISTINCT FROM %(own)s) FROM {table}"  # noqa: E501
# Without WHERE no SELECT policy joins in, so WITH CHECK alone must refuse it.
MOVE = "UPDATE {table} SET {column} = %(other)s"
CHANGE = "UPDATE {table} SET {column} = {column} WHERE {column} = %(other)s"
REMOVE = "DELETE FROM {table} WHERE {column} = %(other)s"
ALL = "SELECT count(*) FROM {table}"
Outcome = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Rows:
    """A connection of the application's role; nothing that it does here is ever committed."""

    tenancy: Tenancy = field(repr=False)
    connection: Connection = field(repr=False)

    def look(self, relation: str, privileges: Sequence[str]) -> Outcome:
        """What both tenants own, what the first sees of the second, and what it can do to it.

        Counts of rows; a statement that PostgreSQL refused is its SQLSTATE.
        """
        own, other = tuple(self.tenancy.tenants.values())[:2]
        found: Outcome = {
            "own": self.count(relation, own)[0],
            "other": self.count(relation, other)[0],
            "foreign": self.count(relation, own)[1],
            "unscoped": self.run(ALL, relation, None),
        }
        names = {"own": own, "other": other}
        if "UPDATE" in privileges:
            found["moved"] = self.run(MOVE, relation, own, names)
            found["changed"] = self.run(CHANGE, relation, own, names)
        if "DELETE" in privileges:
            found["removed"] = self.run(REMOVE, relation, own, names)
        return found

    def count(self, relation: str, tenant: str) -> tuple[Json, Json]:
        """The tenant's own rows and everybody else's, as the tenant sees them."""
        with self.connection.cursor() as cursor:
            try:
                self.enter(tenant)
                cursor.execute(self.spell(SEEN, relation), {"own": tenant})
                own, foreign = cursor.fetchone() or (0, 0)
            except psycopg2.Error as error:
                return error.pgcode, error.pgcode
            finally:
                self.connection.rollback()
        return own, foreign

    def run(
        self,
        statement: str,
        relation: str,
        tenant: str | None,
        names: Mapping[str, str] | None = None,
    ) -> Json:
        """How many rows a statement counts or changes, or the SQLSTATE that refused it."""
        with self.connection.cursor() as cursor:
            try:
                self.enter(tenant)
                cursor.execute(self.spell(statement, relation), names or {})
                if cursor.description is None:
                    return cursor.rowcount
                row = cursor.fetchone()
            except psycopg2.Error as error:
                return error.pgcode
            finally:
                self.connection.rollback()
        return row[0] if row else 0

    def enter(self, tenant: str | None) -> None:
        """Give the transaction its scope; for None it keeps what the connection has left."""
        if tenant is not None:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT set_config(%s, %s, true)", (self.tenancy.setting, tenant))

    def spell(self, statement: str, relation: str) -> sql.Composed:
        """The statement with its names quoted."""
        return sql.SQL(statement).format(
            table=sql.Identifier(*relation.split(".", 1)),
            column=sql.Identifier(self.tenancy.column),
        )


def connect(tenancy: Tenancy) -> closing[Connection]:
    """A connection of the application's role, closed at the end of the block."""
    return closing(psycopg2.connect(tenancy.url, connect_timeout=5))


def look_at_rows(
    tenancy: Tenancy, relations: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, Outcome]]:
    """Each relation (with the role's privileges on it) that names a tenant and can be read.

    One connection serves them all, so that what one transaction leaves behind meets the next.
    """
    with connect(tenancy) as connection:
        rows = Rows(tenancy, connection)
        for relation, privileges in relations.items():
            if "SELECT" in privileges:
                yield relation, rows.look(relation, privileges)
