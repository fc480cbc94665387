from __future__ import annotations

import json
import tomllib
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate.model import (
    Estimate,
    Limit,
    Measure,
    Outcome,
    Past,
    Result,
    Severity,
    State,
    Verdict,
)
from gate.policy import Budget, Policy, PolicyError, Relative, decide, name_known, parse, schema
from gate.session import ROOT
from tests.make import CHECKS, TODAY, finding, past, pasts, plan, policies, results, waiver

POLICY = """
version = 1
blocks_at = "medium"
[profiles]
standard = ["security.headers", "load.arrivals"]
[limits]
"load.arrivals.p99_ms" = 250.0
"""
WAIVER = """
[[waivers]]
finding = "security.headers:leak:GET /a"
owner = "ada"
approver = "grace"
reason = "accepted until the proxy is replaced"
ticket = "SEC-7"
expires = 2026-03-20
"""


def read(text: str) -> Policy:
    policy = parse(text, today=TODAY)
    name_known(policy, checks=CHECKS, measures=("load.arrivals.p99_ms",), text=text)
    return policy


def test_a_valid_policy_is_read() -> None:
    policy = read(POLICY + WAIVER)
    assert policy.required("standard") == ("security.headers", "load.arrivals")
    assert policy.limits == {"load.arrivals.p99_ms": 250.0}
    assert policy.blocks_at is Severity.MEDIUM
    assert policy.waivers[0].approver == "grace"


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("version = 1\nversion = 1\n", "Cannot overwrite a value (at line 2"),
        (POLICY.replace("250.0", "nan"), "limits.load.arrivals.p99_ms"),
        (POLICY.replace("250.0", "inf"), "limits.load.arrivals.p99_ms"),
        (POLICY.replace("load.arrivals.p99_ms", "load.arrivals.p98"), "which no check measures"),
        (POLICY.replace('"load.arrivals"]', '"load.arrival"]'), "'load.arrival', which does not"),
        (POLICY.replace('["security.headers", "load.arrivals"]', "[]"), "requires no check"),
        (POLICY.replace("medium", "awful"), "blocks_at"),
        (POLICY.replace("version = 1", "version = 2"), "version"),
        (POLICY + "[extra]\n", "extra"),
        ("version = 1\n", "profiles"),
        (POLICY + WAIVER.replace("grace", " ADA "), "approved by its owner ada"),
        (POLICY + WAIVER.replace("expires = 2026-03-20", ""), "waivers.0.expires"),
        (POLICY + WAIVER.replace("2026-03-20", "2026-04-20"), "the latest day is 2026-03-31"),
        (POLICY + WAIVER.replace("security.headers:", "isolation.read:"), "cannot be waived"),
        (POLICY + WAIVER.replace("security.headers:", "security.hats:"), "'security.hats'"),
        (POLICY + WAIVER.replace('"ada"', '""'), "waivers.0.owner"),
        (POLICY + WAIVER.replace('ticket = "SEC-7"', ""), "waivers.0.ticket"),
        (POLICY + "[budget]\nnew = { medium = -1 }\n", "budget.new.medium"),
        (POLICY + "[budget]\nnew = { awful = 1 }\n", "budget.new.awful"),
        (POLICY + '[min_samples]\n"load.arrivals.p99_ms" = 0\n', "min_samples"),
        (POLICY + '[min_samples]\n"load.arrivals.p98_ms" = 9\n', "which no check measures"),
        (POLICY + '[relative."load.arrivals.p99_ms"]\nlast_n = 3\n', "max_regression_pct"),
        (
            POLICY + '[relative."load.arrivals.p99_ms"]\nmax_regression_pct = nan\n',
            "relative.load.arrivals.p99_ms",
        ),
        (
            POLICY + '[relative."load.arrivals.p98_ms"]\nmax_regression_pct = 5.0\n',
            "which no check measures",
        ),
        (POLICY + "[flaky]\nretries = 99\n", "flaky.retries"),
        (POLICY + '[flaky]\npasses = "no"\n', "flaky.passes"),
    ],
)
def test_an_invalid_policy_is_refused_in_one_sentence(broken: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(broken)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 64


@pytest.mark.parametrize(
    ("broken", "line", "remedy"),
    [
        (POLICY.replace('"medium"', '"awful"'), 3, "Correct the value"),
        (POLICY + "[extra]\n", 8, "Remove it"),
        (POLICY.replace("250.0", "nan"), 7, "a measure can exceed"),
        (POLICY.replace("load.arrivals.p99_ms", "load.arrivals.p98_ms"), 7, "p99_ms"),
        (POLICY.replace('"load.arrivals"]', '"load.arrival"]'), 5, "Write 'load.arrivals'"),
        (POLICY + WAIVER.replace("grace", "Ada"), 12, "somebody else"),
        (POLICY + WAIVER.replace("2026-03-20", "2026-04-20"), 15, "an earlier day"),
        (POLICY + WAIVER.replace("expires = 2026-03-20", ""), 9, "Add it"),
        (POLICY + WAIVER + WAIVER.replace("security.headers:", "isolation.read:"), 18, "fix"),
        (POLICY + WAIVER.replace("security.headers:", "security.hats:"), 10, "security.headers"),
        (POLICY + "[flaky\n", 8, "toml.io"),
        (POLICY + "[budget]\n# none\nnew.medium = -1\n", 10, "Correct the value"),
    ],
)
def test_a_mistake_is_named_with_file_and_line_and_what_to_do(
    broken: str, line: int, remedy: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        read(broken)
    assert str(caught.value).startswith(f"policy.toml:{line}: ")
    assert remedy in caught.value.advice()


def test_the_published_schema_is_the_policy_s() -> None:
    published = json.loads((ROOT / "docs" / "schemas" / "policy.schema.json").read_text())
    assert published == schema(), "run `tox -e docs`"
    validator = Draft202012Validator(published)
    validator.check_schema(published)
    ours = tomllib.loads((ROOT / "policy.toml").read_text())
    validator.validate(json.loads(json.dumps(ours, default=str)))
    assert not validator.is_valid({**ours, "block_at": "low"})


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(PolicyError, match="only standard"):
        read(POLICY).required("nightly")


def release_is_clean(verdict: Verdict, policy: Policy) -> bool:
    """The promise of a PASS, written a second time and another way."""
    by_check = {result.check: result for result in verdict.results}
    live = {each.finding for each in policy.waivers if each.expires >= TODAY}
    for check in policy.profiles["standard"]:
        result = by_check.get(check)
        if result is None or result.failures or result.doubts or result.lacking:
            return False
        for each in result.measures:
            if each.estimate.samples < policy.min_samples.get(f"{check}.p99_ms", 0):
                return False
    counts = Counter()
    for each in {
        each.key: each for result in by_check.values() for each in result.findings
    }.values():
        isolation = each.check.startswith("isolation.")
        if each.severity >= policy.blocks_at and (isolation or each.key not in live):
            if isolation:
                return False
            counts[each.severity] += 1
    return all(count <= policy.budget.new.get(severity, 0) for severity, count in counts.items())


@given(results(), policies())
def test_a_verdict_is_pass_exactly_when_nothing_blocks(
    given_results: tuple[Result, ...], policy: Policy
) -> None:
    verdict = decide(plan(), given_results, policy)
    assert (verdict.outcome is Outcome.PASS) == (not verdict.blocking)
    assert (verdict.outcome is Outcome.PASS) == release_is_clean(verdict, policy)


@given(results(), policies(), st.data())
def test_dropping_a_waiver_never_improves_a_verdict(
    given_results: tuple[Result, ...], policy: Policy, data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.sampled_from(policy.waivers))) if policy.waivers else []
    fewer = replace(policy, waivers=tuple(kept))
    assert (
        decide(plan(), given_results, fewer).outcome
        >= decide(plan(), given_results, policy).outcome
    )


def test_a_required_check_that_is_missing_is_an_error() -> None:
    verdict = decide(plan(), (), Policy(profiles={"standard": ("load.arrivals",)}))
    assert verdict.outcome is Outcome.ERROR
    assert verdict.blocking[0].reason.startswith("the check never ran")


def test_isolation_is_not_waived_even_by_a_policy_that_says_so() -> None:
    leak = finding("isolation.read")
    policy = Policy(profiles={"standard": ("isolation.read",)}, waivers=(waiver(leak.key),))
    verdict = decide(plan(), (Result(check="isolation.read", findings=(leak,)),), policy)
    assert verdict.outcome is Outcome.FAIL


def test_a_waived_finding_stays_visible_and_does_not_block() -> None:
    policy = Policy(profiles={"standard": ("security.headers",)}, waivers=(waiver(),))
    verdict = decide(plan(), (Result(check="security.headers", findings=(finding(),)),), policy)
    assert verdict.outcome is Outcome.PASS
    assert verdict.waived == policy.waivers
    assert verdict.results[0].outcome is Outcome.FAIL


def test_an_expired_waiver_is_stale_and_the_finding_blocks() -> None:
    expired = waiver(expires=TODAY - timedelta(days=1))
    policy = Policy(profiles={"standard": ("security.headers",)}, waivers=(expired,))
    verdict = decide(plan(), (Result(check="security.headers", findings=(finding(),)),), policy)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.stale == (expired,)


def test_a_waiver_that_nothing_needs_is_stale_unless_its_check_did_not_run() -> None:
    policy = Policy(profiles={"standard": ("security.headers",)}, waivers=(waiver(),))
    assert decide(plan(), (Result(check="security.headers"),), policy).stale == policy.waivers
    narrowed = plan(only=("load.arrivals",))
    assert decide(narrowed, (Result(check="load.arrivals"),), policy).stale == ()


def test_a_narrowed_run_names_what_it_left_out() -> None:
    policy = Policy(profiles={"standard": CHECKS})
    only = plan(only=("load.arrivals",))
    verdict = decide(only, (Result(check="load.arrivals"),), policy)
    assert verdict.outcome is Outcome.PASS
    assert verdict.left_out == ("isolation.read", "security.headers")


def test_an_optional_check_in_doubt_does_not_block_but_its_findings_do() -> None:
    policy = Policy(profiles={"standard": ("load.arrivals",)})
    fine = Result(check="load.arrivals")
    skipped = Result(check="security.headers", lacking=("http",))
    assert decide(plan(), (fine, skipped), policy).outcome is Outcome.PASS
    found = Result(check="security.headers", findings=(finding(),))
    assert decide(plan(), (fine, found), policy).outcome is Outcome.FAIL


def test_a_finding_below_the_bar_does_not_block() -> None:
    policy = Policy(profiles={"standard": ("security.headers",)}, blocks_at=Severity.CRITICAL)
    verdict = decide(plan(), (Result(check="security.headers", findings=(finding(),)),), policy)
    assert verdict.outcome is Outcome.PASS


@given(results(), policies(relative=True), st.lists(pasts, max_size=4))
def test_a_history_never_improves_a_verdict_unless_existing_findings_have_a_budget(
    given_results: tuple[Result, ...], policy: Policy, history: list[Past]
) -> None:
    alone = decide(plan(), given_results, policy, history=())
    assert decide(plan(), given_results, policy, history=history).outcome >= alone.outcome


@given(results(), policies(), st.lists(pasts, max_size=4))
def test_without_a_budget_a_history_changes_no_blocking_finding(
    given_results: tuple[Result, ...], policy: Policy, history: list[Past]
) -> None:
    strict = replace(policy, budget=Budget())
    alone = decide(plan(), given_results, strict, history=())
    assert decide(plan(), given_results, strict, history=history).blocking == alone.blocking


HEADERS = Policy(profiles={"standard": ("security.headers",)})


def found(*rules: str, severity: Severity = Severity.MEDIUM) -> Result:
    findings = tuple(finding(rule=rule, severity=severity) for rule in rules)
    return Result(check="security.headers", findings=findings)


def test_a_budget_tolerates_all_findings_of_a_severity_or_none() -> None:
    policy = replace(HEADERS, budget=Budget(new={Severity.MEDIUM: 2}))
    two = decide(plan(), (found("a", "b"),), policy)
    assert two.outcome is Outcome.PASS
    assert len(two.tolerated) == 2
    assert two.results[0].outcome is Outcome.FAIL
    three = decide(plan(), (found("a", "b", "c"),), policy)
    assert len(three.blocking) == 3
    assert three.tolerated == ()
    assert decide(plan(), (found("a", severity=Severity.HIGH),), policy).outcome is Outcome.FAIL


def test_new_and_existing_findings_have_budgets_of_their_own() -> None:
    policy = replace(HEADERS, budget=Budget(existing={Severity.MEDIUM: 1}))
    had = past(findings=("security.headers:a:GET /things/{id}",), outcome=Outcome.FAIL)
    assert decide(plan(), (found("a"),), policy, history=(had,)).outcome is Outcome.PASS
    assert decide(plan(), (found("b"),), policy, history=(had,)).outcome is Outcome.FAIL
    assert decide(plan(), (found("a"),), policy).outcome is Outcome.FAIL
    fixed_since = past(findings=(), outcome=Outcome.PASS)
    regressed = decide(plan(), (found("a"),), policy, history=(had, fixed_since))
    assert regressed.outcome is Outcome.FAIL
    assert regressed.known[0].state is State.REGRESSED


def test_isolation_has_no_budget() -> None:
    budget = Budget(new=dict.fromkeys(Severity, 9), existing=dict.fromkeys(Severity, 9))
    policy = Policy(profiles={"standard": ("isolation.read",)}, budget=budget)
    leak = Result(check="isolation.read", findings=(finding("isolation.read"),))
    assert decide(plan(), (leak,), policy).outcome is Outcome.FAIL


def latency(value: float, low: float, high: float, samples: int = 99) -> Result:
    estimate = Estimate(name="p99_ms", value=value, low=low, high=high, samples=samples)
    measured = Measure(estimate=estimate, limit=Limit(value=1000, unit="ms"))
    return Result(check="load.arrivals", measures=(measured,))


def arrivals(**rules: object) -> Policy:
    return Policy(profiles={"standard": ("load.arrivals",)}, **rules)  # type: ignore[arg-type]


def test_too_few_samples_of_a_measure_are_no_pass() -> None:
    policy = arrivals(min_samples={"load.arrivals.p99_ms": 100})
    verdict = decide(plan(), (latency(10, 9, 11),), policy)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "rests on 99 samples, the policy asks for 100" in verdict.blocking[0].reason
    assert decide(plan(), (latency(10, 9, 11, 100),), policy).outcome is Outcome.PASS


RELATIVE = arrivals(relative={"load.arrivals.p99_ms": Relative(max_regression_pct=10, last_n=3)})


def runs(*values: float, outcome: Outcome = Outcome.PASS) -> list[Past]:
    return [
        past(
            outcome=outcome,
            measures={
                "load.arrivals.p99_ms": Estimate(
                    name="p99_ms", value=value, low=value, high=value, samples=99
                )
            },
        )
        for value in values
    ]


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        ((109, 100, 130), Outcome.PASS),
        ((112, 108, 130), Outcome.INCONCLUSIVE),
        ((115, 111, 130), Outcome.FAIL),
        ((1, 1, 1), Outcome.PASS),
    ],
)
def test_a_measure_is_held_against_the_median_of_the_last_passing_runs(
    now: tuple[float, float, float], outcome: Outcome
) -> None:
    history = [*runs(1, 1, 1, 100, 90, 110), *runs(900, outcome=Outcome.FAIL)]
    assert decide(plan(), (latency(*now),), RELATIVE, history=history).outcome is outcome


def test_a_measure_that_should_be_high_is_held_the_other_way_round() -> None:
    low = latency(85, 80, 89)
    floor = replace(
        low, measures=(replace(low.measures[0], limit=Limit(value=1, unit="/s", at_most=False)),)
    )
    assert decide(plan(), (floor,), RELATIVE, history=runs(100)).outcome is Outcome.FAIL
    assert decide(plan(), (floor,), RELATIVE, history=runs(90)).outcome is Outcome.PASS


def test_a_first_run_is_noted_and_no_history_at_all_is_in_doubt() -> None:
    first = decide(plan(), (latency(10, 9, 11),), RELATIVE, history=())
    assert first.outcome is Outcome.PASS
    assert first.notes == (
        "load.arrivals.p99_ms was not compared: no earlier run of this profile passed",
    )
    none = decide(plan(), (latency(10, 9, 11),), RELATIVE)
    assert none.outcome is Outcome.INCONCLUSIVE
    assert "no history was given" in none.blocking[0].reason
