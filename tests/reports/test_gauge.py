from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.model import Estimate, Limit, Measure
from reports.html.gauge import WIDTH, draw

numbers = st.floats(allow_nan=False, allow_infinity=False)


def measure(
    low: float, value: float, high: float, limit: float, *, at_most: bool = True
) -> Measure:
    return Measure(
        estimate=Estimate(name="p99", value=value, low=low, high=high, samples=9),
        limit=Limit(value=limit, unit="ms", at_most=at_most),
    )


@given(st.tuples(numbers, numbers, numbers).map(sorted), numbers, st.booleans())
def test_everything_lies_on_the_drawing_in_order(
    interval: list[float], limit: float, at_most: bool
) -> None:
    drawing = draw(measure(*interval, limit, at_most=at_most))
    if drawing is None:
        sizes = [abs(number) for number in (*interval, limit)]
        assert max(sizes) > 1e300 or max(sizes) < 1e-290
        return
    assert 0 <= drawing.low <= drawing.value <= drawing.high <= WIDTH
    assert 0 <= drawing.allowed[0] <= drawing.allowed[1] <= WIDTH
    assert all(0 <= tick.x <= WIDTH for tick in drawing.ticks)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_labels_of_the_axis_never_run_into_each_other(value: int, limit: int) -> None:
    drawing = draw(measure(value, value, value, limit))
    assert drawing
    assert 1 <= len(drawing.ticks) <= 7
    assert sum(len(tick.label) for tick in drawing.ticks) <= 34


@pytest.mark.parametrize(
    ("numbers", "labels"),
    [
        ((118.2, 124.9, 139.4, 250.0), ["0", "100", "200"]),
        ((236.0, 247.3, 268.8, 250.0), ["240", "250", "260", "270"]),
        ((0.0, 0.0, 0.0, 0.0), ["0", "0.05", "0.1"]),
        ((-0.2, 0.1, 0.3, 0.25), ["-0.2", "0", "0.2"]),
    ],
)
def test_the_axis_has_round_numbers(numbers: tuple[float, ...], labels: list[str]) -> None:
    drawing = draw(measure(*numbers))
    assert drawing
    assert [tick.label for tick in drawing.ticks] == labels


def test_the_allowed_side_is_below_a_ceiling_and_above_a_floor() -> None:
    ceiling = draw(measure(1, 2, 3, 2))
    floor = draw(measure(1, 2, 3, 2, at_most=False))
    assert ceiling
    assert floor
    assert ceiling.allowed[1] == ceiling.limit == floor.limit == floor.allowed[0]
