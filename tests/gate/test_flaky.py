from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.check import Testbed
from gate.flaky import settle
from gate.journal import Entry, records
from gate.model import Doubt, Observation, Outcome, Result
from gate.run import judge, run
from tests.make import Stub, check, finding, observation, results

PASSED = Result(check="security.headers")
FOUND = Result(check="security.headers", findings=(finding(),))
DOUBTED = Result(check="security.headers", doubts=(Doubt(subject="x", reason="too few"),))
LEAK = Result(check="isolation.read", findings=(finding("isolation.read"),))


def test_a_retry_buys_a_label_not_a_pass() -> None:
    settled = settle([FOUND, PASSED], accept=False)
    assert settled.outcome is Outcome.INCONCLUSIVE
    assert settled.doubts[0].reason == "fail, then pass at attempt 2"
    assert settled.attempts[0].outcome is Outcome.FAIL
    assert settled.attempts[0].reasons == ("high: security.headers:leak:GET /things/{id}",)


def test_a_policy_may_accept_it_and_the_attempts_stay_visible() -> None:
    settled = settle([FOUND, PASSED], accept=True)
    assert settled.outcome is Outcome.PASS
    assert len(settled.attempts) == 1


def test_one_attempt_is_what_it_is() -> None:
    assert settle([FOUND], accept=False) is FOUND


def test_what_fails_every_time_fails_and_is_not_flaky() -> None:
    settled = settle([FOUND, FOUND], accept=False)
    assert settled.outcome is Outcome.FAIL
    assert settled.doubts == ()


def test_a_leak_between_tenants_is_never_retried_away() -> None:
    for accept in (False, True):
        settled = settle([LEAK, replace(LEAK, findings=())], accept=accept)
        assert settled.findings == LEAK.findings
        assert settled.outcome is Outcome.FAIL
    twice = settle([LEAK, LEAK], accept=True)
    assert twice.findings == LEAK.findings


@given(st.lists(results().filter(len), min_size=1, max_size=4), st.booleans())
def test_more_attempts_never_make_a_pass_of_one_that_was_none(
    drawn: list[tuple[Result, ...]], accept: bool
) -> None:
    attempts = [replace(each[0], check=drawn[0][0].check) for each in drawn]
    settled = settle(attempts, accept=accept)
    if settled.outcome is Outcome.PASS:
        assert accept or all(each.outcome is Outcome.PASS for each in attempts)
    assert settled.outcome >= attempts[-1].outcome


def test_a_journal_with_several_attempts_is_judged_to_the_same_result() -> None:
    sights = iter([True, True, False])

    def probe(_: Testbed) -> Iterator[Observation]:
        yield observation(bad=next(sights))

    made = check(probe=probe)
    entries: list[Entry] = []
    attempts: Sequence[Result] = [run(made, Stub(), entries.append) for _ in range(3)]
    record = records(entries)[made.id]
    again = [judge(made, each) for each in (*record.earlier, record)]
    assert again == attempts
    assert settle(again, accept=False).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("last", [PASSED, DOUBTED])
def test_a_better_last_attempt_is_still_in_doubt(last: Result) -> None:
    assert settle([FOUND, last], accept=False).outcome is Outcome.INCONCLUSIVE
