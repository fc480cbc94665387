"""Does a new account get more by a field of its sign-up, or of its own profile, than others get?

Accounts that were made for it try that, so that no principal of the run is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gate.check import Answer, Client
from gate.forms import is_form
from gate.model import Json, Observation
from gate.testbed.hints import salt_of
from validators.account_fields import (
    Fields,
    by_name,
    declared_credits,
    declared_ranks,
    is_login,
    left_to_the_service,
)
from validators.calls import Call, Pointer, curl, send, value_at
from validators.estate import FULL, LEAST, Estate, open_estate
from validators.ground import Duel
from validators.identities import is_ranking
from validators.kept_fields import Injection, object_of
from validators.names import SELF, UPDATING
from validators.newcomers import NewAccount
from validators.operations import Operation, as_list, as_object
from validators.own_fields import free_fields, place_in, schema_of
from validators.principals import is_person
from validators.promotions import flat
from validators.seniors import DENIED, seniors
from validators.things import Thing, values_of
from validators.throwaways import NO_MORE, REGISTERING, newly_registered, opening
from validators.traces import EXCERPT, SHORTEST, normalise

MOST_READS, MOST_ALONE = 24, 6
ROUNDS = 2


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A request with these fields: what was asked, and the account's looks before and after."""

    by: Account
    call: Call
    before: Look
    after: Look

    def kept(self, fields: Fields) -> list[str]:
        """Which of them the account sees of itself now, where it or others saw something else."""
        return [
            name
            for name, value in fields.items()
            for at, now in self.after.shown.items()
            if at[1][-1] == name and now == value and self.before.shown.get(at, value) != value
        ]

    def opened(self, *, declared: bool) -> list[str]:
        """The reads in which the account gets what it was denied, or what is the other tenant's.

        What a body declares may open much by design, but nothing of others.
        """
        more = self.after.others - self.before.others
        return sorted(more if declared else more | (self.after.granted & self.before.denied))


Attempt = Callable[[Fields], Trial | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempting:
    """What to try: fields that a body leaves to the service, ranks and credit that it declares."""

    left: Sequence[Injection]
    declared: Sequence[Injection]
    credit: Sequence[Injection]


def enrol(duel: Duel) -> Iterator[Observation]:
    """Sign up, and change one's own profile, with fields that are the service's to set.

    A plain account is what others are compared with. All fields that a body does not declare are
    sent at once, then one by one where that is refused or has an effect. A rank that it declares
    counts when it shows what is the other tenant's; what is worth money, when a profile takes it
    and the sign-up, which declares it as well, does not.
    """
    register = opening(duel.ground, REGISTERING)
    plain = new_account(duel) if register else None
    if register is None or plain is None:
        return
    before = look_around(duel, plain)
    duel.ground.envelope.listed = None  # directories show new accounts from now on
    best = stronger(duel, before)

    def signed_up(fields: Fields) -> Trial | None:
        made = new_account(duel, fields)
        after = look_around(duel, made) if made else Look()
        return Trial(by=made, call=made.call, before=before, after=after) if made else None

    what = tempting(duel, register, before, best)
    yield from tempt(duel, register, signed_up, what)
    asked: Fields = {each.name: each.value for each in what.credit}
    tried = signed_up(asked) if asked else None
    ignored = {*asked} - {*tried.kept(asked)} if tried else set()
    for operation in duel.ground.operations:
        if not is_own_change(plain.estate, operation):
            continue
        answer = plain.estate.send(profile_call(plain.estate, operation, by_name(before.shown), {}))
        if not duel.victim.accepts(answer):
            continue
        yield duel.note("owned-write", operation, status=answer.status, positive=True)
        attempt, what = partial(changed, duel, operation), tempting(duel, operation, before, best)
        yield from tempt(duel, operation, attempt, what)
        for each in what.credit:
            if each.name in ignored:
                yield from twice(duel, operation, attempt, each, ignored=register.label)


def tempting(duel: Duel, operation: Operation, seen: Look, best: Fields) -> Tempting:
    """The fields for a body, by what it declares and what an account sees of itself."""
    now, author = by_name(seen.shown), duel.victim.author
    declared = free_fields(author, dict(operation.body))
    return Tempting(
        left=[*left_to_the_service(duel, now, declared, best)],
        declared=[*declared_ranks(duel, now, declared, best)],
        credit=[*declared_credits(now, declared)],
    )


def tempt(
    duel: Duel, operation: Operation, attempt: Attempt, what: Tempting
) -> Iterator[Observation]:
    """What is left to the service at once, what of it may have done something alone, the ranks."""
    suspects = [each for each in what.left if each.known][:MOST_ALONE]
    whole = attempt({each.name: each.value for each in what.left})
    if whole is not None and duel.victim.accepts(whole.by.answer):
        yield told(duel, operation, whole, what.left, 0)
        kept = whole.kept({each.name: each.value for each in what.left})
        opened = whole.opened(declared=False)
        suspects = [each for each in what.left if each.name in kept or (opened and not kept)]
    for each in suspects:
        yield from twice(duel, operation, attempt, each)
    for each in what.declared:
        yield from twice(duel, operation, attempt, each, declared=True)


def twice(  # noqa: PLR0913 - a field, and on which ground it counts
    duel: Duel,
    operation: Operation,
    attempt: Attempt,
    each: Injection,
    *,
    declared: bool = False,
    ignored: str = "",
) -> Iterator[Observation]:
    """One field; once more, with another new account, when it has an effect."""
    for turn in range(ROUNDS):
        trial = attempt({each.name: each.value})
        if trial is None:
            return
        fact = told(duel, operation, trial, [each], turn, declared=declared)
        yield replace(fact, data={**fact.data, "ignored": ignored}) if ignored else fact
        if not (fact.data.get("kept") or fact.data.get("opened")):
            return


def told(  # noqa: PLR0913 - a trial, and of what
    duel: Duel,
    operation: Operation,
    trial: Trial,
    fields: Sequence[Injection],
    turn: int,
    *,
    declared: bool = False,
) -> Observation:
    """What came of a request with these fields."""
    answer, holder = trial.by.answer, trial.by.client.holder
    kept = trial.kept({each.name: each.value for each in fields})
    return duel.note(
        "assigned",
        operation,
        role="new account",
        field=", ".join(each.name for each in fields),
        group=fields[0].kind,
        known=True,
        round=turn,
        status=answer.status,
        granted=duel.victim.accepts(answer),
        kept=bool(kept) and not declared,
        reached=[],
        opened=[*trial.opened(declared=declared)],
        excerpt=holder.hidden(normalise(answer.body, trial.call.sent)[:EXCERPT]),
        curl=holder.hidden(curl(trial.by.asks, trial.call)),
    )


def changed(duel: Duel, operation: Operation, fields: Fields) -> Trial | None:
    """A new account's profile with these fields, after the same change without them."""
    account = new_account(duel)
    if account is None:
        return None
    now = by_name(look_around(duel, account).shown)
    plain = profile_call(account.estate, operation, now, {})
    if not duel.victim.accepts(account.estate.send(plain)):
        return None
    before = look_around(duel, account)
    call = profile_call(account.estate, operation, now, fields)
    answer = account.estate.send(call)
    after = look_around(duel, account) if duel.victim.accepts(answer) else before
    by = replace(account, answer=answer, asks=account.client)
    return Trial(by=by, call=call, before=before, after=after)


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


def new_account(duel: Duel, more: Fields = NO_MORE) -> Account | None:
    """Somebody who has just signed up, perhaps with more members than he must say."""
    ground = duel.ground
    holder = next(newly_registered(duel, more), None)
    if holder is None or holder.signing_up is None:
        return None
    call, answer = holder.signing_up
    client = NewAccount(client=ground.nobody, holder=holder)
    salt, document = salt_of(ground.testbed, ground.testbed.seed, "account"), duel.victim.author
    estate = open_estate(client, document.document, salt, ground.envelope, ground.hints.values)
    made = object_of(call.operation, answer)
    fields = {**(made.fields if made else {}), **estate.ledger.names}
    estate.ledger.things[:] = [Thing(resource="user", fields=fields)]
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
    found: dict[str, Json] = {}
    for each in duel.ground.operations:
        if each.label not in seen.granted or each.names:
            continue
        call = duel.victim.write(each, (), recipe=LEAST)
        for client in (*seniors(duel), duel.victim.client):
            for place, value in flat(send(client, call).json()).items():
                if value != seen.shown.get((each.label, place), value):
                    found.setdefault(str(place[-1]), value)
    return found
