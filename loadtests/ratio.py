"""By which factor is one quantile larger than another, and how sure is that? Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence

from gate.stats import CONFIDENCE, quantile

Blocks = Sequence[Sequence[float]]
"""Values that were taken together, such as the latencies of one window."""


def ratio(above: Blocks, below: Blocks, q: float) -> float:
    """The quantile of all values of `above` over that of `below`; values are positive."""
    one, other = (sorted(value for block in each for value in block) for each in (above, below))
    return quantile(one, q) / quantile(other, q)


def ratio_interval(
    above: Blocks, below: Blocks, q: float, *, seed: int, rounds: int = 400
) -> tuple[float, float]:
    """A 95 % interval of the ratio for values that depend on their neighbours in time.

    Bootstrap in two stages (Davison and Hinkley, Bootstrap Methods and their Application, 1997,
    3.8): whole pairs of blocks are drawn, because both of a pair met the same minute of the
    machine, then values within each block.
    """
    chance = random.Random(seed)  # noqa: S311 - resampling, not a secret
    pairs = list(zip(above, below, strict=True))
    found = []
    for _ in range(rounds):
        drawn = chance.choices(pairs, k=len(pairs))
        one = [chance.choices(block, k=len(block)) for block, _ in drawn]
        other = [chance.choices(block, k=len(block)) for _, block in drawn]
        found.append(ratio(one, other, q))
    tail = (1 - CONFIDENCE) / 2
    ordered = sorted(found)
    return quantile(ordered, tail), quantile(ordered, 1 - tail)
