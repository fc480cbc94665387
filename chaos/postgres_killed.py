"""Does an acknowledged write survive the sudden death of PostgreSQL?"""

from __future__ import annotations

from collections.abc import Iterator

from chaos.controls import CONTROLS
from chaos.crew import Crew, at_work
from chaos.history import Fault, observe_exchange, observe_fault
from chaos.judgement import ID, LIMITS, judge
from chaos.workload import READ, Place, make_place
from gate.check import Check, Lie, Testbed
from gate.model import Json, Observation
from gate.testbed.waiting import until

FAULT = "postgres-killed"
BEFORE = 200
OUTAGE = 1.0
AFTER = 100
"""Acknowledged writes before and after, and seconds between."""
PATIENCE = 8.0


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Kill PostgreSQL with SIGKILL while six writers create runs, start it again, read back.

    Each write has a name of its own and is never repeated, so that every run which is read back
    belongs to one write. Two visitors look at liveness and readiness every 50 ms. The writers go
    on until a hundred writes were acknowledged after the restart, or eight seconds are over; then
    all lists are read to the end, over HTTP, as any client would.
    """
    place = make_place(testbed.actor(testbed.tenants[0]), testbed.clock)
    with at_work([place], "write", visitor=testbed.actor("", "anonymous")) as crew:
        crew.wait(lambda: crew.acknowledged() >= BEFORE, within=PATIENCE)
        fault = break_and_heal(testbed, crew)
        crew.wait(lambda: crew.acknowledged(since=fault.ended) >= AFTER, within=PATIENCE)
    for operation, curl in place.curls().items():
        yield Observation(kind="command", subject=operation, data={"curl": curl})
    for write in crew.writes:
        yield observe_exchange("write", write.exchange, name=write.name, tenant=write.tenant)
    for kind, exchanges in (("liveness", crew.liveness), ("readiness", crew.readiness)):
        yield from (observe_exchange(kind, exchange) for exchange in exchanges)
    yield observe_fault(fault)
    yield read_back(place)


def break_and_heal(testbed: Testbed, crew: Crew) -> Fault:
    """Inject the fault for a second, and note when it was there."""
    with testbed.fault(FAULT) as proof:
        began = testbed.clock()
        crew.wait(lambda: testbed.clock() >= began + OUTAGE, within=PATIENCE)
        ended = testbed.clock()
    return Fault(name=FAULT, began=began, ended=ended, healed=testbed.clock(), proof=proof)


def read_back(place: Place) -> Observation:
    """The names of all that is there; not whole when the service does not give them in time."""
    present: list[str] = []

    def whole() -> bool:
        names = place.read()
        present[:] = names or []
        return names is not None

    complete = until(whole, within=PATIENCE)
    data: dict[str, Json] = {"present": list(present), "whole": complete}
    return Observation(kind="read-back", subject=READ, at=place.clock(), data=data)


CHECK = Check(
    id=ID,
    claim="No acknowledged write is lost when PostgreSQL is killed, and the service comes back.",
    blind_to=(
        "A loss of power or a disk that lies: SIGKILL leaves the kernel's page cache as it is, so "
        "fsync=off goes unnoticed. One kill is one trial: the bound on lost writes counts writes, "
        "which fall together. One machine has no network to split, and the writers are closed "
        "loops, so latency during the outage is not judged. Only runs are written."
    ),
    probe=probe,
    judge=judge,
    controls=CONTROLS,
    at_least={"write": 300, "liveness": 10, "readiness": 10, "fault": 1, "read-back": 1},
    needs=frozenset({"http", "tenants", "faults"}),
    limits=LIMITS,
    lies={Lie.SWALLOW: ("write",)},
    covers=("ASVS:V16.5.2",),
)
