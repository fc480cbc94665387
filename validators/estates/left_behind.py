"""What does the ending of many at once leave behind: a job that tells what has come of it?

Its answer names what no other operation makes and a path asks for. It is asked to end nothing but
objects that were made for it, and what its id opens is what was left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from validators.document.names import is_identity, slots_of
from validators.document.operations import Operation
from validators.estates.estate import LEAST, Estate
from validators.estates.things import Thing
from validators.messages.calls import Call, leaves, like_type, value_at

MOST_ENDED, MOST_IDS = 3, 3


def learn_left(estate: Estate, operations: Sequence[Operation]) -> None:
    """End new objects by requests that name them in their bodies, and keep what that leaves."""
    reads = list(unseen(estate, operations))
    ending = [each for each in operations if ends_several(each)] if reads else []
    for operation in ending[:MOST_ENDED]:
        call = upon_new(estate, operation)
        answer = estate.send(call) if call is not None else None
        if call is None or answer is None or not estate.accepts(answer):
            continue
        told = leaves(answer.json())
        said = [text for place, text in told if place and is_identity(str(place[-1]))]
        for key in [each for each in dict.fromkeys(said) if each not in call.sent][:MOST_IDS]:
            keep(estate, reads, key)


def unseen(estate: Estate, operations: Sequence[Operation]) -> Iterator[Operation]:
    """The reads of one object of a kind of which the tenant has none."""
    known = {each.resource for each in estate.ledger.things}
    for each in operations:
        plain = each.method == "GET" and each.reads_one and len(each.names) == 1
        if plain and each.speakable and not each.public and each.resource not in known:
            yield each


def ends_several(operation: Operation) -> bool:
    """Does it end what its body names?"""
    plain = operation.method == "POST" and operation.ends and not operation.names
    return plain and operation.speakable and not (operation.public or operation.signs_in)


def upon_new(estate: Estate, operation: Operation) -> Call | None:
    """The request on new objects; None where it says anything but which ones it is to end."""
    call = estate.write(operation, (), recipe=LEAST)
    named = list(leaves(call.body))
    for place, value in named:
        thing = estate.ledger.by_value(value)
        fresh = estate.renew(thing) if thing is not None else None
        if fresh is None or not fresh.id:
            return None
        call = call.put(("body", *place), like_type(fresh.id, value_at(call.body, place)))
    return call if named and not call.query else None


def keep(estate: Estate, reads: Sequence[Operation], key: str) -> None:
    """Take what has this id into the ledger, where one of these reads shows it."""
    for each in reads:
        call = estate.write(each, (key,), recipe=LEAST)
        answer = estate.send(call)
        if estate.accepts(answer):
            estate.ledger.take(Thing(resource=slots_of(each.path)[-1][0], fields={"id": key}))
            estate.note(call, answer)
            return
