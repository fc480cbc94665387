from __future__ import annotations

from gate.diff import compare
from gate.model import Estimate, Limit, Measure, Outcome, Past, Result, Verdict
from gate.policy import Policy, decide
from tests.make import finding, past, plan

POLICY = Policy(profiles={"standard": ("security.headers",)})


def verdict(*results: Result, history: tuple[Past, ...] = ()) -> Verdict:
    return decide(plan(), results, POLICY, history=history)


def latency(low: float, high: float, samples: int = 9) -> Result:
    estimate = Estimate(name="p99_ms", value=low, low=low, high=high, samples=samples)
    measured = Measure(estimate=estimate, limit=Limit(value=100, unit="ms"))
    return Result(check="load.arrivals", measures=(measured,))


def test_findings_are_new_fixed_or_still_there() -> None:
    gone, stays, comes = finding(rule="a"), finding(rule="b"), finding(rule="c")
    difference = compare(
        verdict(Result(check="security.headers", findings=(gone, stays))),
        verdict(Result(check="security.headers", findings=(stays, comes))),
    )
    assert difference.new == (comes,)
    assert difference.fixed == (gone,)
    assert difference.still == (stays,)


def test_a_check_that_turned_or_was_not_run_is_named() -> None:
    difference = compare(
        verdict(Result(check="security.headers"), Result(check="load.arrivals")),
        verdict(Result(check="security.headers", findings=(finding(),))),
    )
    assert [(each.check, each.before, each.after) for each in difference.turned] == [
        ("load.arrivals", Outcome.PASS, None),
        ("security.headers", Outcome.PASS, Outcome.FAIL),
    ]


def test_a_measure_moved_only_when_the_intervals_are_apart() -> None:
    assert not compare(verdict(latency(10, 20)), verdict(latency(15, 30))).moved[0].apart
    assert compare(verdict(latency(10, 20)), verdict(latency(21, 30))).moved[0].apart
    once = verdict(latency(10, 10, samples=1))
    assert not compare(once, verdict(latency(21, 30))).moved[0].apart


def test_a_finding_that_an_older_run_had_is_regressed_not_new() -> None:
    once = past(findings=(finding().key,), checks={"security.headers": Outcome.FAIL})
    fixed = verdict(Result(check="security.headers"), history=(once,))
    back = verdict(Result(check="security.headers", findings=(finding(),)))
    difference = compare(fixed, back)
    assert difference.new == ()
    assert difference.regressed == (finding(),)
    later = verdict(Result(check="security.headers", findings=(finding(),)), history=(once, past()))
    assert compare(verdict(Result(check="security.headers")), later).regressed == (finding(),)
