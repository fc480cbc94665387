"""What a service does beside requests is not taken for theirs, nor judged by half of it."""

from __future__ import annotations

from contextlib import closing
from threading import Event, Thread

import psycopg2

from gate.testbed.embedded import Embedded
from gate.testbed.proxy import Operations
from tests.validators.test_statements import PLANTED
from validators.database.scopes import Follower
from validators.database.statement_scan import BACKGROUND, Ledger, Overheard


def test_a_job_of_the_other_tenant_is_no_request_of_this_one(testbed: Embedded) -> None:
    tenancy, (one, two) = testbed.tenancy(), testbed.tenants
    says = [each.format(other=tenancy.tenants[two]) for each in PLANTED["foreign-scope"]]
    relations, done = frozenset({"public.runs"}), Event()

    def work() -> None:
        with closing(psycopg2.connect(tenancy.url)) as connection, connection.cursor() as cursor:
            while not done.is_set():
                for each in says:
                    cursor.execute(each)
                connection.rollback()

    with testbed.statements() as hear:
        follower = Follower(setting=tenancy.setting, column=tenancy.column, relations=relations)
        operations = Operations.of(testbed.openapi())
        ledger = Ledger(hear=hear, follower=follower, operations=operations, ids=tenancy.tenants)
        client = Overheard(client=testbed.actor(one), ledger=ledger)
        worker = Thread(target=work)
        worker.start()
        try:
            for _ in range(3):
                client.request("GET", "/v1/projects")
        finally:
            done.set()
            worker.join()
    assert any(place[0] == BACKGROUND for place in ledger.counts)
    assert not any(each["foreign"] for each in ledger.counts.values())


def test_what_had_begun_before_the_log_is_not_judged(testbed: Embedded) -> None:
    tenancy, (one, _) = testbed.tenancy(), testbed.tenants
    own, relations = tenancy.tenants[one], frozenset({"public.runs"})
    scope, read_runs = (
        each.format(own=own)
        for each in (PLANTED["nothing"][0], "SELECT 1 FROM runs WHERE tenant_id = '{own}'")
    )
    with closing(psycopg2.connect(tenancy.url)) as connection, connection.cursor() as cursor:
        cursor.execute(scope)
        with testbed.statements() as hear:
            follower = Follower(setting=tenancy.setting, column=tenancy.column, relations=relations)
            operations = Operations.of(testbed.openapi())
            ledger = Ledger(
                hear=hear, follower=follower, operations=operations, ids=tenancy.tenants
            )
            cursor.execute(read_runs)
            connection.rollback()
            ledger.listen(BACKGROUND, "")
            assert not ledger.counts
            cursor.execute(read_runs)
            ledger.listen(BACKGROUND, "")
    assert ledger.counts[BACKGROUND, "SELECT", "public.runs"]["unscoped"] == 1
