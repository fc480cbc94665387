"""How does the service get a database of its own, with one role that owns and one that works?"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case
from psycopg2.extensions import encrypt_password

from gate.errors import SetupError
from gate.testbed.process import Command
from gate.testbed.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A migrated database. The app role owns nothing and cannot bypass row-level security."""

    database: str
    owner_role: str
    app_role: str
    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)

    @property
    def secrets(self) -> dict[str, str]:
        """The passwords, with the placeholder to print instead."""
        return {
            password_of(self.owner_url): "$DATABASE_OWNER_PASSWORD",
            password_of(self.app_url): "$DATABASE_APP_PASSWORD",
        }


def provision(site: Site, admin_url: str, schema: Schema, checkout: Path) -> None:
    """Create the database and its roles, and let the service migrate it; SetupError when not.

    `admin_url` names a role that may create both. Passwords reach the server as SCRAM verifiers
    only, so no server log can hold one.
    """
    with administration(admin_url) as admin:
        create_role(admin, schema.owner_role, password_of(schema.owner_url))
        create_role(admin, schema.app_role, password_of(schema.app_url))
        execute(admin, "GRANT {} TO CURRENT_USER", schema.owner_role)
        execute(admin, "CREATE DATABASE {} OWNER {}", schema.database, schema.owner_role)
        execute(admin, "REVOKE ALL ON DATABASE {} FROM PUBLIC", schema.database)
        execute(admin, "GRANT CONNECT ON DATABASE {} TO {}", schema.database, schema.app_role)
    migrate(site, schema, checkout)


def drop(admin_url: str, schema: Schema) -> None:
    """Remove the database, whoever is connected to it, and both roles."""
    with administration(admin_url) as admin:
        execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", schema.database)
        execute(admin, "DROP ROLE IF EXISTS {}, {}", schema.owner_role, schema.app_role)


def migrate(site: Site, schema: Schema, checkout: Path) -> None:
    """Let the service bring its schema to the newest state, as the owner."""
    environment = {
        "MAESTRO_MIGRATION_DATABASE_URL": schema.owner_url,
        "MAESTRO_APP_ROLE": schema.app_role,
    }
    argv = [sys.executable, "-m", "app", "migrate"]
    site.run(Command(name="migrate", argv=argv, env=environment, folder=checkout))


def new_schema(admin_url: str) -> Schema:
    """Unique names, and passwords, of a database to be on that server."""
    suffix = secrets.token_hex(4)
    database = f"maestro_{suffix}"
    owner, app = f"maestro_owner_{suffix}", f"maestro_app_{suffix}"
    return Schema(
        database=database,
        owner_role=owner,
        app_role=app,
        owner_url=as_role(admin_url, owner, database),
        app_url=as_role(admin_url, app, database),
    )


def as_role(url: str, role: str, database: str) -> str:
    """The same server, as a role with a new password."""
    parts = urlsplit(url)
    server = parts.netloc.rpartition("@")[2]
    netloc = f"{role}:{secrets.token_urlsafe(24)}@{server}"
    return parts._replace(netloc=netloc, path=f"/{quote(database)}").geturl()


def password_of(url: str) -> str:
    """The password in a URL, or nothing."""
    return urlsplit(url).password or ""


@contextmanager
def administration(url: str) -> Iterator[Connection]:
    """A connection outside of transactions; SetupError when the server refuses what is asked."""
    try:
        admin = psycopg2.connect(url, connect_timeout=10)
        try:
            admin.autocommit = True
            yield admin
        finally:
            admin.close()
    except psycopg2.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise SetupError(f"PostgreSQL does not let us set up a database: {reason}") from error


def create_role(admin: Connection, role: str, password: str) -> None:
    """A role that may log in and nothing else."""
    rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    verifier = encrypt_password(password, role, admin, "scram-sha-256")
    statement = sql.SQL("CREATE ROLE {} " + rights + " PASSWORD {}")
    with admin.cursor() as cursor:
        cursor.execute(statement.format(sql.Identifier(role), sql.Literal(verifier)))


def execute(admin: Connection, statement: str, *names: str) -> None:
    """Run one statement with these names in its places."""
    with admin.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
