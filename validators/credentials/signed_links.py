"""Does a link that is signed open nothing without its signature, or with that of another one?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.check import Answer
from gate.model import Json, Observation
from validators.document.names import words_of
from validators.document.operations import Operation
from validators.estates.estate import LEAST
from validators.estates.ground import Duel
from validators.messages.calls import Call, curl, send
from validators.messages.traces import EXCERPT, is_like, like, normalise

SIGNS = frozenset({"signature", "sig", "sign", "signed", "hmac", "mac", "token", "ticket",
                   "secret"})  # fmt: skip


def signed_links(duel: Duel) -> Iterator[Observation]:
    """Each read that the document opens to whoever has a link with a signature in its query.

    With what the object itself says there nobody gets in (the positive control); without it, with
    another one of the same shape and with that of the other tenant's object nobody must.
    """
    for operation in duel.ground.operations:
        name = sign_of(operation)
        if not name:
            continue
        link = link_of(duel, operation, name)
        if link is None:
            continue
        call, before = link
        yield duel.note(
            "owned-call",
            operation,
            status=before.status,
            positive=duel.victim.accepts(before),
        )
        if duel.victim.accepts(before):
            for way, trial in trials(duel, call, name):
                yield asked(duel, trial, before, way)


def sign_of(operation: Operation) -> str:
    """The parameter that must stand in the query of a public read and seals it; "" for none."""
    if operation.method != "GET" or not operation.public or not operation.names:
        return ""
    return next((name for name in operation.query if SIGNS & set(words_of(name))), "")


def link_of(duel: Duel, operation: Operation, name: str) -> tuple[Call, Answer] | None:
    """The link to an object of the owner's, signed as the object says, and what nobody gets by it.

    None where no object says its signature.
    """
    for path in duel.victim.ledger.fill(operation):
        said = duel.victim.ledger.said_of(operation, path, (name,)).get(name)
        if isinstance(said, str) and said:
            call = duel.victim.write(operation, path, recipe=LEAST)
            return call, send(duel.ground.nobody, call)
    return None


def trials(duel: Duel, call: Call, name: str) -> Iterator[tuple[str, Call]]:
    """The same link with no signature, with one that nobody made, with that of another object."""
    bare = {key: value for key, value in call.query.items() if key != name}
    yield "no signature", replace(call, query=bare)
    made_up = like(str(call.query[name]), duel.chance)
    yield "a signature that nobody made", replace(call, query={**call.query, name: made_up})
    theirs = duel.attacker.ledger.fill(call.operation)
    said = (duel.attacker.ledger.said_of(call.operation, path, (name,)) for path in theirs)
    other: Json = next((each[name] for each in said if each.get(name)), None)
    if other and other != call.query[name]:
        yield "another object's signature", replace(call, query={**call.query, name: other})


def asked(duel: Duel, call: Call, before: Answer, way: str) -> Observation:
    """What nobody got by a link that is not the one that was given."""
    answer = send(duel.ground.nobody, call)
    granted = duel.victim.accepts(answer) and is_like(before, answer)
    return duel.note(
        "link-call",
        call.operation,
        role="anonymous",
        credential=way,
        status=answer.status,
        granted=granted,
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(duel.ground.nobody, call),
    )
