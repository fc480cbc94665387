"""Does what a tenant gets later, or elsewhere, reach that tenant alone?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit

from gate.check import Answer, Testbed
from gate.inside import Guest, Parcel
from gate.model import Json, Observation
from gate.testbed.proxy import Operations
from gate.testbed.waiting import until
from validators.behind.receiver import Receiver, receiving
from validators.messages.bodies import Canaries, draw_canaries
from validators.messages.traces import UUID, digest, like

EXPORTS = 3
HEARD = 3
"""A webhook's own ping, and the creation of two projects."""
LISTEN_SECONDS = 10.0
BYTES = {"Content-Type": "application/octet-stream"}
GRANTED = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One tenant with its marks and what it has had made."""

    guest: Guest
    canaries: Canaries
    hook: str
    secret: str = field(repr=False)
    parcel: Parcel
    pending: Parcel
    jobs: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called in the record."""
        return self.hook.strip("/")

    @property
    def marks(self) -> tuple[str, ...]:
        """What only this tenant has: its token, its id, and the ids of what was made for it."""
        paths = (self.parcel.content, self.pending.content, *self.jobs)
        ids = [each for path in paths for each in UUID.findall(path)]
        return (self.canaries.token, self.guest.tenant_id, *ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One request for what belongs to the other tenant; `what` tells variants apart."""

    method: str
    path: str
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    what: str = ""

    def label(self, testbed: Testbed) -> str:
        """The operation as the document has it, the same in every run."""
        path = self.path.partition("?")[0]
        return f"{Operations.of(testbed.openapi()).name(self.method, path)} {self.what}".strip()

    def ask(self, guest: Guest, path: str | None = None) -> Answer:
        """Ask as the owner of a tenant, perhaps for something else."""
        target = path or self.path
        return guest.owner.request(self.method, target, body=self.body, headers=self.headers)


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Let two new tenants have exports, files and webhooks in turn, then exchange their addresses.

    Both start several exports at once, so that the runner works on jobs of both; each result is
    searched for the other's marks and must hold its own. Each then asks for the other's job,
    result and artifact (whole, as a range, with its entity tag, by redirect), and writes, completes
    and drops the other's upload, beside ids that nobody has. A server on loopback hears their
    webhooks: whose event is it, and whose secret signed it? Nothing but counts is recorded.
    """
    with receiving() as receiver, ExitStack() as stack:
        guests = [stack.enter_context(testbed.guest()) for _ in range(2)]
        names = dict(zip(("/one", "/two"), guests, strict=True))
        secrets = {hook: guest.listen(receiver.base_url + hook) for hook, guest in names.items()}
        one, two = (settle(testbed, guest, hook, secrets[hook]) for hook, guest in names.items())
        yield distinct(testbed, one, two)
        for mine, other in ((one, two), (two, one)):
            yield from read_exports(testbed, mine, other)
            yield from exchange(testbed, mine, other)
        for mine, other in ((one, two), (two, one)):
            yield hear(testbed, receiver, mine, other)


def settle(testbed: Testbed, guest: Guest, hook: str, secret: str) -> Party:
    """A stored file, one on its way, and exports that have begun."""
    canaries = draw_canaries(Random(f"handoffs:{testbed.seed}:{hook}:{testbed.clock()}"))  # noqa: S311 - a mark is no secret
    parcel, pending = guest.store(canaries.draw()), guest.begin(canaries.draw())
    guest.owner.request("PUT", pending.put, body=pending.text, headers=BYTES)
    return Party(
        guest=guest,
        canaries=canaries,
        hook=hook,
        secret=secret,
        parcel=parcel,
        pending=pending,
        jobs=tuple(guest.export() for _ in range(EXPORTS)),
    )


def distinct(testbed: Testbed, one: Party, two: Party) -> Observation:
    """Are they two tenants at all?"""
    keys = [dict(each.guest.owner.credentials) for each in (one, two)]
    data: dict[str, Json] = {"distinct": keys[0] != keys[1]}
    return Observation(kind="parties", subject="tenants", at=testbed.clock(), data=data)


def read_exports(testbed: Testbed, mine: Party, other: Party) -> Iterator[Observation]:
    """Each export of a tenant: does it hold what is its own, and nothing of the other?"""
    for job in mine.jobs:
        errand = Errand(method="GET", path=mine.guest.result_of(job))
        text = errand.ask(mine.guest).body
        yield Observation(
            kind="export",
            subject=errand.label(testbed),
            at=testbed.clock(),
            data={
                "tenant": mine.name,
                "lines": len(text.splitlines()),
                "own": mine.canaries.token in text,
                "foreign": any(each in text for each in other.marks),
            },
        )


def exchange(testbed: Testbed, mine: Party, other: Party) -> Iterator[Observation]:
    """The other asks for what is mine; then I look at what became of it."""
    chance = Random(testbed.seed)  # noqa: S311 - ids that nobody has
    tag = mine.guest.owner.request("GET", mine.parcel.content).headers.get("etag", '"0"')
    for errand in reads(mine, tag):
        owner = errand.ask(mine.guest)
        yield attempt(testbed, errand, other, chance, owner=owner.status)
    for errand in writes(mine, other):
        yield attempt(testbed, errand, other, chance, owner=None)
    mine.guest.owner.request("POST", mine.pending.end, body=mine.pending.seal)
    for parcel, what in ((mine.parcel, "stored before"), (mine.pending, "on its way meanwhile")):
        errand = Errand(method="GET", path=parcel.content, what=what)
        kept = errand.ask(mine.guest)
        yield Observation(
            kind="kept",
            subject=errand.label(testbed),
            at=testbed.clock(),
            data={
                "tenant": mine.name,
                "status": kept.status,
                "intact": kept.status in GRANTED and kept.body == json.dumps(parcel.text),
            },
        )


def reads(mine: Party, tag: str) -> Iterator[Errand]:
    """Requests that its owner is granted."""
    content, job = mine.parcel.content, mine.jobs[0]
    yield Errand(method="GET", path=job)
    yield Errand(method="GET", path=f"{job}/result")
    yield Errand(method="GET", path=content)
    yield Errand(method="GET", path=content, headers={"Range": "bytes=0-3"}, what="by range")
    yield Errand(method="GET", path=content, headers={"If-None-Match": tag}, what="by entity tag")
    yield Errand(method="GET", path=f"{content}?redirect=allowed", what="by redirect")


def writes(mine: Party, other: Party) -> Iterator[Errand]:
    """Requests that would change, end or remove what its owner has."""
    pending = mine.pending
    bytes_of_other = other.pending.text[: len(pending.text)].ljust(len(pending.text), "x")
    yield Errand(method="POST", path=f"{mine.jobs[0]}:cancel", body={})
    yield Errand(method="PUT", path=pending.put, body=bytes_of_other, headers=BYTES)
    yield Errand(method="POST", path=pending.end, body=pending.seal)
    yield Errand(method="DELETE", path=pending.drop)
    yield Errand(method="DELETE", path=mine.parcel.content.removesuffix("/content"))


def attempt(
    testbed: Testbed, errand: Errand, other: Party, chance: Random, owner: int | None
) -> Observation:
    """What the other tenant gets, beside what it gets for an id that nobody has."""
    answer = errand.ask(other.guest)
    path = urlsplit(errand.path).path
    (known,) = UUID.findall(path)
    fake = like(known, chance)
    never = errand.ask(other.guest, errand.path.replace(known, fake))
    return Observation(
        kind="read" if owner is not None else "write",
        subject=errand.label(testbed),
        at=testbed.clock(),
        data={
            "attacker": other.name,
            "owner": owner,
            "foreign": answer.status,
            "never": never.status,
            "same": digest(answer, (known,)) == digest(never, (fake,)),
        },
    )


def hear(testbed: Testbed, receiver: Receiver, mine: Party, other: Party) -> Observation:
    """What one tenant's webhook was told, once its own events have come."""
    until(lambda: len(receiver.at(mine.hook)) >= HEARD, LISTEN_SECONDS)
    heard = receiver.at(mine.hook)
    texts: Sequence[str] = [each.body.decode(errors="replace") for each in heard]
    return Observation(
        kind="webhook",
        subject="webhook",
        at=testbed.clock(),
        data={
            "tenant": mine.name,
            "heard": len(heard),
            "own": sum(mine.guest.tenant_id in text for text in texts),
            "foreign": sum(any(each in text for each in other.marks) for text in texts),
            "unsigned": sum(not each.is_signed(mine.secret) for each in heard),
            "crossed": sum(each.is_signed(other.secret) for each in heard),
        },
    )
