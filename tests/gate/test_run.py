from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.check import Control, Testbed
from gate.journal import Entry, EvidenceError, records
from gate.model import Estimate, Finding, Limit, Observation, Outcome, Record, Trouble
from gate.run import gather, judge, run
from tests.make import Stub, check, observation


def forget(_: Entry) -> None:
    """A recorder for tests that look at the result only."""


def test_a_clean_record_passes() -> None:
    result = run(check(observation(bad=False), at_least={"fact": 1}), Stub(), forget)
    assert result.outcome is Outcome.PASS
    assert result.observed == {"fact": 1}
    assert [control.caught for control in result.controls] == [True]


def test_a_defect_is_a_finding() -> None:
    result = run(check(observation(bad=True)), Stub(), forget)
    assert result.outcome is Outcome.FAIL
    assert [finding.rule for finding in result.findings] == ["leak"]


def test_too_few_observations_are_no_pass() -> None:
    result = run(check(observation(), at_least={"fact": 2}), Stub(), forget)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.doubts[0].reason == "only 1 seen, at least 2 are needed"


def test_a_control_that_passes_is_an_error() -> None:
    tame = Control(defect="nothing at all", record=(observation(bad=False),))
    result = run(check(observation(), controls=(tame,)), Stub(), forget)
    assert result.outcome is Outcome.ERROR
    assert [failure.trouble for failure in result.failures] == [Trouble.CONTROL]
    assert "nothing at all" in result.failures[0].detail


def test_a_check_without_controls_is_an_error() -> None:
    result = run(check(observation(), controls=()), Stub(), forget)
    assert [failure.trouble for failure in result.failures] == [Trouble.CONTROL]


def test_a_control_that_crashes_the_judge_is_not_caught() -> None:
    def judge_brittle(seen: list[Observation]) -> Iterator[Finding]:
        yield seen[0].data["missing"]

    result = run(check(judge=judge_brittle), Stub(), forget)
    assert not result.controls[0].caught


def test_a_judge_that_raises_is_an_error() -> None:
    def judge_raising(seen: list[Observation]) -> Iterator[Finding]:
        if not seen[0].data.get("bad"):
            raise LookupError("what is this")
        yield from ()

    result = run(check(observation(), judge=judge_raising), Stub(), forget)
    assert result.outcome is Outcome.ERROR
    assert Trouble.JUDGE in {failure.trouble for failure in result.failures}
    assert "LookupError: what is this" in {failure.detail for failure in result.failures}


def dying_probe(testbed: Testbed) -> Iterator[Observation]:
    yield observation(bad=testbed.seed == 2)
    raise ConnectionRefusedError("nobody home")


def test_a_probe_that_dies_midway_is_an_error_and_is_judged_on_what_it_saw() -> None:
    clean = run(check(probe=dying_probe), Stub(), forget)
    assert clean.outcome is Outcome.ERROR
    detail, _, line = clean.failures[0].detail.partition(" (gate/test_run.py:")
    assert (detail, line[-1]) == ("ConnectionRefusedError: nobody home", ")")
    bad = run(check(probe=dying_probe), Stub(seed=2), forget)
    assert bad.outcome is Outcome.FAIL
    assert bad.failures == clean.failures


def test_a_missing_capability_skips_and_never_passes() -> None:
    result = run(check(observation(), needs=frozenset({"database"})), Stub(), forget)
    assert result.outcome is Outcome.SKIPPED
    assert result.lacking == ("database",)


def test_evidence_that_cannot_be_kept_ends_the_run() -> None:
    def full(entry: Entry) -> None:
        if entry.event == "observed":
            raise EvidenceError("the disk is full")

    with pytest.raises(EvidenceError):
        run(check(observation()), Stub(), full)


def test_secrets_reach_neither_journal_nor_result() -> None:
    def leaking_probe(_: Testbed) -> Iterator[Observation]:
        yield observation(header="Bearer s3cr3t")
        raise ValueError("s3cr3t was refused")

    entries: list[Entry] = []
    testbed = Stub(secrets={"s3cr3t": "$TOKEN"})
    result = run(check(probe=leaking_probe), testbed, entries.append)
    assert "s3cr3t" not in repr(entries) + repr(result)
    assert "$TOKEN was refused" in repr(result)


def measuring(low: float, high: float) -> Estimate:
    return Estimate(name="p99_ms", value=(low + high) / 2, low=low, high=high, samples=99)


@pytest.mark.parametrize(
    ("interval", "at_most", "outcome"),
    [
        ((80, 90), True, Outcome.PASS),
        ((80, 100), True, Outcome.PASS),
        ((90, 110), True, Outcome.INCONCLUSIVE),
        ((101, 110), True, Outcome.FAIL),
        ((101, 110), False, Outcome.PASS),
        ((90, 110), False, Outcome.INCONCLUSIVE),
        ((80, 99), False, Outcome.FAIL),
    ],
)
def test_only_an_interval_wholly_beyond_the_limit_fails(
    interval: tuple[float, float], at_most: bool, outcome: Outcome
) -> None:
    def judge_latency(seen: list[Observation]) -> Iterator[Estimate]:
        planted = any(each.data.get("bad") for each in seen)
        yield measuring(*((999, 999) if at_most else (0, 0)) if planted else interval)

    limit = {"p99_ms": Limit(value=100, unit="ms", at_most=at_most)}
    result = run(check(observation(), judge=judge_latency, limits=limit), Stub(), forget)
    assert result.outcome is outcome
    assert result.controls[0].caught


def test_a_policy_limit_replaces_the_check_s_own() -> None:
    made = check(
        judge=lambda _: [measuring(50, 60)], limits={"p99_ms": Limit(value=100, unit="ms")}
    )
    record = Record(check=made.id)
    assert judge(made, record).measures[0].limit.value == 100
    tightened = judge(made, record, {"security.headers.p99_ms": 10.0})
    (finding,) = tightened.findings
    assert finding.key == "security.headers:limit:p99_ms"
    assert finding.title == "p99_ms is 55 ms, limit ≤ 10 ms"


def test_a_limit_that_is_not_measured_is_no_pass() -> None:
    result = run(check(observation(), limits={"p99_ms": Limit(value=1, unit="ms")}), Stub(), forget)
    assert result.outcome is Outcome.INCONCLUSIVE


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
facts = st.builds(
    Observation,
    kind=st.sampled_from(("fact", "other")),
    subject=st.text(max_size=9),
    at=st.floats(0, 1e6),
    data=st.dictionaries(st.text(max_size=5), json_values, max_size=3),
)


@given(st.lists(facts, max_size=5), st.booleans())
def test_judging_a_journal_again_gives_the_identical_result(
    seen: list[Observation], dies: bool
) -> None:
    def probe(_: Testbed) -> Iterator[Observation]:
        yield from seen
        if dies:
            raise TimeoutError

    made = check(probe=probe, at_least={"fact": 2})
    entries: list[Entry] = []
    result = run(made, Stub(), entries.append)
    assert judge(made, records(entries)[made.id]) == result


def test_a_journal_cut_short_says_so() -> None:
    entries: list[Entry] = []
    gather(check(observation()), Stub(), entries.append)
    record = records(entries[:-1])["security.headers"]
    assert record.died == "the run ended before the check did"
    assert len(record.observations) == 1
