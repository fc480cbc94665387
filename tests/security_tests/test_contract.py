import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from gate.check import Control, Testbed
from gate.model import Doubt, Finding, Json, Observation, Severity
from gate.run import gather, judge
from security_tests.contract import CHECK, CLEAN, WEIGHTS
from security_tests.document import Route
from security_tests.fuzz import GATE, Look, address, endangers, passed, without_once
from security_tests.fuzz_report import list_cases, list_troubles, read_events


def found(record: Sequence[Observation]) -> list[Finding]:
    return [said for said in CHECK.judge(record) if isinstance(said, Finding)]


def doubted(record: Sequence[Observation]) -> list[str]:
    return [said.subject for said in CHECK.judge(record) if isinstance(said, Doubt)]


def operation(**data: Json) -> Observation:
    return replace(CLEAN[0], data={**CLEAN[0].data, **data})


def test_a_clean_run_has_neither_finding_nor_doubt() -> None:
    assert not list(CHECK.judge(CLEAN))


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda control: control.defect)
def test_each_failed_check_is_one_finding_on_its_operation(control: Control) -> None:
    (finding,) = found(control.record)
    assert f"({finding.rule})" in control.defect
    assert finding.subject == "POST /v1/runs"


def test_every_known_check_has_a_control() -> None:
    assert {finding.rule for each in CHECK.controls for finding in found(each.record)} > {*WEIGHTS}


def test_server_errors_weigh_more_than_other_broken_promises() -> None:
    by_rule = {each.rule: each for control in CHECK.controls for each in found(control.record)}
    assert by_rule["not_a_server_error"].severity is Severity.HIGH
    assert by_rule["response_schema_conformance"].severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "untested",
    [
        operation(cases=0, statuses={}),
        operation(cases=2, statuses={"200": 2}),
        operation(cases=9, statuses={"401": 8, "429": 1}),
        Observation(kind="trouble", subject="POST /v1/runs", data={"message": "no schema"}),
    ],
)
def test_an_operation_that_was_not_exercised_is_a_doubt(untested: Observation) -> None:
    assert doubted([untested]) == ["POST /v1/runs"]


def test_a_principal_that_is_locked_out_is_a_doubt() -> None:
    assert doubted([Observation(kind="principal", subject="GET /v1/me", data={"status": 401})])


@pytest.mark.parametrize(
    ("method", "path", "dangerous"),
    [
        ("DELETE", "/v1/members/{member_id}", True),
        ("PATCH", "/users/{id}", True),
        ("POST", "/v1/api-keys/{key_id}/revoke", True),
        ("POST", "/v1/api-keys/{key_id}:rotate", True),
        ("PATCH", "/v1/quotas", True),
        ("GET", "/v1/quotas", False),
        ("DELETE", "/v1/tenant", True),
        ("DELETE", "/v1/organizations/{id}", True),
        ("PATCH", "/v1/tenants/{tenant_id}", False),
        ("POST", "/v1/members", False),
        ("GET", "/v1/members/{member_id}", False),
        ("DELETE", "/v1/runs/{run_id}", False),
        ("DELETE", "/v1/tenants/{tenant_id}/runs/{run_id}", False),
    ],
)
def test_what_could_lock_the_principal_out_is_left_alone(
    method: str, path: str, dangerous: bool
) -> None:
    assert endangers(Route(method=method, path=path, secured=True)) is dangerous


def scenario(label: str, **case: Json) -> str:
    check: dict[str, Any] = {"name": "not_a_server_error", "status": "failure"}
    check["failure_info"] = {"failure": {"title": "Server error", "message": "boom"}}
    recorder = {
        "label": label,
        "cases": {"a": {"value": case}},
        "checks": {"a": [{"name": "use_after_free", "status": "success"}, check]},
        "interactions": {
            "a": {
                "request": {
                    "method": "POST",
                    "uri": "http://127.0.0.1:1/v1/runs?x=1",
                    "headers": {"Authorization": ["[Filtered]"]},
                    "body": {"$base64": "eyJhIjogMX0="},
                },
                "response": {"status_code": 500, "content": "oops"},
            }
        },
    }
    return json.dumps({"ScenarioFinished": {"phase": "fuzzing", "recorder": recorder}})


def test_a_case_is_read_with_its_request_its_answer_and_its_failed_checks() -> None:
    (case,) = list_cases(read_events([scenario("POST /v1/runs")]), "authorization")
    assert (case.operation, case.method, case.path) == ("POST /v1/runs", "POST", "/v1/runs?x=1")
    assert (case.body, case.status, case.answer) == ({"a": 1}, 500, "oops")
    assert case.signed
    assert [(each.check, each.message) for each in case.failed] == [("not_a_server_error", "boom")]


def test_a_chain_of_calls_names_each_operation() -> None:
    lines = [scenario("Stateful tests", method="GET", path="/v1/runs/{run_id}")]
    (case,) = list_cases(read_events(lines), "authorization")
    assert case.operation == "GET /v1/runs/{run_id}"


def test_a_run_without_an_orderly_end_is_a_trouble() -> None:
    done = '{"EngineFinished": {"stop_reason": "completed"}}'
    assert not list(list_troubles(read_events([done])))
    assert [each.subject for each in list_troubles(read_events([]))] == ["schemathesis"]


class Narrow:
    """The running testbed with a part of its document: less to fuzz, nothing else changed."""

    def __init__(self, testbed: Testbed, prefixes: tuple[str, ...]) -> None:
        self.testbed, self.prefixes = testbed, prefixes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.testbed, name)

    def openapi(self) -> Mapping[str, Json]:
        document = dict(self.testbed.openapi())
        paths = document["paths"]
        assert isinstance(paths, dict)
        kept = {path: item for path, item in paths.items() if path in self.prefixes}
        return {**document, "paths": kept}


def test_the_running_service_keeps_its_contract_and_every_operation_is_exercised(
    testbed: Testbed,
) -> None:
    paths = ("/v1/me", "/v1/projects", "/v1/projects/{project_id}", "/v1/members/{member_id}")
    narrow: Any = Narrow(testbed, paths)
    record = gather(CHECK, narrow, lambda _: None)
    result = judge(CHECK, record)
    assert not result.failures
    assert not result.doubts
    assert not {finding.key: finding.detail for finding in result.findings}
    assert result.observed == {"excluded": 2, "operation": 6, "principal": 1}
    seen = {each.subject: each.data for each in record.observations}
    for operation in ("GET /v1/projects/{project_id}", "PATCH /v1/projects/{project_id}"):
        statuses, phases = seen[operation]["statuses"], seen[operation]["phases"]
        assert isinstance(statuses, dict)
        assert isinstance(phases, dict)
        assert "200" in statuses
        assert "examples" in phases
    assert not list(testbed.folder.glob("fuzz-*"))
    assert not any(secret in repr(record) for secret in testbed.secrets)


def test_the_fuzzer_never_sends_a_key_that_makes_a_request_count_once() -> None:
    once: Json = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
    other: Json = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
    query: Json = {"name": "Idempotency-Key", "in": "query", "schema": {"type": "string"}}
    operation: dict[str, Json] = {"parameters": [once, other, query], "responses": {}}
    document: dict[str, Json] = {"paths": {"/runs": {"post": operation, "get": {}}}}
    left = {"parameters": [other, query], "responses": {}}
    assert without_once(document) == {"paths": {"/runs": {"post": left, "get": {}}}}
    assert operation["parameters"] == [once, other, query]


def test_a_failure_shows_its_request_and_answer_without_credentials() -> None:
    data: dict[str, Json] = {
        **CHECK.controls[0].record[-1].data,
        "method": "POST",
        "target": "/v1/runs?dry=1",
        "sent": '{"name": 5}',
    }
    record = Observation(kind="failure", subject="POST /v1/runs", data=data)
    (finding,) = (each for each in CHECK.judge([record]) if isinstance(each, Finding))
    shown = finding.evidence[0].exchange
    assert shown is not None
    assert (shown.method, shown.target, shown.sent) == ("POST", "/v1/runs?dry=1", '{"name": 5}')
    assert (shown.status, shown.received) == (500, "{}")
    assert address("/v1/runs?api_key=abc&dry=1") == "/v1/runs?api_key=%5Bredacted%5D&dry=1"


def test_an_operation_that_is_left_out_for_two_reasons_is_named_once(testbed: Testbed) -> None:
    key = Route(method="DELETE", path="/v1/api-keys/{key_id}", secured=True)
    run = Route(method="GET", path="/v1/runs/{run_id}", secured=True)
    look = Look(client=testbed.actor("acme"), excluded=[key], effort=GATE)
    assert passed(look, [key, run], frozenset({"key_id", "run_id"})) == [key, run]
