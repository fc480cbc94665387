"""Does the service answer in time when requests come whether or not it has answered the last?"""

from __future__ import annotations

from collections.abc import Iterator

from gate.check import Check, Lie, Testbed
from gate.model import Observation
from loadtests.answers import CHECK_ID
from loadtests.controls import CONTROLS
from loadtests.generate import generate
from loadtests.ground import Ground
from loadtests.machine import KIND as MACHINE
from loadtests.machine import look
from loadtests.plan import LAG_MS, Plan, read_rows
from loadtests.profiles import SHORT, Profile
from loadtests.second import KIND
from loadtests.slo import LIMITS, judge

PROFILE = SHORT


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Offer 50 requests a second, at random times, for 14 s to one tenant, and time each of them.

    Reads of a run (35 %), lists of runs (25 %), ten metric points logged to a run (25 %), new runs
    (15 %). Locust sends them from its own process; when it cannot keep the schedule, it says so.
    The raw histograms stay in `loads/open-arrivals.jsonl` of the evidence folder.
    """
    yield from measure(testbed, PROFILE)


def measure(testbed: Testbed, profile: Profile) -> Iterator[Observation]:
    """Make the objects, offer the load, delete the objects."""
    ground = Ground(testbed.actor(testbed.tenants[0]), testbed.clock)
    tried = [*ground.lay(profile)]
    yield from tried
    if all(str(each.data["status"]).startswith("2") for each in tried):
        yield from offer(testbed, profile, ground)
        yield from ground.clear()


def offer(testbed: Testbed, profile: Profile, ground: Ground) -> Iterator[Observation]:
    """Send the load; a row for each second and operation."""
    folder = testbed.folder / "loads"
    folder.mkdir(parents=True, exist_ok=True)
    rows = folder / "open-arrivals.jsonl"
    plan = Plan(
        profile=profile,
        seed=testbed.seed,
        base_url=testbed.target.base_url,
        paths={each.name: ground.paths(each) for each in profile.operations},
        rows=str(rows.resolve()),
        headers=ground.client.credentials,
    )
    before = look()
    generate(plan, testbed.scratch, testbed.run_tool)
    yield before.until(look(), testbed.clock())
    yield offered(testbed, profile)
    for row in read_rows(rows):
        yield row.expand().observed(testbed.clock())


def offered(testbed: Testbed, profile: Profile) -> Observation:
    """The profile, so that the record can be judged without knowing it."""
    return Observation(
        kind="profile",
        subject=profile.name,
        at=testbed.clock(),
        data={
            "rate": profile.rate,
            "warm_up": profile.warm_up,
            "seconds": profile.seconds,
            "clients": profile.clients,
            "seed": testbed.seed,
            "lag_limit_ms": LAG_MS,
            "file": "loads/open-arrivals.jsonl",
        },
    )


CHECK = Check(
    id=CHECK_ID,
    claim=(
        f"At {PROFILE.rate} open arrivals a second of mixed reads and writes, 99 % of the answers "
        f"come within {LIMITS['p99_ms'].value:g} ms of the intended start, and at most 1 % fail."
    ),
    blind_to=(
        "Slow leaks, large tenants and the breaking point: the load is short and light, and comes "
        "from one tenant on the machine that also runs the service."
    ),
    probe=probe,
    judge=judge,
    controls=CONTROLS,
    at_least={KIND: PROFILE.total * len(PROFILE.operations), "profile": 1, MACHINE: 1},
    needs=frozenset({"http", "tenants"}),
    limits=LIMITS,
    lies={Lie.SLOW: (KIND,)},
    covers=("ASVS:V16.5.3",),
)
