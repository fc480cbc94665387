"""Does a secret that was made for less get a token for more by asking (RFC 6749, section 3.3)?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gate.check import Answer
from gate.model import Observation
from validators.credentials.ended_credentials import secret_of
from validators.credentials.key_scopes import Trial, is_reading, issue_for, opened_by, trial_of
from validators.credentials.scopes import Cut
from validators.document.names import words_of
from validators.estates.exchanges import SCOPES, Exchange, exchange_in, places_of_secrets
from validators.estates.ground import Duel
from validators.estates.signing import signed
from validators.estates.throwaways import Pass, hidden, makers, with_fields
from validators.messages.calls import Call, send
from validators.messages.traces import EXCERPT, normalise


def widened(duel: Duel) -> Iterator[Observation]:
    """Trade a secret with one scope for a token with more, where what trades it takes scopes.

    That it is traded for a token with its own scope is the positive control.
    """
    exchange = exchange_in(duel.victim.author, duel.ground.operations)
    for maker in makers(duel) if exchange is not None else ():
        trial = trial_of(duel, maker)
        cut = cut_in(duel, exchange, trial) if exchange is not None and trial is not None else None
        if trial is None or cut is None or not trial.traded:
            continue
        for scope in sorted(cut.choices, key=is_reading, reverse=True):
            calls = {label: trial.calls[label] for label in trial.others(scope)}
            holder = issue_for(duel, trial, scope) if calls else None
            if holder is None or holder.entering is None:
                continue
            opened = opened_by(duel, holder, calls)
            closed = {label: call for label, call in calls.items() if label not in opened}
            if closed:
                yield from asked(duel, trial, cut, (scope, holder), closed)
                return


def cut_in(duel: Duel, exchange: Exchange, trial: Trial) -> Cut | None:
    """The field by which a token is asked for with less, and the scopes that keys are made with."""
    for name, each in exchange.fields.items():
        if SCOPES & set(words_of(name)):
            listed = "items" in duel.victim.author.simplify(each)
            return Cut(name=name, choices=trial.cut.choices, listed=listed)
    return None


def asked(
    duel: Duel, trial: Trial, cut: Cut, tried: tuple[str, Pass], closed: Mapping[str, Call]
) -> Iterator[Observation]:
    """What a token opens that was asked for with every scope, of what is closed to the secret's."""
    scope, holder = tried
    if holder.entering is None:
        return
    same, wider = (
        with_fields(holder.entering, {cut.name: cut.value(*scopes)})
        for scopes in ((scope,), cut.choices)
    )
    plain = send(duel.ground.nobody, same)
    yield duel.note(
        "owned-call",
        same.operation,
        status=plain.status,
        positive=bool(tokens(duel, trial, holder, plain)),
    )
    answer = send(duel.ground.nobody, wider)
    made = tokens(duel, trial, holder, answer)
    secret, _ = secret_of(holder, wider)
    yield duel.note(
        "handed-call",
        wider.operation,
        role="cut down",
        scope=scope,
        way="asked for more when it was traded",
        status=answer.status,
        gained=[*sorted({label for each in made for label in opened_by(duel, each, closed)})],
        excerpt=hidden(made, normalise(answer.body, wider.sent))[:EXCERPT],
        curl=secret.line(duel.ground, wider),
    )


def tokens(duel: Duel, trial: Trial, holder: Pass, answer: Answer) -> list[Pass]:
    """The token in the answer to a trade, as a credential."""
    found = places_of_secrets(answer) if duel.victim.accepts(answer) else {}
    return [
        replace(holder, headers=signed(duel.victim, secret), secret=secret)
        for secret, place in found.items()
        if place == trial.place
    ]
