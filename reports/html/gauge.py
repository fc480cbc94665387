"""Where on a drawing do a measure's value, interval and limit lie?

All positions are in the units of a viewBox that is `WIDTH` wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from gate.model import Measure
from reports.wording import spell

WIDTH = 320.0
EDGE, LEFT, RIGHT = 8.0, 16.0, 304.0
LETTERS, DOT = 34, 14.0
NARROWEST = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled place on the axis."""

    x: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A measure as a drawing: the allowed stretch, the interval, the value, the limit."""

    ticks: tuple[Tick, ...]
    low: float
    value: float
    high: float
    limit: float
    allowed: tuple[float, float]
    anchor: str

    @property
    def is_wide(self) -> bool:
        """Does the interval stick out of the dot that marks the value?"""
        return self.high - self.low > DOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A stretch of numbers laid onto the drawing."""

    first: float
    final: float
    start: float = LEFT
    stop: float = RIGHT

    def place(self, value: float) -> float:
        """Where a value lies, in tenths; on a vertical axis `start` is below `stop`."""
        share = (value - self.first) / (self.final - self.first)
        return round(self.start + share * (self.stop - self.start), 1)

    @property
    def is_drawable(self) -> bool:
        """Do the numbers lie neither too far apart nor too close together?"""
        return isfinite(self.final - self.first) and self.final - self.first >= NARROWEST


def draw(measure: Measure) -> Gauge | None:
    """The drawing; None where the numbers lie too far apart, or too close together, for one."""
    scale = scale_of(measure)
    if scale is None:
        return None
    estimate, limit = measure.estimate, scale.place(measure.limit.value)
    return Gauge(
        ticks=ticks(scale),
        low=scale.place(estimate.low),
        value=scale.place(estimate.value),
        high=scale.place(estimate.high),
        limit=limit,
        allowed=(EDGE, limit) if measure.limit.at_most else (limit, WIDTH - EDGE),
        anchor=anchor_of(limit),
    )


def scale_of(measure: Measure) -> Scale | None:
    """A scale with room around all numbers, from zero where zero is near."""
    estimate = measure.estimate
    numbers = (estimate.low, estimate.value, estimate.high, measure.limit.value)
    least, most = min(numbers), max(numbers)
    span = max(most - least, abs(most) * 0.05, abs(least) * 0.05) or 1.0
    first, final = least - span * 0.15, most + span * 0.15
    if 0 <= least <= 2 * span:
        first = 0.0
    scale = Scale(first=first, final=final)
    return scale if scale.is_drawable else None


def ticks(scale: Scale) -> tuple[Tick, ...]:
    """As many round numbers as their labels leave room for."""
    for parts in (5, 4, 3, 2):
        labels = {at: spell(at) for at in multiples(scale, step_of(scale, parts))}
        if sum(map(len, labels.values())) <= LETTERS:
            return tuple(Tick(x=scale.place(at), label=label) for at, label in labels.items())
    return ()


def step_of(scale: Scale, parts: int) -> float:
    """The least 1, 2 or 5 times a power of ten that cuts the scale into at most `parts`."""
    rough = (scale.final - scale.first) / parts
    power = 10.0 ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def multiples(scale: Scale, step: float) -> tuple[float, ...]:
    """The multiples of a step that lie on the scale, without rounding noise."""
    first, final = ceil(scale.first / step), floor(scale.final / step)
    return tuple(float(f"{index * step:.15g}") for index in range(first, final + 1))


def anchor_of(x: float) -> str:
    """How a label at x is aligned, so that it stays inside the drawing."""
    if x < LEFT + 80:
        return "start"
    return "end" if x > RIGHT - 80 else "middle"
