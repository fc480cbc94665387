"""What may a key do that was made for less, and whose key may one make?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from gate.model import Observation
from validators.credentials.scopes import Cut, cut_for, switch_of
from validators.document.names import READING, stem, words_of
from validators.document.operations import Operation
from validators.estates.estate import FULL, LEAST
from validators.estates.ground import Duel
from validators.estates.throwaways import (
    Pass,
    hidden,
    is_maker,
    issue,
    makers,
    taken,
    traded,
    with_fields,
)
from validators.judging import spell
from validators.messages.calls import Call
from validators.messages.traces import EXCERPT, normalise

ONLY = frozenset({"read", "readonly", "view", "list", "get"})
CHANGE = frozenset({"write", "readwrite", "manage", "admin", "create", "update", "edit", "delete",
                    "all", "promote", "invite"})  # fmt: skip
MANAGING = READING | CHANGE
RULING = frozenset({"admin", "administrator", "owner", "root", "superuser"})
ENOUGH, SOME, MOST_TRIED, MOST_MAKING, MOST_CREATIONS = 3, 2, 25, 6, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a key is tried on: reads that one without limits succeeds with, and creations.

    `place` is where the answer shows a secret that works, perhaps that of what it is `traded` for.
    """

    maker: Operation
    cut: Cut
    place: str
    calls: dict[str, Call]
    creations: dict[str, Call]
    traded: bool = False

    def named(self, scope: str) -> set[str]:
        """The operations that a scope is about, by its words."""
        return {label for label, each in self.calls.items() if is_named(scope, each.operation)}

    def others(self, scope: str) -> set[str]:
        """The operations that other scopes are about, and this one is not."""
        reading = (each for each in self.cut.choices if each != scope and lets_read(each))
        return {label for each in reading for label in self.named(each)} - self.named(scope)


def narrow(duel: Duel) -> Iterator[Observation]:
    """Make keys with one scope each, and try what they leave out.

    That is what only other scopes for reading are about, and for a scope that reads, creations.
    """
    for maker in makers(duel):
        trial = trial_of(duel, maker)
        if trial is None:
            continue
        chosen = [each for each in smallest(trial) if len(trial.others(each)) >= ENOUGH][:2]
        reading = [each for each in chosen or trial.cut.choices if is_reading(each)][:2]
        writable = len(trial.creations) >= SOME
        if not chosen and not (reading and writable):
            yield duel.note("unreached", maker, reason="no scope leaves out enough operations")
            continue
        for scope in dict.fromkeys((*chosen, *reading)):
            yield from confined(duel, trial, scope, writable=writable)
        yield from surpassed(duel, trial)
        yield from raised(duel, trial)


def trial_of(duel: Duel, maker: Operation) -> Trial | None:
    """What keys of this making are tried on; None where they are for all, or do not work."""
    cut = cut_for(duel.victim, maker)
    whole = issue(duel, maker) if cut is not None else None
    if cut is None or whole is None:
        return None
    return Trial(
        maker=maker,
        cut=cut,
        place=whole.place,
        traded=whole.entering is not None,
        calls=granted_calls(duel),
        creations=creations(duel, maker),
    )


def only_read(duel: Duel) -> Iterator[Observation]:
    """Make keys that a switch (`read_only: true`) leaves nothing but reading, and create with them.

    That they read is their control, and that their owner may create the same.
    """
    for maker in makers(duel):
        switch = switch_of(duel.victim, maker)
        if not switch:
            continue
        again = anew(duel, creations(duel, maker))
        holder = issue(duel, maker, **{switch: True}) if len(again) >= SOME else None
        if holder is None:
            yield duel.note("unreached", maker, reason="no such key could be had and tried")
            continue
        scope, status = f"{switch}: true", holder.answer.status if holder.answer else 0
        yield duel.note("owned-call", maker, status=status, positive=True, scope=scope)
        yield tried(duel, maker, holder, scope, "creations", again)


def anew(duel: Duel, made: Mapping[str, Call]) -> dict[str, Call]:
    """Requests for other objects like these."""
    return {
        label: duel.victim.write(each.operation, each.path, {}, FULL)
        for label, each in made.items()
    }


def granted_calls(duel: Duel) -> dict[str, Call]:
    """Reads that need a credential and that the owner succeeds with."""
    estate = duel.victim
    found: dict[str, Call] = {}
    for each in duel.ground.operations:
        if not each.safe or not each.speakable or each.public or len(found) >= MOST_TRIED:
            continue
        path = estate.path_for(each)
        call = estate.write(each, path, recipe=LEAST) if path is not None else None
        if call is not None and estate.accepts(estate.send(call)):
            found[each.label] = call
    return found


def creations(duel: Duel, maker: Operation) -> dict[str, Call]:
    """What the owner has made with success and could make again, but for keys."""
    found: dict[str, Call] = {}
    for thing in duel.victim.ledger.things:
        origin = thing.origin
        made_by = origin.operation if origin else None
        if origin is None or made_by is None or made_by.method != "POST" or made_by.public:
            continue
        if made_by != maker and not is_maker(duel.victim, made_by):
            found.setdefault(made_by.label, origin)
    return dict(islice(found.items(), MOST_CREATIONS))


def smallest(trial: Trial) -> list[str]:
    """The scopes that are about something, those first that read and that say least."""
    about = [each for each in trial.cut.choices if trial.named(each)]
    return sorted(about, key=lambda each: (not is_reading(each), len(trial.named(each))))


def is_reading(scope: str) -> bool:
    """Does its name promise that it only reads?"""
    words = set(words_of(scope))
    return bool(words & ONLY) and not words & CHANGE


def lets_read(scope: str) -> bool:
    """Would a read need it: does it say so, or name no verb at all?"""
    words = set(words_of(scope))
    return bool(words & ONLY) or not words & MANAGING


def is_named(scope: str, operation: Operation) -> bool:
    """Has the operation's path a word of the scope's (`projects:read`, `apikeys:create`)?"""
    said = {stem(word) for word in words_of(scope)} - {stem(word) for word in MANAGING}
    parts = [words_of(part) for part in operation.path.split("/") if "{" not in part]
    there = {stem(word) for words in parts for word in (*words, "".join(words))}
    return bool(said & there)


def confined(duel: Duel, trial: Trial, scope: str, *, writable: bool) -> Iterator[Observation]:
    """A key with one scope, tried on what it leaves out."""
    holder = issue_for(duel, trial, scope)
    status = holder.answer.status if holder and holder.answer else 0
    yield duel.note(
        "owned-call", trial.maker, status=status, positive=holder is not None, scope=scope
    )
    if holder is None:
        return
    others = trial.others(scope)
    if len(others) >= ENOUGH:
        calls = {label: trial.calls[label] for label in sorted(others)}
        yield tried(duel, trial.maker, holder, scope, "reads", calls)
    if is_reading(scope) and writable:
        again = anew(duel, trial.creations)
        yield tried(duel, trial.maker, holder, scope, "creations", again)


def tried(  # noqa: PLR0913, PLR0917 - the parts of one attempt
    duel: Duel, maker: Operation, holder: Pass, scope: str, what: str, calls: Mapping[str, Call]
) -> Observation:
    """What a key with this scope got of what it leaves out; the first grant is shown, if any.

    Refused is what its owner is granted right after it; what he is not either says nothing.
    """
    answers = {label: holder.call(duel.ground, call) for label, call in calls.items()}
    granted = [label for label, answer in answers.items() if duel.victim.accepts(answer)]
    shown = next(iter(granted or answers))
    return duel.note(
        "scope-call",
        maker,
        role="cut down",
        scope=scope,
        what=what,
        status=answers[shown].status,
        granted=[*granted],
        refused=[
            label
            for label, call in calls.items()
            if label not in granted and duel.victim.accepts(duel.victim.send(call))
        ],
        excerpt=normalise(answers[shown].body, calls[shown].sent)[:EXCERPT],
        curl=holder.line(duel.ground, calls[shown]),
    )


def issue_for(duel: Duel, trial: Trial, *scopes: str) -> Pass | None:
    """A key with these scopes, whatever it opens; it may well open nothing that is known."""
    path = next(duel.victim.ledger.fill(trial.maker), None)
    if path is None:
        return None
    plain = duel.victim.write(trial.maker, path, recipe=LEAST)
    call = with_fields(plain, {trial.cut.name: trial.cut.value(*scopes)})
    answer = duel.victim.send(call)
    found = taken(duel.victim, call, answer) if duel.victim.accepts(answer) else []
    found = traded(duel, found) if trial.traded else found
    return next((each for each in found if each.place == trial.place), None)


def opened_by(duel: Duel, holder: Pass, calls: Mapping[str, Call]) -> set[str]:
    """Which of these calls are granted to a key?"""
    return {
        label
        for label, call in calls.items()
        if duel.victim.accepts(holder.call(duel.ground, call))
    }


def surpassed(duel: Duel, trial: Trial) -> Iterator[Observation]:
    """A key that may make keys, and little else, makes one for more, and one without limits."""
    maker, cut = trial.maker, trial.cut
    own = [each for each in cut.choices if is_named(each, maker)]
    own.sort(key=is_reading)
    for scope in own[:MOST_MAKING]:
        holder = issue_for(duel, trial, scope)
        if holder is None:
            continue
        path = next(duel.victim.ledger.fill(maker), ())
        plain = duel.victim.write(maker, path, recipe=LEAST)
        same = with_fields(plain, {cut.name: cut.value(scope)})
        if not duel.victim.accepts(holder.call(duel.ground, same)):
            continue
        calls = {label: trial.calls[label] for label in trial.others(scope)}
        closed = {label: calls[label] for label in calls.keys() - opened_by(duel, holder, calls)}
        more = next((each for each in smallest(trial) if closed.keys() & trial.named(each)), None)
        if more is None:
            continue
        wider = with_fields(plain, {cut.name: cut.value(scope, more)})
        for way, call in (("named more", wider), ("named none", plain)):
            fact = handed(duel, trial, holder, call, closed)
            yield replace(fact, data={**fact.data, "way": way, "scope": scope})
        return


def raised(duel: Duel, trial: Trial) -> Iterator[Observation]:
    """A key with every scope but those of administrators makes one with these as well.

    Where scopes say how much somebody may do, and not of what (`read`, `write`, `admin`), none of
    them is known to be for making keys. What only an administrator's opens is his in any case.
    """
    cut, choices = trial.cut, trial.cut.choices
    less = [each for each in choices if not RULING & set(words_of(each))]
    holder = issue_for(duel, trial, *less) if 0 < len(less) < len(choices) else None
    if holder is None:
        return
    path = next(duel.victim.ledger.fill(trial.maker), ())
    plain = duel.victim.write(trial.maker, path, recipe=LEAST)
    same = with_fields(plain, {cut.name: cut.value(*less)})
    if not duel.victim.accepts(holder.call(duel.ground, same)):
        return
    opened = opened_by(duel, holder, trial.calls)
    closed = {label: call for label, call in trial.calls.items() if label not in opened}
    if closed:
        wider = with_fields(plain, {cut.name: cut.value(*choices)})
        fact = handed(duel, trial, holder, wider, closed)
        data = {**fact.data, "way": "named all", "scope": spell(less)}
        yield replace(fact, data=data)


def handed(
    duel: Duel, trial: Trial, holder: Pass, call: Call, closed: Mapping[str, Call]
) -> Observation:
    """What a key got that it asked for, and what that opens of what is closed to itself."""
    answer = holder.call(duel.ground, call)
    made = taken(duel.victim, call, answer) if duel.victim.accepts(answer) else []
    whole = traded(duel, made) if trial.traded else made
    right = [each for each in whole if each.place == trial.place]
    gained = {label for each in right for label in opened_by(duel, each, closed)}
    return duel.note(
        "handed-call",
        call.operation,
        role="cut down",
        status=answer.status,
        gained=[*sorted(gained)],
        excerpt=hidden(made, normalise(answer.body, call.sent))[:EXCERPT],
        curl=holder.line(duel.ground, call),
    )
