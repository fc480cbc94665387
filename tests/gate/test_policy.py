from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.model import Outcome, Result, Severity, Verdict
from gate.policy import Policy, PolicyError, decide, name_known, parse
from tests.make import CHECKS, TODAY, finding, plan, policies, results, waiver

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
expires = 2026-03-20
"""


def read(text: str) -> Policy:
    policy = parse(text, today=TODAY)
    name_known(policy, checks=CHECKS, measures=("load.arrivals.p99_ms",))
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
    ],
)
def test_an_invalid_policy_is_refused_in_one_sentence(broken: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(broken)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 64


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
    for result in by_check.values():
        for each in result.findings:
            accepted = each.key in live and not each.check.startswith("isolation.")
            if each.severity >= policy.blocks_at and not accepted:
                return False
    return True


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
