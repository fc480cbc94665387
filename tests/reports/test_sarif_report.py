from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.measures import BEYOND
from gate.model import Known, Outcome, Severity, State, Verdict
from reports.as_sarif import LEVELS, MOST_RESULTS, render
from tests.reports.clean import CLEAN, verdict
from tests.reports.examples import EXAMPLES, accept, crowded, failing, header, leak, remembering
from tests.reports.strategies import unhurried, verdicts

DIGEST = re.compile(r"[0-9a-f]{64}")


def run_of(written: str) -> dict[str, Any]:
    (run,) = json.loads(written)["runs"]
    assert isinstance(run, dict)
    return run


def results(verdict: Verdict) -> dict[str, dict[str, Any]]:
    return {
        each.get("properties", {}).get("key", each["ruleId"]): each
        for each in run_of(render(verdict))["results"]
    }


def test_a_finding_is_a_failure_with_its_exchange_and_its_taxa() -> None:
    found = results(failing())[leak().key]
    assert (found["kind"], found["level"]) == ("fail", "error")
    assert found["webRequest"]["target"] == "/v1/runs/{run_id}"
    assert found["webResponse"]["statusCode"] == 200
    assert [each["id"] for each in found["taxa"]] == ["639", "API1:2023", "V8.4.1"]
    assert leak().evidence[0].reproduce in found["message"]["text"]
    assert found["properties"]["cvssBaseScore"] == 8.3


def test_a_waiver_suppresses_and_does_not_remove() -> None:
    found = results(EXAMPLES["waived"])[header().key]
    assert found["suppressions"][0]["status"] == "accepted"
    assert "Grace Hopper" in found["suppressions"][0]["justification"]
    assert results(failing())[leak().key]["suppressions"] == []


@pytest.mark.parametrize("name", ["skipped", "inconclusive", "error"])
def test_a_check_without_a_full_answer_is_open_and_the_run_not_successful(name: str) -> None:
    run = run_of(render(EXAMPLES[name]))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"]
    assert {each["kind"] for each in run["results"]} == {"open"}


def test_a_finding_alone_leaves_the_run_successful() -> None:
    clean = replace(CLEAN["isolation.read-by-id"], findings=(leak(),))
    (invocation,) = run_of(render(verdict(clean)))["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["startTimeUtc"] == "2026-03-16T09:41:07Z"


def test_a_pass_is_no_alert() -> None:
    assert run_of(render(EXAMPLES["pass"]))["results"] == []


def test_the_fingerprint_is_that_of_the_key_alone() -> None:
    once = results(failing())[leak().key]["partialFingerprints"]
    again = replace(leak(), title="Other words", severity=Severity.LOW)
    twice = results(verdict(replace(CLEAN["isolation.read-by-id"], findings=(again,))))
    assert twice[leak().key]["partialFingerprints"] == once
    assert DIGEST.fullmatch(once["maestroFinding/v1"])


def test_a_rule_is_not_described_by_the_numbers_of_one_run() -> None:
    beyond = replace(leak("p99"), rule=BEYOND, title="p99 is 412 ms, limit ≤ 300 ms")
    run = run_of(render(verdict(replace(CLEAN["isolation.read-by-id"], findings=(beyond,)))))
    (rule,) = run["tool"]["driver"]["rules"]
    assert "412" not in json.dumps(rule)
    assert "412 ms" in run["results"][0]["message"]["text"]


def test_too_many_results_are_cut_worst_first_and_that_is_said() -> None:
    run = run_of(render(crowded(), most=3))
    assert [each["properties"]["severity"] for each in run["results"]] == ["critical"] * 3
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("197 results are left out, the least severe")
    assert len(run["tool"]["driver"]["rules"]) == 1


def test_a_log_too_large_for_an_upload_is_cut_until_it_fits() -> None:
    largest = len(gzip.compress(render(crowded()).encode(), 1)) - 1
    written = render(crowded(), largest=largest)
    assert len(gzip.compress(written.encode(), 1)) <= largest
    assert "results are left out" in written


def test_what_the_history_knows_becomes_the_baseline() -> None:
    plain = failing()
    known = Known(finding=leak().key, state=State.EXISTING, first_seen=date(2026, 1, 5))
    found = results(replace(plain, known=(known,), earlier=remembering().earlier))
    assert found[leak().key]["baselineState"] == "unchanged"
    assert found[leak().key]["properties"]["firstSeen"] == "2026-01-05"
    assert "baselineState" not in results(plain)[leak().key]


@unhurried
@given(verdicts)
def test_every_log_keeps_the_rules_that_the_schema_cannot_say(verdict: Verdict) -> None:
    run = run_of(render(verdict))
    rules = run["tool"]["driver"]["rules"]
    taxonomies = run["taxonomies"]
    assert len(run["results"]) <= MOST_RESULTS
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert len(rule["properties"]["tags"]) <= 20
        assert 0 <= float(rule["properties"].get("security-severity", "0")) <= 10
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"] == "fail") == (result["level"] in set(LEVELS.values()))
        assert result["message"]["text"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].isascii()
        for taxon in result.get("taxa", ()):
            taxonomy = taxonomies[taxon["toolComponent"]["index"]]
            assert taxonomy["name"] == taxon["toolComponent"]["name"]
            assert taxonomy["taxa"][taxon["index"]]["id"] == taxon["id"]
    stopped = any(block.finding is None for block in verdict.blocking)
    assert run["invocations"][0]["executionSuccessful"] is not stopped


@unhurried
@given(verdicts, st.integers(0, 3))
def test_no_finding_is_lost_but_the_least_severe(verdict: Verdict, most: int) -> None:
    found = sum(len(result.findings) for result in verdict.results)
    told = [each for each in run_of(render(verdict))["results"] if each["kind"] == "fail"]
    assert len(told) == found
    assert len(run_of(render(verdict, most=most))["results"]) <= most


def test_outcomes_other_than_a_pass_are_never_silent() -> None:
    for example in EXAMPLES.values():
        run = run_of(render(example))
        blocked = [each for each in run["results"] if not each.get("suppressions")]
        assert bool(blocked) == (example.outcome is not Outcome.PASS)


def test_an_accepted_finding_of_another_key_suppresses_nothing() -> None:
    other = accept("security.headers:missing:Other")
    found = verdict(replace(CLEAN["security.headers"], findings=(header(),)), waivers=(other,))
    assert results(found)[header().key]["suppressions"] == []
