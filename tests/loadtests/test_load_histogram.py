from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.model import Observation
from loadtests.arrivals import schedule
from loadtests.histogram import Latencies, milliseconds
from loadtests.plan import LAG_MS, Plan, read_rows, write_rows
from loadtests.profiles import SHORT
from loadtests.second import Second
from loadtests.tally import Tally

durations = st.lists(st.floats(min_value=0.001, max_value=60), max_size=50)


@settings(deadline=None)
@given(durations)
def test_a_stored_latency_is_right_to_a_tenth_of_a_percent(seconds: list[float]) -> None:
    latencies = Latencies()
    for each in seconds:
        latencies.add(each)
    stored = milliseconds(latencies.sparse())
    assert len(stored) == len(seconds)
    for kept, true in zip(stored, sorted(seconds), strict=True):
        assert kept == pytest.approx(true * 1000, rel=0.001, abs=0.06)


def test_1049_ms_are_not_rounded_down_to_a_second() -> None:
    latencies = Latencies()
    latencies.add(1.049)
    assert milliseconds(latencies.sparse())[0] == pytest.approx(1049, abs=1)


def test_what_is_out_of_range_is_not_lost() -> None:
    latencies = Latencies()
    latencies.add(-0.5)
    latencies.add(1e9)
    assert [value > 90_000 for value in milliseconds(latencies.sparse())] == [False, True]


def test_a_dropped_arrival_counts_with_the_time_it_waited() -> None:
    arrivals = schedule(SHORT, seed=3)
    tally = Tally.expecting(SHORT, arrivals)
    for arrival in arrivals[5:]:
        tally.cell(arrival).answered(200, 0.02, 0.01)
    for arrival in arrivals[:5]:
        tally.cell(arrival).gave_up(9.0)
    rows = [row.expand() for row in tally.rows()]
    assert len(rows) == SHORT.total * len(SHORT.operations)
    assert sum(row.dropped for row in rows) == 5
    assert sum(value > 8900 for row in rows for value in row.latencies) == 5
    assert sum(row.arrivals for row in rows) == SHORT.arrivals


def test_delays_of_the_generator_are_kept_by_number_and_size() -> None:
    arrivals = schedule(SHORT, seed=3)
    tally = Tally.expecting(SHORT, arrivals)
    for lag_ms in (1, LAG_MS + 1, LAG_MS + 20):
        tally.cell(arrivals[0]).delayed(lag_ms / 1000)
    row = next(row for row in tally.rows() if row.lagged)
    assert (row.lagged, row.max_lag) == (2, LAG_MS + 20)


def test_rows_survive_being_stored_and_observed(tmp_path: Path) -> None:
    arrivals = schedule(SHORT, seed=3)
    tally = Tally.expecting(SHORT, arrivals)
    for arrival in arrivals:
        tally.cell(arrival).answered(arrival.number % 7, 0.02, 0.01)
    path = tmp_path / "rows.jsonl"
    write_rows(path, tally.rows())
    assert list(read_rows(path)) == list(tally.rows())
    seconds = [row.expand() for row in tally.rows()]
    seen: list[Observation] = [each.observed(at=1.0) for each in seconds]
    assert [Second.read(each) for each in seen] == seconds


def test_a_plan_is_for_its_owner_only_and_hides_its_credentials(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    plan = Plan(
        profile=replace(SHORT, rate=1),
        seed=1,
        base_url="http://127.0.0.1:1",
        paths={},
        rows="rows",
        headers={"authorization": "Bearer s3cret"},
    )
    plan.write(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Plan.read(path) == plan
    assert "s3cret" not in repr(plan)
