"""Is somebody of elsewhere out when the owner has put him out, and his invitation used up?

Where an invitation's code makes no new account, a stranger who is signed in takes it up. Who is in
is known by the owner's list of members, and what he is let into by what is the owner's alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from gate.check import Answer
from gate.model import Json, Observation
from validators.credentials.ended_credentials import control
from validators.credentials.lasting import lasting
from validators.document.names import words_of
from validators.document.operations import Operation, as_object
from validators.document.wording import works_once
from validators.estates.ground import Duel
from validators.estates.guests import (
    STAYING,
    Door,
    Guest,
    Stay,
    closed_to,
    door,
    guests,
    let_into,
    shows,
)
from validators.estates.members import Invitation, Invited, listed
from validators.estates.throwaways import Pass
from validators.messages.calls import Call, curl, retrace

MOST_GUESTS = 2
USED = frozenset({"used", "accepted", "redeemed", "claimed", "consumed", "spent", "joined"})


def stays_end(duel: Duel) -> Iterator[Observation]:
    """A stranger comes in, is put out, and tries what he had; the same code is taken up again."""
    entrance = door(duel)
    found = list(islice(guests(duel), MOST_GUESTS)) if entrance is not None else []
    for guest in found:
        closed = closed_to(duel, guest)
        stay = entrance.joined(duel, guest) if entrance is not None else None
        if entrance is None or stay is None or not stay.row:
            continue
        once = is_for_once(duel, entrance.way, stay.invited)
        opened = let_into(duel, guest, stay, closed)
        ended = entrance.put_out(duel, guest)
        if ended is None:
            yield duel.note("unreached", stay.call.operation, reason=STAYING)
            return
        call, answer = ended
        if opened is not None:
            yield control(duel, call.operation, answer)
            line = retrace(stay.line(duel), curl(duel.victim.client, call))
            yield outlasted(duel, call.operation, *opened, line)
        if once:
            yield control(duel, stay.call.operation, stay.answer)
            others = [each for each in found if each is not guest]
            yield taken_again(duel, entrance, stay, [*others, guest])
        yield from duel.ground.after(call.operation)
        return


def outlasted(
    duel: Duel, operation: Operation, holder: Pass, opened: Call, ending: str
) -> Observation:
    """Is he who was put out still shown what is the owner's alone?"""

    def tried() -> tuple[Answer, bool]:
        answer = holder.call(duel.ground, opened)
        return answer, shows(duel, opened, answer)

    line = retrace(ending, holder.line(duel.ground, opened))
    about = (operation, "a member who was invited", opened)
    return without_secrets(lasting(duel, about, tried, line), holder)


def taken_again(duel: Duel, entrance: Door, stay: Stay, able: Sequence[Guest]) -> Observation:
    """The used code, by somebody else where there is one: does he come in?

    It may take some time until it is known to be used, so whoever has come in is put out, and
    tries it again.
    """
    guest = next(each for each in able if entrance.row_of(duel, each) is None)
    call = entrance.taking(duel, stay.invited.code)

    def tried() -> tuple[Answer, bool]:
        entrance.put_out(duel, guest)
        answer = guest.holder.call(duel.ground, call)
        return answer, duel.victim.accepts(answer) and bool(entrance.row_of(duel, guest))

    again = guest.holder.line(duel.ground, call).replace(stay.invited.code, "$CODE")
    line = retrace(stay.line(duel), again)
    fact = lasting(duel, (call.operation, "a used code", call), tried, line)
    entrance.put_out(duel, guest)
    return without_secrets(fact, guest.holder)


def without_secrets(fact: Observation, holder: Pass) -> Observation:
    """The fact with no secret of his in what the service said."""
    return replace(fact, data={**fact.data, "excerpt": holder.hidden(str(fact.data["excerpt"]))})


def is_for_once(duel: Duel, way: Invitation, invited: Invited) -> bool:
    """Is a code that somebody has come in by used up, by the document's words or the service's?

    The service says so where its list of invitations has dropped this one since, or shows it as
    accepted. A link that many may come in by stays there as it was. So does the request that made
    it, where it was for one use (`uses: 1`).
    """
    if works_once(way.join) or works_once(way.invite) or asks_for_one_use(invited.call.body):
        return True
    before = as_object(invited.shown)
    if not before:
        return False
    now = as_object(listed(duel, way.invite, invited.call, invited.answer))
    return not now or any(is_use(name, before.get(name), each) for name, each in now.items())


def asks_for_one_use(body: Json) -> bool:
    """Does a request say that what it makes is to work once?"""
    said = as_object(body).items()
    return any(value == 1 and value is not True and "uses" in words_of(n) for n, value in said)


def is_use(name: str, before: Json, now: Json) -> bool:
    """Does a field say of an invitation that it is used now: `accepted`, `usedAt`, a status?"""
    words = set(words_of(name))
    if now == before or now is None or "last" in words:
        return False
    told = isinstance(now, str) and bool(USED & set(words_of(now)))
    return told or (bool(USED & words) and (now is True or before is None))
