from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given

from gate.model import Outcome, Verdict
from reports.as_ctrf import STATUSES, render
from tests.reports.examples import EXAMPLES, failing, leak
from tests.reports.strategies import decided, unhurried, verdicts


def results(verdict: Verdict) -> dict[str, Any]:
    told = json.loads(render(verdict))["results"]
    assert isinstance(told, dict)
    return told


def test_a_finding_that_blocks_fails_its_check_and_shows_the_command() -> None:
    tests = {each["name"]: each for each in results(failing())["tests"]}
    failed = tests["isolation.read-by-id"]
    assert (failed["status"], failed["rawStatus"]) == ("failed", "fail")
    assert leak().evidence[0].reproduce in failed["trace"]


def test_an_incomplete_answer_is_other_and_never_skipped() -> None:
    for name in ("skipped", "inconclusive", "error"):
        told = {each["rawStatus"]: each["status"] for each in results(EXAMPLES[name])["tests"]}
        assert told[name] == "other"


def test_a_run_has_a_start_and_a_stop_in_milliseconds() -> None:
    summary = results(EXAMPLES["pass"])["summary"]
    assert summary["start"] == 1773654067000
    assert summary["stop"] - summary["start"] == 184130


@unhurried
@given(verdicts)
def test_the_summary_counts_the_tests_that_are_listed(verdict: Verdict) -> None:
    told = results(verdict)
    counts = Counter(each["status"] for each in told["tests"])
    assert {each: told["summary"][each] for each in STATUSES} == {
        each: counts[each] for each in STATUSES
    }
    assert told["summary"]["tests"] == len(told["tests"])
    assert counts["skipped"] == counts["pending"] == 0


@unhurried
@given(decided())
def test_all_passed_means_that_nothing_blocks(verdict: Verdict) -> None:
    summary = results(verdict)["summary"]
    if summary["passed"] == summary["tests"]:
        assert verdict.outcome is Outcome.PASS
