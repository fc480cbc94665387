"""Every hole in row-level security is planted in a real PostgreSQL and found there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

import psycopg2
import pytest

from gate.check import Control, Tenancy
from gate.model import Finding, Observation, Outcome
from gate.run import run
from gate.testbed.embedded import Embedded
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema, as_role, new_schema, password_of
from tests.make import Stub
from validators.channels.row_security import CHECK, CLEAN, probe
from validators.database.row_rules import RULES

ACME, GLOBEX = str(UUID(int=1)), str(UUID(int=2))
SCOPE = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
TABLES = f"""
CREATE TABLE parents (tenant_id uuid, id int, name text, PRIMARY KEY (tenant_id, id));
CREATE TABLE things (tenant_id uuid, id int, parent_id int, name text, PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, parent_id) REFERENCES parents);
INSERT INTO parents SELECT t::uuid, 1, 'p' FROM unnest(ARRAY['{ACME}', '{GLOBEX}']) t;
INSERT INTO things SELECT t::uuid, 1, 1, 'x' FROM unnest(ARRAY['{ACME}', '{GLOBEX}']) t;
ALTER TABLE parents ENABLE ROW LEVEL SECURITY; ALTER TABLE parents FORCE ROW LEVEL SECURITY;
ALTER TABLE things ENABLE ROW LEVEL SECURITY; ALTER TABLE things FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON parents USING ({SCOPE}) WITH CHECK ({SCOPE});
CREATE POLICY own ON things USING ({SCOPE}) WITH CHECK ({SCOPE});
"""  # noqa: S608 - constants of this test
GRANT = "GRANT SELECT, INSERT, UPDATE, DELETE ON parents, things TO {app}"
FLAWS = {
    "no-row-security": "ALTER TABLE things DISABLE ROW LEVEL SECURITY",
    "not-forced": "ALTER TABLE things NO FORCE ROW LEVEL SECURITY",
    "truncate": "GRANT TRUNCATE ON things TO {app}",
    "view-of-owner": "CREATE VIEW all_things AS SELECT * FROM things; "
    "GRANT SELECT ON all_things TO {app}",
    "snapshot": "CREATE MATERIALIZED VIEW frozen AS SELECT * FROM things; "
    "GRANT SELECT ON frozen TO {app}",
    "open-policy": "CREATE POLICY more ON things FOR SELECT USING (true)",
    "global-unique": "ALTER TABLE things DROP CONSTRAINT things_pkey; "
    "CREATE UNIQUE INDEX ON things (name, tenant_id); UPDATE things SET name = tenant_id::text; "
    "CREATE UNIQUE INDEX ON things (name)",
    "loose-reference": "ALTER TABLE parents ADD UNIQUE (id, tenant_id, name); "
    "ALTER TABLE things ADD CONSTRAINT loose FOREIGN KEY (parent_id, tenant_id, name) "
    "REFERENCES parents (id, tenant_id, name) NOT VALID; "
    "UPDATE pg_constraint SET conkey = conkey[1:1], confkey = confkey[1:1] "
    "WHERE conname = 'loose'",
    "definer-function": "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
    "AS 'SELECT count(*) FROM things'",
    "sequence": "CREATE SEQUENCE counted; GRANT SELECT ON SEQUENCE counted TO {app}",
    "foreign-rows": "CREATE POLICY more ON things FOR SELECT USING ("
    "current_setting('app.tenant_id', true) <> '')",
    "unscoped-rows": "CREATE POLICY more ON things FOR SELECT USING ("
    "COALESCE(current_setting('app.tenant_id', true), '') = '')",
    "unscoped-error": "ALTER POLICY own ON things USING ("
    "tenant_id = current_setting('app.tenant_id', true)::uuid)",
    "rows-moved": "ALTER POLICY own ON things WITH CHECK ("
    "current_setting('app.tenant_id', true) <> '')",
    "rows-changed": "CREATE POLICY more ON things FOR UPDATE USING ("
    "current_setting('app.tenant_id', true) <> ''); "
    "CREATE POLICY see ON things FOR SELECT USING (current_setting('app.tenant_id', true) <> '')",
    "privileged-role": "ALTER ROLE {app} BYPASSRLS",
}


@dataclass
class Bed(Stub):
    """A database and nothing else."""

    known: Tenancy | None = None

    def tenancy(self) -> Tenancy:
        assert self.known is not None
        return self.known


@dataclass(frozen=True)
class Scratch:
    """A database of two tenants, and how to change it as its superuser."""

    schema: Schema
    admin_url: str

    def execute(self, *statements: str) -> None:
        with closing(psycopg2.connect(self.admin_url)) as admin:
            admin.autocommit = True
            with admin.cursor() as cursor:
                cursor.execute("SET allow_system_table_mods = on")
                for statement in statements:
                    cursor.execute(statement.format(app=self.schema.app_role))

    def look(self) -> list[Observation]:
        known = Tenancy(
            url=self.schema.app_url,
            setting="app.tenant_id",
            column="tenant_id",
            tenants={"acme": ACME, "globex": GLOBEX},
        )
        return list(probe(Bed(known=known)))


@pytest.fixture
def scratch(postgresql: PostgreSQL) -> Iterator[Scratch]:
    schema = new_schema(postgresql.url)
    admin = Scratch(schema, postgresql.url)
    password = password_of(schema.app_url)
    admin.execute(
        f"CREATE ROLE {{app}} LOGIN PASSWORD '{password}'", f"CREATE DATABASE {schema.database}"
    )
    inside = Scratch(schema, postgresql.url_for(schema.database))
    inside.execute(TABLES.replace("{", "{{").replace("}", "}}"), GRANT)
    yield inside
    admin.execute(f"DROP DATABASE {schema.database} WITH (FORCE)", "DROP ROLE {app}")


def rules(record: list[Observation]) -> set[str]:
    return {said.rule for said in CHECK.judge(record) if isinstance(said, Finding)}


def test_a_well_kept_database_breaks_no_rule(scratch: Scratch) -> None:
    assert rules(scratch.look()) == set()


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_each_hole_is_found_in_a_real_database(scratch: Scratch, rule: str) -> None:
    scratch.execute(FLAWS[rule])
    assert rule in rules(scratch.look())


def test_nothing_that_the_probe_tries_is_kept(scratch: Scratch) -> None:
    scratch.execute("DROP POLICY own ON things", "CREATE POLICY open ON things USING (true)")
    before, after = scratch.look(), scratch.look()
    assert [each.data for each in before] == [each.data for each in after]
    assert {"rows-moved", "rows-changed", "foreign-rows"} <= rules(after)


def test_a_partition_needs_a_policy_of_its_own(scratch: Scratch) -> None:
    scratch.execute(
        "CREATE TABLE parts (tenant_id uuid, n int) PARTITION BY HASH (n)",
        "CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        "ALTER TABLE parts ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE parts FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own ON parts USING ({SCOPE})",
        "GRANT SELECT ON parts, parts_0 TO {app}",
    )
    found = [said for said in CHECK.judge(scratch.look()) if isinstance(said, Finding)]
    assert [(each.rule, each.subject) for each in found] == [("no-row-security", "public.parts_0")]


def test_a_table_without_rows_of_both_tenants_is_recorded_as_empty(scratch: Scratch) -> None:
    scratch.execute(f"DELETE FROM things WHERE tenant_id = '{GLOBEX}'")  # noqa: S608
    kinds = {(each.kind, each.subject) for each in scratch.look()}
    assert ("empty", "public.things") in kinds
    assert ("rows", "public.parents") in kinds


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda control: control.defect)
def test_each_control_breaks_one_rule(control: Control) -> None:
    assert len(rules(list(control.record))) == 1


def test_a_clean_record_has_no_finding() -> None:
    assert not list(CHECK.judge(CLEAN))


def test_no_secret_is_recorded(testbed: Embedded) -> None:
    recorded = "".join(str(each) for each in probe(testbed))
    assert [each for each in testbed.secrets if each in recorded] == []


def test_maestro_ml_keeps_the_promise(testbed: Embedded) -> None:
    result = run(CHECK, testbed, lambda _: None)
    assert result.findings == ()
    assert result.outcome is Outcome.PASS


def test_as_role_keeps_the_server() -> None:
    assert as_role("postgresql://a:b@127.0.0.1:5/x", "app", "y").endswith("@127.0.0.1:5/y")
