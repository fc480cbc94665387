"""How are tables taken from all who use them, without a deadlock that costs one of these?"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gate.errors import SetupError

ATTEMPTS = 20


def lock_tables(link: Connection, tables: Sequence[sql.Composable], mode: str) -> None:
    """Take all tables until the transaction ends; SetupError when they are never free together.

    `mode` is one of PostgreSQL's (13.3.1), such as SHARE. Who gives way in a deadlock is us: before
    the second is over after which a server looks for one, and ends somebody's transaction.
    """
    order = sql.SQL(f"LOCK TABLE {{}} IN {mode} MODE").format(sql.SQL(", ").join(tables))
    for _ in range(ATTEMPTS):
        try:
            with link.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
                cursor.execute(order)
                return
        except errors.LockNotAvailable:
            link.rollback()
    raise SetupError("The tables are never all free at once: let the service rest.")
