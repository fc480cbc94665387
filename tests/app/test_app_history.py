"""Does a thinned history keep what people look for: its ends and its peaks?"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.app.callers import Caller

WIDE = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
values = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=60)


def new_run(owner: Caller) -> str:
    name = f"p{len(owner.read('/v1/projects?limit=200')['items'])}"
    project = owner.make("/v1/projects", name=name)["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    run: str = owner.make(f"/v1/experiments/{experiment}/runs", name="r")["id"]
    return run


def log(owner: Caller, run: str, logged: list[float]) -> list[dict[str, float]]:
    points = [{"step": 3 * step, "value": value} for step, value in enumerate(logged)]
    owner.make(f"/v1/runs/{run}/log", metrics=[{"key": "loss", **point} for point in points])
    return points


def thinned(owner: Caller, run: str, query: str) -> list[dict[str, float]]:
    found = owner.read(f"/v1/runs/{run}/metrics/loss?{query}")
    assert found["next_after"] is None
    return [{"step": point["step"], "value": point["value"]} for point in found["points"]]


@WIDE
@given(logged=values, most=st.integers(4, 80))
def test_ends_and_extremes_are_kept_in_order_and_within_the_limit(
    owner: Caller, logged: list[float], most: int
) -> None:
    run = new_run(owner)
    points = log(owner, run, logged)
    found = thinned(owner, run, f"max_points={most}")
    assert len(found) <= most
    assert len(points) > most or found == points
    assert [point for point in points if point in found] == found
    assert (found[0], found[-1]) == (points[0], points[-1])
    shown = [point["value"] for point in found]
    assert (min(shown), max(shown)) == (min(logged), max(logged))


def test_every_stretch_keeps_its_peak(owner: Caller) -> None:
    run = new_run(owner)
    logged = [float(step % 100 == 50) for step in range(1000)]
    log(owner, run, logged)
    found = thinned(owner, run, "max_points=22")
    assert sum(point["value"] for point in found) == 10


def test_thinning_begins_behind_a_step_and_an_unknown_key_has_no_points(owner: Caller) -> None:
    run = new_run(owner)
    log(owner, run, [5.0, 1.0, 2.0, 3.0])
    found = thinned(owner, run, "max_points=4&after=0")
    assert [point["value"] for point in found] == [1.0, 2.0, 3.0]
    assert owner.read(f"/v1/runs/{run}/metrics/none?max_points=4")["points"] == []


@pytest.mark.parametrize("most", ["3", "0", "5001", "x", "1e2"])
def test_too_few_or_too_many_points_are_refused(owner: Caller, most: str) -> None:
    answer = owner.ask("GET", f"/v1/runs/{new_run(owner)}/metrics/loss?max_points={most}")
    assert answer.status_code == 422
