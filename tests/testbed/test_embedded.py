"""A whole testbed: its tenants, its promises about secrets, and its neighbour."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import psycopg2
import pytest

from gate.check import Testbed
from gate.codec import encode
from gate.errors import SetupError, UsageError
from gate.testbed.embedded import Embedded, embedded
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import password_of
from gate.testbed.trees import is_alive
from gate.testbed.waiting import until

ROLES = ("viewer", "contributor", "maintainer", "admin", "owner")


def tree(running: Embedded) -> set[psutil.Process]:
    roots = [psutil.Process(pid) for pid in running.pids.values()]
    return {process for root in roots for process in (root, *root.children(recursive=True))}


def test_every_role_of_every_tenant_is_who_it_says(testbed: Embedded) -> None:
    bed: Testbed = testbed
    for tenant in bed.tenants:
        for role in ROLES:
            answer = bed.actor(tenant, role).request("GET", "/v1/me")
            me = json.loads(answer.body)
            assert (answer.status, me["role"]) == (200, role)
            assert me["tenant_id"] == testbed.tenant_ids[tenant]


def test_anonymous_is_refused_and_the_operator_sees_all_tenants(testbed: Embedded) -> None:
    assert testbed.actor("", "anonymous").request("GET", "/v1/me").status == 401
    answer = testbed.actor("", "operator").request("GET", "/v1/tenants")
    assert [tenant["name"] for tenant in json.loads(answer.body)["items"]] != []


def test_an_actor_that_does_not_exist_is_reported(testbed: Embedded) -> None:
    with pytest.raises(SetupError, match="no janitor of acme"):
        testbed.actor("acme", "janitor")


def test_the_whole_testbed_describes_itself_without_a_secret(testbed: Embedded) -> None:
    shown = repr(testbed) + encode(testbed.target) + repr(testbed.cast) + repr(testbed.site)
    shown += "".join(repr(client) for client in testbed.cast.clients.values())
    assert [secret for secret in testbed.secrets if secret in shown] == []


def test_every_secret_of_the_testbed_has_a_placeholder(testbed: Embedded) -> None:
    passwords = [
        password_of(url)
        for url in (
            testbed.database().url,
            testbed.schema.owner_url,
            testbed.schema.app_url,
            testbed.redis_url,
        )
    ]
    tokens = [
        value.removeprefix("Bearer ")
        for client in testbed.cast.clients.values()
        for value in client.credentials.values()
    ]
    assert len(tokens) == len(set(tokens)) == 2 * len(ROLES) + 1
    environment = psutil.Process(testbed.pids["service"]).environ()
    assert {*passwords, *tokens, environment["MAESTRO_CURSOR_SECRET"]} == testbed.secrets.keys()
    assert testbed.secrets[tokens[-1]].startswith("$TOKEN_GLOBEX_")
    assert len(set(testbed.secrets.values())) == len(testbed.secrets)


def test_no_secret_is_on_a_command_line_or_in_a_log(testbed: Embedded) -> None:
    lines = [" ".join(process.cmdline()) for process in tree(testbed)]
    assert len(lines) > 8
    logs = [log.read_text(encoding="utf-8") for log in (testbed.folder / "logs").iterdir()]
    assert len(logs) >= 5
    assert [secret for secret in testbed.secrets for text in lines + logs if secret in text] == []


def test_the_service_runs_a_worker_per_core_and_listens_on_loopback_only(
    testbed: Embedded,
) -> None:
    service = psutil.Process(testbed.pids["service"])
    assert len(workers(service)) == os.cpu_count()
    listening = {
        connection.laddr
        for process in tree(testbed)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert len(listening) == 3
    assert all(address.port < 32_768 for address in listening)


def test_a_killed_worker_is_replaced(testbed: Embedded) -> None:
    service = psutil.Process(testbed.pids["service"])
    before = workers(service)
    victim = before.pop()
    victim.kill()
    assert until(lambda: len(workers(service) - {victim}) > len(before), within=30)
    assert testbed.actor("acme").request("GET", "/v1/me", timeout=30).status == 200


def workers(service: psutil.Process) -> set[psutil.Process]:
    return {child for child in service.children() if is_alive(child) and is_worker(child)}


def is_worker(process: psutil.Process) -> bool:
    """Not Python's own resource tracker."""
    return "resource_tracker" not in " ".join(process.cmdline())


def test_the_service_works_as_a_role_that_owns_nothing(testbed: Embedded) -> None:
    with psycopg2.connect(testbed.database().url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolcanlogin "
            "FROM pg_roles WHERE rolname = %s",
            [testbed.schema.app_role],
        )
        assert cursor.fetchone() == (False, False, False, False, True)
        cursor.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace"
        )
        assert cursor.fetchall() == [(testbed.schema.owner_role,)]
    connection.close()


def test_a_killed_database_is_a_fault_that_bites_and_heals(testbed: Embedded) -> None:
    owner = testbed.actor("acme")
    with testbed.fault("postgres-killed") as proof:
        assert proof["gone"] is True
        assert proof["connect"] == "refused"
        assert not psutil.pid_exists(int(str(proof["pid"])))
        assert owner.request("GET", "/v1/projects").status == 503
    assert testbed.database().accepts()
    assert testbed.pids["postgresql"] != proof["pid"]


def test_a_fault_heals_when_the_probe_raises(testbed: Embedded) -> None:
    with pytest.raises(RuntimeError, match="probe"), testbed.fault("postgres-killed"):
        raise RuntimeError("probe")
    assert testbed.database().accepts()


def test_an_unknown_fault_is_answered_with_the_known_ones(testbed: Embedded) -> None:
    with pytest.raises(UsageError, match=r"no fault 'tsunami'; there are: postgres-killed\."):
        testbed.fault("tsunami")


def test_two_testbeds_run_side_by_side_and_know_nothing_of_each_other(
    testbed: Embedded, postgresql: PostgreSQL, redis_url: str, tmp_path: Path
) -> None:
    """The second one uses installed servers, which must be left as they were found."""
    before = databases(postgresql)
    said: list[str] = []
    with embedded(
        tmp_path,
        seed=2,
        say=said.append,
        tenants=("initech", "umbrella"),
        workers=1,
        database_url=postgresql.url.replace("postgresql://", "postgresql+psycopg2://"),
        redis_url=redis_url,
    ) as other:
        assert other.target.base_url != testbed.target.base_url
        of_its_own = {"database", "faults", "statements", "lone-connection"}
        assert other.target.offers == testbed.target.offers - of_its_own
        stranger = other.actor("initech").credentials
        anonymous = testbed.actor("", "anonymous")
        assert other.actor("initech").request("GET", "/v1/me").status == 200
        assert anonymous.request("GET", "/v1/me", headers=stranger).status == 401
        assert password_of(redis_url) in "".join(other.secrets)
        with pytest.raises(SetupError, match="must not be touched"):
            other.database()
    assert databases(postgresql) == before
    assert testbed.actor("acme").request("GET", "/v1/me").status == 200
    assert len(said) == 4


def databases(server: PostgreSQL) -> set[str]:
    connection = psycopg2.connect(server.url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles")
        names = {row[0] for row in cursor.fetchall()}
    connection.close()
    return names


def test_a_service_that_cannot_start_is_reported_without_secrets(tmp_path: Path) -> None:
    leaky = tmp_path / "checkout" / "app"
    leaky.mkdir(parents=True)
    (leaky / "__main__.py").write_text("import os; raise SystemExit(dict(os.environ))")
    with (
        pytest.raises(SetupError, match="migrate failed") as raised,
        embedded(tmp_path, seed=3, checkout=leaky.parent),
    ):
        pass
    assert "postgresql://maestro_owner_" in str(raised.value)
    assert ":$DATABASE_OWNER_PASSWORD@" in str(raised.value)
