from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given

from gate.model import Verdict
from reports.as_gitlab import render
from tests.reports.examples import EXAMPLES, failing, header, leak
from tests.reports.strategies import unhurried, verdicts

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def document(verdict: Verdict) -> dict[str, Any]:
    told = json.loads(render(verdict))
    assert isinstance(told, dict)
    return told


def found(verdict: Verdict, path: str) -> dict[str, Any]:
    (one,) = [
        each for each in document(verdict)["vulnerabilities"] if each["location"]["path"] == path
    ]
    assert isinstance(one, dict)
    return one


def test_a_finding_tells_where_what_and_what_was_expected() -> None:
    told = found(failing(), "/v1/runs/{run_id}")
    assert told["severity"] == "Critical"
    assert told["location"]["method"] == "GET"
    assert told["evidence"]["request"]["url"] == "http://127.0.0.1:8731/v1/runs/{run_id}"
    assert told["evidence"]["response"]["reason_phrase"] == "OK"
    (expected,) = told["evidence"]["supporting_messages"]
    assert expected["response"]["status_code"] == 404
    assert leak().evidence[0].reproduce in told["description"]
    assert "CVSS 4.0 base score 8.3 (High)" in told["description"]


def test_a_waived_finding_is_there_and_says_so() -> None:
    told = found(EXAMPLES["waived"], header().subject)
    assert "Waived until 2026-04-02 by Grace Hopper" in told["description"]


def test_what_was_scanned_is_what_facts_were_recorded_of() -> None:
    resources = document(EXAMPLES["pass"])["scan"]["scanned_resources"]
    assert [each["method"] for each in resources] == ["GET", "GET", "POST"]
    assert all(each["url"].startswith("http://127.0.0.1:8731/v1/") for each in resources)


@pytest.mark.parametrize("name", ["skipped", "inconclusive", "error"])
def test_an_incomplete_answer_is_a_failed_scan(name: str) -> None:
    scan = document(EXAMPLES[name])["scan"]
    assert scan["status"] == "failure"
    assert "fatal" in {each["level"] for each in scan["messages"]}
    assert document(EXAMPLES["pass"])["scan"]["status"] == "success"


@unhurried
@given(verdicts)
def test_every_report_keeps_the_schema_of_gitlab(verdict: Verdict) -> None:
    """The constraints of the DAST schema 15.0.7 on what this module writes."""
    told = document(verdict)
    scan = told["scan"]
    assert told["version"] == "15.0.7"
    assert TIME.fullmatch(scan["start_time"])
    assert TIME.fullmatch(scan["end_time"])
    assert scan["status"] in {"success", "failure"}
    assert scan["analyzer"]["version"]
    assert all(each["value"] and each["level"] in {"warn", "fatal"} for each in scan["messages"])
    assert all(each["method"] and each["url"] for each in scan["scanned_resources"])
    primary = {each["value"] for each in scan["primary_identifiers"]}
    for each in told["vulnerabilities"]:
        assert UUID.fullmatch(each["id"])
        assert len(each["name"]) <= 255
        assert len(each["solution"]) <= 7000
        assert each["severity"] in {"Info", "Low", "Medium", "High", "Critical"}
        assert each["identifiers"][0]["value"] in primary
        assert all(one["type"] and one["name"] and one["value"] for one in each["identifiers"])
        assert all(
            re.match("https?://.", one.get("url", "https://x")) for one in each["identifiers"]
        )
        request = each.get("evidence", {}).get("request")
        assert request is None or (request["method"] and request["url"])
