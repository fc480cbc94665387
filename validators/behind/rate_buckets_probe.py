"""Whose budget does a request spend, when one tenant has spent all of its own?"""

from __future__ import annotations

import re
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
# Items of the field `RateLimit`: a policy's name and what is left (draft-ietf-httpapi-ratelimit-
# headers-11, section 4.1).
LEFT = re.compile(r'"([^"]+)"[^,]*?;\s*r=(\d+)')
TIMES = 3


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Wear out a new tenant on the smallest plan, then ask as another and with false names.

    Each question stands between two plain requests of the worn-out tenant: only when both were
    refused did the answer come while the limit held, else it is worn out again and asked again.
    Limits of single operations are not worn out: what is left of the neighbour's must not fall with
    what the other tenant asks.
    """
    with testbed.newcomer() as spender, testbed.newcomer() as neighbour:
        path = cheap_read(testbed, spender)
        if path is None:
            return
        yield from single(testbed, spender, neighbour, path)
        sent = exhaust(spender, path)
        yield Observation(
            kind="exhausted", subject=path, at=testbed.clock(), data={"requests": sent}
        )
        if not sent:
            return
        beside = Question(spender=spender, client=neighbour, path=path, subject="neighbour")
        yield from ask(testbed, beside)
        for name in SPOOFS:
            wish = replace(beside, client=spender, subject=name, headers={name: value_for(name)})
            yield from ask(testbed, wish)


def single(
    testbed: Testbed, spender: Client, neighbour: Client, path: str
) -> Iterator[Observation]:
    """What is left of the neighbour's limit of one operation, before and after the other's calls.

    Which ones have such a limit is told by the policies that their answers name beside the plan's.
    They are called without content, for what is refused is counted as well.
    """
    plain = left(spender.request("GET", path)).keys()
    for each in list_operations(testbed.openapi()):
        if each.method != "POST" or each.names or each.public or each.ends:
            continue
        for policy in left(spender.request("POST", each.path, body={})).keys() - plain:
            before = left(neighbour.request("POST", each.path, body={}))
            for _ in range(TIMES):
                spender.request("POST", each.path, body={})
            answer = neighbour.request("POST", each.path, body={})
            data = {"before": before.get(policy), "after": left(answer).get(policy)}
            yield Observation(
                kind="single",
                subject=each.label,
                at=testbed.clock(),
                data={"policy": policy, "status": answer.status, **data},
            )


def left(answer: Answer) -> dict[str, int]:
    """What is left of each policy that the answer names."""
    return {name: int(rest) for name, rest in LEFT.findall(answer.headers.get("ratelimit", ""))}


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


def ask(testbed: Testbed, question: Question) -> Iterator[Observation]:
    """One fact, `neighbour` or `spoofed`; none when the limit never held long enough."""
    spender, path = question.spender, question.path
    for _ in range(ATTEMPTS):
        before = None if question.headers else question.client.request("GET", path)
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
                    "before": remaining(before),
                    "after": remaining(answer),
                },
            )
            return


def remaining(answer: Answer | None) -> int | None:
    """What the service says is left of the budget, if it says so."""
    if answer is None:
        return None
    said = [answer.headers[name] for name in REMAINING if name in answer.headers]
    plain = int(said[0]) if said and said[0].isdigit() else None
    return min(left(answer).values(), default=plain)
