"""Does a link, which opens an object to whoever has it, end when it is withdrawn?

And when its object is deleted, once not even the owner can read that any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gate.check import Answer
from gate.model import Observation
from validators.credentials.ended_credentials import is_there
from validators.credentials.lasting import note_ended
from validators.document.names import slots_of, words_of
from validators.document.operations import Operation, as_object
from validators.estates.estate import Estate
from validators.estates.ground import Duel
from validators.estates.ledger import Ledger
from validators.estates.things import Thing
from validators.messages.calls import Call, curl, retrace, send
from validators.messages.traces import like

HANDLES = frozenset({"token", "code", "secret", "key", "link", "share", "hash"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a step gave that opens something to anybody: the object that is it, and the read."""

    thing: Thing
    call: Call
    before: Answer


def links_end(duel: Duel) -> Iterator[Observation]:
    """Each kind of link once: withdrawn by its owner, and left alone while its object goes."""
    reads = [each for each in duel.ground.operations if is_opening(each)]
    tried: set[tuple[str, bool]] = set()
    for thing in [*duel.victim.ledger.things] if reads else ():
        origin = thing.origin
        if origin is None or not called(reads, thing):
            continue
        for has_own_end, facts in (
            (True, withdrawn(duel, reads, thing)),
            (False, orphaned(duel, reads, thing, origin)),
        ):
            if (origin.operation.label, has_own_end) not in tried:
                found = list(facts)
                yield from found
                tried |= {(origin.operation.label, has_own_end)} if found else set()


def is_opening(operation: Operation) -> bool:
    """Does it read something for whoever has what its path asks for (`GET /s/{token}`)?"""
    by_handle = len(operation.names) == 1 and HANDLES & set(words_of(operation.names[0]))
    return operation.method == "GET" and operation.public and bool(by_handle)


def called(reads: Sequence[Operation], thing: Thing) -> list[Call]:
    """The reads that what this object says may open."""
    return [
        Call(operation=each, path=(str(thing.fields[each.names[0]]),))
        for each in reads
        if thing.fields.get(each.names[0])
    ]


def opened(duel: Duel, reads: Sequence[Operation], thing: Thing | None) -> Link | None:
    """The link, if nobody gets in with it, and not with one that was never given."""
    for call in called(reads, thing) if thing is not None else ():
        before = send(duel.ground.nobody, call)
        absent = replace(call, path=(like(call.path[0], duel.chance),))
        unlike = duel.victim.accepts(before) and not is_granted(duel, absent)
        if thing is not None and unlike:
            return Link(thing=thing, call=call, before=before)
    return None


def is_granted(duel: Duel, call: Call) -> bool:
    """Does nobody get it?"""
    return duel.victim.accepts(send(duel.ground.nobody, call))


def withdrawn(duel: Duel, reads: Sequence[Operation], thing: Thing) -> Iterator[Observation]:
    """End the link by its own id, by what it was made of, or by what it opens with."""
    if not any(True for _ in withdrawals(duel, thing)):
        return
    link = opened(duel, reads, duel.victim.renew(thing))
    if link is None:
        return
    for call in withdrawals(duel, link.thing):
        facts = list(ended(duel, link, call))
        yield from facts
        if facts:
            return


def withdrawals(duel: Duel, thing: Thing) -> Iterator[Call]:
    """The requests that may end this link.

    `DELETE /links/{id}`, `DELETE /files/{id}/link` where it was made by POST, or a request whose
    body asks for the very text that the link opens with (`unshare {share_token}`).
    """
    ending = duel.victim.envelope.endings.get(thing.resource)
    call = duel.victim.upon(ending, thing) if ending is not None else None
    if call is not None:
        yield call
    origin = thing.origin
    if origin is None:
        return
    for each in duel.ground.operations:
        if each.method == "DELETE" and each.path == origin.operation.path:
            yield duel.victim.write(each, origin.path)
        elif not each.safe and not each.public and each.label != origin.operation.label:
            yield from naming(duel, each, thing, origin)


def naming(duel: Duel, operation: Operation, thing: Thing, origin: Call) -> Iterator[Call]:
    """The request with what the link says and was made of, where its body asks for the handle."""
    simple = duel.victim.author.simplify(dict(operation.body))
    asked = [name for name in as_object(simple.get("properties")) if name in thing.fields]
    if not any(HANDLES & set(words_of(name)) for name in asked):
        return
    same = operation.names == origin.operation.names
    path = origin.path if same else next(duel.victim.ledger.fill(operation), None)
    if path is not None:
        call = duel.victim.write(operation, path, thing.chain)
        said = {name: thing.fields[name] for name in asked}
        yield replace(call, body={**as_object(call.body), **as_object(origin.body), **said})


def orphaned(
    duel: Duel, reads: Sequence[Operation], thing: Thing, origin: Call
) -> Iterator[Observation]:
    """End the object that the link is to, where its owner cannot read it any more afterwards."""
    slots = slots_of(origin.operation.path)
    whole = duel.victim.ledger.by_value(origin.path[-1], slots[-1][0]) if slots else None
    ending = duel.victim.envelope.endings.get(slots[-1][0]) if slots else None
    if whole is None or whole.origin is None or ending is None or ending.method != "DELETE":
        return
    fresh = duel.victim.renew(whole)
    value = fresh.value_for(slots[-1][1]) if fresh is not None else None
    if fresh is None or value is None:
        return
    made = made_on(duel.victim, origin, value, thing.resource)
    link = opened(duel, reads, made)
    call = duel.victim.upon(ending, fresh)
    read = is_there(duel, ending)
    if link is None or call is None or read is None:
        return
    seen = Call(operation=read, path=call.path)
    if duel.victim.accepts(duel.victim.send(seen)):
        yield from ended(duel, link, call, seen)


def made_on(estate: Estate, origin: Call, value: str, resource: str) -> Thing | None:
    """A link like that one, to another object."""
    path = (*origin.path[:-1], value)
    call = estate.write(origin.operation, path)
    answer = estate.send(call)
    if not estate.accepts(answer):
        return None
    fresh = Ledger()
    estate.record(fresh, call, answer, made=True)
    return next((each for each in fresh.things if each.resource == resource), None)


def ended(duel: Duel, link: Link, call: Call, seen: Call | None = None) -> Iterator[Observation]:
    """The ending by its owner, and what the link opens from then on."""
    answer = duel.victim.send(call)
    gone = seen is None or not duel.victim.accepts(duel.victim.send(seen))
    if not (duel.victim.accepts(answer) and gone):
        return
    yield duel.note("owned-call", call.operation, status=answer.status, positive=True)
    made = link.thing.origin.operation.label if link.thing.origin else ""
    yield note_ended(
        duel,
        call.operation,
        f"the link of {made}",
        link.call,
        link.before,
        lambda: send(duel.ground.nobody, link.call),
        retrace(curl(duel.victim.client, call), curl(duel.ground.nobody, link.call)),
    )
