"""What a role sees only of its own, and what nobody has twice, is tried all the same."""

from __future__ import annotations

from dataclasses import replace

from gate.testbed.embedded import Embedded
from validators.document.operations import Operation
from validators.estates.ground import Duel, stand
from validators.estates.holders import made_for, recruited
from validators.estates.newcomers import newcomer
from validators.messages.calls import Call
from validators.roles.role_sacrifices import sacrificed
from validators.roles.role_strikes import Crew, on_another

BELOW = ("viewer", "contributor", "maintainer", "admin")
END, REVOKE = "DELETE /v1/tenants/{tenant_id}", "DELETE /v1/api-keys/{key_id}"


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


def test_a_role_is_given_a_key_of_its_own_to_be_tried_on(testbed: Embedded) -> None:
    duel, _ = stand(testbed).duels()
    revoke, viewer = named(duel, REVOKE), testbed.actor(duel.victim.client.tenant, "viewer")
    known = next(duel.victim.ledger.match(revoke))[-1]
    given = made_for(duel, known, "viewer")
    assert given is not None
    own = viewer.request("GET", "/v1/me").json()
    assert isinstance(own, dict)
    assert given.fields["member_id"] == own["member_id"]
    caller, crew = ("viewer", viewer), crew_of(testbed, duel)
    assert on_another(duel, revoke, caller, crew) is None


def test_what_a_role_may_do_to_its_own_only_is_told_where_it_is_declared_for_others(
    testbed: Embedded,
) -> None:
    duel, _ = stand(testbed).duels()
    caller = ("contributor", testbed.actor(duel.victim.client.tenant, "contributor"))
    # The same operation, as a document has it that keeps it for owners.
    revoke = replace(named(duel, REVOKE), roles=("owner",))
    fact = on_another(duel, revoke, caller, crew_of(testbed, duel))
    assert fact is not None
    assert fact.data["said"] == "granted"
    assert fact.data["effect"]
