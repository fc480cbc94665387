from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.check import Control
from gate.exhibits import Histogram, Timeline
from gate.model import Finding, Limit, Observation, Outcome, Record, Result
from gate.run import NO_LIMITS, judge
from gate.stats import least_samples, quantile, ranks
from gate.weigh import weigh
from loadtests.arrivals import Arrival
from loadtests.controls import (
    CONTROLS,
    STALLED,
    machine,
    one_crash,
    profile,
    record,
    setup,
    slow,
    stalled,
    usual,
)
from loadtests.exhibits import histogram
from loadtests.machine import KIND as MACHINE
from loadtests.open_arrivals import CHECK
from loadtests.profiles import READ_RUN, SHORT
from loadtests.second import KIND, Second


def result(seen: Sequence[Observation], limits: Mapping[str, float] = NO_LIMITS) -> Result:
    findings, measures, doubts, _ = weigh(CHECK, seen, limits)
    return Result(check=CHECK.id, findings=findings, measures=measures, doubts=doubts)


def keys(findings: Sequence[Finding]) -> set[str]:
    return {f"{each.rule}:{each.subject}" for each in findings}


def changed(seen: Sequence[Observation], **changes: object) -> list[Observation]:
    """The record with the same change in every row."""
    return [
        replace(Second.read(each), **changes).observed(each.at)  # type: ignore[arg-type]
        if each.kind == KIND
        else each
        for each in seen
    ]


def doubted(seen: Sequence[Observation]) -> set[str]:
    return {each.subject for each in result(seen).doubts}


def test_a_healthy_load_passes_with_every_number_measured() -> None:
    healthy = result(record())
    assert healthy.outcome is Outcome.PASS
    assert {each.estimate.name for each in healthy.measures} == set(CHECK.limits)
    assert all(each.outcome is Outcome.PASS for each in healthy.measures)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.defect)
def test_every_planted_defect_is_found(control: Control) -> None:
    assert result(control.record).outcome is Outcome.FAIL


def test_slow_answers_break_every_latency_limit_and_are_no_stall() -> None:
    limits = {f"limit:{name}" for name in CHECK.limits if name != "error_rate"}
    assert keys(result(record(slow)).findings) == limits


def test_one_slow_route_is_named() -> None:
    found = keys(result(CONTROLS[1].record).findings)
    assert f"limit:p95_ms {READ_RUN.name}" in found
    assert not any("POST" in key for key in found)


def test_a_stall_is_seen_where_service_times_look_healthy() -> None:
    seen = record(stalled, service=usual)
    rows = [Second.read(each) for each in seen if each.kind == KIND]
    assert quantile(sorted(value for row in rows for value in row.service), 0.99) < 30
    assert keys(result(seen).findings) == {"stall:all operations"}


def test_a_stall_of_the_generator_is_no_finding() -> None:
    seen = record(stalled, service=usual)
    excused = [
        *(each for each in seen if each.data.get("second") != STALLED),
        *changed([each for each in seen if each.data.get("second") == STALLED], lagged=1),
    ]
    assert result(seen).findings
    assert result(excused).findings == ()
    assert "generator" not in doubted(excused)


def test_a_single_5xx_is_found_with_a_request_to_repeat_also_in_the_warm_up() -> None:
    def crash_at_once(arrival: Arrival) -> str:
        return "503" if arrival.number == 0 else "200"

    for answers in (one_crash, crash_at_once):
        (finding,) = result(record(answers=answers)).findings
        assert finding.rule == "server-error"
        assert finding.evidence[0].reproduce.startswith("curl ")
        assert finding.evidence[0].observation is not None


def test_a_5xx_while_setting_up_is_a_finding() -> None:
    assert keys(result([setup(READ_RUN, 500)]).findings) == {f"server-error:{READ_RUN.name}"}


def test_refusals_while_setting_up_are_a_doubt() -> None:
    refused = result([setup(READ_RUN, 403)])
    assert refused.outcome is Outcome.INCONCLUSIVE
    assert READ_RUN.name in {each.subject for each in refused.doubts}


def test_nothing_seen_is_not_a_pass() -> None:
    assert result([]).outcome is Outcome.INCONCLUSIVE
    starved = judge(CHECK, Record(check=CHECK.id, observations=record()[:-1]))
    assert starved.outcome is Outcome.INCONCLUSIVE


def test_warm_up_does_not_count() -> None:
    def slow_at_first(arrival: Arrival) -> float:
        return 250.0 if arrival.second < SHORT.warm_up else usual(arrival)

    assert result(record(slow_at_first)).outcome is Outcome.PASS


def test_a_lagging_generator_gives_doubts_and_no_latency() -> None:
    lagging = result(changed(record(slow), lagged=1, max_lag=80.0))
    assert lagging.outcome is Outcome.INCONCLUSIVE
    assert [each.estimate.name for each in lagging.measures] == ["error_rate"]
    assert {"generator", "p99_ms"} <= {each.subject for each in lagging.doubts}


@pytest.mark.parametrize("busy", [machine(foreign=0.8), machine(stolen=0.75)])
def test_a_machine_with_hardly_any_room_accuses_nobody_of_latency(busy: Observation) -> None:
    for waits in (slow, stalled):
        noisy = result([busy, *(each for each in record(waits) if each.kind != MACHINE)])
        assert noisy.findings == ()
        assert {"machine", "p99_ms"} <= {each.subject for each in noisy.doubts}


@pytest.mark.parametrize("busy", [machine(foreign=0.5), machine(stolen=0.5)])
def test_on_a_busy_machine_only_what_others_cannot_explain_is_a_finding(busy: Observation) -> None:
    noisy = result([busy, *(each for each in record(slow) if each.kind != MACHINE)])
    # 400 ms could be 200 ms on the whole machine: beyond the limit of p50, not of p99
    assert {each.subject for each in noisy.findings} == {"p50_ms"}
    assert {"machine", "p99_ms"} <= {each.subject for each in noisy.doubts}
    calm = result([busy, *(each for each in record(stalled) if each.kind != MACHINE)])
    assert calm.findings == ()


def test_latency_that_keeps_its_limit_on_a_busy_machine_has_passed() -> None:
    seen = [each for each in record() if each.kind != MACHINE]
    assert result([machine(foreign=0.5), *seen]).outcome is Outcome.PASS


def test_a_few_delays_of_the_generator_are_no_doubt() -> None:
    first, *rest = (each for each in record() if each.kind == KIND)
    seen = [setup(READ_RUN), profile(), *changed([first], lagged=2, max_lag=80.0), *rest]
    assert result(seen).outcome is Outcome.PASS


def test_dropped_arrivals_are_a_doubt_but_slow_stays_slow() -> None:
    assert doubted(changed(record(), dropped=1)) == {"arrivals"}
    assert result(changed(record(slow), dropped=1)).outcome is Outcome.FAIL


def test_another_rate_than_planned_is_a_doubt() -> None:
    seen = [each for each in record() if each.kind != "profile"]
    assert doubted([profile(rate=70), *seen]) == {"rate"}


def test_fewer_than_299_samples_are_a_doubt() -> None:
    seen = [each for each in record() if each.kind != "profile"]
    assert "samples" in doubted([profile(warm_up=SHORT.total - 4), *seen])


def test_requests_that_latencies_do_not_explain_are_a_doubt() -> None:
    assert "Little's law" in doubted(changed(record(), present=400))


def test_an_overload_is_no_doubt_of_little_s_law() -> None:
    def overloaded(arrival: Arrival) -> float:
        return 10 + 800 * arrival.at

    assert result(record(overloaded)).outcome is Outcome.FAIL
    assert "Little's law" not in doubted(record(overloaded))


@settings(deadline=None, max_examples=20)
@given(st.floats(1, 60), st.floats(1, 3))
def test_slower_is_never_better(base: float, factor: float) -> None:
    def waits(times: float) -> Result:
        return result(record(lambda arrival: times * (base + usual(arrival))))

    assert waits(1).outcome <= waits(factor).outcome


def test_limits_can_be_set_by_the_policy() -> None:
    assert result(record(), {f"{CHECK.id}.p99_ms": 5}).outcome is Outcome.FAIL
    assert CHECK.limits["p99_ms"] == Limit(value=300, unit="ms")


def test_it_shows_how_latencies_lay_and_how_they_changed() -> None:
    lay, timeline = judge(CHECK, Record(check=CHECK.id, observations=record())).exhibits
    assert isinstance(lay, Histogram)
    assert isinstance(timeline, Timeline)
    counted = sum(len(Second.read(each).latencies) for each in record() if each.kind == KIND)
    assert 0 < sum(lay.counts) < counted, "the warm-up does not count"
    assert lay.edges[0] <= lay.marks[0][1] <= lay.edges[-1]
    assert {curve.name for curve in timeline.curves} == {"median", "95 %", "longest"}
    assert len(timeline.curves[0].points) == SHORT.total
    assert [(span.start, span.end) for span in timeline.spans] == [(0, SHORT.warm_up)]


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=50))
def test_every_latency_is_in_the_histogram_once(values: list[float]) -> None:
    drawn = histogram(sorted(values), 300.0)
    assert sum(drawn.counts) == len(values)
    assert list(drawn.edges) == sorted(drawn.edges)


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.99])
def test_the_least_samples_of_a_quantile_are_what_its_interval_needs(q: float) -> None:
    least = least_samples(q)
    assert ranks(least, q)[1] <= least
    with pytest.raises(ValueError, match="too few"):
        ranks(least - 1, q)
