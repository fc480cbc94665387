"""Can a caller choose the tenant by words beside his own credential?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.model import Json, Observation
from validators.calls import Call, curl, send
from validators.estate import LEAST, Estate
from validators.ground import Duel
from validators.identities import identities
from validators.operations import Operation
from validators.traces import EXCERPT, find_marks, normalise

HINTS = (
    "X-Tenant-Id", "X-Tenant", "X-Org-Id", "X-Organization-Id", "X-Account-Id",
    "X-Workspace-Id", "X-Customer-Id", "X-User-Id", "X-User", "X-Forwarded-User", "X-Owner-Id",
    "X-Impersonate-User", "X-Original-User", "X-Remote-User", "X-Authenticated-User",
)  # fmt: skip
QUERY = ("tenant_id", "tenant", "org_id", "account_id", "user_id", "owner_id", "owner", "user")


def confuse(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """The attacker's own credential, with words for the victim beside it."""
    calls = (own_call(duel.attacker, operation), own_call(duel.victim, operation))
    tries = [call for call in calls if call is not None]
    for call in tries[:1] if not operation.names else tries:
        plain = find_marks(send(duel.attacker.client, call), duel.marks, call.sent)
        if any(plain.values()):
            return
        for value in identities(duel.victim, duel.attacker):
            yield from with_words(duel, call, value)


def own_call(estate: Estate, operation: Operation) -> Call | None:
    """A tenant's own plain request."""
    path = estate.path_for(operation)
    return None if path is None else estate.write(operation, path, recipe=LEAST)


def with_words(duel: Duel, call: Call, value: str) -> Iterator[Observation]:
    """All headers at once and all query parameters at once; what hits is narrowed down."""
    if not value.isprintable() or not value.isascii():
        return
    headers = replace(call, headers={**call.headers, **said_in_headers(value)})
    query = replace(call, query={**call.query, **dict.fromkeys(QUERY, value)})
    for label, each in (("headers", headers), ("query", query)):
        fact = confused(duel, each, label, value)
        if any(as_lists(fact)):
            narrow = narrowed(duel, call, label, value)
            yield narrow or fact
        else:
            yield fact


def as_lists(fact: Observation) -> list[Json]:
    """The marks that an answer held."""
    traces = fact.data.get("traces")
    return [each for each in traces.values() if each] if isinstance(traces, dict) else []


def confused(duel: Duel, call: Call, label: str, value: str) -> Observation:
    """What the attacker got with these words."""
    answer = send(duel.attacker.client, call)
    shared = duel.ground.hints.is_shared(call.operation.label)
    return duel.note(
        "suppressed" if shared else "confused-call",
        call.operation,
        ids="",
        credential=f"the own credential and the victim's name in {label}",
        status=answer.status,
        granted=duel.attacker.accepts(answer),
        traces=find_marks(answer, duel.marks, (*call.sent, value)),
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(duel.attacker.client, call),
    )


def said_in_headers(value: str) -> dict[str, str]:
    """Every header that could name the victim."""
    return {**dict.fromkeys(HINTS, value), "X-Forwarded-Host": f"{value}.example.org"}


def narrowed(duel: Duel, call: Call, label: str, value: str) -> Observation | None:
    """The one header or parameter that suffices."""
    words = said_in_headers(value) if label == "headers" else dict.fromkeys(QUERY, value)
    for name, word in words.items():
        each = (
            replace(call, headers={**call.headers, name: word})
            if label == "headers"
            else replace(call, query={**call.query, name: word})
        )
        fact = confused(duel, each, f"{label} ({name})", value)
        if any(as_lists(fact)):
            return fact
    return None
