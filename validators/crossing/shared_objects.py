"""What of one tenant shows in what both have: in a label for all, the issues of others?

Both may read it, so that its id tells nothing. What is put into it for whoever asks for more
(`expand=issues`) must still be the caller's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from gate.model import Observation
from validators.crossing.foreign_answers import has_traces, read_foreign
from validators.crossing.fuller_reads import fuller
from validators.crossing.owned_reads import granted_read
from validators.crossing.trials import at_pointer, references
from validators.document.operations import Operation
from validators.estates.byproducts import makers_of
from validators.estates.estate import LEAST, LINKED, Estate
from validators.estates.ground import Duel
from validators.estates.ledger import Ledger
from validators.estates.naming import keep_references
from validators.estates.things import Thing, values_of
from validators.messages.calls import Call, like_type, send

MOST_PATHS = 40


def ask_for_shared(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """What the other tenant sees of the victim's in what both have; twice where it is anything."""
    for turn in range(2):
        facts = [
            read_foreign(duel, duel.attacker.client, call, "shared", marks)
            for call, marks in ways_in(duel, operation)
        ]
        # That it is there is no secret.
        yield from (
            replace(each, data={**each.data, "listed": True, "round": turn}) for each in facts
        )
        if not any(map(has_traces, facts)):
            return


def ways_in(duel: Duel, operation: Operation) -> Iterator[tuple[Call, Mapping[str, str]]]:
    """Reads of what both have, with what is related put in, and the marks that must not show.

    They are those of a new object that refers to it and that the other tenant may not open.
    """
    things = shared(duel, operation)
    if not things:
        return
    call = duel.victim.write(operation, values_of(operation, things), recipe=LEAST)
    ways = fuller(duel.victim, call, duel.victim.send(call).json())
    made = referring(duel.victim, things[-1]) if ways else None
    if made is None or not is_hidden(duel, made):
        return
    drawn = re.findall(rf"{duel.victim.canaries.token}\d+", str(made.fields))
    yield from ((each, dict.fromkeys(drawn, "canary")) for each in ways)


def shared(duel: Duel, operation: Operation) -> tuple[Thing, ...]:
    """The objects of a path that both tenants know, and neither has made; () for none."""
    theirs = set(islice(duel.attacker.ledger.fill(operation), MOST_PATHS))
    for things in islice(duel.victim.ledger.match(operation), MOST_PATHS):
        if things and things[-1].origin is None and values_of(operation, things) in theirs:
            return things
    return ()


def referring(estate: Estate, thing: Thing) -> Thing | None:
    """A new object that refers to this one, where what the tenant makes can refer to its like."""
    for maker in makers_of(estate):
        if maker.origin is None:
            continue
        old, path = maker.origin, estate.place_for(maker.origin)
        call = estate.write(old.operation, path, maker.parents, LINKED)
        call = keep_references(old, call, estate.ledger)
        known = references(call, estate)
        at = next((each for each, one in known if one.resource == thing.resource), None)
        if at is None:
            continue
        call = call.put(at, like_type(thing.id, at_pointer(call, at)))
        answer = estate.send(call)
        if estate.accepts(answer):
            return estate.record(Ledger(), call, answer, made=True)
    return None


def is_hidden(duel: Duel, thing: Thing) -> bool:
    """Is its owner shown it by its id, and the other tenant not?"""
    call = granted_read(duel.victim, duel.ground.operations, thing)
    return call is not None and not duel.attacker.accepts(send(duel.attacker.client, call))
