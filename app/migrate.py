"""How does a database get, or lose, the service's schema?"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, Engine, create_engine, func, select, text
from sqlalchemy.exc import OperationalError

from app.config import ConfigError, MigrationConfig
from app.models import Base

LOCK_SECONDS = 5.0
LOCKED = "55P03"
# The number of the lock that a migration holds; any other than the service's, which are hashes.
ALONE = 0x6D61657374726F


class MigrationError(Exception):
    """The schema cannot be changed now; one sentence."""


def upgrade(config: MigrationConfig) -> None:
    """Bring the schema to its newest state and give the service's role its rights.

    Raises `ConfigError` when that role does not exist, and `MigrationError` when somebody uses a
    table for so long that all others would queue behind the change. Running it again changes
    nothing; two at once wait for each other.
    """
    try:
        _upgrade(config)
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != LOCKED:
            raise
        raise MigrationError(f"A table was in use for {LOCK_SECONDS} seconds: try again.") from None


def _upgrade(config: MigrationConfig) -> None:
    with _engine(config).begin() as connection:
        _require_role(connection, config.app_role)
        _wait_alone(connection)
        command.upgrade(_alembic(connection), "head")
        _grant(connection, config.app_role)


def downgrade(config: MigrationConfig) -> None:
    """Remove the whole schema, with all data in it."""
    with _engine(config).begin() as connection:
        command.downgrade(_alembic(connection), "base")


def _wait_alone(connection: Connection) -> None:
    """Wait for another migration, but from then on only shortly for a table."""
    connection.execute(select(func.pg_advisory_xact_lock(ALONE)))
    milliseconds = str(int(LOCK_SECONDS * 1000))
    connection.execute(select(func.set_config("lock_timeout", milliseconds, True)))


def _engine(config: MigrationConfig) -> Engine:
    return create_engine(config.database_url, connect_args={"connect_timeout": 5})


def _alembic(connection: Connection) -> AlembicConfig:
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    alembic.attributes["connection"] = connection
    return alembic


def _require_role(connection: Connection, role: str) -> None:
    query = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :role")
    unbound = connection.execute(query, {"role": role}).scalar()
    if unbound is None:
        raise ConfigError(f"MAESTRO_APP_ROLE names {role}, which does not exist: create it first.")
    if unbound:
        raise ConfigError(f"MAESTRO_APP_ROLE names {role}, which ignores row-level security.")


def _grant(connection: Connection, role: str) -> None:
    """Reading and writing rows, and nothing else: no TRUNCATE, no DDL, no version table.

    Rows of a table that is only appended to cannot be changed or removed by the service either.
    """
    quote = connection.dialect.identifier_preparer.quote
    for name, table in sorted(Base.metadata.tables.items()):
        rights = "SELECT, INSERT"
        if not table.info.get("append_only"):
            rights += ", UPDATE, DELETE"
        connection.execute(text(f"GRANT {rights} ON {quote(name)} TO {quote(role)}"))
