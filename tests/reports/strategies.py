"""Any verdict that the types allow, also ones that no policy would give."""

from __future__ import annotations

from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from gate.coverage import CHANNELS, OWASP_API
from gate.exhibits import CELLS, Curve, Exchange, Histogram, Phase, Phases, Span, Timeline, tabulate
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
from tests.reports.clean import TODAY
from tests.reports.hostile import HOSTILE

# A verdict is a large value: making one takes longer than most properties are meant to.
unhurried = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
anything = st.characters(codec=None)
texts = st.one_of(st.text(anything, max_size=20), st.sampled_from([*HOSTILE[:-1], "y" * 300]))
checks = st.one_of(
    st.sampled_from(("isolation.read", "load.arrivals", "security.headers")),
    texts,
)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
numbers = st.floats(allow_nan=False, allow_infinity=False)
ids = st.sampled_from((*CHANNELS, *OWASP_API, "ASVS:V8.4.1"))
optional = st.one_of(st.none(), texts)
seconds = st.floats(0, 1e6)


def some(strategy: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[tuple]:
    return st.lists(strategy, max_size=most).map(tuple)


targets = st.builds(
    Target, name=texts, base_url=texts, revision=texts, offers=st.frozensets(texts, max_size=3)
)
statuses = st.one_of(st.none(), st.integers(100, 599))
exchanges = st.builds(
    Exchange,
    method=texts,
    target=texts,
    sent=texts,
    status=statuses,
    received=texts,
    expected_status=statuses,
    expected=texts,
)
evidence = st.builds(
    Evidence, summary=texts, reproduce=texts, exchange=st.one_of(st.none(), exchanges)
)
points = st.lists(st.tuples(numbers, numbers), max_size=4).map(lambda each: tuple(sorted(each)))
timelines = st.builds(
    Timeline,
    title=texts,
    x=texts,
    y=texts,
    curves=some(st.builds(Curve, name=texts, points=points)),
    spans=some(st.builds(Span, name=texts, start=numbers, end=numbers)),
)
histograms = st.builds(
    lambda title, x, counts, edges, marks: Histogram(
        title=title, x=x, edges=tuple(sorted(edges))[: len(counts) + 1], counts=counts, marks=marks
    ),
    texts,
    texts,
    st.lists(st.integers(0, 10**6), min_size=1, max_size=4).map(tuple),
    st.lists(numbers, min_size=5, max_size=5),
    some(st.tuples(texts, numbers)),
)
phases = st.builds(
    Phases,
    title=texts,
    total=texts,
    phases=some(st.builds(Phase, name=texts, seconds=seconds, counts=st.booleans())),
    notes=some(texts),
)
matrices = st.builds(
    tabulate,
    st.sampled_from(("access", "promises")),
    st.lists(st.tuples(texts, texts, st.sampled_from(CELLS)), max_size=6),
)
vectors = st.sampled_from(
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", "CVSS:4.0/AV:X", "")
)
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
    cvss=st.one_of(optional, vectors),
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
    operations=st.dictionaries(
        st.one_of(texts, st.just("GET /v1/runs/{run_id}")),
        st.dictionaries(texts, st.integers(0, 10**6), max_size=2),
        max_size=3,
    ),
    exhibits=some(st.one_of(timelines, histograms, phases, matrices)),
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
pages = st.builds(
    Page, check=checks, claim=texts, blind_to=texts, covers=some(st.one_of(texts, ids), 4)
)
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
