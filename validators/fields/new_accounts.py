"""What does a new account see of itself, and how does it change its own profile?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gate.check import Answer, Client
from gate.forms import is_form
from gate.model import Json
from gate.testbed.hints import salt_of
from validators.document.names import SELF, UPDATING
from validators.document.operations import Operation, as_list, as_object
from validators.estates.estate import FULL, LEAST, Estate, open_estate
from validators.estates.ground import Duel
from validators.estates.identities import is_ranking
from validators.estates.members import objects_in
from validators.estates.newcomers import NewAccount
from validators.estates.own_fields import free_fields, place_in, schema_of
from validators.estates.principals import is_person
from validators.estates.seniors import DENIED, seniors
from validators.estates.things import Thing, values_of
from validators.estates.throwaways import NO_MORE, Pass
from validators.fields.account_fields import (
    Fields,
    by_name,
    is_login,
    is_settled,
)
from validators.fields.kept_fields import Injection, object_of, unlike
from validators.fields.promotions import flat
from validators.messages.callers import is_self, names_of
from validators.messages.calls import Call, Pointer, leaves, send, value_at
from validators.messages.traces import SHORTEST

MOST_READS = 24
Make = Callable[[Fields], Iterator[Pass]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A new account: its estate, and the last request of it and its answer, by whom it was sent."""

    estate: Estate
    client: NewAccount
    call: Call
    answer: Answer
    asks: Client


@dataclass(frozen=True, slots=True)
class Look:
    """What an account sees of itself, by read and place, and which reads are what to it.

    `denied` are closed to it; in those of `others` it is shown the other tenant's marks.
    """

    shown: dict[tuple[str, Pointer], Json] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)


def profile_call(estate: Estate, operation: Operation, now: Fields, fields: Fields) -> Call:
    """The change of one's own profile, but of nothing that the account is or is called."""
    path = own_path(estate, operation) or ()
    call = estate.write(operation, path, {}, FULL, now)
    where = ("body", *place_in(estate.author, call))
    must = map(str, as_list(schema_of(estate.author, dict(operation.body)).get("required")))
    for name in {*must, *as_object(value_at(call.body, where[1:]))} & now.keys():
        if is_login(name) or is_ranking(name):
            call = call.put((*where, name), now[name])
    for name, value in fields.items():
        call = call.put((*where, name), value)
    return call


def new_account(duel: Duel, make: Make, more: Fields = NO_MORE) -> Account | None:
    """Somebody who has just come in, perhaps with more members than he must say."""
    ground = duel.ground
    holder = next(make(more), None)
    if holder is None or holder.signing_up is None:
        return None
    call, answer = holder.signing_up
    client = NewAccount(client=ground.nobody, holder=holder)
    salt, document = salt_of(ground.testbed, ground.testbed.seed, "account"), duel.victim.author
    estate = open_estate(client, document.document, salt, ground.envelope, ground.hints.values)
    made = object_of(call.operation, answer)
    fields = {**(made.fields if made else {}), **estate.ledger.names}
    about = made.resource if made and not call.operation.public else "user"
    estate.ledger.things[:] = [Thing(resource=about, fields=fields)]
    return Account(estate=estate, client=client, call=call, answer=answer, asks=ground.nobody)


def look_around(duel: Duel, account: Account) -> Look:
    """Read whatever needs nothing but the account itself."""
    found, estate = Look(), account.estate
    (own,) = estate.ledger.things
    reads = [each for each in duel.ground.operations if each.safe and each.speakable]
    paths = [(each, own_path(estate, each)) for each in reads if not each.public]
    for operation, path in [pair for pair in paths if pair[1] is not None][:MOST_READS]:
        answer = estate.send(estate.write(operation, path or (), recipe=LEAST))
        if answer.status in DENIED:
            found.denied.add(operation.label)
        if not estate.accepts(answer):
            continue
        found.granted.add(operation.label)
        if duel.attacker.canaries.token in answer.body:
            found.others.add(operation.label)
        said = flat(answer.json())
        if operation.resource in SELF or is_about(own, said):
            found.shown.update({(operation.label, place): each for place, each in said.items()})
    return found


def is_about(own: Thing, said: Mapping[Pointer, Json]) -> bool:
    """Does an answer name this account, by what its sign-up said of it?"""
    known = {n: str(v) for n, v in own.fields.items() if isinstance(v, str | int) and v is not True}
    long = {each for each in known.values() if len(each) >= SHORTEST}
    return any(
        str(value) in long or (is_login(str(at[-1])) and known.get(str(at[-1])) == str(value))
        for at, value in said.items()
    )


def own_path(estate: Estate, operation: Operation) -> tuple[str, ...] | None:
    """The operation's path where it needs nothing but the account itself; else None."""
    things = next(estate.ledger.match(operation), None)
    if things is None or any(each not in estate.ledger.things for each in things):
        return None
    return values_of(operation, things)


def is_own_change(estate: Estate, operation: Operation) -> bool:
    """Does it change what its caller is: his profile, whose body can be written?"""
    change = operation.method in {"PUT", "PATCH"} or operation.verb in UPDATING
    if not change or operation.safe or operation.ends or operation.signs_in or operation.public:
        return False
    about = operation.resource in SELF or is_person(operation.resource)
    typed = operation.speakable and ("json" in operation.media or is_form(operation.media))
    return about and typed and own_path(estate, operation) is not None


def stronger(duel: Duel, seen: Look) -> Fields:
    """What the strongest above a new account sees of himself where it sees something else."""
    found, own, now = dict[str, Json](), dict[str, Json](), by_name(seen.shown)
    for each in duel.ground.operations:
        if each.label not in seen.granted or each.names:
            continue
        call = duel.victim.write(each, (), recipe=LEAST)
        for client in (*seniors(duel), duel.victim.client):
            said = send(client, call).json()
            for place, value in flat(said).items():
                if value != seen.shown.get((each.label, place), value):
                    found.setdefault(str(place[-1]), value)
            named = names_of(client, client.credentials)
            for his in (one for one in objects_in(said) if is_self(one, named)):
                ranks = [name for name in now.keys() & his.keys() if is_ranking(name)]
                own.update({name: his[name] for name in ranks if his[name] != now[name]})
    return {**found, **own}


def withheld(duel: Duel, plain: Account, operation: Operation, now: Fields) -> Iterator[Injection]:
    """What another operation on people sets of this account, and is denied to the account itself.

    Its own profile does not declare it: a salary, a manager. The owner is granted the same.
    """
    author, estate = duel.victim.author, plain.estate
    declared, found = free_fields(author, dict(operation.body)), set[str]()
    for each in duel.ground.operations:
        if each.safe or each.public or not is_person(each.resource) or each.resource in SELF:
            continue
        path = own_path(estate, each) if is_change(each) else None
        free = free_fields(author, dict(each.body)) - declared if path is not None else set()
        names = [name for name in now if name in free - found and not is_login(name)]
        plainly = [name for name in names if not is_settled(name, now[name])]
        if path is None or not plainly:
            continue
        call = estate.write(each, path, {}, LEAST, now)
        where = ("body", *place_in(author, call))
        for name in plainly:
            call = call.put((*where, name), now[name])
        (own,) = estate.ledger.things
        if own.id not in {*call.path, *(text for _, text in leaves(call.body))}:
            continue  # it would be the owner himself whom the owner changes by it
        denied = not estate.accepts(estate.send(call))
        if denied and duel.victim.accepts(duel.victim.send(call)):
            found.update(plainly)
            for name in plainly:
                value = unlike(name, now[name])
                yield Injection(name=name, value=value, kind="other", known=True)


def is_change(operation: Operation) -> bool:
    """Does it change something of what there is?"""
    change = operation.method in {"PUT", "PATCH"} or operation.verb in UPDATING
    return change and operation.speakable and not (operation.ends or operation.signs_in)
