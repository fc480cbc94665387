"""What is left of a tenant in every store once the service says that it is deleted?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

from gate.check import Client, Testbed
from gate.inside import Guest
from gate.model import Observation
from validators.behind.rate_buckets_probe import cheap_read
from validators.behind.stores import Amounts, Trail, holding, search
from validators.behind.telemetry_scan import added
from validators.behind.traffic import own_reads
from validators.estates.estate import LEAST, Estate, open_estate
from validators.estates.ground import Ground, stand
from validators.estates.planting import plant
from validators.messages.calls import Call, send
from validators.messages.patience import Patient
from validators.messages.traces import digest, find_marks, like

LONGEST = 30.0
ASKED = 6
ACCEPTED = 202
GRANTED = range(200, 300)


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Give a new tenant marked objects, delete it as the service does, look in every store.

    Its objects, with an artifact, an export and what is queued, are made through the API and read
    once, so that caches fill. Rows are counted by any mark in any column of any table, entries of
    Redis by key and value, files by path and content: before the deletion and after its end, which
    the operator sees. Then its credentials are tried, another tenant asks for its ids and for ids
    that nobody ever had, and that tenant's own objects are read again. Counts are recorded only.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    with testbed.guest() as guest:
        estate, queueing = settle(ground, guest)
        trail = trail_of(estate, guest)
        before = search(testbed, trail, guest.folders)
        path = cheap_read(testbed, guest.owner)
        signed = {each.role: grants(each, path) for each in (guest.owner, *guest.others)}
        beside = owned(ground)
        for call in queueing:
            estate.send(call)
        began = testbed.clock()
        done = guest.leave(LONGEST)
        starts = {log: log.stat().st_size for log in testbed.telemetry().logs}
        data = {"done": done, "seconds": testbed.clock() - began}
        yield Observation(kind="left", subject="tenant", at=testbed.clock(), data=data)
        if not done:
            return
        yield from compare(testbed, before, search(testbed, trail, guest.folders))
        for client in (guest.owner, *guest.others):
            yield Observation(
                kind="credential",
                subject=client.role,
                at=testbed.clock(),
                data={"before": signed[client.role], "after": grants(client, path)},
            )
        yield from look_for(ground, estate, trail)
        yield from look_beside(ground, beside)
        text = "".join(added(log, start) for log, start in starts.items())
        yield tell_log(testbed, text, trail)


def settle(ground: Ground, guest: Guest) -> tuple[Estate, list[Call]]:
    """The new tenant with all that the document lets it make, a file, and an export.

    And the requests of its that were only accepted (202), to be sent again: they queue work.
    """
    testbed = ground.testbed
    estate = open_estate(
        Patient(client=guest.owner, silence=ground.silence),
        testbed.openapi(),
        f"leftovers:{testbed.seed}:{testbed.clock()}",
        ground.envelope,
        ground.hints.values,
    )
    steps = [*plant(estate, ground.operations)]
    accepted = {step.operation for step in steps if step.status == ACCEPTED}
    origins = [thing.origin for thing in estate.ledger.things if thing.origin]
    guest.store(estate.canaries.draw())
    guest.begin(estate.canaries.draw())
    guest.result_of(guest.export())
    for _ in own_reads(ground, estate):
        pass
    return estate, [call for call in origins if call.operation.label in accepted]


def trail_of(estate: Estate, guest: Guest) -> Trail:
    """What only this tenant has."""
    names = (*sorted(estate.ledger.made), guest.owner.tenant)
    return Trail(tenant_id=guest.tenant_id, token=estate.canaries.token, names=names)


def compare(testbed: Testbed, before: Amounts, after: Amounts) -> Iterator[Observation]:
    """One fact per store; `empty` is one that held nothing, neither before nor after."""
    for store in sorted({*before, *after}):
        yield Observation(
            kind="store" if before[store] or after[store] else "empty",
            subject=store,
            at=testbed.clock(),
            data={"before": before[store], "after": after[store]},
        )


def grants(client: Client, path: str | None) -> int:
    """How often a read is granted, of several that may reach different workers."""
    asked = [path] * ASKED if path else []
    return sum(client.request("GET", each).status in GRANTED for each in asked)


def owned(ground: Ground) -> Mapping[str, Call]:
    """What a tenant that stays reads of its own, marked, by operation."""
    stays = ground.estates[0]
    return {
        call.operation.label: call
        for call, answer in own_reads(ground, stays)
        if stays.canaries.token in answer.body
    }


def look_beside(ground: Ground, calls: Mapping[str, Call]) -> Iterator[Observation]:
    """Does the tenant that stays still read its own?"""
    stays = ground.estates[0]
    for label, call in calls.items():
        lost = stays.canaries.token not in stays.send(call).body
        yield Observation(
            kind="beside", subject=label, at=ground.testbed.clock(), data={"lost": lost}
        )


def look_for(ground: Ground, gone: Estate, trail: Trail) -> Iterator[Observation]:
    """Ask as another tenant for each deleted id, and for one like it that nobody ever had."""
    asker, chance = ground.estates[0], Random(ground.testbed.seed)  # noqa: S311 - absent ids
    for operation in ground.operations:
        values = next(gone.ledger.fill(operation), None) if operation.names else None
        if operation.method != "GET" or not operation.speakable or values is None:
            continue
        call = asker.write(operation, values, recipe=LEAST)
        twin = replace(call, path=tuple(like(value, chance) for value in values))
        answer, other = send(asker.client, call), send(asker.client, twin)
        marks = {trail.token: "canary", trail.tenant_id: "tenant id"}
        yield Observation(
            kind="ghost",
            subject=operation.label,
            at=ground.testbed.clock(),
            data={
                "gone": answer.status,
                "never": other.status,
                "same": digest(answer, call.sent) == digest(other, twin.sent),
                "shows": any(find_marks(answer, marks, call.sent).values()),
            },
        )


def tell_log(testbed: Testbed, text: str, trail: Trail) -> Observation:
    """What the log has gained since the end: lines with what the tenant wrote, or with its id."""
    lines = text.splitlines()
    data = {
        "lines": len(lines),
        "content": holding(lines, [trail.token]),
        "named": holding(lines, [trail.tenant_id, trail.tenant_id.replace("-", "")]),
    }
    return Observation(kind="log", subject="log", at=testbed.clock(), data=data)
