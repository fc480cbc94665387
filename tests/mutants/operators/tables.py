"""The database's own layer: policies, keys and references of each table, and what was granted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tests.mutants.model import Ground, Mutant
from tests.mutants.operators.filters import without_conditions
from tests.mutants.source import Edits, Source, source, sources

VERSIONS = "app/migrations/versions/"
POLICY = "USING ({own}) WITH CHECK ({own})"
ENABLE = "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
FORCE = "ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
TENANT = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
CREATED = re.compile(r'^    "(\w+)": """', re.MULTILINE)
REFERENCE = re.compile(r"FOREIGN KEY \(tenant_id, ([\w, ]+)\)(\s+)REFERENCES (\w+)( \([\w, ]+\))?")
UNIQUE = re.compile(r"UNIQUE \(tenant_id, ([\w, ]+)\)")


def migrations() -> tuple[Source, ...]:
    return tuple(each for each in sources() if each.path.startswith(f"{VERSIONS}0"))


def newest() -> Source:
    return max(migrations(), key=lambda each: each.path)


def tables() -> Mapping[str, str]:
    """The migration that creates each table, by the table's name."""
    found = {}
    for each in migrations():
        for name in CREATED.findall(each.text):
            found[name] = each.path
    return found


def columns_of(migration: Source, table: str) -> str:
    """What stands between the quotes."""
    _, _, rest = migration.text.partition(f'    "{table}": """')
    return rest.partition('"""')[0]


def at_last(statement: str) -> Edits:
    """One more statement at the end of the newest migration's upgrade."""
    text = newest()
    body = text.function("upgrade")
    lines = text.text.splitlines(keepends=True)
    lines.insert(body.end_lineno or 0, f"    op.execute({statement!r})\n")
    return {text.path: "".join(lines)}


def policies() -> Iterator[Mutant]:
    """Of each table: not enabled, not forced, open, open for writing, nothing without a scope."""
    for table in tables():
        weakened = {
            "row-level security is not enabled": f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            "row-level security is not forced": f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            "the policy lets all rows through": (
                f"ALTER POLICY own_rows ON {table} USING (true) WITH CHECK (true)"
            ),
            "the policy does not check what is written": (
                f"ALTER POLICY own_rows ON {table} WITH CHECK (true)"
            ),
        }
        for operator, statement in weakened.items():
            yield in_database(operator, table, at_last(statement), 24)


def in_database(operator: str, table: str, edits: Edits, *channels: int) -> Mutant:
    return Mutant(
        operator=operator,
        place=table,
        edits=edits,
        channels=channels,
        names=(f"public.{table}",),
        ground=Ground.TABLES,
    )


def keys() -> Iterator[Mutant]:
    """Each unique key and each reference, without the tenant's column."""
    for migration in migrations():
        for table in CREATED.findall(migration.text):
            columns = columns_of(migration, table)
            for found in UNIQUE.finditer(columns):
                # References need the key that they name, so the loose one comes beside it.
                statement = f"CREATE UNIQUE INDEX ON {table} ({found[1]})"
                place = f"{table} ({found[1]})"
                yield keyed("a unique key without the tenant", place, table, at_last(statement))
            for found in REFERENCE.finditer(columns):
                yield loose(table, found)


def loose(table: str, found: re.Match[str]) -> Mutant:
    """The reference once more by the object's own key alone."""
    own = found[1].split(", ")
    other = (found[4] or " (tenant_id, id)").strip(" ()").split(", ")[1:]
    target, name = found[3], f"loose_{'_'.join(own)}"
    statements = (
        f"ALTER TABLE {target} ADD CONSTRAINT {name}_key UNIQUE ({', '.join(other)}); "
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({', '.join(own)}) "
        f"REFERENCES {target} ({', '.join(other)}) DEFERRABLE"
    )
    place = f"{table} ({', '.join(own)}) to {target}"
    return keyed("a reference without the tenant", place, table, at_last(statements))


def keyed(operator: str, place: str, table: str, edits: Edits) -> Mutant:
    return Mutant(
        operator=operator,
        place=place,
        edits=edits,
        channels=(28,),
        names=(f"public.{table} ",),
        ground=Ground.TABLES,
    )


GRANTED: Mapping[str, tuple[str, int, str]] = {
    "TRUNCATE is granted": ("GRANT TRUNCATE ON runs TO {role}", 27, "public.runs"),
    "TRUNCATE is granted on the audit log": (
        "GRANT TRUNCATE ON audit_events TO {role}",
        27,
        "public.audit_events",
    ),
    "the partitions are open to the service": (
        (
            "GRANT USAGE ON SCHEMA metric_partitions TO {role}; "
            "ALTER TABLE metric_partitions.points_0 DISABLE ROW LEVEL SECURITY; "
            "GRANT SELECT ON metric_partitions.points_0 TO {role}"
        ),
        27,
        "metric_partitions.points_0",
    ),
    "a sequence can be read": (
        "CREATE SEQUENCE made; GRANT SELECT ON SEQUENCE made TO {role}",
        27,
        "public.made",
    ),
    "a materialised view": (
        (
            "ALTER TABLE projects NO FORCE ROW LEVEL SECURITY; "
            "CREATE MATERIALIZED VIEW overview AS SELECT * FROM projects; "
            "ALTER TABLE projects FORCE ROW LEVEL SECURITY; GRANT SELECT ON overview TO {role}"
        ),
        26,
        "public.overview",
    ),
    "a new table without a tenant decision": (
        "CREATE TABLE notes (tenant_id uuid, body text); GRANT SELECT, INSERT ON notes TO {role}",
        24,
        "public.notes",
    ),
    "a new table that names no tenant": (
        "CREATE TABLE notes (body text); GRANT SELECT, INSERT ON notes TO {role}",
        24,
        "public.notes",
    ),
    "a second, wider policy": (
        "CREATE POLICY support ON models FOR SELECT USING (true); SELECT '{role}'",
        24,
        "public.models support",
    ),
    "a wider policy for one command": (
        "CREATE POLICY cleaning ON runs FOR DELETE USING (true); SELECT '{role}'",
        24,
        "public.runs cleaning",
    ),
}


def grants() -> Iterator[Mutant]:
    """What the newest schema would add for the service's role."""
    text = source("app/migrate.py")
    anchor = "        _grant(connection, config.app_role)\n"
    for place, (statement, channel, name) in GRANTED.items():
        ran = f"text({statement!r}.replace('{{role}}', config.app_role))"
        more = f"        connection.execute({ran})\n"
        yield Mutant(
            operator="the schema gives the service's role more",
            place=place,
            edits={text.path: text.exactly(anchor, anchor + more)},
            channels=(channel,),
            names=(name,),
            ground=Ground.TABLES,
        )


# Beyond the migrations' own role: what a careless administrator does, with the channel.
SLIPS: Mapping[str, tuple[str, int, str]] = {
    "the service's role is a superuser": ("ALTER ROLE {app} SUPERUSER", 25, "application's role"),
    "the service's role has BYPASSRLS": ("ALTER ROLE {app} BYPASSRLS", 25, "application's role"),
    "the service's role owns a table": (
        "ALTER TABLE projects OWNER TO {app}",
        25,
        "application's role",
    ),
    "the service's role is a member of the owner's": (
        "GRANT {owner} TO {app}",
        25,
        "application's role",
    ),
    "a superuser's SECURITY DEFINER function": (
        (
            "CREATE FUNCTION found(uuid) RETURNS SETOF runs LANGUAGE sql SECURITY DEFINER AS "
            "$$ SELECT * FROM runs WHERE id = $1 $$"
        ),
        26,
        "public.found",
    ),
    "a superuser's view": (
        "CREATE VIEW all_runs AS SELECT * FROM runs; GRANT SELECT ON all_runs TO {app}",
        26,
        "public.all_runs",
    ),
    "a superuser's materialised view": (
        "CREATE MATERIALIZED VIEW kept AS SELECT * FROM models; GRANT SELECT ON kept TO {app}",
        26,
        "public.kept",
    ),
}


def slips() -> Iterator[Mutant]:
    """Not in the source: what is done to the database by hand."""
    for place, (statement, channel, name) in SLIPS.items():
        yield Mutant(
            operator="an administrator's slip",
            place=place,
            edits={},
            slip=statement,
            channels=(channel,),
            names=(name,),
            ground=Ground.TABLES,
        )


def trapped() -> Iterator[Mutant]:
    """Looks like a flaw and is none: a view whose owner the policies bind."""
    text = source("app/migrate.py")
    anchor = "        _grant(connection, config.app_role)\n"
    made = "CREATE VIEW own_runs AS SELECT * FROM runs; GRANT SELECT ON own_runs TO "
    more = f"        connection.execute(text({made!r} + config.app_role))\n"
    yield Mutant(
        operator="harmless",
        place="a view whose owner the policies bind",
        edits={text.path: text.exactly(anchor, anchor + more)},
        channels=(24, 26),
        ground=Ground.TABLES,
        harmless=True,
    )


def layers() -> Iterator[Mutant]:
    """Each layer alone holds: no policies, and no conditions."""
    for place, edits, ground in (
        ("the code alone, all policies open", {}, Ground.CODE),
        ("the policies alone, no condition anywhere", without_conditions(), Ground.BOTH),
    ):
        yield Mutant(
            operator="harmless",
            place=place,
            edits=edits,
            channels=(1, 2, 3, 5),
            ground=ground,
            harmless=True,
        )
