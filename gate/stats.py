"""How sure are we of a number? Intervals of 95 % for shares and for quantiles; pure."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


def share(hits: int, trials: int) -> tuple[float, float]:
    """Wilson's score interval for a share (E. B. Wilson, JASA 22, 1927); needs trials > 0."""
    rate = hits / trials
    scale = 1 + Z**2 / trials
    centre = (rate + Z**2 / (2 * trials)) / scale
    margin = Z / scale * math.sqrt(rate * (1 - rate) / trials + Z**2 / (4 * trials**2))
    low = max(0.0, centre - margin) if hits else 0.0
    high = min(1.0, centre + margin) if hits < trials else 1.0
    return low, high


def worst_unseen(trials: int) -> float:
    """The largest rate of a failure that was seen in none of `trials`: 1 - 0.05^(1/n).

    For many trials this is the "rule of three", 3 / n (Hanley and Lippman-Hand, JAMA 249, 1983).
    """
    return float(1 - (1 - CONFIDENCE) ** (1 / trials))


def quantile(ordered: Sequence[float], q: float) -> float:
    """The smallest value with at least the share `q` of values at or below it."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(q * len(ordered)) - 1))]


def ranks(samples: int, q: float) -> tuple[int, int]:
    """The 1-based ranks whose values bracket a quantile of independent samples.

    Order statistics and the binomial distribution (Conover, Practical Nonparametric Statistics,
    3.2). ValueError when there are too few samples for any value to lie above the quantile.
    """
    tail = (1 - CONFIDENCE) / 2
    below, low, high = 0.0, 0, 0
    for k in range(samples + 1):
        below += math.exp(log_binomial(k, samples, q))
        low = k if below <= tail else low
        if below >= 1 - tail:
            high = k + 1
            break
    if not 0 < high <= samples:
        raise ValueError(f"{samples} samples are too few for an interval of the {q:g} quantile")
    return max(1, low), high


def least_samples(q: float) -> int:
    """How many samples an interval of a quantile takes at least: 72 for p95, 368 for p99."""
    return math.ceil(math.log((1 - CONFIDENCE) / 2) / math.log(q))


def log_binomial(k: int, n: int, p: float) -> float:
    """The logarithm of the probability of k hits in n trials."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(p) + (n - k) * math.log1p(-p)


def quantile_interval(
    blocks: Sequence[Sequence[float]], q: float, *, seed: int, rounds: int = 200
) -> tuple[float, float]:
    """An interval for a quantile of values that depend on their neighbours in time.

    The wider of two on each side: resampling whole blocks (Künsch, Ann. Statist. 17, 1989), one
    block being one second of load, which sees the dependence; and order statistics, because
    resampling cannot see beyond the largest value and is too narrow for a p99 of few samples.
    """
    chance = random.Random(seed)  # noqa: S311 - resampling, not a secret
    ordered = sorted(value for block in blocks for value in block)
    low, high = ranks(len(ordered), q)
    estimates = sorted(
        quantile(sorted(value for block in drawn for value in block), q)
        for drawn in (chance.choices(blocks, k=len(blocks)) for _ in range(rounds))
    )
    tail = (1 - CONFIDENCE) / 2
    return (
        min(ordered[low - 1], quantile(estimates, tail)),
        max(ordered[high - 1], quantile(estimates, 1 - tail)),
    )


def rank_sum(one: Sequence[float], two: Sequence[float]) -> tuple[float, float]:
    """How often a value of the first exceeds one of the second (ties half), and the chance of it.

    Mann and Whitney's U (Ann. Math. Statist. 18, 1947) over its largest value, and the two-sided
    probability by the normal approximation with ties and continuity; good from 8 values each.
    """
    above = sum((a > b) + (a == b) / 2 for a in one for b in two)
    pairs, both = len(one) * len(two), len(one) + len(two)
    counts = Counter([*one, *two]).values()
    tied = sum(count**3 - count for count in counts) / (both * (both - 1))
    spread = math.sqrt(pairs / 12 * (both + 1 - tied))
    far = max(0.0, abs(above - pairs / 2) - 0.5)
    chance = 2 * (1 - NormalDist().cdf(far / spread)) if spread else 1.0
    return above / pairs, chance
