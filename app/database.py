"""How does the service reach PostgreSQL, and how does each transaction know its tenant?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson
from flask import g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction

from app.config import Config
from app.telemetry.pool import WatchedPool

# Milliseconds. Each is far above a healthy request and below a caller's patience.
SERVER_LIMITS = {
    "statement_timeout": 2000,
    "lock_timeout": 1000,
    # What a request that was cut off (`app.connections`) leaves behind must not keep its locks.
    "idle_in_transaction_session_timeout": 2000,
}
SCOPE = "set_config('app.tenant_id', :tenant, true), set_config('app.operator', :operator, true)"
SET_SCOPE = text(f"SELECT {SCOPE}")
SET_SCOPE_AND_HOLD = {
    False: text(f"SELECT {SCOPE}, pg_advisory_xact_lock_shared(:held)"),
    True: text(f"SELECT {SCOPE}, pg_advisory_xact_lock(:held)"),
}
PSYCOPG2 = create_engine("postgresql+psycopg2://").dialect
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


NOWHERE = Scope(None)


def engine_options(config: Config) -> dict[str, Any]:
    """A small pool that sheds load early and never waits long; `app.connections` guards it."""
    limits = " ".join(f"-c {name}={value}" for name, value in SERVER_LIMITS.items())
    return {
        "poolclass": WatchedPool,
        "json_deserializer": orjson.loads,
        "pool_size": config.pool_size,
        "max_overflow": 0,
        "pool_timeout": 1,
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


def enter(scope: Scope) -> None:
    """Give the request, and so its session, a scope: at once when a transaction has begun already.

    It is kept beside the session, which a request that needs none never has to make.
    """
    g.scope = scope
    if in_transaction():
        db.session.execute(SET_SCOPE, scope.parameters())


def entered() -> Scope:
    """The scope of the request or job; without one, a scope that shows nothing."""
    scope: Scope = g.get("scope", NOWHERE)
    return scope


def place_of(tenant_id: UUID | None, path: str, first: object) -> int:
    """The number of the lock on a tenant's object: `path` up to its first id, and that id."""
    place = f"{tenant_id} {path.partition('}')[0]} {first}"
    return int.from_bytes(blake2b(place.encode(), digest_size=8).digest(), signed=True)


def hold(wanted: Hold | None) -> None:
    """What the request's next transaction will hold, before its first statement."""
    g.hold = wanted


def flush() -> None:
    """Send what the request's session holds back, if there is one."""
    if db.session.registry.has():
        db.session.flush()


def commit() -> None:
    """Commit what the request's session has done, if there is one."""
    if db.session.registry.has():
        db.session.commit()


def in_transaction() -> bool:
    """Has the request's session begun a transaction? Makes no session to find out."""
    return db.session.registry.has() and db.session().in_transaction()


@event.listens_for(db.session, "after_begin")
def _set_scope(_: Session, __: SessionTransaction, connection: Connection) -> None:
    """Tell PostgreSQL the scope inside the transaction that the statements will run in."""
    scope: Scope | None = g.get("scope")
    held: Hold | None = g.get("hold")
    if scope is None:
        return
    if held is None:
        connection.execute(SET_SCOPE, scope.parameters())
    else:
        together = {**scope.parameters(), "held": held.place}
        connection.execute(SET_SCOPE_AND_HOLD[held.alone], together)


def release(_: BaseException | None) -> None:
    """End the request's session, also when the server has died since its last statement.

    The answer is made by then, and nothing that was not committed is in it: what cannot be rolled
    back any more is dropped with its connection.
    """
    if not db.session.registry.has():
        return
    try:
        db.session.remove()
    except DBAPIError:
        db.session().invalidate()
        db.session.registry.clear()
