"""What is recorded of one read of what belongs to another tenant, or to nobody?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gate.check import Answer, Client
from gate.model import Json, Observation
from validators.crossing.directories import beyond_word
from validators.document.operations import as_list
from validators.estates.ground import Duel
from validators.messages.calls import Call, curl, retrace, send
from validators.messages.traces import EXCERPT, digest, find_marks, normalise


def read_foreign(
    duel: Duel, client: Client, call: Call, ids: str, marks: Mapping[str, str]
) -> Observation:
    """Ask for what belongs to the victim."""
    answer = send(client, call)
    own = {duel.attacker.canaries.token, *(duel.attacker.ledger.made - duel.victim.ledger.ids)}
    traces = find_marks(answer, marks, call.sent)
    more: dict[str, Json] = {}
    if beyond := beyond_word(duel, call.operation, answer):
        traces["body"] = [*as_list(traces["body"]), *(f"value of {each}" for each in beyond)]
        more["beyond"] = [*beyond]
    return duel.note(
        "foreign-read",
        call.operation,
        role=client.role,
        ids=ids,
        traces=traces,
        **more,
        own=any(each in answer.body for each in own - set(call.path)),
        curl=retrace(curl(duel.victim.client, call), curl(client, call)),
        **describe(answer, call.sent),
    )


def read_absent(duel: Duel, call: Call, ids: str) -> Observation:
    """Ask for what never existed."""
    client = duel.attacker.client
    data = describe(send(client, call), call.sent)
    return duel.note("absent-read", call.operation, ids=ids, curl=curl(client, call), **data)


def describe(answer: Answer, sent: Sequence[str]) -> dict[str, Json]:
    """Status, digests that make answers comparable, and the start of the normalised body."""
    return {
        "status": answer.status,
        "digest": digest(answer, sent),
        "excerpt": normalise(answer.body, sent)[:EXCERPT],
    }


def has_traces(seen: Observation) -> bool:
    """Does the answer hold anything of the victim's?"""
    traces = seen.data.get("traces")
    return isinstance(traces, dict) and any(traces.values())
