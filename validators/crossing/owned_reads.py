"""Does an owner see something of his own by a read, so that an attack on the same would tell?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from gate.check import Answer, Client
from validators.document.operations import Operation
from validators.estates.estate import LEAST, Estate
from validators.estates.planting import absent_call
from validators.estates.things import Thing, values_of
from validators.estates.wholes import fresh_things
from validators.messages.calls import Call, leaves, send
from validators.messages.traces import digest, is_like

ATTEMPTS = 5
TWICE = 2


def read_own(estate: Estate, operation: Operation) -> tuple[Call | None, Answer | None]:
    """The first path that shows the owner something of his own, else the best of those tried."""
    tried: list[tuple[Call, Answer]] = []
    for values in islice(estate.ledger.fill(operation), ATTEMPTS):
        call = estate.write(operation, values, recipe=LEAST)
        answer = estate.send(call)
        if is_positive(estate, call, answer):
            return call, answer
        tried.append((call, answer))
    # A snapshot, such as an export, may be older than what it should hold.
    things = next(estate.ledger.match(operation), ())
    fresh = fresh_things(estate, things) if things and things[-1].origin else ()
    if fresh:
        call = estate.write(operation, values_of(operation, fresh), recipe=LEAST)
        answer = estate.send(call)
        if is_positive(estate, call, answer):
            return call, answer
    granted = (each for each in tried if estate.accepts(each[1]))
    return next(granted, next(iter(tried), (None, None)))


def is_positive(estate: Estate, call: Call, answer: Answer) -> bool:
    """Does the owner see his own object: a canary, another id of his, or the object's own id?"""
    expected = {estate.canaries.token, *(estate.ledger.ids - set(call.path))}
    if call.operation.reads_one:
        expected.add(call.path[-1])
    return estate.accepts(answer) and any(each in answer.body for each in expected)


def granted_read(estate: Estate, operations: Sequence[Operation], thing: Thing) -> Call | None:
    """The owner's read of this very object by its id; None where none is granted."""
    for read in operations:
        if read.method == "GET" and read.reads_one and read.resource == thing.resource:
            call = estate.upon(read, thing) if read.speakable else None
            if call is not None and estate.accepts(estate.send(call)):
                return call
    return None


def is_told_apart(estate: Estate, call: Call, answer: Answer) -> bool:
    """Does the owner get another answer for his own object than for ids that nobody has?

    Numbers about it (statistics) and what was there before the run (members, a log) bear no mark.
    Whoever is answered as the owner is then differs from whoever is answered as for absent ids,
    and those are answered alike, so that nothing else makes the difference.
    """
    known = bool(call.path) and estate.ledger.by_value(call.path[-1]) is not None
    if not known or not estate.accepts(answer) or not says_something(answer):
        return False
    return differs_from_absent(estate, estate.client, call, answer)


def is_owners(estate: Estate, client: Client, call: Call, owned: Answer) -> bool:
    """Is this caller answered as the owner is, and otherwise than for ids that nobody has?"""
    said = send(client, call)
    return is_like(owned, said) and differs_from_absent(estate, client, call, said)


def differs_from_absent(estate: Estate, client: Client, call: Call, answer: Answer) -> bool:
    """Are absent ids answered alike by all that counts, and this one in another way?"""
    absent = [each for _ in range(TWICE) if (each := absent_call(estate, call)) is not None]
    prints = {print_of(send(client, each), each) for each in absent}
    return len(prints) == 1 and print_of(answer, call) not in prints


def print_of(answer: Answer, call: Call) -> tuple[int, str]:
    """The status, and the body without what was sent or differs from request to request."""
    return answer.status, str(sorted(digest(answer, call.sent).items()))


def says_something(answer: Answer) -> bool:
    """Is there a text or a number in it, rather than an empty list?"""
    value = answer.json()
    said = any(True for _ in leaves(value)) if isinstance(value, dict | list) else answer.body
    return bool(said)
