"""How does a statement travel with its scope in one message, and is planned only once?

The scope, what is held, and the statements are one message, which PostgreSQL runs as one
transaction: it ends with the message, and the settings with it, and it is done whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import UUID

import psycopg2
from flask import g
from sqlalchemy import Connection, Engine, Row, Select, event

from app.database import PSYCOPG2, Hold, Scope, db, entered, in_transaction

KNOWN, CARRIED = "prepared", "scope"
PARAMETER = re.compile(r"%\((\w+)\)s")
SET_TENANT = "SELECT set_config('app.tenant_id', %(scope)s, true)"
SET_OPERATOR = f"{SET_TENANT}, set_config('app.operator', 'on', true)"
HOLDING = {
    False: f"{SET_TENANT}, pg_advisory_xact_lock_shared(%(held)s)",
    True: f"{SET_TENANT}, pg_advisory_xact_lock(%(held)s)",
}
Rows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that each connection has PostgreSQL read once; planning it costs more than doing.

    `sql` binds everything by name, `%(run_id)s::uuid`, and `columns` are what it gives. There must
    be few of them, none made from what a caller sends: a connection keeps each until it is closed.
    """

    sql: str
    columns: tuple[str, ...]
    name: str
    prepare: str
    execute: str

    @classmethod
    def of(cls, sql: str, columns: tuple[str, ...] = ()) -> Prepared:
        """Prepare a statement of ours."""
        names = list(dict.fromkeys(PARAMETER.findall(sql)))
        numbered = PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", sql)
        name = f"maestro_{blake2b(sql.encode(), digest_size=8).hexdigest()}"
        bound = ", ".join(f"%({each})s" for each in names)
        execute = f"EXECUTE {name} ({bound})" if names else f"EXECUTE {name}"
        return cls(sql, columns, name, f"PREPARE {name} AS {numbered}", execute)

    @classmethod
    def compile(cls, query: Select[Any]) -> Prepared:
        """Prepare a query whose parameters are all bound by name."""
        sql = str(query.compile(dialect=PSYCOPG2))
        return cls.of(sql, tuple(column.key or "" for column in query.selected_columns))

    def all(self, tenant_id: UUID, **values: Any) -> list[dict[str, Any]]:
        """The rows as mappings; `tenant_id` is scope and parameter at once."""
        return self.named(send(tenant_id, self, **values))

    def one(self, tenant_id: UUID, **values: Any) -> dict[str, Any] | None:
        """The same of at most one row."""
        return next(iter(self.all(tenant_id, **values)), None)

    def named(self, rows: Rows) -> list[dict[str, Any]]:
        """Rows of this statement as mappings."""
        return [dict(zip(self.columns, row, strict=True)) for row in rows]


@dataclass(slots=True)
class Sent:
    """What SQLAlchemy, and those who listen to it, want to know of an execution."""

    executemany: bool = False
    execution_options: Mapping[str, Any] = field(default_factory=dict)
    maestro_began: float = 0.0

    def handle_dbapi_exception(self, error: BaseException) -> None:
        """There is no result to be closed."""


def send(tenant_id: UUID, *statements: Prepared, **values: Any) -> Rows:
    """Do the statements one after the other, in one message; the rows of the last.

    Inside a transaction of the session they belong to it, because one request holds one
    connection. Otherwise they are a transaction by themselves, which is over when this returns.
    """
    bound = {"tenant_id": str(tenant_id), **values}
    if in_transaction():
        return _send(db.session.connection(), "", statements, bound)
    held: Hold | None = g.get("hold")
    bound["scope"] = bound["tenant_id"]
    scope = SET_TENANT
    if held is not None:
        scope, bound["held"] = HOLDING[held.alone], held.place
    with db.engine.connect() as connection, unopened(connection):
        return _send(connection, f"{scope}; ", statements, bound)


def _send(
    connection: Connection, scope: str, statements: tuple[Prepared, ...], values: Mapping[str, Any]
) -> Rows:
    """Speak to the driver itself: SQLAlchemy's cursor costs as much CPU as the driver's.

    Its events are told and its errors raised all the same.
    """
    pooled = connection.connection
    known: set[str] = pooled.info.setdefault(KNOWN, set())
    cursor = pooled.cursor()
    told = scope + "; ".join(each.sql for each in statements)
    context: Any = Sent()
    about = (connection, cursor, told, values, context, False)
    for hear in connection.engine.dispatch.before_cursor_execute:
        hear(*about)
    try:
        for each in statements:
            if each.name not in known:
                # By itself: it outlives the transaction, even one that fails.
                cursor.execute(each.prepare, {})
                known.add(each.name)
        cursor.execute(scope + "; ".join(each.execute for each in statements), values)
        rows: Rows = cursor.fetchall()
    except psycopg2.Error as error:
        connection._handle_dbapi_exception(error, told, values, cursor, context)  # noqa: SLF001
    for hear in connection.engine.dispatch.after_cursor_execute:
        hear(*about)
    cursor.close()
    return rows


def fetch(query: Select[Any]) -> Sequence[Row[Any]]:
    """The rows of a query that is made for this request, with its scope in the same message.

    It is compiled once for each shape and planned each time. A table's rows come with its columns,
    not as objects of a session.
    """
    if in_transaction():
        return db.session.connection().execute(query).all()
    options = {CARRIED: entered()}
    with db.engine.connect() as connection, unopened(connection):
        return connection.execute(query, execution_options=options).all()


def carry_scopes(engine: Engine) -> None:
    """Put in front of what `fetch` asks whose rows it may see."""

    def carry(*about: Any) -> tuple[str, Any]:
        _, _, text, values, context, _ = about
        scope: Scope | None = context.execution_options.get(CARRIED)
        if scope is None:
            return text, values
        setting = SET_OPERATOR if scope.operator else SET_TENANT
        return f"{setting}; {text}", {**values, "scope": scope.parameters()["tenant"]}

    event.listen(engine, "before_cursor_execute", carry, retval=True)


@contextmanager
def unopened(connection: Connection) -> Iterator[None]:
    """Let psycopg2 open no transaction of its own, which would be two more round trips.

    SQLAlchemy's isolation level AUTOCOMMIT does the same by asking the server twice.
    """
    driver: Any = connection.connection.driver_connection
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            driver.autocommit = False
