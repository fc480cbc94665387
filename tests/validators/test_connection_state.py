"""What is left on a connection is seen there, and a live service leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
import pytest

from gate.check import Answer, Client, Control, Lone, Wire
from gate.errors import SetupError
from gate.model import Doubt, Finding, Outcome
from gate.run import run
from gate.testbed.embedded import Embedded
from gate.testbed.waiting import until
from validators.channels.connection_state import CHECK, CLEAN, LEFT
from validators.database.connection_probe import (
    ask_as_next,
    left_behind,
    marked_reads,
    question_for,
)
from validators.database.endings import Scene
from validators.estates.ground import stand

PLANTED = {
    "SELECT 1": None,
    "SELECT set_config('app.tenant_id', '{acme}', false)": "scope-left",
    "SELECT set_config('app.tenant_id', 'somebody', false)": "scope-left",
    "SELECT set_config('app.operator', 'on', false)": "scope-left",
    "SET search_path = pg_catalog": "role-left",
    "SET statement_timeout = 1234": "state-left",
    "PREPARE one AS SELECT '{acme}'": "state-left",
    "SELECT pg_advisory_lock_shared(7)": "state-left",
    "DECLARE mine CURSOR WITH HOLD FOR SELECT 1": "state-left",
}


@dataclass(frozen=True)
class Leaky:
    """Says that it is a tenant, and is answered as another."""

    client: Client
    tenant: str

    def request(self, *asked: Any, **said: Any) -> Answer:
        return self.client.request(*asked, **said)


@pytest.fixture(scope="module")
def lone(testbed: Embedded) -> Iterator[Lone]:
    with testbed.lone() as opened:
        yield opened


@pytest.fixture
def scene(testbed: Embedded, lone: Lone) -> Iterator[Scene]:
    ground, tenancy = stand(testbed), testbed.tenancy()
    user, other = (
        replace(each, client=lone.testbed.actor(each.client.tenant)) for each in ground.estates
    )
    with closing(psycopg2.connect(testbed.database().url)) as admin:
        admin.autocommit = True
        yield Scene(
            ground=ground,
            lone=lone,
            admin=admin,
            tenants=tenancy.tenants,
            relations=("public.runs",),
            question=question_for("app.operator", policies(), tuple(tenancy.tenants.values())),
            user=user,
            next=other,
        )
        assert until(lambda: is_cleared(lone), within=10)


def is_cleared(lone: Lone) -> bool:
    """Not while the runner, on a connection of its own, is in a transaction."""
    try:
        lone.wire.ask("DISCARD ALL")
    except SetupError:
        return False
    return True


def policies() -> list[Any]:
    """A policy that reads the other setting."""
    from validators.database.catalogue import Fact  # noqa: PLC0415 - the only place

    using = "(tenant_id = (current_setting('app.tenant_id'::text, true))::uuid)"
    return [Fact("policy", "public.runs", {"using": using, "check": None})]


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_left_on_the_service_s_connection_is_found(scene: Scene, planted: str) -> None:
    scene.lone.wire.ask(planted.format(acme=scene.tenants["acme"]))
    found = left_behind(scene, scene.look()[0], (), '"$user", public')
    assert set(found) | {"request", "status", "kept", "states"} == set(LEFT)
    record = [replace(CLEAN[0], data={**LEFT, **found})]
    rules = {each.rule for each in CHECK.judge(record) if isinstance(each, Finding)}
    assert rules == ({PLANTED[planted]} - {None})
    assert scene.tenants["acme"] not in str(found)


def test_an_open_transaction_is_found(scene: Scene) -> None:
    scene.lone.wire.ask("BEGIN")
    assert scene.look() == ([], ("in a transaction",))
    scene.lone.wire.ask("ROLLBACK")


@dataclass
class Late:
    """Says still that all is at rest, when a transaction has just begun."""

    wire: Wire
    looks: int = 0

    @property
    def states(self) -> Sequence[str]:
        self.looks += 1
        return ("idle",) if self.looks <= 2 else self.wire.states

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wire, name)


def test_what_is_set_within_a_transaction_is_not_left(scene: Scene) -> None:
    wire = scene.lone.wire
    wire.ask("BEGIN")
    wire.ask(f"SELECT set_config('app.tenant_id', '{scene.tenants['acme']}', true)")
    late: Any = Late(wire)
    assert replace(scene, lone=replace(scene.lone, wire=late)).look() == ([], ("in a transaction",))
    wire.ask("ROLLBACK")


def test_answers_with_the_other_tenant_s_marks_are_counted_unless_any_connection_shows_them(
    testbed: Embedded, scene: Scene
) -> None:
    reads = marked_reads(scene.ground, scene.user, scene.next)
    client = Leaky(scene.user.client, scene.next.client.tenant)
    confused = replace(scene, next=replace(scene.next, client=client))
    told = ask_as_next(confused, reads)
    assert told["foreign"]
    assert told["lost"]
    one, two = scene.ground.estates
    leaky = replace(two, client=Leaky(testbed.actor("acme"), two.client.tenant))
    everywhere = replace(confused, ground=replace(scene.ground, estates=(one, leaky)))
    assert not ask_as_next(everywhere, reads)["foreign"]


def test_maestro_ml_keeps_the_promise(testbed: Embedded) -> None:
    written: list[Any] = []
    result = run(CHECK, testbed, written.append)
    assert result.findings == ()
    assert result.outcome is Outcome.PASS, (result.doubts, result.failures)
    assert [each for each in testbed.secrets if each in str(written)] == []


def test_a_clean_record_has_no_finding() -> None:
    assert not list(CHECK.judge(CLEAN))


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda each: each.defect)
def test_each_control_breaks_one_rule(control: Control) -> None:
    found = [each for each in CHECK.judge(control.record) if isinstance(each, Finding)]
    assert len({each.rule for each in found}) == 1


def test_an_ending_that_was_not_brought_about_leaves_a_doubt() -> None:
    missed = replace(CLEAN[0], kind="missed", data={"reason": "GET /v1/me got 200"})
    assert [type(each) for each in CHECK.judge([*CLEAN, missed])] == [Doubt]


def test_connections_that_are_never_used_again_leave_a_doubt() -> None:
    anew = [replace(CLEAN[0], data={**LEFT, "kept": False}), CLEAN[1]]
    assert [type(each) for each in CHECK.judge(anew)] == [Doubt]
