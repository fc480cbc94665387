"""Does nobody come in by an invitation that its owner has withdrawn?

A code that goes on letting people in is a credential that was ended and works. That another one of
the same making lets somebody in is the control.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from gate.check import Answer
from gate.model import Observation
from validators.credentials.ended_credentials import is_about
from validators.credentials.lasting import give_time, noted
from validators.document.operations import Operation
from validators.estates.ground import Duel
from validators.estates.guests import Door, Guest, door, guests
from validators.estates.ledger import Ledger
from validators.estates.members import Invitation, Invited, invitation
from validators.estates.throwaways import NO_NAMES
from validators.messages.calls import Call, curl, retrace

MOST_GUESTS = 2
WITHDRAWN = "a withdrawn invitation"
NOBODY_IN = "nobody could be let in by an invitation that stands"


@dataclass(frozen=True, slots=True)
class Entrance:
    """How an invitation lets somebody in: whom it is for, and what came of its code."""

    way: Invitation
    called: Mapping[str, str]
    enter: Callable[[Invited], tuple[Answer, bool]]
    line: Callable[[Invited], str]


def invitations_end(duel: Duel) -> Iterator[Observation]:
    """Each operation that withdraws an invitation, on one that nobody has taken up."""
    known = [*entrances(duel)]
    for operation in duel.ground.operations:
        fitting = [each for each in known if withdraws(operation, each.way)]
        if not fitting:
            continue
        entrance = next((each for each in fitting if lets_in(duel, each)), None)
        if entrance is None:
            yield duel.note("unreached", operation, reason=NOBODY_IN)
            continue
        yield from withdrawn(duel, operation, entrance)
        yield from duel.ground.after(operation)


def withdraws(operation: Operation, way: Invitation) -> bool:
    """Does it end one invitation, by its id?"""
    ends = operation.ends and bool(operation.names) and not operation.public
    return ends and operation.speakable and is_about(way.invite, operation)


def entrances(duel: Duel) -> Iterator[Entrance]:
    """By a code that anybody may send, who gets an account then; by one that a guest takes up."""
    way = invitation(duel)
    if way is not None:
        yield by_anybody(duel, way)
    entrance = door(duel)
    for guest in islice(guests(duel), MOST_GUESTS) if entrance is not None else ():
        if entrance is not None and entrance.row_of(duel, guest) is None:
            yield by_guest(duel, entrance, guest)


def by_anybody(duel: Duel, way: Invitation) -> Entrance:
    """Somebody new comes in."""

    def enter(invited: Invited) -> tuple[Answer, bool]:
        _, answer = way.sent(duel, invited)
        return answer, duel.victim.accepts(answer)

    def line(invited: Invited) -> str:
        return curl(duel.ground.nobody, way.sent(duel, invited)[0])

    return Entrance(way, NO_NAMES, enter, line)


def by_guest(duel: Duel, entrance: Door, guest: Guest) -> Entrance:
    """Somebody of elsewhere comes in, who is put out again."""

    def enter(invited: Invited) -> tuple[Answer, bool]:
        answer = guest.holder.call(duel.ground, entrance.taking(duel, invited.code))
        works = duel.victim.accepts(answer) and bool(entrance.row_of(duel, guest))
        entrance.put_out(duel, guest)
        return answer, works

    def line(invited: Invited) -> str:
        return guest.holder.line(duel.ground, entrance.taking(duel, invited.code))

    return Entrance(entrance.way, guest.called, enter, line)


def lets_in(duel: Duel, entrance: Entrance) -> bool:
    """Does a new invitation let somebody in?"""
    asked = entrance.way.asked(duel, entrance.called)
    return asked is not None and entrance.enter(asked)[1]


def withdrawn(duel: Duel, operation: Operation, entrance: Entrance) -> Iterator[Observation]:
    """A new invitation is withdrawn with success, and taken up all the same.

    A code may work once, so that another one is withdrawn for a service that needs time.
    """
    made = ended(duel, operation, entrance)
    if made is None:
        yield duel.note("unreached", operation, reason="no id of a new invitation is known")
        return
    asked, call, answer = made
    granted = duel.victim.accepts(answer)
    yield duel.note("owned-call", operation, status=answer.status, positive=granted)
    if not granted:
        return
    began, (answer, works) = time.monotonic(), entrance.enter(asked)
    if works:
        made = ended(duel, operation, entrance)
        if made is None or not duel.victim.accepts(made[2]):
            yield duel.note("unreached", operation, reason="no second one could be withdrawn")
            return
        asked, call, _ = made
        give_time()
        answer, works = entrance.enter(asked)
    line = retrace(curl(duel.victim.client, call), entrance.line(asked))
    about = (operation, WITHDRAWN, Call(operation=entrance.way.join))
    last = (answer, works, time.monotonic() - began)
    fact = noted(duel, about, last, line.replace(asked.code, "$CODE"))
    said = str(fact.data["excerpt"]).replace(asked.code, "$CODE")
    yield replace(fact, data={**fact.data, "excerpt": said})


def ended(
    duel: Duel, operation: Operation, entrance: Entrance
) -> tuple[Invited, Call, Answer] | None:
    """A new invitation, what withdraws it, and the answer to that."""
    asked = entrance.way.asked(duel, entrance.called)
    thing = duel.victim.record(Ledger(), asked.call, asked.answer, made=True) if asked else None
    call = duel.victim.upon(operation, thing) if thing is not None else None
    return (asked, call, duel.victim.send(call)) if asked and call is not None else None
