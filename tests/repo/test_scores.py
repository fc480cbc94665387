"""Has every defect that CVSS can score a valid vector, and the same one in every run?"""

from __future__ import annotations

import pytest
from cvss import CVSS4

from gate.catalogue import CHECKS
from gate.model import Finding
from security_tests.contract import WEIGHTS
from security_tests.header_table import RULES as HEADERS
from validators.channels import credentials, list_leak, mass_assignment, read_by_id, write_by_id
from validators.database.row_rules import RULES as ROWS

VECTORS = sorted(
    {
        each.cvss
        for check in CHECKS.values()
        for control in check.controls
        for each in check.judge(control.record)
        if isinstance(each, Finding) and each.cvss
    }
    | {each.cvss for table in (WEIGHTS.values(), HEADERS, ROWS) for each in table if each.cvss}
)
SCORED = (credentials, list_leak, mass_assignment, read_by_id, write_by_id)


@pytest.mark.parametrize("vector", VECTORS)
def test_every_vector_is_valid_and_scores(vector: str) -> None:
    assert CVSS4(vector).clean_vector() == vector
    assert float(CVSS4(vector).base_score) > 0


@pytest.mark.parametrize("module", SCORED, ids=lambda module: module.__name__)
def test_every_finding_of_isolation_that_leaks_or_changes_is_scored(module: object) -> None:
    check = module.CHECK  # type: ignore[attr-defined]
    found = [
        each
        for control in check.controls
        for each in check.judge(control.record)
        if isinstance(each, Finding)
    ]
    assert found
    assert [each.key for each in found if each.cvss is None] == []


def test_every_rule_about_rows_is_scored() -> None:
    assert [rule.name for rule in ROWS if not rule.cvss] == []
