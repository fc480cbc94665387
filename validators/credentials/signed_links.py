"""Does a link that is signed open nothing without its signature, or with that of another one?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.check import Answer
from gate.model import Observation
from validators.credentials.role_keys import is_shut
from validators.crossing.owned_reads import granted_read
from validators.document.names import words_of
from validators.document.operations import Operation
from validators.estates.estate import LEAST, Estate
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
    """The parameter in the query of a public read of one object that seals it; "" for none.

    One that must be there is taken before one that may.
    """
    if operation.method != "GET" or not operation.public or not operation.names:
        return ""
    declared = (*operation.query, *operation.optional)
    return next((name for name in declared if SIGNS & set(words_of(name))), "")


def link_of(duel: Duel, operation: Operation, name: str) -> tuple[Call, Answer] | None:
    """The link to an object of the owner's, signed as the object says, and what nobody gets by it.

    None where no object says its signature. One that may be left out by the document must stand in
    an address that the object shows, and the object itself must be shown to nobody: else the
    signature may be for something beside it.
    """
    for path in duel.victim.ledger.fill(operation):
        said = signature(duel.victim, operation, path, name)
        if said and (name in operation.query or is_closed(duel, operation, path)):
            call = duel.victim.write(operation, path, recipe=LEAST)
            call = replace(call, query={**call.query, name: said})
            return call, send(duel.ground.nobody, call)
    return None


def signature(estate: Estate, operation: Operation, path: tuple[str, ...], name: str) -> str:
    """What the object that a path names says is its signature, by the document's word or a link."""
    must = name in operation.query
    told = estate.ledger.said_of if must else estate.ledger.linked
    said = told(operation, path, (name,)).get(name)
    return said if isinstance(said, str) else ""


def is_closed(duel: Duel, operation: Operation, path: tuple[str, ...]) -> bool:
    """Is there a read of the very object, which its owner is granted and nobody is refused?"""
    for thing in duel.victim.ledger.at(operation, path):
        call = granted_read(duel.victim, duel.ground.operations, thing)
        if call is not None:
            return is_shut(duel.ground.nobody, call)
    return False


def trials(duel: Duel, call: Call, name: str) -> Iterator[tuple[str, Call]]:
    """The same link with no signature, with one that nobody made, with that of another object."""
    bare = {key: value for key, value in call.query.items() if key != name}
    yield "no signature", replace(call, query=bare)
    made_up = like(str(call.query[name]), duel.chance)
    yield "a signature that nobody made", replace(call, query={**call.query, name: made_up})
    theirs = duel.attacker.ledger.fill(call.operation)
    said = (signature(duel.attacker, call.operation, path, name) for path in theirs)
    other = next(filter(None, said), "")
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
