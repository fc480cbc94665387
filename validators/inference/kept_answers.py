"""Does a key that makes a request repeatable mean anything to somebody else who sends it?

`Idempotency-Key` (IETF draft `idempotency-key-header`): the answer to a request is kept, and given
again to whoever sends the same key. Guessed or copied, it must open nothing of another caller's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from gate.check import Client
from gate.model import Json, Observation
from gate.testbed.hints import roles_of
from validators.document.repeatable import declared_headers
from validators.estates.anew import Done, again, made_by, make
from validators.estates.ground import Duel
from validators.estates.ledger import Ledger
from validators.estates.things import Thing
from validators.estates.throwaways import secrets_in
from validators.messages.calls import Call, curl, retrace, send
from validators.messages.traces import EXCERPT, find_marks, normalise

ROUNDS = 2


def repeatable(duel: Duel) -> dict[str, str]:
    """The operations whose kept answers are looked at: what made something of the victim's."""
    declared = declared_headers(duel.ground.testbed.openapi())
    made = set(duel.victim.created)
    return {
        each.label: declared[each.label]
        for each in duel.ground.operations
        if each.label in declared and each.label in made and each.speakable and not each.public
    }


def repeats(duel: Duel) -> Iterator[Observation]:
    """Each request once by the victim, with a key, and with the same key by others."""
    headers = repeatable(duel)
    for operation in duel.ground.operations:
        things = made_by(duel.victim, operation), made_by(duel.attacker, operation)
        if operation.label in headers and things[0] is not None:
            for turn in range(ROUNDS):
                facts = [*replay(duel, things[0], things[1], headers[operation.label], turn)]
                yield from facts
                if not any(is_refused(each) for each in facts):
                    break


def is_refused(fact: Observation) -> bool:
    """Was something refused that is granted with a new key? Then it is tried once more."""
    return bool(fact.data.get("alone")) and not fact.data.get("granted")


def replay(
    duel: Duel, thing: Thing, other: Thing | None, header: str, turn: int
) -> Iterator[Observation]:
    """One request of the victim's, and what others get with its key."""
    operation = thing.origin.operation if thing.origin else duel.ground.operations[0]
    first = make(duel.victim, thing, keyed(duel, header))
    if first is None or not first.granted:
        status = first.answer.status if first else 0
        yield duel.note("owned-call", operation, status=status, positive=False)
        return
    repeated = duel.victim.send(first.call)
    if duel.victim.accepts(repeated) and repeated.body != first.answer.body:
        yield duel.note("not-applicable", operation, reason=f"{header} is not heeded")
        return
    yield duel.note("owned-call", operation, status=first.answer.status, positive=True)
    yield from by_members(duel, first, header, turn)
    yield from by_tenant(duel, first, other, header, turn)


def keyed(duel: Duel, header: str) -> dict[str, str]:
    """The header with a new key."""
    return {header: str(UUID(int=duel.chance.getrandbits(128), version=4))}


def key_of(done: Done, header: str) -> dict[str, str]:
    """The header with the key of a request that was sent."""
    return {header: done.call.headers[header]}


def marks_of(duel: Duel, done: Done) -> dict[str, str]:
    """What only the kept answer holds: the new object's id, and its secrets."""
    thing = duel.victim.record(Ledger(), done.call, done.answer, made=True)
    own = {thing.id: "id"} if thing is not None and thing.id else {}
    return {**own, **dict.fromkeys(secrets_in(done.answer), "secret")}


def by_tenant(
    duel: Duel, first: Done, thing: Thing | None, header: str, turn: int
) -> Iterator[Observation]:
    """The other tenant with the victim's keys: with the same body, and with one of its own.

    Its own request is granted with a key of its own (`alone`): a refusal with the victim's tells.
    """
    client = duel.attacker.client
    place = thing.origin.path if thing is not None and thing.origin else first.call.path
    same = replace(first.call, path=place)
    yield told(duel, first, (client, same), who="tenant", body="same", round=turn, alone=False)
    second = make(duel.victim, first.thing, keyed(duel, header))
    plain = make(duel.attacker, thing, keyed(duel, header)) if thing is not None else None
    if second is not None and second.granted and plain is not None and plain.granted:
        own = again(duel.attacker, plain, key_of(second, header))
        yield told(duel, second, (client, own), who="tenant", body="own", round=turn, alone=True)


def by_members(duel: Duel, first: Done, header: str, turn: int) -> Iterator[Observation]:
    """Other members of the victim's tenant with the same request; each one's own comes first.

    The weakest, who may least, and the strongest: who stands between them gains no more.
    """
    testbed, tenant = duel.ground.testbed, duel.victim.client.tenant
    others = [each for each in roles_of(testbed, tenant) if each != duel.victim.client.role]
    for role in dict.fromkeys((*others[:1], *others[-1:])):
        member = duel.ground.client(testbed.actor(tenant, role))
        own = again(duel.victim, first, keyed(duel, header))
        alone = duel.victim.accepts(send(member, own))
        fact = told(duel, first, (member, first.call), who=role, body="same", alone=alone)
        yield replace(fact, data={**fact.data, "round": turn})


def told(duel: Duel, first: Done, asked: tuple[Client, Call], **more: Json) -> Observation:
    """What comes back to somebody else's use of the key; his own words count for nothing."""
    client, call = asked
    answer = send(client, call)
    text = normalise(answer.body, call.sent)
    for secret in secrets_in(first.answer):
        text = text.replace(secret, "<secret>")
    return duel.note(
        "kept-call",
        call.operation,
        attacker=client.tenant,
        ids="",
        role=client.role,
        status=answer.status,
        granted=duel.victim.accepts(answer),
        traces=find_marks(answer, marks_of(duel, first), call.sent),
        excerpt=text[:EXCERPT],
        curl=retrace(curl(duel.victim.client, first.call), curl(client, call)),
        **more,
    )
