from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from threading import Event
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from chaos.drills.controls import DEFECTS, changed, clean_drill, without
from chaos.drills.digests import held_still, take_digests
from chaos.drills.guards import GUARDS, guards_seen, take_guards, take_views
from chaos.drills.judgement import LIMITS, OUTAGE, PHASES
from chaos.drills.restore import CHECK
from chaos.drills.rules import RULES
from chaos.drills.steps import STEPS, flip_one_byte
from gate.check import Control
from gate.model import Doubt, Observation, Outcome, Record
from gate.run import gather, judge
from gate.testbed.embedded import Embedded
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from gate.testbed.waiting import until

RULE_OF = {
    "a table of one tenant has other rows": {"digest-differs"},
    "one tenant is missing": {"tenant-missing"},
    "a tenant has rows in a table that was empty": {"digest-differs"},
    "a policy is not restored": {"guard-differs"},
    "the service's role bypasses row-level security": {"guard-differs"},
    "a tenant sees another tenant's rows": {"sees-others"},
    "a tenant sees only some of its rows": {"sees-others"},
    "rows are seen without a scope": {"sees-others"},
    "an acknowledged write is gone": {"acknowledged-lost"},
    "a write from after the target is there": {"later-present"},
    "the backup does not pass its verification": {"backup-flawed"},
    "a changed byte passes the verification": {"tampered-accepted"},
    "the server does not start on the restored folder": {"not-restorable"},
    "the service does not write after the restore": {"service-silent"},
    "the restore takes two minutes": {"limit"},
}


def result_of(record: Sequence[Observation]) -> Any:
    return judge(CHECK, Record(check=CHECK.id, observations=tuple(record)))


def test_a_clean_drill_passes() -> None:
    result = result_of(clean_drill())
    assert (result.findings, result.doubts, result.failures) == ((), (), ())
    assert {measure.estimate.name for measure in result.measures} == set(LIMITS)


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda control: control.defect)
def test_each_defect_of_a_drill_breaks_its_own_rule_and_no_other(control: Control) -> None:
    rules = {finding.rule for finding in result_of(control.record).findings}
    assert rules == RULE_OF[control.defect]


def test_every_rule_of_the_drill_has_a_control() -> None:
    assert set().union(*RULE_OF.values()) == {*RULES, "limit"}
    assert set(RULE_OF) == set(DEFECTS)


def test_the_phases_that_are_judged_are_the_steps_that_are_taken() -> None:
    assert tuple(STEPS) == PHASES


def test_it_shows_every_step_and_what_of_the_writes_came_back() -> None:
    shown, _ = result_of(clean_drill()).exhibits
    assert [phase.name for phase in shown.phases] == list(PHASES)
    assert sum(phase.seconds for phase in shown.phases if phase.counts) == len(OUTAGE)
    assert shown.notes[0].startswith("Data loss at the target: 0 of 80")
    shown, _ = result_of(DEFECTS["an acknowledged write is gone"]).exhibits
    assert shown.notes[0].startswith("Data loss at the target: 1 of 80")


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_that_was_left_out_is_no_pass(phase: str) -> None:
    record = without(lambda each: (each.kind, each.subject) == ("phase", phase))
    assert phase in {doubt.subject for doubt in result_of(record).doubts}


@pytest.mark.parametrize(
    "kind", ["digest", "elements", "guard", "service", "phase", "verification", "view"]
)
def test_a_kind_of_evidence_that_is_missing_is_no_pass(kind: str) -> None:
    result = result_of(without(lambda each: each.kind == kind))
    assert result.outcome is not Outcome.PASS


def test_too_little_to_bring_back_is_no_pass() -> None:
    record = changed(lambda each: each.data.get("moment") == "kept", names=["kept-0"])
    assert [each.subject for each in CHECK.judge(record) if isinstance(each, Doubt)] == ["back-up"]


def test_a_log_that_ends_at_the_target_is_no_pass() -> None:
    record = changed(lambda each: each.kind == "log", later="0/5000028")
    assert [each.subject for each in CHECK.judge(record) if isinstance(each, Doubt)] == ["write-on"]


def test_nothing_to_leave_behind_is_no_pass() -> None:
    record = changed(lambda each: each.data.get("moment") == "later", names=[])
    assert [each.subject for each in CHECK.judge(record) if isinstance(each, Doubt)] == ["write-on"]


@pytest.fixture
def tables(postgresql: PostgreSQL) -> str:
    """A database of its own with two tables, `a` and `b`."""
    name = f"digested_{token_hex(4)}"
    with closing(psycopg2.connect(postgresql.url)) as link:
        link.autocommit = True
        link.cursor().execute(f"CREATE DATABASE {name}")
    url = postgresql.url_for(name)
    with closing(psycopg2.connect(url)) as link, link:
        link.cursor().execute("CREATE TABLE a (v text); CREATE TABLE b (v text)")
    return url


def test_who_writes_waits_while_the_tables_are_held_still_and_who_reads_does_not(
    tables: str,
) -> None:
    with closing(psycopg2.connect(tables)) as link, link.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20ms'")
        link.commit()
        with held_still(tables):
            cursor.execute("SELECT count(*) FROM a")
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                cursor.execute("INSERT INTO a VALUES ('x')")
            link.rollback()
        cursor.execute("INSERT INTO a VALUES ('x')")


def test_in_a_deadlock_the_drill_gives_way_and_the_writer_succeeds(tables: str) -> None:
    with closing(psycopg2.connect(tables)) as link, link.cursor() as cursor:
        cursor.execute("INSERT INTO b VALUES ('x')")
        with ThreadPoolExecutor(1) as threads:
            held = threads.submit(count_while_held_still, tables)
            assert until(lambda: somebody_waits(tables), within=10)
            cursor.execute("INSERT INTO a VALUES ('x')")
            link.commit()
            assert held.result(timeout=10) == [1, 1]


def count_while_held_still(url: str) -> list[int]:
    with held_still(url):
        return [each.rows for each in take_digests(url)]


def somebody_waits(url: str) -> bool:
    with closing(psycopg2.connect(url)) as link, link.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'")
        return cursor.rowcount > 0


def test_digests_see_every_tenant_s_change_and_not_the_order_on_disk(
    postgresql: PostgreSQL,
) -> None:
    connection = psycopg2.connect(postgresql.url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE digested")
    connection.close()
    connection = psycopg2.connect(postgresql.url_for("digested"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (tenant_id int, v text); CREATE TABLE alone (v text)")
        cursor.execute("INSERT INTO t VALUES (1, 'a'), (1, 'b'), (2, 'c')")
        cursor.execute("INSERT INTO alone VALUES ('x')")
        first = take_digests(postgresql.url_for("digested"))
        cursor.execute("DELETE FROM t WHERE v = 'a'; INSERT INTO t VALUES (1, 'a')")
        assert take_digests(postgresql.url_for("digested")) == first
        cursor.execute("UPDATE t SET v = 'd' WHERE tenant_id = 2")
        second = take_digests(postgresql.url_for("digested"))
    connection.close()
    assert [(each.table, each.tenant, each.rows) for each in first] == [
        ("alone", "", 1),
        ("t", "1", 2),
        ("t", "2", 1),
    ]
    assert [old == new for old, new in zip(first, second, strict=True)] == [True, True, False]


@pytest.mark.parametrize(
    ("guard", "change"),
    [
        ("row-level security", "ALTER TABLE runs NO FORCE ROW LEVEL SECURITY"),
        ("policies", "ALTER POLICY own_rows ON runs USING (true)"),
        ("roles", "ALTER ROLE {app} BYPASSRLS"),
        ("memberships", "GRANT {owner} TO {app}"),
        ("grants", "GRANT TRUNCATE ON runs TO {app}"),
        ("keys", "ALTER TABLE experiments DROP CONSTRAINT {key}"),
        ("functions", "CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE SQL RETURN 1"),
    ],
)
def test_a_guard_that_changes_has_another_digest(
    guard: str, change: str, postgresql: PostgreSQL, schema: Schema
) -> None:
    url = postgresql.url_for(schema.database)
    before = {each.name: each for each in take_guards(url)}
    key = "experiments_tenant_id_project_id_fkey"
    names = {"app": schema.app_role, "owner": schema.owner_role, "key": key}
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL(change).format(**{n: sql.Identifier(v) for n, v in names.items()}))
        after = {each.name: each for each in guards_seen(cursor)}
        connection.rollback()
    assert [name for name in GUARDS if before[name] != after[name]] == [guard]
    assert {each.name: each for each in take_guards(url)} == before


def populate(testbed: Embedded) -> None:
    """A project of each tenant, if there is none yet."""
    for name in testbed.tenants:
        testbed.actor(name).request("POST", "/v1/projects", body={"name": f"seen by {name}"})


def test_each_tenant_s_view_is_its_own_and_without_a_scope_there_is_none(
    testbed: Embedded,
) -> None:
    populate(testbed)
    rows = {(each.table, each.tenant): each.rows for each in take_digests(testbed.database().url)}
    for view in take_views(testbed.tenancy()):
        assert view.foreign == 0
        assert view.own == (rows.get((view.table, view.tenant), 0) if view.tenant else 0)


def test_a_policy_that_lets_all_through_shows_in_the_views(testbed: Embedded) -> None:
    populate(testbed)
    url = testbed.database().url
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE POLICY open_to_all ON projects USING (true)")
            try:
                views = [each for each in take_views(testbed.tenancy()) if each.foreign]
            finally:
                cursor.execute("DROP POLICY open_to_all ON projects")
    assert {each.table for each in views} == {"projects"}


def test_a_flipped_byte_is_one_changed_byte(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(100))
    flip_one_byte(tmp_path, random.Random(1))
    assert sum(byte != 0 for byte in (tmp_path / "file").read_bytes()) == 1


@contextmanager
def background_work(url: str) -> Iterator[None]:
    """Somebody who changes rows all the time, and who is there again as soon as the server is."""
    over = Event()

    def change() -> None:
        while not over.wait(0.005):
            with suppress(psycopg2.Error), closing(psycopg2.connect(url)) as link, link:
                link.cursor().execute("UPDATE projects SET description = clock_timestamp()::text")

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(change)
        try:
            yield
        finally:
            over.set()
            working.result(timeout=30)


def test_background_work_before_and_after_the_restore_is_no_loss(testbed: Embedded) -> None:
    populate(testbed)
    with background_work(testbed.database().url):
        result = judge(CHECK, gather(CHECK, testbed, lambda _: None))
    assert {finding.key: finding.detail for finding in result.findings} == {}
    assert (result.failures, result.doubts) == ((), ())


def test_the_running_service_comes_back_and_can_be_drilled_again(testbed: Embedded) -> None:
    for _ in range(2):
        result = judge(CHECK, gather(CHECK, testbed, lambda _: None))
        assert {finding.key: finding.detail for finding in result.findings} == {}
        assert (result.failures, result.doubts) == ((), ())
