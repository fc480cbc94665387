from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from junitparser import JUnitXml, TestCase

from gate.model import Outcome, Verdict
from reports.as_junit import render
from tests.reports.examples import EXAMPLES, crowded, failing, leak
from tests.reports.hostile import HOSTILE, spoil
from tests.reports.strategies import decided, unhurried, verdicts


def cases(verdict: Verdict) -> dict[str, TestCase]:
    document = JUnitXml.fromstring(render(verdict).encode())
    return {case.name: case for suite in document for case in suite}


def test_a_finding_that_blocks_is_a_failure_with_key_detail_and_command() -> None:
    (failure,) = cases(failing())["isolation.read-by-id"].result
    assert (failure._tag, failure.type) == ("failure", "fail")
    for wanted in (leak().key, leak().detail, leak().remedy, leak().evidence[0].reproduce):
        assert wanted in failure.text


@pytest.mark.parametrize("name", ["skipped", "inconclusive", "error"])
def test_an_incomplete_answer_is_an_error_and_never_skipped(name: str) -> None:
    answers = [answer for case in cases(EXAMPLES[name]).values() for answer in case.result]
    assert answers
    assert {answer._tag for answer in answers} == {"error"}


def test_a_required_check_that_never_ran_is_an_error() -> None:
    (error,) = cases(failing())["recovery.restore-point"].result
    assert error._tag == "error"
    assert "never ran" in error.message


def test_a_waived_finding_passes_and_is_told() -> None:
    case = cases(EXAMPLES["waived"])["security.headers"]
    assert case.is_passed
    assert "waived: security.headers:missing:Permissions-Policy" in case.system_out


def test_suites_are_gates_and_their_counts_add_up() -> None:
    document = JUnitXml.fromstring(render(failing()).encode())
    counts = {suite.name: (suite.tests, suite.failures, suite.errors) for suite in document}
    assert counts == {
        "isolation": (1, 1, 0),
        "chaos": (1, 0, 1),
        "recovery": (1, 0, 1),
        "load": (1, 0, 1),
        "security": (1, 0, 0),
        "contract": (1, 0, 0),
    }


def test_two_hundred_findings_are_one_failed_test() -> None:
    (failure,) = cases(crowded())["isolation.read-by-id"].result
    assert failure.message.endswith("(and 119 more)")


@unhurried
@given(decided())
def test_all_green_means_that_nothing_blocks(verdict: Verdict) -> None:
    document = ET.fromstring(render(verdict).encode())  # noqa: S314 - our own text
    red = document.findall(".//failure") + document.findall(".//error")
    assert red or verdict.outcome is Outcome.PASS


@unhurried
@given(verdicts)
def test_every_document_keeps_to_the_dialect_of_jenkins(verdict: Verdict) -> None:
    document = ET.fromstring(render(verdict).encode())  # noqa: S314 - our own text
    assert {each.tag for each in document.iter()} <= {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "error",
        "system-out",
    }
    times = [each.get("time", "0") for each in document.iter()]
    assert all(re.fullmatch(r"\d+(\.\d{1,3})?", time) for time in times)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(text: str) -> None:
    verdict = spoil(text)
    document = ET.fromstring(render(verdict).encode())  # noqa: S314 - our own text
    assert len(document.findall(".//testcase")) == 2
