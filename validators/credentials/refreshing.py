"""Does a session end for what could bring it back?

Tried with accounts that were made for it: a refresh token after signing out, one that works once
twice, and a used code of an invitation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from gate.check import Answer
from gate.model import Observation
from validators.credentials.ended_credentials import (
    control,
    said_in,
    shown,
    signs_out,
)
from validators.credentials.guest_stays import is_for_once
from validators.credentials.lasting import note_ended
from validators.document.names import words_of
from validators.document.operations import Operation, as_list, as_object
from validators.document.wording import works_once
from validators.estates.estate import LEAST
from validators.estates.ground import Duel
from validators.estates.members import invitation, somebody_new
from validators.estates.throwaways import Pass, anew, entered, taken, witness, working
from validators.messages.calls import Call, curl, retrace, send

REFRESHING, USED = "its refresh token", "a used refresh token"


@dataclass(slots=True)
class Refresh:
    """The operation that trades a refresh token for other tokens, and the last one known."""

    duel: Duel
    operation: Operation
    name: str
    token: str

    def call(self) -> Call:
        """The trade of the token that is known last."""
        call = anew(self.duel.victim, self.operation, full=False)
        return call.put(("body", self.name), self.token)

    def trade(self) -> tuple[Answer, Pass | None]:
        """The answer and the credential that works by it; another token is known from then on."""
        call = self.call()
        answer = send(self.duel.ground.nobody, call)
        if not self.duel.victim.accepts(answer):
            return answer, None
        made = working(self.duel, taken(self.duel.victim, call, answer))
        if made is not None:
            self.token = shown(made, self.name) or self.token
        return answer, made

    def again(self) -> Answer:
        """The answer to another trade."""
        return self.trade()[0]

    def line(self) -> str:
        """The trade as a shell line, with a placeholder for the token."""
        return curl(self.duel.ground.nobody, self.call()).replace(self.token, "$REFRESH")


def trading(duel: Duel) -> tuple[Operation, str] | None:
    """What lets nobody in but by a refresh token (RFC 6749, section 6), and its field."""
    for each in duel.ground.operations:
        if each.method != "POST" or not each.public or each.names or not each.speakable:
            continue
        schema = duel.victim.author.simplify(dict(each.body))
        names = [
            name for name in as_object(schema.get("properties")) if "refresh" in words_of(name)
        ]
        must = {*map(str, as_list(schema.get("required")))}
        if names and must <= {*names}:
            return each, names[0]
    return None


def refreshed(duel: Duel, holders: Iterator[Pass]) -> tuple[Refresh, Pass] | None:
    """A new session that has been refreshed once: that is how it works."""
    found = trading(duel)
    holder = next(holders, None) if found is not None else None
    token = shown(holder, found[1]) if found is not None and holder is not None else None
    if found is None or not token:
        return None
    refresh = Refresh(duel=duel, operation=found[0], name=found[1], token=token)
    _, made = refresh.trade()
    return (refresh, made) if made is not None else None


def refreshes(duel: Duel) -> Iterator[Observation]:
    """Sign out, then refresh; and refresh twice by a token that the document says works once.

    Where there is no new account, another login signs out. It never refreshes twice: a service may
    take that for a theft, and end all that its holder has.
    """
    for operation in duel.ground.operations:
        if not signs_out(operation) or operation.public or not operation.speakable:
            continue
        found = refreshed(duel, chain(somebody_new(duel), entered(duel, strangers=False)))
        if found is None:
            break
        refresh, holder = found
        call = said_in(duel.victim.write(operation, (), recipe=LEAST), holder)
        before, last = refresh.trade()
        if call is None or last is None:
            continue
        holder, answer = last, last.call(duel.ground, call)
        if not duel.victim.accepts(answer):
            continue
        yield control(duel, operation, answer)
        line = retrace(holder.line(duel.ground, call), refresh.line())
        asked = refresh.call()
        yield note_ended(duel, operation, REFRESHING, asked, before, refresh.again, line)
    yield from once_only(duel)


def once_only(duel: Duel) -> Iterator[Observation]:
    """Trade the same refresh token twice."""
    found = trading(duel)
    if found is None or not works_once(found[0]):
        return
    ready = refreshed(duel, somebody_new(duel))
    if ready is None:
        return
    refresh, _ = ready
    used = refresh.token
    before, made = refresh.trade()
    if made is None or refresh.token == used:
        return
    yield control(duel, refresh.operation, before)
    refresh.token = used

    def again() -> Answer:
        refresh.token = used
        return refresh.trade()[0]

    line = retrace(refresh.line(), refresh.line())
    yield note_ended(duel, refresh.operation, USED, refresh.call(), before, again, line)


def spent_codes(duel: Duel) -> Iterator[Observation]:
    """Come in twice by one code, where it is known to work once."""
    way = invitation(duel)
    if way is None:
        return
    asked = way.asked(duel)
    first = next(way.used(duel, asked), None) if asked is not None else None
    opened = witness(duel, first) if first is not None else None
    if asked is None or first is None or first.signing_up is None or opened is None:
        return
    if not is_for_once(duel, way, asked):
        return
    call, before = first.signing_up
    yield control(duel, way.join, before)
    line = curl(duel.ground.nobody, call).replace(asked.code, "$CODE")

    def again() -> Answer:
        return way.sent(duel, asked)[1]

    yield note_ended(
        duel, way.join, "a used code", Call(operation=way.join), before, again, retrace(line, line)
    )
