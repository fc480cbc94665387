from __future__ import annotations

import pytest
from hypothesis import given

from gate.codec import decode, encode
from gate.errors import IntegrityError
from gate.model import Caught, Estimate, Limit, Outcome, Result, Severity, Verdict, gate_of
from gate.policy import Policy, decide
from tests.make import finding, plan, policies, results


@given(results(), policies())
def test_a_verdict_survives_being_stored(given: tuple[Result, ...], policy: Policy) -> None:
    verdict = decide(plan(), given, policy)
    assert decode(Verdict, encode(verdict), source="here") == verdict


@given(results())
def test_the_worst_part_decides(given: tuple[Result, ...]) -> None:
    for result in given:
        if result.findings:
            assert result.outcome is Outcome.FAIL
        elif result.failures:
            assert result.outcome is Outcome.ERROR
        elif result.doubts:
            assert result.outcome is Outcome.INCONCLUSIVE
        elif result.lacking:
            assert result.outcome is Outcome.SKIPPED
        else:
            assert result.outcome is Outcome.PASS


def test_a_finding_s_key_does_not_depend_on_the_run() -> None:
    assert finding().key == "security.headers:leak:GET /things/{id}"
    assert gate_of(finding().check) == "security"


def test_sensitivity_counts_planted_defects() -> None:
    caught = Result(check="a.b", controls=(Caught(defect="x", caught=True),))
    missed = Result(check="a.c", controls=(Caught(defect="y", caught=False),))
    verdict = decide(plan(), (caught, missed), Policy(profiles={"standard": ("a.b",)}))
    assert verdict.sensitivity == (1, 2)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_an_estimate_is_a_finite_number(number: float) -> None:
    with pytest.raises(ValueError, match="p99_ms is not a finite number"):
        Estimate(name="p99_ms", value=1, low=1, high=number, samples=1)


def test_a_limit_is_a_finite_number() -> None:
    with pytest.raises(ValueError, match="could never be exceeded"):
        Limit(value=float("inf"), unit="ms")


def test_a_choice_is_read_by_its_written_name_only() -> None:
    assert Severity.parse("high") is Severity.HIGH
    with pytest.raises(ValueError, match="is none of: info, low, medium, high, critical"):
        Severity.parse("HIGH")


def test_unreadable_json_names_its_source_and_place() -> None:
    with pytest.raises(IntegrityError, match=r"verdict\.json is not readable at target"):
        decode(Verdict, '{"target": 3}', source="verdict.json")
