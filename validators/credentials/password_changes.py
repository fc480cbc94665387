"""Do other sessions end with a change of password, where the document promises it?

Services differ in this, and a standard asks for the choice only (ASVS V7.4.3), so nothing is held
against one that does not say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.model import Observation
from validators.credentials.ended_credentials import outlived
from validators.credentials.recoveries import as_word, renewed
from validators.document.names import words_of
from validators.document.operations import Operation, as_object
from validators.document.wording import ends_sessions
from validators.estates.estate import FULL, LEAST
from validators.estates.ground import Duel
from validators.estates.members import somebody_new
from validators.estates.newcomers import account_of
from validators.estates.same_names import plain
from validators.estates.throwaways import (
    PASSWORDS,
    Pass,
    taken,
    witness,
    working,
)
from validators.messages.calls import Call, leaves, send

NOW = frozenset({"current", "old", "existing", "present", "former"})
SILENT = "the document does not say that other sessions end with it"
NO_ACCOUNT = "no account could be made whose password may be changed"


def password_changes(duel: Duel) -> Iterator[Observation]:
    """Sign in twice to a new account, change its password in one session, use the other."""
    for operation in duel.ground.operations:
        if not sets_password(duel, operation):
            continue
        if not ends_sessions(operation):
            yield duel.note("not-applicable", operation, reason=SILENT)
            continue
        holder = next(somebody_new(duel), None)
        other = second(duel, holder) if holder is not None else None
        if holder is None or other is None:
            yield duel.note("unreached", operation, reason=NO_ACCOUNT)
            continue
        yield from changed(duel, operation, holder, other)


def sets_password(duel: Duel, operation: Operation) -> bool:
    """Does a signed-in account change its password by it?"""
    fields = as_object(duel.victim.author.simplify(dict(operation.body)).get("properties"))
    last = operation.path.rstrip("/").rpartition("/")[2]
    called = [set(words_of(name)) for name in (*fields, last)]
    changes = operation.method in {"POST", "PUT", "PATCH"} and not operation.public
    about = operation.signs_in or not operation.names
    return changes and about and operation.speakable and any(PASSWORDS & each for each in called)


def second(duel: Duel, holder: Pass) -> Pass | None:
    """Another session of the same account."""
    if holder.entering is None:
        return None
    answer = send(duel.ground.nobody, holder.entering)
    found = taken(duel.victim, holder.entering, answer) if duel.victim.accepts(answer) else []
    made = working(duel, [each for each in found if each.secret != holder.secret])
    return replace(made, how="another session of the account") if made is not None else None


def changed(duel: Duel, operation: Operation, holder: Pass, other: Pass) -> Iterator[Observation]:
    """The change in one session, and what the other one still opens."""
    opened = witness(duel, other)
    account = account_of(duel, holder)
    path = next(account.ledger.fill(operation), None)
    entering = holder.entering
    if opened is None or path is None or entering is None:
        yield duel.note("unreached", operation, reason=NO_ACCOUNT)
        return
    before = other.call(duel.ground, opened)
    for recipe in (LEAST, FULL):
        call = with_change(renewed(duel, account.write(operation, path, recipe=recipe)), entering)
        answer = account.send(call)
        if account.accepts(answer):
            break
    new = next((text for name, text in passwords_in(call) if not NOW & set(words_of(name))), "")
    positive = account.accepts(answer) and account.accepts(
        send(duel.ground.nobody, as_word(entering, new))
    )
    yield duel.note("owned-call", operation, status=answer.status, positive=positive)
    if positive:
        line = holder.line(duel.ground, call)
        yield outlived(duel, operation, other, opened, before, line)


def passwords_in(call: Call) -> list[tuple[str, str]]:
    """The passwords that a body says, each by its name."""
    named = [(str(place[-1]), text) for place, text in leaves(call.body) if place]
    return [(name, text) for name, text in named if PASSWORDS & set(words_of(name))]


def with_change(call: Call, entering: Call) -> Call:
    """The change with the password as it is where it asks for that."""
    now = next((text for _, text in passwords_in(entering)), "")
    for place, _ in leaves(call.body):
        if place and NOW & set(words_of(str(place[-1]))) and "password" in plain(place[-1]):
            call = call.put(("body", *place), now)
    return call
