"""Whose budget does a request spend, when one tenant has spent all of its own?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from gate.check import Answer, Client, Testbed
from gate.model import Observation
from validators.document.operations import list_operations

LIMITED = 429
MOST = 1000
ATTEMPTS = 4
ADDRESSES = ("X-Forwarded-For", "X-Real-IP", "X-Client-IP")
SPOOFS = (
    *ADDRESSES,
    "Forwarded",
    "X-Tenant-Id",
    "X-Api-Key",
    "X-Request-Id",
    "User-Agent",
)
REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining")


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Wear out a new tenant on the smallest plan, then ask as another and with false names.

    Each question stands between two plain requests of the worn-out tenant: only when both were
    refused did the answer come while the limit held, else it is worn out again and asked again.
    """
    with testbed.newcomer() as spender, testbed.newcomer() as neighbour:
        path = cheap_read(testbed, spender)
        if path is None:
            return
        before = neighbour.request("GET", path)
        sent = exhaust(spender, path)
        yield Observation(
            kind="exhausted", subject=path, at=testbed.clock(), data={"requests": sent}
        )
        if not sent:
            return
        beside = Question(
            spender=spender, client=neighbour, path=path, subject="neighbour", before=before
        )
        yield from ask(testbed, beside)
        for name in SPOOFS:
            wish = replace(beside, client=spender, subject=name, headers={name: value_for(name)})
            yield from ask(testbed, replace(wish, before=None))


def value_for(name: str) -> str:
    """An address (RFC 5737) where the header names one, else an id that nobody has."""
    if name == "Forwarded":
        return "for=203.0.113.7"
    return "203.0.113.7" if name in ADDRESSES else str(UUID(int=7))


def cheap_read(testbed: Testbed, client: Client) -> str | None:
    """The first path that a signed-in caller may read without knowing any id."""
    for each in list_operations(testbed.openapi()):
        plain = each.method == "GET" and not each.names and not each.public
        if plain and client.request("GET", each.path).status == 200:  # noqa: PLR2004 - OK
            return each.path
    return None


def exhaust(client: Client, path: str) -> int:
    """How many requests it took until one was refused; at most `MOST`."""
    for count in range(1, MOST + 1):
        if client.request("GET", path).status == LIMITED:
            return count
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who asks what while the limit of `spender` holds; `headers` are empty for a neighbour."""

    spender: Client
    client: Client
    path: str
    subject: str
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Answer | None = None


def ask(testbed: Testbed, question: Question) -> Iterator[Observation]:
    """One fact, `neighbour` or `spoofed`; none when the limit never held long enough."""
    spender, path = question.spender, question.path
    for _ in range(ATTEMPTS):
        if not exhaust(spender, path):
            return
        answer = question.client.request("GET", path, headers=question.headers)
        if spender.request("GET", path).status == LIMITED:
            yield Observation(
                kind="spoofed" if question.headers else "neighbour",
                subject=question.subject,
                at=testbed.clock(),
                data={
                    "status": answer.status,
                    "before": remaining(question.before),
                    "after": remaining(answer),
                },
            )
            return


def remaining(answer: Answer | None) -> int | None:
    """What the service says is left of the budget, if it says so."""
    said = [answer.headers[name] for name in REMAINING if answer and name in answer.headers]
    return int(said[0]) if said and said[0].isdigit() else None
