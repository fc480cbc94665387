"""Does each answer belong to its request while many of both tenants are in flight at once?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random

from gate.check import Client, NoAnswerError, Testbed
from gate.model import Observation
from gate.testbed.hints import salt_of
from validators.behind.traffic import own_reads, settle_anew
from validators.estates.estate import Estate
from validators.estates.ground import Ground, stand
from validators.messages.calls import Call, send
from validators.messages.traces import find_marks, like

SECONDS = 8.0
MOST = 2400
THREADS = 8
CANCEL_AFTER = 0.001
COUNTS = ("sent", "answered", "foreign", "lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One request of the storm: `read`, `absent`, `malformed`, `conflict` or `cancelled`.

    `expected` is what the owner's answer to a read must hold, "" for none.
    """

    kind: str
    call: Call
    expected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """One thread of one tenant: what it sends in turn, and what only the other tenant has."""

    client: Client
    marks: dict[str, str]
    shots: tuple[Shot, ...]


Found = Counter[tuple[str, str, str]]


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Send a few thousand requests of both tenants from several threads, for eight seconds at most.

    Each tenant reads its own marked objects and lists, asks for absent objects, sends malformed
    bodies, makes again what exists already, and closes the connection before the answer comes.
    Counted per operation and tenant: answers with a mark of the other tenant (`foreign`), and
    granted reads without what they held before the storm (`lost`).
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    estates = settle_anew(ground, salt_of(testbed, testbed.seed, "storm"), {})
    crews = [crew for each in estates for crew in crews_of(ground, each, estates)]
    until = testbed.clock() + SECONDS
    with ThreadPoolExecutor(len(crews)) as threads:
        running = [
            threads.submit(fire, crew, lambda: testbed.clock() < until, MOST // len(crews))
            for crew in crews
        ]
        found: Found = Counter()
        for crew, each in zip(crews, running, strict=True):
            for (kind, label, what), count in each.result().items():
                found[crew.client.tenant, f"{kind} {label}", what] += count
    for tenant, label in dict.fromkeys((tenant, label) for tenant, label, _ in found):
        kind, _, subject = label.partition(" ")
        counts = {what: found[tenant, label, what] for what in COUNTS}
        yield Observation(
            kind=kind, subject=subject, at=testbed.clock(), data={"tenant": tenant, **counts}
        )
    total = sum(count for (_, _, what), count in found.items() if what == "answered")
    yield Observation(kind="storm", subject="storm", at=testbed.clock(), data={"answered": total})


def crews_of(ground: Ground, estate: Estate, estates: Sequence[Estate]) -> Iterator[Crew]:
    """The tenant's threads, each beginning at another place, as impatient as a client can be."""
    (other,) = (each for each in estates if each is not estate)
    ids = other.ledger.made - estate.ledger.ids
    shots = tuple(shots_of(ground, estate))
    for index in range(THREADS // len(estates)):
        start = index * len(shots) // THREADS
        yield Crew(
            client=ground.testbed.actor(estate.client.tenant),
            marks={other.canaries.token: "canary", **dict.fromkeys(ids, "id")},
            shots=shots[start:] + shots[:start],
        )


def shots_of(ground: Ground, estate: Estate) -> Iterator[Shot]:
    """Reads with what they hold, and for each of them something that goes wrong."""
    chance = Random(ground.testbed.seed)  # noqa: S311 - ids that nobody has
    made = [thing.origin for thing in estate.ledger.things if thing.origin]
    for index, (call, answer) in enumerate(own_reads(ground, estate)):
        mark = estate.canaries.token
        shot = Shot(kind="read", call=call, expected=mark if mark in answer.body else "")
        yield from (shot, shot)
        yield Shot(kind="cancelled", call=call)
        if call.path:
            path = (*call.path[:-1], like(call.path[-1], chance))
            yield Shot(kind="absent", call=replace(call, path=path))
        if made:
            again = made[index % len(made)]
            yield Shot(kind="conflict", call=again)
            yield shot
            yield Shot(kind="malformed", call=replace(again, body={"name": [mark]}))
        yield shot


def fire(crew: Crew, go_on: Callable[[], bool], most: int) -> Found:
    """Send in turn until the time or the number is spent; what came of it, by kind."""
    found: Found = Counter()
    for index in range(most if crew.shots else 0):
        if not go_on():
            break
        shot = crew.shots[index % len(crew.shots)]
        for what in shoot(crew, shot):
            found[shot.kind, shot.call.operation.label, what] += 1
    return found


def shoot(crew: Crew, shot: Shot) -> Iterator[str]:
    """Send one request and say what is to be counted of it."""
    yield "sent"
    if shot.kind == "cancelled":
        with suppress(NoAnswerError):
            crew.client.request("GET", shot.call.target, timeout=CANCEL_AFTER)
        return
    with suppress(NoAnswerError):
        answer = send(crew.client, shot.call)
        yield "answered"
        if any(find_marks(answer, crew.marks, ()).values()):
            yield "foreign"
        if answer.status == 200 and shot.expected and shot.expected not in answer.body:  # noqa: PLR2004 - OK
            yield "lost"
