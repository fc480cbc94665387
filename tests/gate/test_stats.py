from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.stats import quantile, quantile_interval, rank_sum, ranks, share, worst_unseen


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_in_its_interval(counts: tuple[int, int]) -> None:
    low, high = share(*counts)
    assert 0 <= low <= counts[0] / counts[1] + 1e-9
    assert counts[0] / counts[1] - 1e-9 <= high <= 1


def test_wilson_s_interval_has_its_published_value() -> None:
    low, high = share(15, 50)  # Newcombe, Statist. Med. 17 (1998), table I: 0.191 to 0.438
    assert (round(low, 3), round(high, 3)) == (0.191, 0.438)


def test_nothing_lost_in_n_bounds_the_rate_by_about_three_over_n() -> None:
    assert worst_unseen(1000) == pytest.approx(3 / 1000, rel=0.01)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_a_value_with_that_share_below(values: list[float], q: float) -> None:
    ordered = sorted(values)
    found = quantile(ordered, q)
    assert found in values
    assert sum(value <= found for value in values) >= q * len(values) - 1e-6


def test_a_quantile_s_interval_holds_it_at_least_95_times_in_100() -> None:
    chance = random.Random(7)
    held = 0
    for seed in range(100):
        blocks = [[chance.expovariate(1.0) for _ in range(20)] for _ in range(20)]
        low, high = quantile_interval(blocks, 0.99, seed=seed, rounds=60)
        held += low <= 4.60517 <= high  # the 0.99 quantile of an exponential is ln 100
    assert held >= 93


def test_a_quantile_s_interval_widens_when_neighbours_depend_on_each_other() -> None:
    chance = random.Random(7)
    calm = [[chance.expovariate(1.0) for _ in range(40)] for _ in range(20)]
    stalls = [[value + 50 * (number % 7 == 0) for value in calm[number]] for number in range(20)]
    shuffled = [value for block in stalls for value in block]
    chance.shuffle(shuffled)
    mixed = [shuffled[start : start + 40] for start in range(0, 800, 40)]
    in_stalls = quantile_interval(stalls, 0.8, seed=1)
    in_mix = quantile_interval(mixed, 0.8, seed=1)
    assert in_stalls[1] - in_stalls[0] > in_mix[1] - in_mix[0]


def test_too_few_samples_have_no_interval() -> None:
    with pytest.raises(ValueError, match="367 samples are too few"):
        ranks(367, 0.99)
    assert ranks(368, 0.99)[1] == 368


def test_an_interval_is_the_same_for_the_same_seed() -> None:
    blocks = [[1.0, 2.0, 5.0], [3.0, 9.0, 4.0], [4.0, 3.0]]
    assert quantile_interval(blocks, 0.5, seed=3) == quantile_interval(blocks, 0.5, seed=3)


def test_the_rank_sum_of_two_groups_is_as_by_hand() -> None:
    # All 16 pairs on one side: z = (8 - 0.5) / sqrt(16 / 12 * 9).
    one, two = [1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]
    assert rank_sum(one, two)[0] == 0.0
    assert rank_sum(two, one)[0] == 1.0
    assert rank_sum(one, two)[1] == pytest.approx(0.0304, abs=0.0001)
    assert rank_sum(one, one) == (0.5, 1.0)


def test_equal_values_have_no_order() -> None:
    assert rank_sum([2.0] * 9, [2.0] * 7) == (0.5, 1.0)


def test_groups_of_one_kind_are_rarely_told_apart() -> None:
    chance = random.Random(1)
    said = [
        rank_sum([chance.random() for _ in range(20)], [chance.random() for _ in range(20)])[1]
        for _ in range(400)
    ]
    assert 0.02 < sum(each < 0.05 for each in said) / len(said) < 0.08
