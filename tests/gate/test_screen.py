"""The terminal says what the verdict says, also what does not block."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given

from gate.archive import Kept
from gate.model import Doubt, Outcome, Result, Severity, Verdict
from gate.policy import Budget, Policy, decide
from gate.screen import history_text, policy_text, signature_line, verdict_text
from tests.make import CHECKS, TODAY, finding, past, plan, policies, results, waiver

POLICY = Policy(
    profiles={"standard": CHECKS},
    budget=Budget(new={Severity.MEDIUM: 1}),
    limits={"load.arrivals.p99_ms": 250.0},
    waivers=(
        waiver(expires=TODAY),
        waiver("security.headers:old:GET /a", expires=TODAY - timedelta(days=1)),
    ),
)
FOUND = Result(
    check="security.headers",
    findings=(finding(), finding(rule="small", severity=Severity.MEDIUM)),
)


def verdict() -> Verdict:
    return decide(plan(only=("security.headers",)), (FOUND,), POLICY, history=(past(),))


def test_what_is_accepted_or_left_out_is_said() -> None:
    text = verdict_text(verdict(), Path("runs/x"))
    assert "waived until 2026-03-01: security.headers:leak" in text
    assert "stale waiver, remove it: security.headers:old" in text
    assert "within the policy's budget, not waived: security.headers:small" in text
    assert "left out of profile standard: isolation.read, load.arrivals" in text
    assert "findings against earlier runs (1): 2 new" in text
    assert "Not signed" in text


def test_a_note_is_said() -> None:
    noted = replace(verdict(), notes=("x was not compared",))
    assert "note: x was not compared" in verdict_text(noted, Path("x"))


def test_what_several_checks_lack_is_said_once() -> None:
    lacking = (Doubt(subject="GET /a", reason="no object: POST /a got 422"),)
    checks = ("isolation.read", "isolation.lists", "isolation.roles")
    results = tuple(Result(check=each, doubts=lacking) for each in checks)
    required = Policy(profiles={"standard": checks})
    text = verdict_text(decide(plan(), results, required), Path("x"))
    assert text.count("POST /a got 422") == 1
    assert "and 2 more: GET /a no object: POST /a got 422" in text


def test_who_vouches_is_said() -> None:
    origin = verdict().provenance
    assert origin is not None
    signed = replace(verdict(), provenance=replace(origin, signer="SHA256:abc"))
    assert "that you trust." in signature_line(signed, trusted=True)
    assert "--public-key" in signature_line(signed, trusted=False)


def test_earlier_runs_are_listed_with_the_checks_that_never_failed() -> None:
    one = past(checks={"a.b": Outcome.FAIL, "a.c": Outcome.PASS}, outcome=Outcome.FAIL)
    text = history_text([Kept(target="stub", past=one)])
    assert "BLOCKED" in text
    assert text.endswith("never seen to fail: a.c")
    assert history_text([]).endswith("never seen to fail: none")


def test_a_policy_is_told() -> None:
    text = policy_text(POLICY)
    assert "limit load.arrivals.p99_ms = 250" in text
    assert "waived until 2026-03-01: security.headers:leak" in text


@given(found=results(), policy=policies())
def test_every_finding_blocks_is_accepted_or_is_said_not_to_block(
    found: tuple[Result, ...], policy: Policy
) -> None:
    decided = decide(plan(), found, policy)
    told = {block.finding for block in decided.blocking} | set(decided.tolerated)
    told |= {each.finding for each in decided.waived}
    mild = [each for result in found for each in result.findings if each.key not in told]
    text = verdict_text(decided, Path("runs/x"))
    assert text.count("\n  does not block: ") == len(mild)


def test_a_finding_too_mild_to_block_is_told_beside_a_pass() -> None:
    mild = Result(check="security.headers", findings=(finding(severity=Severity.LOW),))
    only = Policy(profiles={"standard": ("security.headers",)})
    text = verdict_text(decide(plan(), (mild,), only), Path("runs/x"))
    assert "PASS" in text
    assert "does not block: low: A thing leaks (GET /things/{id})" in text
