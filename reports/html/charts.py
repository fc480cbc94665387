"""Where on a drawing do the lines, bars and spans of an exhibit lie?

All positions are in the units of a viewBox that is `WIDTH` wide; what cannot be drawn is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from gate.exhibits import Curve, Histogram, Phases, Span, Timeline
from reports.html.gauge import Scale, Tick, multiples, step_of, ticks
from reports.wording import clip, spell

WIDTH, HEIGHT = 420.0, 236.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 408.0, 44.0, 196.0
NAMES, ROW = 104.0, 24.0
STYLES, SHORT, DECADES, MOST_DECADES = 4, 28, 1.5, 6
LABEL_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A curve: `style` counts from 1 and stands for a colour and a pattern of dashes."""

    name: str
    path: str
    style: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle: a bar, or a span behind the lines."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A word at a place."""

    x: float
    y: float
    anchor: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A timeline or a histogram as a drawing."""

    xs: tuple[Tick, ...]
    ys: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    spans: tuple[Box, ...] = ()
    bars: tuple[Box, ...] = ()
    marks: tuple[float, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A phase as a bar in its row."""

    name: str
    bar: Box
    label: Note
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Phases that follow each other, a row each."""

    steps: tuple[Step, ...]
    xs: tuple[Tick, ...]
    height: float


def plot(exhibit: Timeline | Histogram) -> Plot | None:
    """The drawing of what has an x and a y."""
    return plot_lines(exhibit) if isinstance(exhibit, Timeline) else plot_bars(exhibit)


def plot_lines(timeline: Timeline) -> Plot | None:
    """Curves over spans; the vertical axis begins at zero where no value is below it."""
    points = [point for curve in timeline.curves for point in curve.points]
    edges = [edge for span in timeline.spans for edge in (span.start, span.end)]
    across = scale_over([*(x for x, _ in points), *edges], LEFT, RIGHT)
    up = scale_over([0.0, *(y for _, y in points)], BOTTOM, TOP)
    if not points or across is None or up is None:
        return None
    spans = tuple(box_of(span, across) for span in timeline.spans)
    return Plot(
        xs=ticks(across),
        ys=levels(up),
        lines=tuple(
            line_of(curve, across, up, 1 + index % STYLES)
            for index, curve in enumerate(timeline.curves)
        ),
        spans=spans,
        notes=tuple(
            notes((box.x, span.name) for box, span in zip(spans, timeline.spans, strict=True))
        ),
    )


def scale_over(numbers: Sequence[float], start: float, stop: float) -> Scale | None:
    """A scale from the least to the greatest number; None where that cannot be drawn."""
    if not numbers:
        return None
    first, final = min(numbers), max(numbers)
    scale = Scale(first=first, final=final if final > first else first + 1, start=start, stop=stop)
    return scale if scale.is_drawable else None


def levels(up: Scale) -> tuple[Tick, ...]:
    """At most five labelled heights."""
    return tuple(
        Tick(x=up.place(at), label=f"{at:.3g}" if abs(at) >= 10**5 else spell(at))
        for at in multiples(up, step_of(up, 4))
    )


def line_of(curve: Curve, across: Scale, up: Scale, style: int) -> Line:
    """A curve as a path; a single point is a dot."""
    placed = [f"{across.place(x):g} {up.place(y):g}" for x, y in curve.points]
    path = f"M{'L'.join(placed)}" if len(placed) > 1 else "".join(f"M{at}h.01" for at in placed)
    return Line(name=curve.name, path=path, style=style)


def box_of(span: Span, across: Scale) -> Box:
    """A span from top to bottom, wide enough to be seen."""
    start, end = sorted((across.place(span.start), across.place(span.end)))
    return Box(x=start, y=TOP, width=round(max(1.0, end - start), 1), height=BOTTOM - TOP)


def notes(places: Iterable[tuple[float, str]]) -> Iterator[Note]:
    """Words above the drawing, on rows in turn, so that neighbours do not run into each other."""
    for index, (x, text) in enumerate(places):
        anchor = "start" if x < (LEFT + RIGHT) / 2 else "end"
        y = TOP - 6 - 12 * (index % LABEL_ROWS)
        yield Note(x=x, y=y, anchor=anchor, text=clip(text, SHORT))


def plot_bars(histogram: Histogram) -> Plot | None:
    """Bars that lie as their edges do, on a logarithmic axis where the edges span decades."""
    first, last = histogram.edges[0], histogram.edges[-1]
    logarithmic = first > 0 and last / first > 10**DECADES
    places = [log10(edge) if logarithmic else edge for edge in histogram.edges]
    across = scale_over(places, LEFT, RIGHT)
    up = scale_over([0.0, *map(float, histogram.counts)], BOTTOM, TOP)
    if across is None or up is None:
        return None
    marks = [
        (name, across.place(log10(value) if logarithmic else value))
        for name, value in histogram.marks
        if (first <= value <= last)
    ]
    return Plot(
        xs=decades(across) if logarithmic else ticks(across),
        ys=levels(up),
        bars=tuple(bars(histogram.counts, places, across, up)),
        marks=tuple(x for _, x in marks),
        notes=tuple(notes((x, name) for name, x in marks)),
    )


def bars(counts: Sequence[int], places: Sequence[float], across: Scale, up: Scale) -> Iterator[Box]:
    """One bar for each count."""
    for count, start, end in zip(counts, places, places[1:], strict=False):
        x, y = across.place(start), up.place(float(count))
        yield Box(
            x=x,
            y=y,
            width=round(max(0.5, across.place(end) - x - 1), 1),
            height=round(BOTTOM - y, 1),
        )


def decades(across: Scale) -> tuple[Tick, ...]:
    """1, 2 and 5 of each decade while there is room, else the decades."""
    span = across.final - across.first
    factors = (1, 2, 5) if span <= 2 * DECADES else (1,)
    apart = max(1, ceil(span / MOST_DECADES))
    values = [
        factor * 10.0**power
        for power in range(floor(across.first), floor(across.final) + 1, apart)
        for factor in factors
    ]
    return tuple(
        Tick(x=across.place(log10(value)), label=spell(value))
        for value in values
        # A power below the smallest double is 0, which has no place on this axis.
        if value > 0 and across.first <= log10(value) <= across.final
    )


def ladder(phases: Phases) -> Ladder | None:
    """The phases, each beginning where the one before it ended."""
    total = sum(phase.seconds for phase in phases.phases)
    across = scale_over([0.0, total], NAMES, RIGHT - 44)
    if not phases.phases or across is None or not isfinite(total):
        return None
    steps, began = [], 0.0
    for index, phase in enumerate(phases.phases):
        x, end = across.place(began), across.place(began + phase.seconds)
        y = 6 + index * ROW
        steps.append(
            Step(
                name=clip(phase.name, SHORT // 2),
                bar=Box(x=x, y=y, width=round(max(1.0, end - x), 1), height=ROW - 8),
                label=Note(
                    x=round(max(x + 1, end) + 5, 1),
                    y=y + 12,
                    anchor="start",
                    text=f"{spell(float(f'{phase.seconds:.3g}'))} s",
                ),
                counts=phase.counts,
            )
        )
        began += phase.seconds
    return Ladder(steps=tuple(steps), xs=ticks(across), height=ROW * len(steps) + 30)


def sum_up(exhibit: Timeline | Histogram | Phases) -> str:
    """The exhibit in a sentence, for who cannot see it."""
    if isinstance(exhibit, Phases):
        counted = sum(phase.seconds for phase in exhibit.phases if phase.counts)
        return f"{exhibit.title}: {exhibit.total} {spell(counted)} s"
    if isinstance(exhibit, Histogram):
        marks = ", ".join(f"{name} {spell(value)}" for name, value in exhibit.marks)
        return f"{exhibit.title}: {spell(sum(exhibit.counts))} values in {exhibit.x}; {marks}"
    ranges = ", ".join(map(reach, exhibit.curves))
    spans = ", ".join(
        f"{each.name} from {spell(each.start)} to {spell(each.end)}" for each in exhibit.spans
    )
    return f"{exhibit.title}, in {exhibit.y} over {exhibit.x}: {ranges}; {spans}"


def reach(curve: Curve) -> str:
    """A curve's least and greatest value."""
    values = [y for _, y in curve.points]
    if not values:
        return f"{curve.name} without a value"
    return f"{curve.name} between {spell(min(values))} and {spell(max(values))}"


def rows(timeline: Timeline) -> list[tuple[float, list[float | None]]]:
    """The numbers of a timeline as a table: each x, and the value of each curve there."""
    lookups = [dict(curve.points) for curve in timeline.curves]
    moments = sorted({x for lookup in lookups for x in lookup})
    return [(x, [lookup.get(x) for lookup in lookups]) for x in moments]
