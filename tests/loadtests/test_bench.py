"""Does the benchmark measure what it says, and reckon rightly?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.testbed.embedded import embedded
from loadtests.bench.cases import Case
from loadtests.bench.figures import BARE, DATABASE, Round, as_text, quantile, table
from loadtests.bench.open_loop import MIX, READS, arrivals
from loadtests.bench.orders import Answers, Orders
from loadtests.bench.sitting import Effort, sitting
from tests.conftest import SEED


def one(rate: float, cpu: float = 100.0) -> Round:
    return Round(rate=rate, p50=1.0, p99=2.0, cpu=cpu, failed=0)


@given(st.lists(st.integers(1, 10**6), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_the_least_value_that_enough_do_not_exceed(
    values: list[int], share: float
) -> None:
    found = quantile([(value, values.count(value)) for value in sorted(set(values))], share) * 1000
    assert sum(value <= found + 1e-6 for value in values) >= share * len(values) - 1e-6
    assert sum(value < found - 1e-6 for value in values) < share * len(values) + 1e-6


def test_no_answer_is_no_latency() -> None:
    assert quantile([], 0.5) == 0.0


def test_ratios_are_taken_within_a_round() -> None:
    rounds = {
        BARE: [one(1000, 100), one(100, 1000)],
        DATABASE: [one(10_000, 0), one(1000, 0)],
        "get run": [one(500, 600), one(50, 6000)],
    }
    _, bare, database, run = table(rounds)
    assert run[6:9] == ("6", "0.5", "0.05")
    assert bare[6:8] == ("-", "-")
    assert database[8] == "-"
    assert run[1:3] == ("275", "[50..500]")
    lines = as_text(table(rounds)).splitlines()
    assert len(lines) == 4
    assert lines[3].startswith("get run")


def test_failures_do_not_count_as_speed() -> None:
    answers = Answers(
        sent=30,
        counted=20,
        seconds=2.0,
        statuses={"200": 10, "503": 9, "0": 1},
        latencies=[(1000, 20)],
    )
    found = Round.of(answers, cpu_seconds=0.003)
    assert (found.rate, found.failed, found.cpu, found.p99) == (5.0, 10, 100.0, 1.0)


def test_no_two_logs_to_one_run_have_a_step_in_common() -> None:
    orders = Orders(
        base_url="",
        method="POST",
        paths=("a", "b", "c"),
        sends="points",
        size=10,
        within="",
        connections=1,
        warm_up=0,
        seconds=1,
        result="",
        headers={"Authorization": "Bearer secret"},
    )
    steps: dict[int, list[bytes]] = {}
    for number in range(9):
        steps.setdefault(number % 3, []).append(orders.body(number))
    assert all(len(set(bodies)) == 3 for bodies in steps.values())
    assert "secret" not in repr(orders)


@pytest.mark.timeout(240)
def test_a_sitting_measures_every_case_without_a_failure(tmp_path: Path) -> None:
    effort = Effort(rounds=1, seconds=1, connections=4, runs=240)
    said: list[str] = []
    with (
        embedded(tmp_path, SEED, tenants=("acme",)) as testbed,
        sitting(testbed, effort, said.append) as place,
    ):
        rounds = place.measure(said.append)
        late = arrivals(testbed, "reads", READS, 20, 1)
        mixed = arrivals(testbed, "mixed", MIX, 20, 1)
        hello = Case(name=BARE, method="GET", paths=("/nowhere",))
        missed = place.ask(hello, place.bare_url, {}, place.bare.process)
    assert "rows/s" in place.seeded
    assert {BARE, DATABASE, "get run", "log 100 points", "create run"} <= set(rounds)
    assert {"search in 1,000 runs", "search in 50,000 runs"} <= set(rounds)
    assert {name: each[0].failed for name, each in rounds.items() if each[0].failed} == {}
    assert all(each[0].rate > 0 for each in rounds.values())
    assert all(each[0].cpu > 0 for name, each in rounds.items() if name != DATABASE)
    for each in (late, mixed):
        assert (each.failed, each.dropped) == (0, 0)
        assert each.answers > 0
        assert each.p50 <= each.p99
    assert str(late).startswith("20/s open arrivals of 100 % GET /v1/runs/{run_id}: p50 ")
    assert "35 % GET /v1/runs/{run_id}, 25 % GET" in str(mixed)
    assert (missed.rate, missed.failed > 0) == (0.0, True)
    assert not any("Bearer" in path.read_text() for path in tmp_path.rglob("*.log"))
