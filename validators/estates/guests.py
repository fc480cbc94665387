"""Who of elsewhere comes in by an invitation that somebody signed in takes up, and can go again?

Where a code makes no new account, it is for those who have one: an account that signed up for it,
or a weaker principal of the other tenant. The owner's list of members says who is in, and as what.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from gate.check import Answer
from gate.model import Json
from gate.testbed.hints import roles_of
from validators.document.names import ACCOUNT, SELF, SESSIONS, TAKING, words_of
from validators.document.operations import Operation, as_list, as_object
from validators.estates.estate import LEAST
from validators.estates.ground import Duel
from validators.estates.identities import TENANTS, identities, is_owning
from validators.estates.members import (
    CODES,
    INVITING,
    Invitation,
    Invited,
    is_inviting,
    key_of,
    objects_in,
    rows_in,
    upon,
    whom,
)
from validators.estates.own_fields import place_in
from validators.estates.principals import introductions, is_person
from validators.estates.throwaways import NO_MORE, Pass, newly_registered, said_in, taken
from validators.messages.callers import context_of
from validators.messages.calls import Call
from validators.messages.traces import find_marks, scalars

STAYING = "who has come in by it could not be put out again"
MOST_LISTS, MOST_READS = 4, 12
TAKEN_UP = TAKING - {"decline"}
SWITCHING = frozenset({"switch", "select", "enter", "change"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody of elsewhere: his credential, and what he is called, by the field."""

    holder: Pass
    names: frozenset[str]
    called: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """What a guest got by which invitation, and what the owner's list says of him; {} of nobody."""

    guest: Guest
    invited: Invited
    call: Call
    answer: Answer
    row: dict[str, Json]

    def line(self, duel: Duel) -> str:
        """The taking up as a shell line, with placeholders."""
        return self.guest.holder.line(duel.ground, self.call).replace(self.invited.code, "$CODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How guests come in and are put out: the way, the owner's list of members, what ends one."""

    way: Invitation
    members: Call
    endings: tuple[Operation, ...]

    def taking(self, duel: Duel, code: str, more: Mapping[str, Json] = NO_MORE) -> Call:
        """What takes a code up, perhaps with more fields than it must have."""
        join = self.way.join
        call = duel.victim.write(join, (code,) if join.names else (), recipe=LEAST)
        call = call if join.names else call.put(("body", self.way.code), code)
        for name, value in more.items():
            call = call.put(("body", *place_in(duel.victim.author, call), name), value)
        return call

    def row_of(self, duel: Duel, guest: Guest) -> dict[str, Json] | None:
        """What the owner's list says of the guest; None where he is not in it, {} without one."""
        answer = duel.victim.send(self.members)
        if not duel.victim.accepts(answer):
            return {}
        found = (dict(row) for row in rows_in(answer.json()) if names(row, guest.names))
        return next(found, None)

    def joined(self, duel: Duel, guest: Guest, more: Mapping[str, Json] = NO_MORE) -> Stay | None:
        """The guest invited, and what he gets with the code; None where he was in before."""
        if self.row_of(duel, guest) is not None:
            return None
        asked = self.way.asked(duel, guest.called)
        if asked is None:
            return None
        call = self.taking(duel, asked.code, more)
        answer = guest.holder.call(duel.ground, call)
        row = self.row_of(duel, guest) if duel.victim.accepts(answer) else None
        return Stay(guest=guest, invited=asked, call=call, answer=answer, row=row or {})

    def is_at_home(self, duel: Duel, guest: Guest) -> bool:
        """Is a principal of the other tenant still in its list, so that only his stay is ended?"""
        path = next(duel.attacker.ledger.fill(self.members.operation), None)
        if guest.holder.stranger or path is None:
            return guest.holder.stranger
        answer = duel.attacker.send(duel.attacker.write(self.members.operation, path, recipe=LEAST))
        return any(names(row, guest.names) for row in rows_in(answer.json()))

    def put_out(self, duel: Duel, guest: Guest) -> tuple[Call, Answer] | None:
        """What the owner has ended the guest's stay with; None where he is in still."""
        row = self.row_of(duel, guest) or {}
        for operation in self.endings if row and self.is_at_home(duel, guest) else ():
            parameter = whom(duel, operation)
            key = key_of(row, parameter)
            call = upon(duel, operation, parameter, key) if key else None
            answer = duel.victim.send(call) if call is not None else None
            if call is not None and answer is not None and self.row_of(duel, guest) is None:
                return call, answer
        return None


def door(duel: Duel) -> Door | None:
    """The operations, where the document has them all: nobody comes in who cannot be put out."""
    way = taken_up_signed_in(duel)
    lists = islice(lists_of_members(duel), MOST_LISTS) if way is not None else ()
    for call in lists:
        ends = [each for each in duel.ground.operations if whom(duel, each)]
        fitting = tuple(each for each in ends if each.resource == call.operation.resource)
        if way is not None and fitting:
            return Door(way=way, members=call, endings=fitting)
    return None


def taken_up_signed_in(duel: Duel) -> Invitation | None:
    """What makes an invitation, and what takes its code from somebody who is signed in."""
    operations = duel.ground.operations
    invite = next((each for each in operations if is_inviting(each)), None)
    for join in operations if invite is not None else ():
        said = said_in(join.path)
        last = {*words_of(join.path.rstrip("/").rpartition("/")[2])}
        if join.method != "POST" or join.public or not join.speakable or not last & TAKEN_UP:
            continue
        if not (said & INVITING or "join" in last):
            continue
        code = code_place(duel, join)
        if invite is not None and code:
            return Invitation(invite=invite, join=join, code=code)
    return None


def code_place(duel: Duel, join: Operation) -> str:
    """The field or parameter that takes the code; "" where it takes none, or asks for more."""
    properties = as_object(duel.victim.author.simplify(dict(join.body)).get("properties"))
    named = [name for name in join.names or properties if CODES & {*words_of(name)}]
    return named[0] if named and len(join.names) <= 1 else ""


def lists_of_members(duel: Duel) -> Iterator[Call]:
    """The reads that show the owner more than one of his own people, himself among them."""
    victim = duel.victim
    for operation in duel.ground.operations:
        if operation.reads_one or not operation.safe or not is_person(operation.resource):
            continue
        path = next(victim.ledger.fill(operation), None)
        if path is None or operation.public or not operation.speakable:
            continue
        call = victim.write(operation, path, recipe=LEAST)
        answer = victim.send(call)
        rows = rows_in(answer.json()) if victim.accepts(answer) else []
        if any(names(row, victim.envelope.principals.names) for row in rows):
            yield call


def guests(duel: Duel) -> Iterator[Guest]:
    """New accounts where anybody signs up, then the other tenant's principals below its owner.

    The weakest come first: they lose least where something goes wrong.
    """
    for each in islice(newly_registered(duel), 1):
        yield introduced(duel, each)
    testbed, tenant = duel.ground.testbed, duel.attacker.client.tenant
    for role in roles_of(testbed, tenant)[:-1]:
        headers = dict(testbed.actor(tenant, role).credentials)
        context = context_of(headers, duel.victim.author.document)
        proofs = [
            value.rpartition(" ")[2] for name, value in headers.items() if name not in context
        ]
        secret = max(proofs, key=len, default="")
        placeholder = f"$TOKEN_{role}"
        holder = Pass(how="", headers=headers, secret=secret, placeholder=placeholder)
        yield introduced(duel, holder)


def seated(duel: Duel) -> Guest:
    """The victim himself, as what says who somebody is finds him."""
    headers = dict(duel.victim.client.credentials)
    return introduced(
        duel, Pass(how="", headers=headers, secret="", called=duel.victim.ledger.names)
    )


def introduced(duel: Duel, holder: Pass) -> Guest:
    """Who somebody is, by what he said when he signed up and by what reads such as `/me` say."""
    called = {name: value for name, value in holder.called.items() if is_name(name)}
    for each in introductions(duel.ground.operations):
        answer = holder.call(duel.ground, Call(operation=each))
        for shown in objects_in(answer.json()) if duel.victim.accepts(answer) else ():
            for name, value in shown.items():
                if is_name(name) and isinstance(value, str) and value:
                    called.setdefault(name, value)
    return Guest(holder=holder, names=frozenset(called.values()), called=called)


def is_name(name: str) -> bool:
    """Does a field say what somebody is called, that nobody else is?"""
    return "_".join(words_of(name)) in ACCOUNT


def names(row: Mapping[str, Json], called: Collection[str]) -> bool:
    """Does a row of a list name somebody who is called so?"""
    return any(str(value) in called for _, value in scalars(dict(row)))


def inside(duel: Duel, guest: Guest, stay: Stay) -> Iterator[Pass]:
    """What a guest may be let in with: a new secret, his own credential, a switched session."""
    victim = duel.victim
    how = "a member who was invited"
    for each in taken(victim, stay.call, stay.answer):
        yield replace(each, how=how)
    for each in (at_home(duel, guest), *asking(duel, guest)):
        yield replace(each, how=how)
    for operation in duel.ground.operations:
        if not switches(duel, operation):
            continue
        call = victim.write(operation, (), recipe=LEAST)
        answer = guest.holder.call(duel.ground, call)
        for each in taken(victim, call, answer) if victim.accepts(answer) else ():
            yield replace(each, how=how)


def at_home(duel: Duel, guest: Guest) -> Pass:
    """The guest's own credential, in headers that say that he asks for the victim's tenant."""
    said = context_of(duel.victim.client.credentials, duel.victim.author.document)
    return replace(guest.holder, headers={**guest.holder.headers, **said})


def asking(duel: Duel, guest: Guest) -> Iterator[Pass]:
    """His own credential beside each name of the victim's, where a header may say for whom he asks.

    Whoever belongs to several tenants chooses one by it, and the run's principals to one only.
    """
    spoken = {name for each in duel.ground.operations for name in each.spoken}
    choosing = [name for name in sorted(spoken) if TENANTS & {*words_of(name)}]
    for value in identities(duel.victim, duel.attacker) if choosing else ():
        if value.isprintable() and value.isascii():
            said = dict.fromkeys(choosing, value)
            yield replace(guest.holder, headers={**guest.holder.headers, **said})


def switches(duel: Duel, operation: Operation) -> bool:
    """Does it give a session for another one of the tenants that somebody belongs to?"""
    if operation.method != "POST" or operation.public or operation.names or operation.ends:
        return False
    said = said_in(operation.path)
    schema = duel.victim.author.simplify(dict(operation.body))
    fields = [*as_object(schema.get("properties"))]
    must = [str(each) for each in as_list(schema.get("required"))] or fields
    about = bool(must) and all(is_owning(name) for name in must) and operation.speakable
    return about and bool(said & (SWITCHING | SESSIONS))


def own_reads(duel: Duel) -> list[Call]:
    """Reads that show the victim what is his alone."""
    victim, found = duel.victim, list[Call]()
    for operation in duel.ground.private:
        path = victim.shown.get(operation.label)
        if operation.public or operation.method != "GET" or path is None:
            continue
        if operation.resource in SELF:
            continue  # it tells a caller of himself, and where he was
        if duel.ground.hints.is_public(operation.label) or not operation.speakable:
            continue
        call = victim.write(operation, path, recipe=LEAST)
        if shows(duel, call, victim.send(call)):
            found.append(call)
    return found[:MOST_READS]


def shows(duel: Duel, call: Call, answer: Answer) -> bool:
    """Is the read granted, with a mark of the victim's in it?"""
    marks = {duel.victim.canaries.token: "canary"}
    known = duel.victim.accepts(answer)
    return known and bool(find_marks(answer, marks, call.sent)["body"])


def closed_to(duel: Duel, guest: Guest) -> list[Call]:
    """Those of the victim's own reads that show the guest nothing, as long as he is out."""
    ways = [guest.holder, at_home(duel, guest), *asking(duel, guest)]
    return [
        call
        for call in own_reads(duel)
        if not any(shows(duel, call, each.call(duel.ground, call)) for each in ways)
    ]


def let_into(duel: Duel, guest: Guest, stay: Stay, closed: list[Call]) -> tuple[Pass, Call] | None:
    """What opens to him what was closed before: the credential and the read."""
    for holder in inside(duel, guest, stay):
        for call in closed:
            if shows(duel, call, holder.call(duel.ground, call)):
                return holder, call
    return None
