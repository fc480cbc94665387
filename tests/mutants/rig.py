"""How does one mutant after the other run, on servers that stay?

A whole testbed comes up once; its database, with two tenants and their objects, is the template of
all others. A mutant whose schema differs is migrated from nothing, and gets the same rows.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg2
import redis
from psycopg2 import sql

from gate.catalogue import CHECKS
from gate.journal import Entry
from gate.model import Result
from gate.run import run
from gate.testbed.client import Cast, document
from gate.testbed.embedded import Embedded, embedded
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema, administration, execute, migrate
from gate.testbed.service import Installation, Keys, running_service
from gate.testbed.site import Site
from tests.mutants.document import narrowed
from tests.mutants.model import Ground, Mutant
from tests.mutants.source import ROOT, Edits
from validators.estates.ground import stand

SEED = 1
# They ask for what the document leaves out, which a narrowed one does for the most part.
OF_THE_WHOLE = frozenset({"isolation.undocumented-routes"})
SCHEMA = ("app/migrations/", "app/migrate.py", "app/models/")
COLUMNS = """
SELECT c.table_name, array_agg(quote_ident(c.column_name) ORDER BY c.ordinal_position)
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
AND c.table_name <> 'alembic_version' GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table, as COPY writes them."""

    name: str
    columns: Sequence[str]
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rig:
    """The servers, a testbed whose service has ended, and the rows of its database."""

    base: Embedded
    server: PostgreSQL
    rows: tuple[Table, ...]
    templates: dict[Ground, str]


@contextmanager
def raised(folder: Path) -> Iterator[Rig]:
    """Bring everything up once; nothing here must outlive a crash, so nothing waits for disks."""
    with embedded(folder, SEED, workers=1) as base:
        assert base.postgresql is not None
        with administration(base.postgresql.url_for("postgres")) as admin:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                admin.cursor().execute(f"ALTER SYSTEM SET {setting} = off")
            admin.cursor().execute("SELECT pg_reload_conf()")
        stand(base)
        for child in tuple(base.site.children):
            if child.command.name == "service":
                base.site.stop(child)
        url = base.postgresql.url_for(base.schema.database)
        rig = Rig(base, base.postgresql, tuple(copied(url)), {})
        rig.templates[Ground.BOTH] = base.schema.database
        yield rig


def copied(url: str) -> Iterator[Table]:
    """Every table's rows, without what the database computes itself."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for name, columns in cursor.fetchall():
            chosen = columns if isinstance(columns, list) else columns.strip("{}").split(",")
            content = io.BytesIO()
            query = f"COPY (SELECT {', '.join(chosen)} FROM {name}) TO STDOUT"  # noqa: S608
            cursor.copy_expert(query, content)
            yield Table(name, chosen, content.getvalue())


def filled(url: str, rows: Sequence[Table]) -> None:
    """Put the rows back, unasked by triggers and references; not where a key refuses."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        connection.commit()
        for table in rows:
            query = f"COPY {table.name} ({', '.join(table.columns)}) FROM STDIN"
            try:
                cursor.copy_expert(query, io.BytesIO(table.content))
                connection.commit()
            except psycopg2.IntegrityError:
                connection.rollback()


def planted(edits: Edits, folder: Path) -> Path:
    """A copy of the service with the flaw in it, and with the byte code of what is unchanged."""
    shutil.copytree(ROOT / "app", folder / "app")
    for name, text in edits.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def changes_schema(mutant: Mutant) -> bool:
    return any(name.startswith(SCHEMA) for name in mutant.edits)


@contextmanager
def standing(rig: Rig, mutant: Mutant, folder: Path) -> Iterator[Embedded]:
    """A testbed whose service, or for TABLES whose database alone, has the flaw."""
    checkout = planted(mutant.edits, folder / "copy")
    state = Path(tempfile.mkdtemp(prefix="mutant-", dir=rig.base.site.state))
    (state / "scratch").mkdir(mode=0o700)
    (folder / "logs").mkdir()
    for log in rig.base.site.logs.iterdir():
        if log.name not in {"service.log", "migrate.log"}:
            (folder / "logs" / log.name).symlink_to(log)
    site = replace(rig.base.site, state=state, logs=folder / "logs")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, state, ignore_errors=True)
        schema = stack.enter_context(new_database(rig, site, mutant, checkout))
        stack.enter_context(slipped(rig, schema, mutant.slip))
        bed = replace(
            rig.base,
            folder=folder,
            site=site,
            schema=schema,
            postgresql=replace(rig.server, database=schema.database),
        )
        if mutant.ground is not Ground.TABLES:
            bed = stack.enter_context(served(bed, checkout))
            bed = replace(bed, description=narrowed(bed.description, mutant.about))
        yield bed


@contextmanager
def new_database(rig: Rig, site: Site, mutant: Mutant, checkout: Path) -> Iterator[Schema]:
    """A database of the mutant's own: a copy of a template, or migrated by the mutant itself."""
    schema = named(rig.base.schema, f"mutant_{site.state.name[-8:].lower()}")
    if changes_schema(mutant):
        created(rig, schema, None)
        migrate(site, schema, checkout)
        filled(rig.server.url_for(schema.database), rig.rows)
        if mutant.ground is Ground.CODE:
            opened(rig, schema)
    else:
        created(rig, schema, template(rig, mutant.ground))
    try:
        yield schema
    finally:
        with administration(rig.server.url_for("postgres")) as admin:
            execute(admin, "DROP DATABASE {} WITH (FORCE)", schema.database)


@contextmanager
def slipped(rig: Rig, schema: Schema, statement: str) -> Iterator[None]:
    """An administrator's statement; what it did to the roles, which all databases share, ends."""
    if not statement:
        yield
        return
    roles = {"app": schema.app_role, "owner": schema.owner_role}
    with administration(rig.server.url_for(schema.database)) as admin, admin.cursor() as cursor:
        cursor.execute(statement.format(**roles))
        try:
            yield
        finally:
            cursor.execute(f"ALTER ROLE {schema.app_role} NOSUPERUSER NOBYPASSRLS")
            cursor.execute(f"REVOKE {schema.owner_role} FROM {schema.app_role}")


def template(rig: Rig, ground: Ground) -> str:
    """The database to copy; the one without policies is made when it is first asked for."""
    if ground is Ground.CODE and ground not in rig.templates:
        schema = named(rig.base.schema, "without_policies")
        created(rig, schema, rig.templates[Ground.BOTH])
        opened(rig, schema)
        rig.templates[ground] = schema.database
    return rig.templates.get(ground, rig.templates[Ground.BOTH])


def opened(rig: Rig, schema: Schema) -> None:
    """Let every policy be true: row-level security is on and stops nothing."""
    with administration(rig.server.url_for(schema.database)) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT schemaname, tablename, policyname FROM pg_policies")
        for where, table, policy in cursor.fetchall():
            statement = sql.SQL("ALTER POLICY {} ON {} USING (true) WITH CHECK (true)")
            place = sql.Identifier(where, table)
            cursor.execute(statement.format(sql.Identifier(policy), place))


def created(rig: Rig, schema: Schema, original: str | None) -> None:
    """The database, with the rights that `provision` gives."""
    with administration(rig.server.url_for("postgres")) as admin:
        if original is None:
            execute(admin, "CREATE DATABASE {} OWNER {}", schema.database, schema.owner_role)
        else:
            words = "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy"
            execute(admin, words, schema.database, schema.owner_role, original)
        execute(admin, "REVOKE ALL ON DATABASE {} FROM PUBLIC", schema.database)
        execute(admin, "GRANT CONNECT ON DATABASE {} TO {}", schema.database, schema.app_role)


def named(schema: Schema, database: str) -> Schema:
    """The same roles on another database."""

    def moved(url: str) -> str:
        return urlsplit(url)._replace(path=f"/{quote(database)}").geturl()

    return replace(
        schema,
        database=database,
        owner_url=moved(schema.owner_url),
        app_url=moved(schema.app_url),
    )


@contextmanager
def served(bed: Embedded, checkout: Path) -> Iterator[Embedded]:
    """The service, with nothing in its cache and the principals that the template knows."""
    with closing(redis.Redis.from_url(bed.redis_url)) as cache:
        cache.flushall()
    installation = Installation(
        checkout=checkout,
        database_url=bed.schema.app_url,
        redis_url=bed.redis_url,
        keys=Keys(),
        workers=1,
    )
    with running_service(bed.site, installation) as service:
        target = replace(bed.target, base_url=service.base_url)
        known = {
            seat: replace(client, base_url=service.base_url)
            for seat, client in bed.cast.clients.items()
        }
        yield replace(
            bed,
            target=target,
            cast=Cast({**known, ("", "operator"): service.operator}),
            installation=installation,
            description=document(service.operator, "/openapi.json"),
            secrets={**bed.secrets, **installation.keys.secrets},
        )


def results(bed: Embedded, checks: Sequence[str]) -> Mapping[str, Result]:
    """What these checks say, by their ids, in the catalogue's order."""
    return {
        name: run(CHECKS[name], whole(bed) if name in OF_THE_WHOLE else bed, forget)
        for name in CHECKS
        if name in checks
    }


def whole(bed: Embedded) -> Embedded:
    """The same with all of the service's document."""
    return replace(bed, description=document(bed.actor("", "operator"), "/openapi.json"))


def forget(_: Entry) -> None:
    """No journal is kept."""
