"""Does a new account get more by a field of its sign-up, or of its own profile, than others get?

Accounts that were made for it try that, so that no principal of the run is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from gate.model import Observation
from validators.document.operations import Operation
from validators.estates.ground import Duel
from validators.estates.members import hired, invitation
from validators.estates.own_fields import free_fields
from validators.estates.throwaways import REGISTERING, newly_registered, opening
from validators.fields.account_fields import (
    Fields,
    by_name,
    declared_credits,
    declared_ranks,
    left_to_the_service,
)
from validators.fields.kept_fields import Injection
from validators.fields.new_accounts import (
    Account,
    Look,
    Make,
    is_own_change,
    look_around,
    new_account,
    profile_call,
    stronger,
    withheld,
)
from validators.messages.calls import Call, curl
from validators.messages.traces import EXCERPT, normalise

MOST_ALONE = 6
ROUNDS = 2


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
    changed_already = False
    for entry, make in ways_in(duel):
        plain = new_account(duel, make) if entry is not None or not changed_already else None
        if plain is None:
            continue
        before = look_around(duel, plain)
        duel.ground.envelope.listed = None  # directories show new accounts from now on
        best, ignored = stronger(duel, before), set[str]()
        if entry is not None:
            attempt = partial(signed_up, duel, make, before)
            what = tempting(duel, entry, before, best)
            yield from tempt(duel, entry, attempt, what)
            asked: Fields = {each.name: each.value for each in what.credit}
            tried = attempt(asked) if asked else None
            ignored = {*asked} - {*tried.kept(asked)} if tried else set()
        if not changed_already:
            yield from change(duel, make, plain, before, best, entry, ignored)
        changed_already = True


def ways_in(duel: Duel) -> Iterator[tuple[Operation | None, Make]]:
    """How accounts come to be, and what anybody says at that: signed up, invited, or hired."""
    register, way = opening(duel.ground, REGISTERING), invitation(duel)
    if register is not None:
        yield register, partial(newly_registered, duel)
    if way is not None:
        yield way.join, partial(way.taken_up, duel)
    yield None, lambda _: hired(duel)


def signed_up(duel: Duel, make: Make, before: Look, fields: Fields) -> Trial | None:
    """A new account that says this of itself, beside what another one is."""
    made = new_account(duel, make, fields)
    after = look_around(duel, made) if made else Look()
    return Trial(by=made, call=made.call, before=before, after=after) if made else None


def change(  # noqa: PLR0913, PLR0917 - an account, and what is known of it
    duel: Duel,
    make: Make,
    plain: Account,
    before: Look,
    best: Fields,
    entry: Operation | None,
    ignored: set[str],
) -> Iterator[Observation]:
    """The same fields in changes of one's own profile; of credit what the sign-up ignored."""
    for operation in duel.ground.operations:
        if not is_own_change(plain.estate, operation):
            continue
        answer = plain.estate.send(profile_call(plain.estate, operation, by_name(before.shown), {}))
        if not duel.victim.accepts(answer):
            continue
        yield duel.note("owned-write", operation, status=answer.status, positive=True)
        attempt, what = (
            partial(changed, duel, make, operation),
            tempting(duel, operation, before, best),
        )
        reserved = withheld(duel, plain, operation, by_name(before.shown))
        yield from tempt(duel, operation, attempt, replace(what, left=[*what.left, *reserved]))
        for each in what.credit:
            if each.name in ignored and entry is not None:
                yield from twice(duel, operation, attempt, each, ignored=entry.label)


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


def changed(duel: Duel, make: Make, operation: Operation, fields: Fields) -> Trial | None:
    """A new account's profile with these fields, after the same change without them."""
    account = new_account(duel, make)
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
