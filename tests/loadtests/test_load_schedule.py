from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.arrivals import schedule
from loadtests.profiles import SHORT, Profile

profiles = st.builds(
    replace,
    st.just(SHORT),
    rate=st.integers(1, 40),
    warm_up=st.integers(0, 3),
    seconds=st.integers(1, 5),
)
seeds = st.integers(0, 2**32)


@settings(deadline=None)
@given(profiles, seeds)
def test_the_offered_rate_is_exact(profile: Profile, seed: int) -> None:
    assert len(schedule(profile, seed)) == profile.rate * (profile.warm_up + profile.seconds)


@settings(deadline=None)
@given(profiles, seeds)
def test_arrivals_come_in_order_and_within_the_load(profile: Profile, seed: int) -> None:
    times = [arrival.at for arrival in schedule(profile, seed)]
    assert times == sorted(times)
    assert all(0 <= at < profile.total for at in times)


@settings(deadline=None)
@given(profiles, seeds)
def test_a_seed_names_one_schedule(profile: Profile, seed: int) -> None:
    assert schedule(profile, seed) == schedule(profile, seed)
    assert [each.number for each in schedule(profile, seed)] == list(range(profile.arrivals))


def test_arrivals_are_as_bunched_as_those_of_a_poisson_process() -> None:
    # the variance of counts in short windows is their mean; evenly spaced arrivals have almost none
    long = replace(SHORT, rate=50, seconds=400)
    counts = Counter(arrival.second for arrival in schedule(long, seed=1))
    variance = sum((counts[second] - 50) ** 2 for second in range(long.total)) / long.total
    assert 40 < variance < 60


def test_operations_are_drawn_by_weight() -> None:
    long = replace(SHORT, rate=50, seconds=400)
    drawn = Counter(arrival.operation for arrival in schedule(long, seed=1))
    total, weights = sum(drawn.values()), sum(each.weight for each in SHORT.operations)
    for operation in SHORT.operations:
        assert abs(drawn[operation] / total - operation.weight / weights) < 0.01


def test_no_two_arrivals_log_the_same_point() -> None:
    first, second = (SHORT.operations[2].body(number) for number in (0, 1))
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert len(first["metrics"]) == len(second["metrics"]) == 10  # type: ignore[arg-type]
    assert "'step': 9}" in str(first)
    assert "'step': 10," in str(second) or "'step': 10}" in str(second)
