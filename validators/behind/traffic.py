"""Which ordinary requests does each tenant send while something behind the service is watched?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gate.check import Answer
from gate.model import Evidence, Finding, Json
from validators.estates.estate import LEAST, Estate, open_estate
from validators.estates.ground import Ground
from validators.estates.planting import plant
from validators.judging import Rule
from validators.messages.calls import Call
from validators.messages.patience import Patient, Relay

REQUEST_ID = "x-request-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening(Relay):
    """A client that remembers which request was whose; implements `gate.check.Client`."""

    heard: dict[str, str]

    def ask(
        self,
        method: str,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None,
        timeout: float,
    ) -> Answer:
        """Send one request, and keep the id that the service gave it."""
        answer = self.client.request(method, path, body=body, headers=headers, timeout=timeout)
        if name := answer.headers.get(REQUEST_ID):
            self.heard[name] = self.client.tenant
        return answer


def settle_anew(ground: Ground, salt: str, heard: dict[str, str]) -> tuple[Estate, ...]:
    """New objects with new marks for both tenants of the ground."""
    estates = []
    for known in ground.estates:
        client = Listening(client=known.client, heard=heard)
        estate = open_estate(
            Patient(client=client, silence=ground.silence),
            known.author.document,
            f"{salt}:{known.client.tenant}",
            ground.envelope,
            ground.hints.values,
        )
        estates.append(estate)
    estates[0].foreign.append(estates[1].canaries.token)
    estates[1].foreign.append(estates[0].canaries.token)
    for estate in estates:
        for _ in plant(estate, ground.operations):
            pass
    return tuple(estates)


def own_reads(ground: Ground, estate: Estate) -> Iterator[tuple[Call, Answer]]:
    """Each GET of the document, as the tenant asks it about its own objects."""
    for operation in ground.operations:
        if operation.method != "GET" or not operation.speakable or operation.public:
            continue
        values = next(estate.ledger.fill(operation), None)
        if values is not None:
            call = estate.write(operation, values, recipe=LEAST)
            yield call, estate.send(call)


def accuse(rule: Rule, subject: str, words: Sequence[str], index: int, reproduce: str) -> Finding:
    """The finding of a rule with the fact that shows it, in words without content."""
    said = "; ".join(words)
    evidence = Evidence(summary=f"{subject}: {said}", reproduce=reproduce, observation=index)
    return replace(rule.find(subject, words, ()), evidence=(evidence,))
