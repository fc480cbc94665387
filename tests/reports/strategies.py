"""Any verdict that the types allow, also ones that no policy would give."""

from __future__ import annotations

from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from gate.model import (
    Block,
    Caught,
    Doubt,
    Estimate,
    Evidence,
    Failure,
    Finding,
    Limit,
    Measure,
    Outcome,
    Page,
    Plan,
    Provenance,
    Result,
    Severity,
    Target,
    Trouble,
    Verdict,
    Waiver,
)
from gate.policy import Policy, decide
from tests.reports.examples import HOSTILE, TODAY

# A verdict is a large value: making one takes longer than most properties are meant to.
unhurried = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
anything = st.characters(codec=None)
texts = st.one_of(st.text(anything, max_size=20), st.sampled_from([*HOSTILE[:-1], "y" * 300]))
checks = st.one_of(
    st.sampled_from(("isolation.read", "load.arrivals", "security.headers")),
    texts,
)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
numbers = st.floats(allow_nan=False, allow_infinity=False)
optional = st.one_of(st.none(), texts)
seconds = st.floats(0, 1e6)


def some(strategy: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[tuple]:
    return st.lists(strategy, max_size=most).map(tuple)


targets = st.builds(
    Target, name=texts, base_url=texts, revision=texts, offers=st.frozensets(texts, max_size=3)
)
evidence = st.builds(Evidence, summary=texts, reproduce=texts)
findings = st.builds(
    Finding,
    check=checks,
    rule=texts,
    subject=texts,
    title=texts,
    severity=st.sampled_from(Severity),
    detail=texts,
    remedy=texts,
    evidence=some(evidence),
    cwe=st.one_of(st.none(), st.integers(1, 2000)),
    owasp_api=optional,
    asvs=optional,
)
estimates = st.builds(
    Estimate, name=texts, value=numbers, low=numbers, high=numbers, samples=st.integers(0, 10**9)
)
measures = st.builds(
    Measure,
    estimate=estimates,
    limit=st.builds(Limit, value=numbers, unit=texts, at_most=st.booleans()),
)
results = st.builds(
    Result,
    check=checks,
    findings=some(findings),
    measures=some(measures),
    doubts=some(st.builds(Doubt, subject=texts, reason=texts)),
    failures=some(st.builds(Failure, trouble=st.sampled_from(Trouble), detail=texts)),
    lacking=some(texts),
    controls=some(st.builds(Caught, defect=texts, caught=st.booleans())),
    observed=st.dictionaries(texts, st.integers(0, 10**6), max_size=3),
    seconds=seconds,
)
waivers = st.builds(
    Waiver,
    finding=texts,
    owner=texts,
    approver=texts,
    reason=texts,
    expires=days,
    ticket=optional,
)
blocks = st.builds(
    Block, check=checks, outcome=st.sampled_from(Outcome), reason=texts, finding=optional
)
pages = st.builds(Page, check=checks, claim=texts, blind_to=texts)
origins = st.builds(
    Provenance,
    maestro=texts,
    revision=texts,
    python=texts,
    platform=texts,
    seed=st.integers(0),
    started=texts,
    command=texts,
)
verdicts = st.builds(
    Verdict,
    target=targets,
    profile=texts,
    required=some(checks, 6),
    left_out=some(checks, 6),
    today=st.just(TODAY),
    results=some(results, 6),
    blocking=some(blocks, 6),
    waived=some(waivers, 6),
    stale=some(waivers, 6),
    pages=some(pages),
    provenance=st.one_of(st.none(), origins),
)


@st.composite
def decided(draw: st.DrawFn) -> Verdict:
    """The verdict that a policy gives to any results."""
    found = draw(st.lists(results, max_size=4, unique_by=lambda result: result.check))
    wanted = draw(st.lists(checks, min_size=1, max_size=4, unique=True))
    policy = Policy(
        profiles={"standard": tuple(wanted)},
        blocks_at=draw(st.sampled_from(Severity)),
        waivers=draw(some(waivers)),
    )
    plan = Plan(target=draw(targets), profile="standard", today=TODAY)
    return decide(plan, found, policy)
