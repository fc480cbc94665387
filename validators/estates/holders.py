"""To whom may an owner give a key, or a role?"""

from __future__ import annotations

from collections.abc import Iterator

from gate.testbed.hints import roles_of
from validators.document.names import SELF, is_identity, resource_in, words_of
from validators.document.operations import Operation, as_list, as_object
from validators.estates.estate import LEAST, Estate
from validators.estates.ground import Duel
from validators.estates.ledger import Ledger
from validators.estates.principals import is_person
from validators.estates.things import Thing
from validators.estates.throwaways import (
    Pass,
    let_in,
    makers,
    taken,
    with_fields,
    working,
)
from validators.messages.calls import Call, send
from validators.messages.traces import scalars

PEOPLE = frozenset({"member", "user", "owner", "holder", "person", "employee"})


def person_in(estate: Estate, maker: Operation) -> str:
    """The field of the body that says whose it is to be; "" where it has none."""
    properties = as_object(estate.author.simplify(dict(maker.body)).get("properties"))
    found = (name for name in properties if is_identity(name) and resource_in(name) in PEOPLE)
    return next(found, "")


def staff(duel: Duel, name: str) -> dict[str, str]:
    """The run's own principals of this tenant, as the service calls them, each with its role."""
    testbed, tenant = duel.ground.testbed, duel.victim.client.tenant
    return {
        str(value): role
        for role in roles_of(testbed, tenant)
        for each in introductions(duel)
        for place, value in scalars(send(testbed.actor(tenant, role), each).json())
        if place.rpartition(".")[2] == name and value
    }


def introductions(duel: Duel) -> list[Call]:
    """The reads that say who the caller is."""
    return [
        Call(operation=each)
        for each in duel.ground.operations
        if each.method == "GET" and not each.names and not each.public and each.resource in SELF
    ]


def recruited(duel: Duel, role: str) -> Iterator[Pass]:
    """A new member with this role: he signs in, or by a key that the owner makes for him."""
    owner = duel.victim
    for operation in duel.ground.operations:
        name = role_in(owner, operation, role)
        path = next(owner.ledger.fill(operation), None) if name else None
        if path is None:
            continue
        call = with_fields(owner.write(operation, path, recipe=LEAST), {name: role})
        answer = owner.send(call)
        if not owner.accepts(answer):
            continue
        yield from let_in(duel, call, answer, f"a member with the role {role}")
        thing = owner.record(Ledger(), call, answer, made=True)
        yield from keyed(duel, thing) if thing is not None else ()


def role_in(estate: Estate, operation: Operation, role: str) -> str:
    """The field of the body that gives a new member one of some roles, this among them."""
    if operation.method != "POST" or operation.public or operation.ends or operation.signs_in:
        return ""
    if not operation.speakable or not is_person(operation.product):
        return ""
    simple = estate.author.simplify
    fields = as_object(simple(dict(operation.body)).get("properties"))
    choices = {
        name: as_list(simple(dict(as_object(each))).get("enum")) for name, each in fields.items()
    }
    return next(
        (name for name in choices if "role" in words_of(name) and role in choices[name]), ""
    )


def keyed(duel: Duel, member: Thing) -> Iterator[Pass]:
    """A key that the owner makes for this member and that opens something."""
    owner = duel.victim
    for maker in makers(duel):
        name = person_in(owner, maker)
        path = next(owner.ledger.fill(maker), None) if name else None
        if path is None:
            continue
        call = with_fields(owner.write(maker, path, recipe=LEAST), {name: member.id})
        answer = owner.send(call)
        made = working(duel, taken(owner, call, answer)) if owner.accepts(answer) else None
        if made is not None:
            yield made
            return
