"""Can anybody set another's password, by the way that is for those who have forgotten theirs?

Tried on a new account only, whose mail nobody reads: who gets in afterwards had no code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from gate.check import Answer
from gate.model import Observation
from validators.calls import Call, Pointer, curl, leaves, retrace, send
from validators.ground import Duel, Ground
from validators.names import ACCOUNT, words_of
from validators.operations import Operation, as_object
from validators.throwaways import (
    PASSWORDS,
    anew,
    like_said,
    newly_registered,
    said_in,
    with_passwords,
)
from validators.traces import EXCERPT, normalise, scalars

FORGETTING = frozenset({"forgot", "forgotten", "recover", "recovery", "reset", "lost", "otp"})
CODES = frozenset({"otp", "code", "token", "pin", "secret"})
ADDRESSES = ACCOUNT | {"phone", "mobile"}
MOST_CODES = 4
GUESSED, TOLD = "a code that nobody was sent", "the code that its answer tells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Back into an account: what sends a code, if there is such, and what takes it at `place`."""

    ask: Operation | None
    reset: Operation
    place: Pointer


def recoveries(duel: Duel) -> Iterator[Observation]:
    """Set a new account's password without its mail: with a code made up, with one that is told.

    That the new password signs in, and a wrong one does not, decides.
    """
    way = way_back(duel)
    holder = next(newly_registered(duel), None) if way is not None else None
    if way is None or holder is None or holder.entering is None:
        return
    entering = holder.entering
    if not enters(duel, entering) or enters(duel, renewed(duel, entering)):
        return
    asked = written(duel, way.ask, holder.called) if way.ask is not None else None
    said = send(duel.ground.nobody, asked) if asked is not None else None
    made_up = written(duel, way.reset, holder.called)
    yield attempt(duel, way.reset, [made_up], entering, GUESSED)
    if way.ask is None or asked is None or said is None:
        return
    for code in codes_in(said):
        taking = written(duel, way.reset, holder.called).put(way.place, code)
        fact = attempt(duel, way.ask, [asked, taking], entering, TOLD)
        yield fact
        if fact.data.get("works"):
            return


def way_back(duel: Duel) -> Way | None:
    """The operations for those who have forgotten, where the document lets nobody use them."""
    ground = duel.ground
    for reset in ground.operations:
        place = code_place(duel, reset) if is_about_it(reset) else None
        if place is not None:
            return Way(ask=asking(duel, ground, reset), reset=reset, place=place)
    return None


def is_about_it(operation: Operation) -> bool:
    """Is it open to anybody, and called so (`/forgot`, `/password/reset`, `/recovery`)?"""
    changes = operation.method in {"POST", "PUT", "PATCH"} and operation.public
    return changes and operation.speakable and bool(FORGETTING & said_in(operation.path))


def code_place(duel: Duel, operation: Operation) -> Pointer | None:
    """Where a code stands in what sets a password: in its body, or in its path."""
    names = fields_of(duel, operation)
    if not any(PASSWORDS & set(words_of(name)) for name in names):
        return None
    for name in names:
        if CODES & set(words_of(name)) and not PASSWORDS & set(words_of(name)):
            return ("body", name)
    last = operation.names[-1:]
    coded = last and len(operation.names) == 1 and CODES & set(words_of(last[0]))
    return ("path", 0) if coded else None


def asking(duel: Duel, ground: Ground, reset: Operation) -> Operation | None:
    """What sends the code to whom it names."""
    for each in ground.operations:
        words = [set(words_of(name)) for name in fields_of(duel, each)]
        names_one = any("_".join(words_of(n)) in ADDRESSES for n in fields_of(duel, each))
        plain = not any(PASSWORDS & said for said in words) and not each.names
        if each != reset and is_about_it(each) and names_one and plain:
            return each
    return None


def fields_of(duel: Duel, operation: Operation) -> list[str]:
    """What its body may hold."""
    schema = duel.victim.author.simplify(dict(operation.body))
    return [*as_object(schema.get("properties"))]


def written(duel: Duel, operation: Operation, called: Mapping[str, str]) -> Call:
    """The call about this account, with a new password where it sets one."""
    call = like_said(anew(duel.victim, operation, full=True), called)
    path = tuple(duel.victim.canaries.draw() for _ in operation.names)
    return renewed(duel, Call(operation=operation, path=path, body=call.body))


def renewed(duel: Duel, call: Call) -> Call:
    """The call with a password that was not used before."""
    return with_passwords(call, duel.victim.canaries.draw())


def enters(duel: Duel, entering: Call) -> bool:
    """Does it sign in?"""
    return duel.victim.accepts(send(duel.ground.nobody, entering))


def attempt(
    duel: Duel, blamed: Operation, calls: list[Call], entering: Call, how: str
) -> Observation:
    """The last call sets a password; does that sign in? The account's own code may be spent."""
    last = calls[-1]
    answer = send(duel.ground.nobody, last)
    word = next(
        text for place, text in leaves(last.body) if PASSWORDS & set(words_of(str(place[-1])))
    )
    anew = as_word(entering, word)
    return duel.note(
        "recovery-call",
        blamed,
        role="anonymous",
        way=how,
        status=answer.status,
        works=enters(duel, anew),
        excerpt=normalise(answer.body, last.sent)[:EXCERPT],
        curl=retrace(*(curl(duel.ground.nobody, each) for each in (*calls, anew))),
    )


def as_word(call: Call, word: str) -> Call:
    """The call with this very password."""
    for place, _ in leaves(call.body):
        if place and PASSWORDS & set(words_of(str(place[-1]))):
            call = call.put(("body", *place), word)
    return call


def codes_in(answer: Answer) -> list[str]:
    """What of an answer may be the code that should be in a mail only."""
    found = (
        str(value)
        for place, value in scalars(answer.json())
        if CODES & set(words_of(place.rpartition(".")[2]))
        and isinstance(value, str | int)
        and value
    )
    return list(islice(dict.fromkeys(found), MOST_CODES))
