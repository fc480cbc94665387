"""How does a database get, or lose, the service's schema?"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, Engine, create_engine, text

from app.config import ConfigError, MigrationConfig
from app.models import Base


def upgrade(config: MigrationConfig) -> None:
    """Bring the schema to its newest state and give the service's role its rights.

    Raises `ConfigError` when that role does not exist. Running it again changes nothing.
    """
    with _engine(config).begin() as connection:
        _require_role(connection, config.app_role)
        command.upgrade(_alembic(connection), "head")
        _grant(connection, config.app_role)


def downgrade(config: MigrationConfig) -> None:
    """Remove the whole schema, with all data in it."""
    with _engine(config).begin() as connection:
        command.downgrade(_alembic(connection), "base")


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
