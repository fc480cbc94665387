"""Is a neighbour's flood seen when it hurts, and is nothing claimed when the machine is noisy?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.check import Control
from gate.model import Doubt, Estimate, Finding, Json, Observation, Outcome
from gate.run import gather, judge
from gate.testbed.embedded import Embedded
from loadtests import flood
from loadtests.machine import KIND as MACHINE
from loadtests.neighbour import CHECK, CLEAN, MOST, SLOWER, doubt, record
from loadtests.neighbour_probe import ARMS, FLOODED, PACE, Pace, compare, measure
from loadtests.ratio import ratio, ratio_interval
from tests.make import Stub

BRIEF = Pace(rounds=1, seconds=0.5, rate=20, flood_rate=400)
VALUES = st.lists(st.floats(min_value=0.1, max_value=1e4), min_size=5, max_size=40)


def told(seen: Sequence[Observation], kind: type) -> list[object]:
    return [each for each in CHECK.judge(seen) if isinstance(each, kind)]


def changed(kind: str, **change: Json) -> list[Observation]:
    return [
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    ]


def outcome(seen: Sequence[Observation]) -> Outcome:
    class Replay(Stub):
        """A testbed that offers what the check needs."""

    bed = Replay()
    bed.target = replace(bed.target, offers=CHECK.needs)
    return judge(CHECK, gather(replace(CHECK, probe=lambda _: seen), bed, lambda _: None)).outcome


def test_a_flood_that_costs_its_neighbour_little_passes() -> None:
    (measured,) = told(CLEAN, Estimate)
    assert isinstance(measured, Estimate)
    assert (measured.name, measured.value) == (SLOWER, pytest.approx(1.5, rel=0.01))
    assert outcome(CLEAN) is Outcome.PASS


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda each: each.defect)
def test_each_control_fails(control: Control) -> None:
    assert outcome(control.record) is Outcome.FAIL


@pytest.mark.parametrize(
    ("seen", "subject"),
    [
        (changed(MACHINE, foreign=0.4), "machine"),
        (changed("flood", sent=100), "flood"),
        (changed("window", lagged=9), "generator"),
        (changed("window", latencies=[5.0, 6.0]), "samples"),
        (
            [each for each in CLEAN if (each.kind, each.data.get("round")) != ("window", 0)],
            "samples",
        ),
    ],
)
def test_what_cannot_be_believed_is_in_doubt_and_not_measured(
    seen: Sequence[Observation], subject: str
) -> None:
    assert subject in {each.subject for each in told(seen, Doubt) if isinstance(each, Doubt)}
    assert not told(seen, Estimate)
    assert outcome(seen) is Outcome.INCONCLUSIVE


def test_alone_against_alone_is_the_negative_control() -> None:
    noisy = [
        replace(each, data={**each.data, "latencies": [19.0 * float(str(v)) for v in values]})
        if each.subject == ARMS[2] and isinstance(values := each.data["latencies"], list)
        else each
        for each in CLEAN
    ]
    (reason,) = {each.reason for each in told(noisy, Doubt) if isinstance(each, Doubt)}
    assert reason.startswith("alone against alone the factor is anywhere between")
    assert not told(noisy, Estimate)


def test_a_refusal_of_the_neighbour_counts_on_a_noisy_machine_too() -> None:
    seen = [
        replace(each, data={**each.data, "foreign": 0.9}) if each.kind == MACHINE else each
        for each in record(status="429")
    ]
    assert outcome(seen) is Outcome.FAIL


def test_a_trickle_that_is_not_refused_is_no_finding() -> None:
    assert not told(changed("flood", sent=40, limited=0), Finding)


def test_no_doubt_is_raised_about_a_healthy_record() -> None:
    blocks = {arm: [[5.0] * 65] * PACE.rounds for arm in ARMS}
    assert [*doubt(CLEAN, blocks)] == []


@given(VALUES, st.floats(min_value=0.1, max_value=10))
def test_the_ratio_of_a_multiple_is_its_factor(values: list[float], factor: float) -> None:
    above = [[factor * each for each in values]]
    assert ratio(above, [values], 0.99) == pytest.approx(factor)


@given(VALUES)
def test_values_against_themselves_may_be_one_to_one(values: list[float]) -> None:
    low, high = ratio_interval([values], [values], 0.99, seed=3, rounds=60)
    assert low <= 1 <= high


@given(st.integers(1, 9), st.integers(1, 400))
def test_all_threads_together_keep_the_rate_of_the_flood(threads: int, rate: int) -> None:
    due = sorted(
        at for each in range(threads) for at in flood.times((10.0, 11.0), rate, each, threads)
    )
    assert due == [10.0 + number / rate for number in range(rate)]


def test_windows_follow_each_other_without_touching() -> None:
    spans = PACE.windows(5.0)
    assert [arm for arm, _ in spans[:3]] == list(ARMS)
    assert all(one[1] < two[0] for (_, one), (_, two) in pairwise(spans))
    assert len(PACE.due(0.0)) * PACE.rounds >= 299


def test_a_real_flood_is_refused_and_its_neighbour_is_not(testbed: Embedded) -> None:
    before = {*testbed.scratch.iterdir()}
    seen = [*compare(testbed, BRIEF)]
    assert not told(seen, Finding)
    assert [each.subject for each in seen if each.kind == "window"] == list(ARMS)
    (sent,) = (each for each in seen if each.kind == "flood")
    assert sent.data["sent"]
    assert not any(secret in str(seen) for secret in testbed.secrets)
    assert {*testbed.scratch.iterdir()} == before


def test_a_window_that_is_over_is_not_measured(testbed: Embedded) -> None:
    over = time.monotonic() - 10
    with ThreadPoolExecutor(1) as threads:
        client = testbed.actor(testbed.tenants[0])
        assert measure(client, BRIEF, (over, over + 1), threads) == []


def test_the_limit_is_on_the_flooded_windows() -> None:
    assert FLOODED in ARMS
    assert CHECK.limits[SLOWER].value == MOST
