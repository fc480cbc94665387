"""What nobody has twice is tried by each role all the same."""

from __future__ import annotations

from gate.testbed.embedded import Embedded
from validators.document.operations import Operation
from validators.estates.ground import Duel, stand
from validators.estates.holders import recruited
from validators.estates.newcomers import newcomer
from validators.messages.calls import Call
from validators.roles.role_sacrifices import sacrificed
from validators.roles.role_strikes import Crew

BELOW = ("viewer", "contributor", "maintainer", "admin")
END = "DELETE /v1/tenants/{tenant_id}"


def named(duel: Duel, label: str) -> Operation:
    return next(each for each in duel.ground.operations if each.label == label)


def crew_of(testbed: Embedded, duel: Duel) -> Crew:
    tenant = duel.victim.client.tenant
    actors = {role: testbed.actor(tenant, role) for role in BELOW}
    return Crew(names=(*BELOW, "owner"), above=(), actors=actors, strangers={})


def test_the_end_of_a_tenant_is_tried_by_each_role_in_a_tenant_made_for_it(
    testbed: Embedded,
) -> None:
    duel, _ = stand(testbed).duels()
    facts = list(sacrificed(duel, named(duel, END), crew_of(testbed, duel)))
    said = {str(each.data["role"]): each.data["said"] for each in facts}
    assert said == {**dict.fromkeys(BELOW, "refused"), "owner": "granted"}
    # A 403 is of somebody who is known; who is not gets a 401.
    assert {each.data["status"] for each in facts[:-1]} == {403}
    assert testbed.actor("acme").request("GET", "/v1/me").status == 200


def test_a_new_member_has_the_role_that_was_asked_for(testbed: Embedded) -> None:
    duel, _ = stand(testbed).duels()
    with newcomer(duel, named(duel, END)) as other:
        assert other is not None
        holder = next(recruited(other, "contributor"))
        shown = holder.call(duel.ground, Call(operation=named(duel, "GET /v1/me"))).json()
    assert isinstance(shown, dict)
    assert shown["role"] == "contributor"
