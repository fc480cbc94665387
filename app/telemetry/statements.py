"""How long do statements take, what goes wrong with them, and do they know their tenant?"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import has_app_context
from prometheus_client import Histogram
from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.exc import DBAPIError

from app.database import NOWHERE, entered
from app.models import Base
from app.prepared import SET_TENANT
from app.telemetry.instruments import count, histogram
from app.telemetry.watch import CURRENT

PREFIX = SET_TENANT.partition("(")[0]
VERBS = frozenset({"select", "insert", "update", "delete"})
# PostgreSQL's appendix A: the classes that a healthy schema can meet.
CLASSES = {
    "08": "connection",
    "22": "data",
    "23": "integrity",
    "25": "transaction",
    "40": "rollback",
    "42": "access-or-syntax",
    "53": "resources",
    "55": "state",
    "57": "intervention",
    "58": "system",
}
DEADLOCK, CANCELLED, REFUSED = "40P01", "57014", "42501"
REFUSED_BY_POLICY = re.compile(r'row-level security policy(?: "\w+")? for table "(\w+)"')


@dataclass(frozen=True, slots=True)
class Statement:
    """What a statement is, whatever its values are."""

    verb: str
    table: str
    seconds: Histogram
    needs_scope: bool


@lru_cache(maxsize=1024)
def classify(text: str) -> Statement:
    """Verb and main table of a statement; `other` for what is none of ours."""
    scoped = text.startswith(PREFIX)
    bare = text.partition(";")[2] if scoped else text
    depth = -1
    while depth != len(bare):  # parts in parentheses, from the innermost outwards
        depth, bare = len(bare), re.sub(r"\([^()]*\)", "", bare)
    if bare.lstrip().startswith("WITH"):  # what it writes is inside
        bare = text[text.find("INSERT INTO") :]
    words = bare.split(maxsplit=1)
    verb = words[0].lower() if words and words[0].lower() in VERBS else "other"
    named = re.search(r"\b(?:FROM|INTO|UPDATE)\s+(?:ONLY\s+)?\"?(\w+)", bare, re.IGNORECASE)
    table = named[1] if named and named[1] in Base.metadata.tables else "other"
    owned = table not in {"other", "tenants"}
    seconds = histogram("db_query_duration_seconds", verb, table)
    return Statement(verb, table, seconds, needs_scope=owned and not scoped)


def watch(engine: Engine) -> None:
    """Watch an engine's statements, errors and rollbacks."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)
    event.listen(engine, "rollback", _count_rollback)


def _begin(*arguments: Any) -> None:
    arguments[4].maestro_began = time.perf_counter()


def _end(_: Connection, _cursor: Any, text: str, _values: Any, context: Any, _many: bool) -> None:
    seconds = time.perf_counter() - context.maestro_began
    statement = classify(text)
    statement.seconds.observe(seconds)
    # What is streamed after its request is read in transactions that set their scope themselves.
    if statement.needs_scope and has_app_context() and entered() is NOWHERE:
        count("tenant_context_missing_total")
    _note(statement, seconds, failed=False)


def _count_rollback(connection: Connection) -> None:
    """Reads end with a rollback, too; only those after an error are worth counting."""
    if connection.invalidated:
        count("db_tx_rollbacks_total")
        return
    driver: Any = connection.connection.driver_connection
    if driver.info.transaction_status == TRANSACTION_STATUS_INERROR:
        count("db_tx_rollbacks_total")


def _note(statement: Statement, seconds: float, *, failed: bool) -> None:
    current = CURRENT.get()
    if current is None:
        return
    current.statements += 1
    if current.trace is not None:
        attributes = {
            "db.system.name": "postgresql",
            "db.operation.name": statement.verb,
            "db.collection.name": statement.table,
        }
        name = f"{statement.verb} {statement.table}"
        current.trace.add(name, seconds, attributes, failed=failed)


def _fail(failure: ExceptionContext) -> None:
    """Count an error by its SQLSTATE alone: the driver's text may hold values."""
    state = str(getattr(failure.original_exception, "pgcode", None) or "")
    lost = failure.is_disconnect and not state
    count("db_errors_total", "connection" if lost else CLASSES.get(state[:2], "other"))
    if state == DEADLOCK:
        count("db_deadlocks_total")
    if state == CANCELLED:
        count_timeout()
    if state == REFUSED:
        _count_violation(str(failure.original_exception))
    if failure.statement and isinstance(failure.sqlalchemy_exception, DBAPIError):
        began = getattr(failure.execution_context, "maestro_began", time.perf_counter())
        _note(classify(failure.statement), time.perf_counter() - began, failed=True)


def _count_violation(message: str) -> None:
    found = REFUSED_BY_POLICY.search(message)
    if found and found[1] in Base.metadata.tables:
        count("rls_violation_total", found[1])


def count_timeout() -> None:
    """Count that the present request has waited in vain."""
    current = CURRENT.get()
    count("http_timeouts_total", current.route if current else "none")
