"""Whoever reads only the terminal still hears of everything that was found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from gate.model import Result, Severity
from gate.policy import Policy, decide
from gate.screen import verdict_text
from tests.make import finding, plan, policies, results, waiver

HEADERS = "security.headers"
POLICY = Policy(profiles={"standard": (HEADERS,)}, blocks_at=Severity.MEDIUM)


def shown(severity: Severity, policy: Policy = POLICY) -> str:
    found = [Result(check=HEADERS, findings=(finding(severity=severity),))]
    return verdict_text(decide(plan(), found, policy), Path("runs/x"))


def test_a_finding_too_mild_to_block_is_told_beside_a_pass() -> None:
    text = shown(Severity.LOW)
    assert "PASS" in text
    assert "tolerated    low: A thing leaks (GET /things/{id})" in text


@pytest.mark.parametrize(
    ("severity", "policy"),
    [
        (Severity.HIGH, POLICY),
        (Severity.HIGH, Policy(profiles=POLICY.profiles, waivers=(waiver(),))),
    ],
)
def test_a_finding_that_blocks_or_is_waived_is_not_called_tolerated(
    severity: Severity, policy: Policy
) -> None:
    assert "tolerated" not in shown(severity, policy)


@given(found=results(), policy=policies())
def test_every_finding_blocks_is_waived_or_is_told_as_tolerated(
    found: tuple[Result, ...], policy: Policy
) -> None:
    verdict = decide(plan(), found, policy)
    counted = {block.finding for block in verdict.blocking}
    counted |= {each.finding for each in verdict.waived}
    mild = [each for result in found for each in result.findings if each.key not in counted]
    assert verdict_text(verdict, Path("runs/x")).count("\n  tolerated    ") == len(mild)
