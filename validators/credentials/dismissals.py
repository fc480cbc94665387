"""Does the token of somebody who was dismissed go on working?

An account is deleted, or set to `is_active: false` or a status such as `suspended`, by its tenant's
owner or by the staff above him. Tried on accounts that were made for it; that they can no longer
sign in is what shows that their access was meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.check import Answer, Client
from gate.model import Json, Observation
from validators.credentials.ended_credentials import control, outlived
from validators.document.names import slots_of, words_of
from validators.document.operations import Operation, as_list, as_object
from validators.document.schemas import kind_of
from validators.estates.ground import Duel
from validators.estates.members import about, id_of, members, upon, whom
from validators.estates.own_fields import place_in, schema_of
from validators.estates.principals import is_person_at
from validators.estates.seniors import DENIED, seniors
from validators.estates.throwaways import NO_MORE, PASSWORDS, Pass, newly_registered, witness
from validators.fields.new_accounts import is_change
from validators.messages.calls import Call, curl, leaves, send, value_at

ON = frozenset({"active", "enabled"})
OFF = frozenset({"inactive", "disabled", "deactivated", "suspended", "blocked", "locked", "banned"})
STATES = frozenset({"status", "state"})
AROUND = frozenset({"is", "account", "user", "member"})
BUSY = 429
SERVER = range(500, 600)


def dismissals(duel: Duel) -> Iterator[Observation]:
    """Each operation that ends or switches off somebody, on a new member or a new account."""
    for operation in duel.ground.operations:
        parameter, switch = whom(duel, operation), switch_of(duel, operation)
        parameter = slots_of(operation.path)[-1][1] if switch else parameter
        for find in (members, newly_registered) if parameter else ():
            holder = next(find(duel), None)
            facts = [*dismissed(duel, operation, parameter, holder)] if holder else []
            yield from facts
            if facts:
                break


def switch_of(duel: Duel, operation: Operation) -> dict[str, Json]:
    """Which field of a change of somebody switches him off, and by what; {} where none does."""
    slots = slots_of(operation.path)
    if not is_change(operation) or operation.public or not (slots and is_person_at(slots[-1])):
        return {}
    author = duel.victim.author
    fields = as_object(
        schema_of(author, dict(operation.body), operation.resource).get("properties")
    )
    for name, each in fields.items():
        said, plain = set(words_of(name)) - AROUND, author.simplify(each)
        if kind_of(plain) == "boolean" and len(said) == 1 and said <= ON | OFF:
            return {name: bool(said & OFF)}
        states = [text for text in as_list(plain.get("enum")) if str(text).lower() in OFF]
        if said and said <= STATES and states:
            return {name: states[0]}
    return {}


def dismissed(
    duel: Duel, operation: Operation, parameter: str, holder: Pass
) -> Iterator[Observation]:
    """What somebody's token opens once he was dismissed and can no longer sign in."""
    key, entering, opened = id_of(holder, parameter), holder.entering, witness(duel, holder)
    call = upon(duel, operation, parameter, key) if key else None
    if key in duel.victim.envelope.principals.names or not (call and opened and entering):
        return
    call = switched(duel, call, holder)
    if any(PASSWORDS & set(words_of(str(place[-1]))) for place, _ in leaves(call.body) if place):
        return  # another password would shut him out as well
    before = holder.call(duel.ground, opened)
    able = duel.victim.accepts(send(duel.ground.nobody, entering))
    who, answer = granted(duel, call)
    after = send(duel.ground.nobody, entering)
    shut = not duel.victim.accepts(after) and after.status not in {BUSY, *SERVER}
    if able and shut and duel.victim.accepts(answer):
        yield control(duel, operation, answer)
        yield outlived(duel, operation, holder, opened, before, curl(who, call))


def switched(duel: Duel, call: Call, holder: Pass) -> Call:
    """The change with the account as it is but for the switch; any other call as it is."""
    switch = switch_of(duel, call.operation)
    where = ("body", *place_in(duel.victim.author, call))
    now = {**holder.called, **next(about(holder), NO_MORE)} if switch else NO_MORE
    for name in now.keys() & as_object(value_at(call.body, where[1:])).keys():
        call = call.put((*where, name), now[name])
    for name, value in switch.items():
        call = call.put((*where, name), value)
    return call


def granted(duel: Duel, call: Call) -> tuple[Client, Answer]:
    """Who may do it, the owner or somebody above him, and the answer."""
    who: Client = duel.victim.client
    answer = send(who, call)
    for senior in seniors(duel) if answer.status in DENIED else ():
        who, answer = senior, send(senior, call)
        if duel.victim.accepts(answer):
            break
    return who, answer
