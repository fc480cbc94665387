from collections.abc import Sequence
from dataclasses import replace

import pytest

from gate.check import Control, Testbed
from gate.model import Finding, Observation, Severity
from gate.run import gather, judge
from security_tests.header_rules import Seen
from security_tests.header_table import RULES
from security_tests.headers import CHECK, clean_record


def broken(record: Sequence[Observation]) -> set[str]:
    return {said.rule for said in CHECK.judge(record) if isinstance(said, Finding)}


def test_a_clean_record_has_no_finding() -> None:
    assert broken(clean_record()) == set()


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda control: control.defect)
def test_each_control_breaks_its_own_rule_and_no_other(control: Control) -> None:
    assert broken(control.record) == {control.defect.partition(":")[0]}


def test_every_rule_has_a_control_and_a_source() -> None:
    assert {control.defect.partition(":")[0] for control in CHECK.controls} == {
        rule.name for rule in RULES
    }
    assert len({rule.header for rule in RULES}) >= 12
    assert all(rule.source and rule.why and rule.wants for rule in RULES)


def test_one_finding_per_rule_names_every_answer_that_breaks_it() -> None:
    record = tuple(
        replace(each, subject=subject, data={**each.data, "headers": {}})
        for subject in ("GET /a", "GET /b")
        for each in clean_record()
    )
    found = [
        each for each in CHECK.judge(record) if isinstance(each, Finding) and each.rule == "nosniff"
    ]
    assert len(found) == 1
    assert "GET /a → 200" in found[0].detail
    assert "GET /b → 405" in found[0].detail
    assert found[0].severity is Severity.MEDIUM


def test_html_may_load_from_its_own_origin_and_json_may_not() -> None:
    policy = {"content-security-policy": "default-src 'self'; frame-ancestors 'none'"}
    rule = next(rule for rule in RULES if rule.name == "csp-sources")
    assert not rule.broken_by(Seen(status=200, headers={**policy, "content-type": "text/html"}))
    assert rule.broken_by(Seen(status=200, headers={**policy, "content-type": "application/json"}))


def test_the_credential_header_decides_what_vary_must_name() -> None:
    rule = next(rule for rule in RULES if rule.name == "vary")
    headers = {"cache-control": "private", "vary": "Accept, X-Api-Key"}
    seen = Seen(status=200, headers=headers, signed_in=True, credential="x-api-key")
    assert not rule.broken_by(seen)
    assert rule.broken_by(replace(seen, credential="authorization"))


def test_the_running_service_is_measured_on_all_four_sorts_of_answers(testbed: Testbed) -> None:
    record = gather(CHECK, testbed, lambda _: None)
    result = judge(CHECK, record)
    assert not result.failures
    assert not result.doubts
    assert not {finding.key: finding.detail for finding in result.findings}
