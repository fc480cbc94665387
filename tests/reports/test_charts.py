from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.exhibits import Curve, Histogram, Phase, Phases, Span, Timeline
from reports.html.charts import BOTTOM, LEFT, RIGHT, TOP, ladder, plot, rows, sum_up
from tests.reports.clean import LATENCIES, OUTAGE, SECONDS, STEPS
from tests.reports.strategies import histograms, phases, timelines, unhurried

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def is_inside(x: float, y: float) -> bool:
    return LEFT - 1 <= x <= RIGHT + 1 and TOP - 1 <= y <= BOTTOM + 1


# A moment in milliseconds has more digits than the labels.
MOMENT = Timeline(title="", x="", y="", curves=(Curve(name="", points=((1027644846271.0, 0.0),)),))


@unhurried
@given(timelines)
@example(MOMENT)
def test_every_line_and_span_lies_on_the_drawing(timeline: Timeline) -> None:
    drawing = plot(timeline)
    if drawing is None:
        return
    for line in drawing.lines:
        if "h" not in line.path:
            numbers = [float(each) for each in NUMBER.findall(line.path)]
            assert all(map(is_inside, numbers[::2], numbers[1::2]))
    assert all(is_inside(box.x, box.y) and box.width >= 1 for box in drawing.spans)
    assert all(LEFT <= tick.x <= RIGHT for tick in drawing.xs)
    assert all(TOP <= tick.x <= BOTTOM for tick in drawing.ys)


@unhurried
@given(histograms)
def test_every_bar_stands_on_the_axis(histogram: Histogram) -> None:
    drawing = plot(histogram)
    if drawing is None:
        return
    assert len(drawing.bars) == len(histogram.counts)
    for bar in drawing.bars:
        assert bar.width > 0
        assert bar.y + bar.height == pytest.approx(BOTTOM, abs=0.11)
    assert all(LEFT <= x <= RIGHT for x in drawing.marks)


@unhurried
@given(phases)
def test_phases_follow_each_other(exhibit: Phases) -> None:
    drawing = ladder(exhibit)
    if drawing is None:
        assert sum(phase.seconds for phase in exhibit.phases) < 1e-290
        return
    starts = [step.bar.x for step in drawing.steps]
    assert starts == sorted(starts)
    assert len(starts) == len(exhibit.phases)


def test_the_axes_have_round_numbers() -> None:
    drawing = plot(OUTAGE)
    assert drawing
    assert [tick.label for tick in drawing.xs] == ["0", "1", "2", "3", "4"]
    assert [tick.label for tick in drawing.ys] == ["0", "100", "200", "300"]
    lying = plot(LATENCIES)
    assert lying
    assert [tick.label for tick in lying.xs] == ["1", "2", "5", "10", "20", "50", "100", "200"]


def test_the_span_of_a_fault_lies_where_the_fault_was() -> None:
    drawing = plot(OUTAGE)
    assert drawing
    fault = drawing.spans[0]
    per_second = (RIGHT - LEFT) / 4
    assert fault.x == pytest.approx(LEFT + 1.05 * per_second, abs=0.2)
    assert fault.width == pytest.approx(1.0 * per_second, abs=0.2)
    assert [note.text for note in drawing.notes] == ["postgres-killed", "repair"]


def test_a_chart_can_be_read_without_eyes() -> None:
    assert sum_up(STEPS) == "Steps of the drill: time to recover 0.68 s"
    assert "postgres-killed from 1.05 to 2.05" in sum_up(OUTAGE)
    assert "limit of p99 250" in sum_up(LATENCIES)
    assert "median between 12 and 16" in sum_up(SECONDS)
    assert rows(OUTAGE)[0] == (0.0, [310.0, 0.0])
    assert rows(OUTAGE)[1] == (1.0, [305.0, None])


@given(st.floats(1e300, 1.7e308))
def test_what_cannot_be_drawn_is_not(far: float) -> None:
    timeline = Timeline(
        title="T", x="", y="", curves=(Curve(name="c", points=((0.0, -far), (1.0, far))),)
    )
    assert plot(timeline) is None or far < 1e308
    assert sum_up(timeline)
    nothing = Timeline(title="T", x="", y="", curves=(), spans=(Span(name="s", start=0, end=1),))
    assert plot(nothing) is None
    assert ladder(Phases(title="P", total="", phases=())) is None
    endless = tuple(Phase(name="p", seconds=1.7e308, counts=True) for _ in range(2))
    assert ladder(Phases(title="P", total="", phases=endless)) is None


def test_edges_below_the_smallest_normal_double_are_drawn() -> None:
    tiny = Histogram(title="T", x="s", edges=(5e-324, 1.0), counts=(1,))
    assert plot(tiny) is not None
