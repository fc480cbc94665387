"""Does every change leave exactly one event, in a chain that shows any later edit?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from apiflask import APIFlask
from hypothesis import assume, given
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case
from sqlalchemy import event

from app.__main__ import main
from app.audit import GENESIS, Actor, Event, Sealed, seal, verify
from app.audit_log import read_chain
from app.config import Config
from app.database import Scope, db, enter
from app.endpoint import TELEMETRY
from app.factory import declarations
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import Caller, build_world

EVENTS = st.builds(
    Event,
    tenant_id=st.just(UUID(int=1)),
    seq=st.just(0),
    id=st.uuids(),
    created_at=st.datetimes(timezones=st.just(UTC)),
    action=st.text(max_size=8),
    actor=st.sampled_from(Actor),
    member_id=st.none() | st.uuids(),
    key_id=st.none() | st.uuids(),
    object_type=st.text(max_size=8),
    object_id=st.none() | st.text(max_size=8),
    path=st.text(max_size=8),
    request_id=st.text(max_size=8),
)


def chain_of(events: list[Event]) -> list[Sealed]:
    chain: list[Sealed] = []
    for number, each in enumerate(events, start=1):
        chain.append(seal(replace(each, seq=number), chain[-1].hash if chain else GENESIS))
    return chain


def head_of(chain: list[Sealed]) -> tuple[int, bytes]:
    return len(chain), chain[-1].hash if chain else GENESIS


CHAINS = st.lists(EVENTS, max_size=6).map(chain_of)
FILLED = st.lists(EVENTS, min_size=1, max_size=6).map(chain_of)


@given(chain=CHAINS)
def test_an_untouched_chain_holds(chain: list[Sealed]) -> None:
    assert list(verify(chain, head=head_of(chain))) == []


@given(chain=FILLED, data=st.data(), other=EVENTS)
def test_any_edit_is_noticed(chain: list[Sealed], data: st.DataObject, other: Event) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from([each.name for each in fields(Event)]))
    edited = replace(chain[place].event, **{name: getattr(other, name)})
    assume(edited != chain[place].event)
    chain = [*chain]
    head = head_of(chain)
    chain[place] = replace(chain[place], event=edited)
    assert list(verify(chain, head=head)) != []
    # Sealing it again breaks the next event, or the end.
    chain[place] = seal(edited, chain[place].prev_hash)
    assert list(verify(chain, head=head)) != []
    # And so does linking the next one to it: its own seal covers the link.
    if place + 1 < len(chain):
        chain[place + 1] = replace(chain[place + 1], prev_hash=chain[place].hash)
    assert list(verify(chain, head=head)) != []


@given(chain=FILLED, data=st.data())
def test_any_deletion_is_noticed(chain: list[Sealed], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(chain) - 1))
    stop = data.draw(st.integers(start + 1, len(chain)))
    assert list(verify([*chain[:start], *chain[stop:]], head=head_of(chain))) != []


@given(chain=st.lists(EVENTS, min_size=2, max_size=6).map(chain_of), data=st.data())
def test_any_reordering_is_noticed(chain: list[Sealed], data: st.DataObject) -> None:
    moved = data.draw(st.permutations(chain))
    assume(moved != chain)
    assert list(verify(moved, head=head_of(chain))) != []


@given(chain=FILLED, data=st.data(), other=EVENTS)
def test_any_insertion_is_noticed(chain: list[Sealed], data: st.DataObject, other: Event) -> None:
    place = data.draw(st.integers(0, len(chain)))
    before = chain[place - 1].hash if place else GENESIS
    added = seal(replace(other, seq=place + 1), before)
    assert list(verify([*chain[:place], added, *chain[place:]], head=head_of(chain))) != []


@pytest.fixture
def admin(postgresql: PostgreSQL, schema: Schema) -> Iterator[Connection]:
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    yield connection
    connection.close()


def events(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.read(f"/v1/audit-events?limit=200{query}")["items"]
    return found


def stored(service: APIFlask, tenant: str) -> tuple[list[Sealed], tuple[int, bytes]]:
    with service.app_context():
        enter(Scope(UUID(tenant)))
        chain, head = read_chain(UUID(tenant))
        return list(chain), head


def test_every_change_leaves_one_event_and_logs_of_runs_leave_none(
    service: APIFlask, owner: Caller
) -> None:
    me = owner.read("/v1/me")
    made = owner.ask("POST", "/v1/projects", {"name": "p"})
    project = made.get_json()["id"]
    owner.ask("PATCH", f"/v1/projects/{project}", {"name": "q"})
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    run = owner.make(f"/v1/experiments/{experiment}/runs", name="r")["id"]
    owner.make(f"/v1/runs/{run}/log", tags={"a": "b"})
    model = owner.make(f"/v1/projects/{project}/models", name="m")["id"]
    version = owner.make(f"/v1/models/{model}/versions")["id"]
    owner.ask("DELETE", f"/v1/runs/{run}")
    owner.make(f"/v1/runs/{run}:restore")
    found = events(owner)[::-1]
    assert [(each["action"], each["object_type"], each["object_id"]) for each in found] == [
        ("create_tenant", "tenants", me["tenant_id"]),
        ("create_project", "projects", project),
        ("update_project", "projects", project),
        ("create_experiment", "experiments", experiment),
        ("create_model", "models", model),
        ("create_version", "versions", version),
        ("delete_run", "runs", run),
        ("restore_run", "runs", run),
    ]
    assert [each["seq"] for each in found] == list(range(1, 9))
    assert [each["prev_hash"] for each in found[1:]] == [each["hash"] for each in found[:-1]]
    first, second = found[:2]
    assert (first["actor"], first["member_id"], first["key_id"]) == ("operator", None, None)
    assert (second["actor"], second["member_id"]) == ("member", me["member_id"])
    assert (second["key_id"], second["path"]) == (me["key_id"], "/v1/projects")
    assert second["request_id"] == made.headers["X-Request-Id"]
    chain, head = stored(service, me["tenant_id"])
    assert list(verify(chain, head=head)) == []
    assert [each.hash.hex() for each in chain] == [each["hash"] for each in found]


def test_the_declarations_decide_what_is_audited(service: APIFlask) -> None:
    silent = {
        declared.operation
        for declared in declarations(service).values()
        if declared.changes and not declared.audited
    }
    assert silent == {
        declared.operation
        for declared in declarations(service).values()
        if declared.changes and declared.access in TELEMETRY
    }


def test_what_changed_nothing_leaves_no_event(owner: Caller) -> None:
    before = len(events(owner))
    owner.ask("POST", "/v1/projects", {"name": ""})
    owner.ask("PATCH", "/v1/projects/01900000-0000-7000-8000-000000000000", {"name": "x"})
    owner.ask("DELETE", f"/v1/api-keys/{owner.read('/v1/me')['key_id']}")
    owner.key_for("viewer").ask("POST", "/v1/projects", {"name": "x"})
    sent = {"Idempotency-Key": "k"}
    for _ in range(3):
        owner.ask("POST", "/v1/projects", {"name": "once"}, headers=sent)
    new = [each["action"] for each in events(owner)][: len(events(owner)) - before]
    assert new == ["create_project", "create_api_key", "create_member"]


def test_an_event_and_its_change_are_stored_together_or_not_at_all(
    owner: Caller, admin: Connection
) -> None:
    tenant = owner.read("/v1/me")["tenant_id"]
    before = len(events(owner))
    admin.cursor().execute("SELECT 1 FROM audit_heads WHERE tenant_id = %s FOR UPDATE", [tenant])
    # The end of the chain is held by somebody else for longer than a change waits.
    assert owner.ask("POST", "/v1/projects", {"name": "x"}).status_code == 503
    admin.rollback()
    assert owner.read("/v1/projects")["items"] == []
    assert len(events(owner)) == before


def test_the_chain_is_a_line_under_concurrent_writers(service: APIFlask, owner: Caller) -> None:
    def write(number: int) -> int:
        caller = Caller(service.test_client(), owner.key)
        return caller.ask("POST", "/v1/projects", {"name": f"p{number}"}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(write, range(24))) == {201}
    chain, head = stored(service, owner.read("/v1/me")["tenant_id"])
    assert list(verify(chain, head=head)) == []
    assert len(chain) == 25


def test_an_edit_in_the_database_is_noticed(
    service: APIFlask, owner: Caller, admin: Connection
) -> None:
    build_world(owner, "own")
    tenant = owner.read("/v1/me")["tenant_id"]
    for edit in (
        "UPDATE audit_events SET action = 'nothing' WHERE tenant_id = %s AND seq = 2",
        "UPDATE audit_events SET created_at = now() WHERE tenant_id = %s AND seq = 2",
        "DELETE FROM audit_events WHERE tenant_id = %s AND seq = 2",
        "DELETE FROM audit_events WHERE tenant_id = %s AND seq > 3",
    ):
        with admin.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE IF NOT EXISTS kept AS TABLE audit_events")
            cursor.execute(edit, [tenant])
        admin.commit()
        chain, head = stored(service, tenant)
        assert list(verify(chain, head=head)) != [], edit
        with admin.cursor() as cursor:
            cursor.execute("DELETE FROM audit_events WHERE tenant_id = %s", [tenant])
            cursor.execute(
                "INSERT INTO audit_events SELECT * FROM kept WHERE tenant_id = %s", [tenant]
            )
        admin.commit()
        chain, head = stored(service, tenant)
        assert list(verify(chain, head=head)) == []


@pytest.mark.parametrize("page", [2, 5000])
def test_an_event_that_is_added_while_the_log_is_read_breaks_nothing(
    service: APIFlask, owner: Caller, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("app.audit_log.PAGE", page, raising=False)
    for number in range(4):
        owner.make("/v1/projects", name=str(number))
    tenant, added = owner.read("/v1/me")["tenant_id"], []

    def add(*about: Any) -> None:
        if "FROM audit_events" in about[2] and not added:
            added.append(True)
            caller = Caller(service.test_client(), owner.key)
            with ThreadPoolExecutor(1) as pool:  # beside this context, which it would share
                pool.submit(caller.make, "/v1/projects", name="new").result()

    with service.app_context():
        event.listen(db.engine, "before_cursor_execute", add)
        enter(Scope(UUID(tenant)))
        chain, head = read_chain(UUID(tenant))
        read = list(chain)
        event.remove(db.engine, "before_cursor_execute", add)
    assert added
    assert (len(read), list(verify(read, head=head))) == (5, [])


def test_the_command_line_verifies_a_log(
    config: Config,
    owner: Caller,
    admin: Connection,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MAESTRO_DATABASE_URL", config.database_url)
    monkeypatch.setenv("MAESTRO_REDIS_URL", config.redis_url)
    monkeypatch.setenv("MAESTRO_CURSOR_SECRET", config.cursor_secret)
    tenant = owner.read("/v1/me")["tenant_id"]
    owner.make("/v1/projects", name="x")
    assert main(["verify-audit", tenant]) == 0
    last = events(owner)[0]["hash"]
    assert capsys.readouterr().out == f"2 events, 0 breaks, the last is {last}\n"
    with admin, admin.cursor() as cursor:
        cursor.execute("UPDATE audit_events SET path = '/' WHERE tenant_id = %s", [tenant])
    assert main(["verify-audit", tenant]) == 10
    assert "event 1: is not what was sealed" in capsys.readouterr().out


def test_the_service_can_neither_change_nor_remove_an_event(schema: Schema, owner: Caller) -> None:
    connection = psycopg2.connect(schema.app_url)
    tenant = owner.read("/v1/me")["tenant_id"]
    for statement in ("UPDATE audit_events SET action = 'x'", "DELETE FROM audit_events"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [tenant])
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
        connection.rollback()
    connection.close()


def test_a_log_ends_with_its_tenant(owner: Caller, admin: Connection) -> None:
    owner.ask("POST", "/v1/projects", {"name": "x"}, headers={"Idempotency-Key": "k"})
    tenant = owner.read("/v1/me")["tenant_id"]
    with admin.cursor() as cursor:
        cursor.execute("DELETE FROM tenants WHERE id = %s", [tenant])
        for table in ("audit_events", "audit_heads", "kept_answers"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", [tenant])  # noqa: S608
            assert cursor.fetchone() == (0,)
    admin.rollback()


def test_events_are_found_by_action_actor_object_and_time(owner: Caller) -> None:
    world = build_world(owner, "own")
    me = owner.read("/v1/me")["member_id"]
    admin = owner.key_for("admin")
    admin.make("/v1/projects", name="by the admin")
    everything = events(owner)
    (mine,) = events(owner, f"&member_id={admin.read('/v1/me')['member_id']}")
    assert mine["action"] == "create_project"
    assert len(events(owner, "&action=create_project")) == 2
    assert {each["member_id"] for each in events(owner, f"&member_id={me}")} == {me}
    assert [each["action"] for each in events(owner, f"&object_id={world.model_id}")] == [
        "create_model"
    ]
    moment = everything[3]["created_at"]
    assert events(owner, f"&since={moment}") == everything[:4]
    assert events(owner, f"&until={moment}") == everything[4:]
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert events(owner, f"&since={later}") == []
    for early in ("0238-11-13T10:00:53%2B16:00", "0001-01-01T00:00:00%2B23:59"):
        assert events(owner, f"&since={early}") == everything
    assert events(owner, "&since=9999-12-31T23:59:59-23:59") == []
    for wrong in ("&since=today", "&since=2026-01-02", "&since=2026-01-02T03:04:05", "&action=%00"):
        assert owner.ask("GET", f"/v1/audit-events?limit=1{wrong}").status_code == 422


def test_the_log_is_paged_and_only_for_auditors_of_the_tenant(
    owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    build_world(owner, "own")
    walked, cursor = [], ""
    while True:
        page = owner.read(f"/v1/audit-events?limit=2{cursor}")
        walked += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert walked == events(owner)
    assert all(later["seq"] == earlier["seq"] + 1 for later, earlier in pairwise(walked))
    assert owner.key_for("maintainer").ask("GET", "/v1/audit-events").status_code == 403
    auditor = owner.key_for("admin", scopes=["audit:read"])
    assert auditor.ask("GET", "/v1/audit-events").status_code == 200
    assert [each["action"] for each in events(new_owner())] == ["create_tenant"]


def test_no_secret_or_content_is_in_an_event(owner: Caller) -> None:
    secret = owner.make("/v1/api-keys", name="private words")["secret"]
    text = owner.ask("GET", "/v1/audit-events").text
    assert not any(each in text for each in (secret, owner.key, "private words"))
