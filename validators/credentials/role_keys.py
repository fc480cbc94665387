"""Does a role get a key that opens what is closed to itself?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from gate.check import Client
from gate.model import Observation
from gate.testbed.hints import roles_of
from validators.credentials.key_scopes import MOST_TRIED, opened_by
from validators.credentials.scopes import Cut, cut_for
from validators.document.names import words_of
from validators.document.wording import cuts_scopes
from validators.estates.estate import LEAST
from validators.estates.ground import Duel
from validators.estates.throwaways import hidden, makers, taken, with_fields
from validators.messages.calls import Call, curl, leaves, send
from validators.messages.traces import EXCERPT, normalise

MOST_CLOSED = 4
REFUSED = frozenset({401, 403, 404})
RANKS = frozenset({"admin", "administrator", "owner", "superuser", "root"})


def outgrow(duel: Duel) -> Iterator[Observation]:
    """Each role that may make keys asks for one with all scopes.

    What the owner reads and the role is refused must stay closed to its key as well. Where the
    document says that scopes are cut down to what their maker may, a role that is refused something
    must not be told that it got an administrator's scope.
    """
    testbed, owner = duel.ground.testbed, duel.victim.client
    roles = [each for each in roles_of(testbed, owner.tenant) if each != owner.role]
    scoped = [(maker, cut) for maker in makers(duel) if (cut := cut_for(duel.victim, maker))]
    calls = shown_calls(duel) if roles and scoped else {}
    for role in roles if scoped else ():
        actor = duel.ground.client(testbed.actor(owner.tenant, role))
        for maker, cut in scoped:
            path = next(duel.victim.ledger.fill(maker), None)
            plain = duel.victim.write(maker, path or (), recipe=LEAST)
            if path is None or not duel.victim.accepts(send(actor, plain)):
                continue
            shut = (label for label, call in calls.items() if is_shut(actor, call))
            closed = {label: calls[label] for label in islice(shut, MOST_CLOSED)}
            if closed:
                yield asked(duel, actor, plain, cut, closed)


def shown_calls(duel: Duel) -> dict[str, Call]:
    """Reads that need a credential and that the owner was granted before."""
    owner = duel.victim
    found = (
        (each.label, owner.write(each, owner.shown[each.label], recipe=LEAST))
        for each in duel.ground.operations
        if each.safe and each.speakable and not each.public and each.label in owner.shown
    )
    return dict(islice(found, MOST_TRIED))


def is_shut(actor: Client, call: Call) -> bool:
    """Is the role refused what the owner is granted?"""
    return send(actor, call).status in REFUSED


def asked(duel: Duel, actor: Client, plain: Call, cut: Cut, closed: dict[str, Call]) -> Observation:
    """What the role got that asked for every scope, and what that opens."""
    call = with_fields(plain, {cut.name: cut.value(*cut.choices)})
    answer = send(actor, call)
    made = taken(duel.victim, call, answer) if duel.victim.accepts(answer) else []
    shown = {text for place, text in leaves(answer.json()) if cut.name in place}
    strong = [each for each in cut.choices if RANKS & set(words_of(each))]
    gained = {label for each in made for label in opened_by(duel, each, closed)}
    return duel.note(
        "handed-call",
        call.operation,
        role=actor.role,
        way="all scopes",
        status=answer.status,
        gained=[*sorted(gained)],
        promise=cuts_scopes(call.operation),
        beyond=[each for each in strong if made and each in shown],
        excerpt=hidden(made, normalise(answer.body, call.sent))[:EXCERPT],
        curl=curl(actor, call),
    )
