from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, nan

import pytest

from gate.catalogue import CHECKS
from gate.check import Check
from gate.codec import decode, encode
from gate.coverage import CHANNELS, OWASP_API, is_known
from gate.exhibits import Curve, Exchange, Exhibit, Histogram, Phase, Phases, Span, Timeline
from gate.model import Evidence, Finding, Observation, Record, Result
from gate.run import judge
from tests.make import check, finding, observation

TIMELINE = Timeline(
    title="Writes",
    x="s",
    y="a second",
    curves=(Curve(name="good", points=((0.0, 1.0), (1.0, 2.0))),),
    spans=(Span(name="fault", start=0.2, end=0.8),),
)
HISTOGRAM = Histogram(title="Latency", x="ms", edges=(1, 2, 5), counts=(3, 4), marks=(("p50", 2),))
PHASES = Phases(
    title="Steps",
    total="time",
    phases=(Phase(name="restore", seconds=1.5, counts=True),),
    notes=("0 of 60 writes are missing",),
)
EXHIBITS = (TIMELINE, HISTOGRAM, PHASES)


def judge_and_show(_: Sequence[Observation]) -> Iterable[Finding | Exhibit]:
    yield finding()
    yield from EXHIBITS


def test_what_a_judge_shows_is_kept_beside_its_findings() -> None:
    shown = judge(check(judge=judge_and_show), Record(check="security.headers"))
    assert shown.exhibits == EXHIBITS
    assert [each.rule for each in shown.findings] == ["leak"]


def test_a_result_with_exhibits_is_the_same_after_json() -> None:
    exchange = Exchange(method="GET", target="/v1/runs", status=200, received="{}")
    evidence = Evidence(summary="seen", reproduce="curl", exchange=exchange)
    result = Result(check="load.x", exhibits=EXHIBITS, operations={"GET /v1": {"read": 2}})
    assert decode(Result, encode(result), source="here") == result
    assert decode(Evidence, encode(evidence), source="here") == evidence


@pytest.mark.parametrize("number", [nan, inf])
def test_an_exhibit_refuses_what_cannot_be_drawn(number: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        Timeline(title="T", x="", y="", curves=(Curve(name="c", points=((number, 0.0),)),))
    with pytest.raises(ValueError, match="not finite"):
        Histogram(title="H", x="", edges=(0.0, number), counts=(1,))
    with pytest.raises(ValueError, match="duration"):
        Phases(title="P", total="", phases=(Phase(name="p", seconds=number, counts=True),))


def test_a_histogram_has_one_edge_more_than_counts() -> None:
    with pytest.raises(ValueError, match="2 edges for 2"):
        Histogram(title="H", x="", edges=(0.0, 1.0), counts=(1, 2))


def test_facts_are_counted_by_operation_and_kind() -> None:
    record = Record(
        check="security.headers",
        observations=(
            observation("read"),
            observation("read"),
            observation("write"),
            Observation(kind="fault", subject="postgres-killed"),
        ),
    )
    assert judge(check(), record).operations == {"GET /things/{id}": {"read": 2, "write": 1}}


@pytest.mark.parametrize("each", CHECKS.values(), ids=lambda each: each.id)
def test_a_check_declares_only_what_is_known(each: Check) -> None:
    assert [what for what in each.covers if not is_known(what)] == []
    assert each.page.covers == each.covers


@pytest.mark.parametrize("each", CHECKS.values(), ids=lambda each: each.id)
def test_a_check_of_isolation_says_which_channels_it_looks_at(each: Check) -> None:
    assert each.gate != "isolation" or CHANNELS.keys() & set(each.covers)


def test_there_are_36_channels_and_ten_risks() -> None:
    assert list(CHANNELS) == [f"isolation:{number}" for number in range(1, 37)]
    assert list(OWASP_API) == [f"API{number}:2023" for number in range(1, 11)]
    assert not is_known("isolation:37")
    assert not is_known("ASVS:8.4.1")
