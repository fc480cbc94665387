"""A run without a flaw: its plan, pages and policy, what its checks came to and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from gate.exhibits import Curve, Histogram, Phase, Phases, Span, Timeline, tabulate
from gate.model import (
    Caught,
    Estimate,
    Limit,
    Measure,
    Page,
    Plan,
    Provenance,
    Result,
    Target,
    Verdict,
    Waiver,
)
from gate.policy import Policy, decide

TODAY = date(2026, 3, 16)
PLAN = Plan(
    target=Target(
        name="Maestro ML",
        base_url="http://127.0.0.1:8731",
        revision="4f2c9e1b7a",
        offers=frozenset({"openapi", "database", "http"}),
    ),
    profile="standard",
    today=TODAY,
    provenance=Provenance(
        maestro="0.1.0",
        revision="9ca64357d2",
        python="3.11.2",
        platform="Linux-6.1-x86_64",
        seed=20260316,
        started="2026-03-16T09:41:07Z",
        command="maestro gate --profile standard --out runs/2026-03-16",
    ),
)
PAGES = (
    Page(
        check="isolation.read-by-id",
        claim="No tenant can read another tenant's object by its id.",
        blind_to="Ids hidden in bodies or headers, and writes: those are other checks.",
        covers=("isolation:1", "isolation:11", "API1:2023", "ASVS:V8.4.1"),
    ),
    Page(
        check="contract.responses",
        claim="Every answer is one that the OpenAPI document promises.",
        blind_to="Meaning: a well-formed answer with the wrong content passes.",
        covers=("API3:2023", "API9:2023"),
    ),
    Page(
        check="security.headers",
        claim="Every answer carries the headers that keep a browser from being turned on its user.",
        blind_to="What a proxy or content network in front of the service adds or removes.",
        covers=("API8:2023", "ASVS:V3.4.1", "ASVS:V3.4.3"),
    ),
    Page(
        check="load.arrivals",
        claim="At the promised rate, 99 of 100 requests are answered within the limit.",
        blind_to="Hours-long effects such as leaks and bloat, and other hardware than this.",
    ),
    Page(
        check="chaos.kill-database",
        claim="No acknowledged write is lost when PostgreSQL is killed.",
        blind_to="A loss of power that takes the disk's own cache with it.",
    ),
    Page(
        check="recovery.restore-point",
        claim="A restored database holds, per tenant, what it held at the chosen moment.",
        blind_to="Backups older than this run, and the time a restore takes at full size.",
    ),
)
POLICY = Policy(profiles={"standard": tuple(page.check for page in PAGES)})


def p99(low: float, value: float, high: float, limit: float = 250.0) -> Measure:
    return Measure(
        estimate=Estimate(name="p99", value=value, low=low, high=high, samples=11_873),
        limit=Limit(value=limit, unit="ms"),
    )


RATE = Measure(
    estimate=Estimate(name="rate", value=412.6, low=409.1, high=415.8, samples=60),
    limit=Limit(value=400.0, unit="requests/s", at_most=False),
)
LATENCIES = Histogram(
    title="Latency from the intended start",
    x="ms",
    edges=(1.0, 3.16, 10.0, 31.6, 100.0, 316.0),
    counts=(310, 4_120, 5_400, 1_800, 243),
    marks=(("p50", 14.2), ("p99", 124.9), ("limit of p99", 250.0)),
)
SECONDS = Timeline(
    title="Latency of each second",
    x="seconds of load",
    y="ms",
    curves=(
        Curve(name="median", points=tuple((float(at), 12.0 + at % 5) for at in range(60))),
        Curve(name="longest", points=tuple((float(at), 90.0 + at % 7 * 11) for at in range(60))),
    ),
    spans=(Span(name="warm-up, not counted", start=0.0, end=5.0),),
)
OUTAGE = Timeline(
    title="Writes by what came of them",
    x="seconds since the first write",
    y="writes a second",
    curves=(
        Curve(
            name="acknowledged",
            points=((0.0, 310.0), (1.0, 305.0), (1.1, 0.0), (2.4, 0.0), (2.5, 280.0), (4.0, 312.0)),
        ),
        Curve(name="no clear answer", points=((0.0, 0.0), (1.1, 180.0), (2.4, 170.0), (2.5, 0.0))),
    ),
    spans=(
        Span(name="postgres-killed", start=1.05, end=2.05),
        Span(name="repair", start=2.05, end=2.45),
    ),
)
STEPS = Phases(
    title="Steps of the drill",
    total="time to recover",
    phases=(
        Phase(name="back-up", seconds=0.54, counts=False),
        Phase(name="destroy", seconds=0.05, counts=True),
        Phase(name="restore", seconds=0.41, counts=True),
        Phase(name="start", seconds=0.22, counts=True),
        Phase(name="prove", seconds=0.1, counts=False),
    ),
    notes=("Data loss at the target: 0 of 138 acknowledged writes are missing.",),
)
ACCESS = tabulate(
    "access",
    (
        ("GET /v1/runs/{run_id}", "own tenant's owner", "allowed"),
        ("GET /v1/runs/{run_id}", "nobody", "refused"),
        ("GET /v1/runs/{run_id}", "other tenant's owner", "refused"),
        ("GET /v1/models/{model_id}", "own tenant's owner", "allowed"),
        ("GET /v1/models/{model_id}", "other tenant's owner", "nothing shown"),
        ("DELETE /v1/members/{member_id}", "own tenant's owner", "not tried"),
    ),
)
LEAKED = tabulate("access", (("GET /v1/runs/{run_id}", "other tenant's owner", "got through"),))
PROMISES = tabulate(
    "promises",
    (
        ("Acknowledged writes stay", "postgres-killed: after", "kept"),
        ("The service stays alive", "postgres-killed: during", "kept"),
        ("The service stays alive", "postgres-killed: after", "kept"),
    ),
)
CLEAN: Mapping[str, Result] = {
    result.check: result
    for result in (
        Result(
            check="isolation.read-by-id",
            controls=(
                Caught(defect="a foreign object answered with 200", caught=True),
                Caught(defect="an empty 200 in place of 404", caught=True),
            ),
            observed={"probe": 1488, "own-read": 124, "foreign-read": 620},
            operations={
                "GET /v1/runs/{run_id}": {"own-read": 62, "foreign-read": 310},
                "GET /v1/models/{model_id}": {"own-read": 62, "foreign-read": 310},
            },
            exhibits=(ACCESS,),
            seconds=11.82,
        ),
        Result(
            check="contract.responses",
            controls=(Caught(defect="an undocumented 500", caught=True),),
            observed={"exchange": 4210},
            operations={
                "DELETE /v1/members/{member_id}": {"excluded": 1},
                "GET /v1/runs/{run_id}": {"exchange": 2000},
                "POST /v1/runs": {"exchange": 2210},
            },
            seconds=38.4,
        ),
        Result(
            check="security.headers",
            controls=(
                Caught(defect="no Strict-Transport-Security", caught=True),
                Caught(defect="Server tells the version", caught=True),
                Caught(defect="a wildcard in Content-Security-Policy", caught=True),
            ),
            observed={"answer": 24},
            seconds=0.31,
        ),
        Result(
            check="load.arrivals",
            measures=(p99(118.2, 124.9, 139.4), RATE),
            controls=(Caught(defect="one request in fifty takes a second", caught=True),),
            observed={"window": 60, "request": 11_873},
            exhibits=(LATENCIES, SECONDS),
            seconds=64.0,
        ),
        Result(
            check="chaos.kill-database",
            controls=(Caught(defect="an acknowledged write that is gone", caught=True),),
            observed={"write": 1904, "read": 1904, "fault": 3},
            exhibits=(OUTAGE, PROMISES),
            seconds=41.7,
        ),
        Result(
            check="recovery.restore-point",
            controls=(Caught(defect="one row of one tenant missing", caught=True),),
            observed={"digest": 4},
            exhibits=(STEPS,),
            seconds=27.9,
        ),
    )
}


def verdict(
    *changed: Result,
    waivers: tuple[Waiver, ...] = (),
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on a clean run with some results exchanged or taken away."""
    results = {**CLEAN, **{result.check: result for result in changed}}
    kept = [result for check, result in results.items() if check not in without]
    return decide(replace(PLAN, only=only), kept, replace(POLICY, waivers=waivers), PAGES)
