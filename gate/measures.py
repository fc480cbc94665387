"""What was measured, how sure is that, and is it within its limit?"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from gate.grades import Outcome

BEYOND = "limit"
"""The rule of the finding that a measure beyond its limit is; its title holds the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The worst acceptable value of a measure: a ceiling, unless `at_most` is False."""

    value: float
    unit: str
    at_most: bool = True

    def __post_init__(self) -> None:
        """Refuse NaN and infinities: no measure could ever exceed them."""
        if not isfinite(self.value):
            raise ValueError(f"a limit of {self.value} {self.unit} could never be exceeded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A judge's number with its 95 % interval and the samples it rests on."""

    name: str
    value: float
    low: float
    high: float
    samples: int

    def __post_init__(self) -> None:
        """Refuse NaN and infinities: no limit could ever be held against them."""
        if not all(map(isfinite, (self.value, self.low, self.high))):
            raise ValueError(f"{self.name} is not a finite number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An estimate held against its limit."""

    estimate: Estimate
    limit: Limit

    @property
    def outcome(self) -> Outcome:
        """FAIL when the whole interval is beyond the limit, INCONCLUSIVE when it straddles."""
        low, high, limit = self.estimate.low, self.estimate.high, self.limit.value
        best, worst = (low, high) if self.limit.at_most else (-high, -low)
        bound = limit if self.limit.at_most else -limit
        if worst <= bound:
            return Outcome.PASS
        return Outcome.FAIL if best > bound else Outcome.INCONCLUSIVE
