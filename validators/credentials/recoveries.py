"""Can anybody set another's password, by the way that is for those who have forgotten theirs?

Tried on a new account only, whose mail nobody reads: who gets in afterwards had no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import unquote

from gate.check import Answer
from gate.model import Observation
from validators.document.names import ACCOUNT, words_of
from validators.document.operations import Operation, as_object
from validators.estates.ground import Duel, Ground
from validators.estates.same_names import like_said, plain
from validators.estates.throwaways import (
    PASSWORDS,
    anew,
    newly_registered,
    said_in,
    with_passwords,
)
from validators.messages.calls import Call, Pointer, curl, leaves, retrace, send
from validators.messages.traces import EXCERPT, normalise, scalars

FORGETTING = frozenset({"forgot", "forgotten", "recover", "recovery", "reset", "lost", "otp"})
CODES = frozenset({"otp", "code", "token", "pin", "secret"})
ADDRESSES = ACCOUNT | {"phone", "mobile"}
MOST_CODES, MOST_ASKED = 4, 3
# What a link in a mail hands on, be it written in HTML or in JSON.
LINKED = re.compile(r"[?&;](\w+)=([\w.~%+-]+)")
GUESSED, TOLD = "a code that nobody was sent", "the code that its answer tells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Back into an account: what sends a code or shows it, and what takes it at `place`."""

    asks: tuple[Operation, ...]
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
    told = [
        (asked, send(duel.ground.nobody, asked)) for asked in requests(duel, way, holder.called)
    ]
    made_up = written(duel, way.reset, holder.called)
    yield attempt(duel, way.reset, [made_up], entering, GUESSED)
    for asked, said in told:
        for code in codes_in(said):
            taking = written(duel, way.reset, holder.called).put(way.place, code)
            fact = attempt(duel, asked.operation, [asked, taking], entering, TOLD)
            yield fact
            if fact.data.get("works"):
                return


def requests(duel: Duel, way: Way, called: Mapping[str, str]) -> list[Call]:
    """The requests for a code for this account, which a body or a path calls by its address."""
    found = []
    for each in way.asks:
        call = written(duel, each, called)
        if each.names:
            address = next((called[n] for n in called if plain(n) == plain(each.names[0])), "")
            call = replace(call, path=(address,))
        if all(call.path):
            found.append(call)
    return found


def way_back(duel: Duel) -> Way | None:
    """The operations for those who have forgotten, where the document lets nobody use them."""
    ground = duel.ground
    for reset in ground.operations:
        place = code_place(duel, reset) if is_about_it(reset) else None
        if place is not None:
            return Way(asks=asking(duel, ground, reset), reset=reset, place=place)
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


def asking(duel: Duel, ground: Ground, reset: Operation) -> tuple[Operation, ...]:
    """What sends the code to whom a body or the end of a path names, or shows what is sent."""
    found = []
    for each in ground.operations:
        names = fields_of(duel, each)
        places = each.names or names
        names_one = any("_".join(words_of(name)) in ADDRESSES for name in places)
        plain_one = not any(PASSWORDS & set(words_of(name)) for name in names)
        near = len(each.names) == 0 or (len(each.names) == 1 and each.reads_one)
        if each != reset and is_about_it(each) and names_one and plain_one and near:
            found.append(each)
    return tuple(found[:MOST_ASKED])


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
    """What of an answer may be the code that should be in a mail only: a field, or in a link."""
    named = (
        str(value)
        for place, value in scalars(answer.json())
        if CODES & set(words_of(place.rpartition(".")[2]))
        and isinstance(value, str | int)
        and value
    )
    linked = (unquote(code) for name, code in LINKED.findall(answer.body) if name.lower() in CODES)
    return list(islice(dict.fromkeys((*named, *linked)), MOST_CODES))
