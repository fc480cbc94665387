"""Plain factories of the kernel's values, and Hypothesis strategies over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from hypothesis import strategies as st

from gate.check import (
    Check,
    Client,
    Control,
    Database,
    Guest,
    Judge,
    Lie,
    Lone,
    Probe,
    Saboteur,
    Statement,
    Telemetry,
    Tenancy,
)
from gate.model import (
    Caught,
    Doubt,
    Estimate,
    Failure,
    Finding,
    Json,
    Limit,
    Measure,
    Observation,
    Outcome,
    Past,
    Plan,
    Provenance,
    Result,
    Severity,
    Target,
    Trouble,
    Waiver,
)
from gate.policy import Budget, Policy, Relative

TODAY = date(2026, 3, 1)
CHECKS = ("isolation.read", "security.headers", "load.arrivals")


@dataclass
class Stub:
    """A testbed without a target: enough for probes that invent their observations."""

    target: Target = field(
        default_factory=lambda: Target(
            name="stub", base_url="http://127.0.0.1:1", revision="0", offers=frozenset({"http"})
        )
    )
    seed: int = 1
    folder: Path = Path()
    scratch: Path = Path()
    tenants: tuple[str, ...] = ("acme", "globex")
    secrets: Mapping[str, str] = field(default_factory=dict)
    ticks: int = 0

    def clock(self) -> float:
        self.ticks += 1
        return float(self.ticks)

    def actor(self, tenant: str, role: str = "owner") -> Client:
        raise NotImplementedError

    def openapi(self) -> Mapping[str, Json]:
        raise NotImplementedError

    def database(self) -> Database:
        raise NotImplementedError

    def tenancy(self) -> Tenancy:
        raise NotImplementedError

    def telemetry(self) -> Telemetry:
        raise NotImplementedError

    def statements(self) -> AbstractContextManager[Callable[[], Sequence[Statement]]]:
        raise NotImplementedError

    def lone(self) -> AbstractContextManager[Lone]:
        raise NotImplementedError

    def cache_url(self) -> str:
        raise NotImplementedError

    def newcomer(self) -> AbstractContextManager[Client]:
        raise NotImplementedError

    def guest(self) -> AbstractContextManager[Guest]:
        raise NotImplementedError

    def run_tool(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], within: float
    ) -> int | None:
        raise NotImplementedError

    def sabotage(self, lie: Lie) -> AbstractContextManager[Saboteur]:
        raise NotImplementedError

    def fault(self, name: str) -> AbstractContextManager[Mapping[str, Json]]:
        raise NotImplementedError


def observation(kind: str = "fact", **data: Json) -> Observation:
    return Observation(kind=kind, subject="GET /things/{id}", data=data)


def finding(
    check: str = "security.headers",
    *,
    rule: str = "leak",
    severity: Severity = Severity.HIGH,
) -> Finding:
    return Finding(
        check=check,
        rule=rule,
        subject="GET /things/{id}",
        title="A thing leaks",
        severity=severity,
        detail="It was seen.",
        remedy="Close it.",
    )


def judge_bad(seen: Sequence[Observation]) -> Iterable[Finding]:
    """A finding for each observation that says it is bad."""
    for each in seen:
        if each.data.get("bad"):
            yield finding()


def check(
    *observations: Observation,
    probe: Probe | None = None,
    judge: Judge = judge_bad,
    controls: tuple[Control, ...] | None = None,
    at_least: Mapping[str, int] | None = None,
    needs: frozenset[str] = frozenset(),
    limits: Mapping[str, Limit] | None = None,
) -> Check:
    planted = (Control(defect="a bad fact", record=(observation(bad=True),)),)
    return Check(
        id="security.headers",
        claim="Nothing bad is there.",
        blind_to="What is not looked at.",
        probe=probe or (lambda _: iter(observations)),
        judge=judge,
        controls=planted if controls is None else controls,
        at_least=at_least or {},
        needs=needs,
        limits=limits or {},
    )


def plan(profile: str = "standard", only: tuple[str, ...] = ()) -> Plan:
    return Plan(
        target=Stub().target,
        profile=profile,
        only=only,
        today=TODAY,
        provenance=Provenance(
            maestro="1",
            revision="abc",
            python="3.11",
            platform="Linux",
            seed=1,
            started="2026-03-01T00:00:00Z",
            command="maestro gate",
        ),
    )


def waiver(of: str = "security.headers:leak:GET /things/{id}", **changes: object) -> Waiver:
    fields: dict[str, object] = {
        "finding": of,
        "owner": "ada",
        "approver": "grace",
        "reason": "accepted for now",
        "expires": TODAY,
    }
    return Waiver(**{**fields, **changes})  # type: ignore[arg-type]


names = st.sampled_from(CHECKS)
texts = st.text(max_size=20)
severities = st.sampled_from(Severity)
numbers = st.floats(min_value=-1e6, max_value=1e6)
findings = st.builds(
    Finding,
    check=names,
    rule=st.sampled_from(("leak", "limit")),
    subject=st.sampled_from(("GET /a", "GET /b")),
    title=texts,
    severity=severities,
    detail=texts,
    remedy=texts,
)
estimates = st.builds(
    Estimate, name=st.just("p99_ms"), value=numbers, low=numbers, high=numbers, samples=st.just(9)
)
limits = st.builds(Limit, value=numbers, unit=st.just("ms"), at_most=st.booleans())
failures = st.builds(Failure, trouble=st.sampled_from(Trouble), detail=texts)
doubts = st.builds(Doubt, subject=texts, reason=texts)


def few(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


@st.composite
def results(draw: st.DrawFn) -> tuple[Result, ...]:
    """Results of some of the checks, each at most once."""
    chosen = draw(st.lists(names, unique=True))
    return tuple(
        Result(
            check=name,
            findings=tuple(
                each for each in draw(st.lists(findings, max_size=3)) if each.check == name
            ),
            measures=draw(few(st.builds(Measure, estimate=estimates, limit=limits))),
            doubts=draw(few(doubts)),
            failures=draw(few(failures)),
            lacking=draw(few(texts)),
            controls=draw(few(st.builds(Caught, defect=texts, caught=st.booleans()))),
            observed=draw(st.dictionaries(texts, st.integers(0, 9), max_size=2)),
        )
        for name in chosen
    )


waivers = st.builds(
    waiver,
    of=findings.map(lambda each: each.key),
    expires=st.dates(date(2026, 2, 25), date(2026, 3, 5)),
)


def past(**changes: object) -> Past:
    """An earlier run in which the security check gave an answer."""
    fields: dict[str, object] = {
        "run": "earlier",
        "started": "2026-02-01T00:00:00Z",
        "day": date(2026, 2, 1),
        "revision": "0",
        "profile": "standard",
        "outcome": Outcome.PASS,
        "checks": {"security.headers": Outcome.PASS},
    }
    return Past(**{**fields, **changes})  # type: ignore[arg-type]


pasts = st.builds(
    past,
    outcome=st.sampled_from(Outcome),
    checks=st.dictionaries(names, st.sampled_from(Outcome)),
    findings=st.lists(findings.map(lambda each: each.key), max_size=3, unique=True).map(tuple),
    measures=st.dictionaries(st.just("load.arrivals.p99_ms"), estimates),
)
few_of = st.dictionaries(severities, st.integers(0, 2), max_size=3)


@st.composite
def policies(draw: st.DrawFn, *, relative: bool = False) -> Policy:
    """A policy over the same three checks."""
    rules = st.builds(Relative, max_regression_pct=st.floats(0, 50), last_n=st.integers(1, 3))
    least = st.dictionaries(st.just("load.arrivals.p99_ms"), st.integers(1, 20))
    return Policy(
        budget=Budget(new=draw(few_of)),
        min_samples=draw(least),
        relative=draw(st.dictionaries(st.just("load.arrivals.p99_ms"), rules)) if relative else {},
        profiles={"standard": tuple(draw(st.lists(names, min_size=1, unique=True)))},
        blocks_at=draw(severities),
        waivers=tuple(draw(st.lists(waivers, max_size=3))),
    )
