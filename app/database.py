"""How does the service reach PostgreSQL, and how does each transaction know its tenant?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Select, create_engine, event, text
from sqlalchemy.orm import Session, SessionTransaction

from app.config import Config

# Milliseconds. Each is far above a healthy request and below a caller's patience.
SERVER_LIMITS = {
    "statement_timeout": 2000,
    "lock_timeout": 1000,
    "idle_in_transaction_session_timeout": 5000,
}
SCOPE = "set_config('app.tenant_id', :tenant, true), set_config('app.operator', :operator, true)"
SET_SCOPE = text(f"SELECT {SCOPE}")
SET_SCOPE_AND_HOLD = {
    False: text(f"SELECT {SCOPE}, pg_advisory_xact_lock_shared(:held)"),
    True: text(f"SELECT {SCOPE}, pg_advisory_xact_lock(:held)"),
}
PSYCOPG2 = create_engine("postgresql+psycopg2://").dialect
SET_TENANT = "SELECT set_config('app.tenant_id', %(scope)s, true)"
db = SQLAlchemy(session_options={"expire_on_commit": False})


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows the session may see. Without a scope row-level security shows none."""

    tenant_id: UUID | None
    operator: bool = False

    def parameters(self) -> Mapping[str, str]:
        """The values of the two settings that the policies read."""
        return {
            "tenant": str(self.tenant_id) if self.tenant_id else "",
            "operator": "on" if self.operator else "off",
        }


def engine_options(config: Config) -> dict[str, Any]:
    """A small pool that sheds load early, notices dead servers and never waits long."""
    limits = " ".join(f"-c {name}={value}" for name, value in SERVER_LIMITS.items())
    return {
        "pool_size": config.pool_size,
        "max_overflow": 0,
        "pool_timeout": 1,
        "pool_pre_ping": True,
        "pool_use_lifo": True,
        "connect_args": {
            "connect_timeout": 2,
            "options": limits,
            "application_name": "maestro",
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 2,
            "tcp_user_timeout": 3000,
        },
    }


@dataclass(frozen=True, slots=True)
class Hold:
    """A place that the transaction's writes are about, locked until it ends.

    Writers of one place share it, except one that has read it and counts on what it read: that one
    is `alone`. The lock travels with the scope, so it costs no round trip.
    """

    place: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Read:
    """A query of one row, compiled once, that reaches the server together with its scope.

    Scope and query travel as one message, which PostgreSQL runs as one transaction: the setting
    dies with it. Only for routes that need nothing else; half the CPU of a session. Inside a
    transaction of the session it runs there, because one request holds one connection.
    """

    sql: str
    columns: tuple[str, ...]

    @classmethod
    def compile(cls, query: Select[Any]) -> Read:
        """Compile a query whose parameters are all bound by name."""
        sql = str(query.compile(dialect=PSYCOPG2))
        columns = tuple(column.key or "" for column in query.selected_columns)
        return cls(f"{SET_TENANT}; {sql}", columns)

    def one(self, tenant_id: UUID, **parameters: Any) -> dict[str, Any] | None:
        """The row as a mapping, or None; `tenant_id` is scope and parameter at once."""
        bound = {"tenant_id": tenant_id, "scope": str(tenant_id), **parameters}
        session = db.session()
        if session.in_transaction():
            row = session.connection().exec_driver_sql(self.sql, bound).one_or_none()
        else:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                row = connection.exec_driver_sql(self.sql, bound).one_or_none()
        return None if row is None else dict(zip(self.columns, row, strict=True))


def enter(scope: Scope) -> None:
    """Give this session its scope, at once when its transaction has begun already."""
    session = db.session()
    session.info["scope"] = scope
    if session.in_transaction():
        session.execute(SET_SCOPE, scope.parameters())


def entered() -> Scope:
    """The session's scope; without one, a scope that shows nothing."""
    scope: Scope = db.session().info.get("scope", Scope(None))
    return scope


def hold(wanted: Hold | None) -> None:
    """What this session's next transaction will hold, before its first statement."""
    db.session().info["hold"] = wanted


@event.listens_for(db.session, "after_begin")
def _set_scope(session: Session, _: SessionTransaction, connection: Connection) -> None:
    """Tell PostgreSQL the scope inside the transaction that the statements will run in."""
    scope, held = session.info.get("scope"), session.info.get("hold")
    if scope is None:
        return
    if held is None:
        connection.execute(SET_SCOPE, scope.parameters())
    else:
        together = {**scope.parameters(), "held": held.place}
        connection.execute(SET_SCOPE_AND_HOLD[held.alone], together)
