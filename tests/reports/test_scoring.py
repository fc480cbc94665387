from __future__ import annotations

from dataclasses import replace

import pytest

from gate.model import Severity
from reports.scoring import BANDS, number, score
from tests.reports.examples import header, leak


def test_a_vector_has_the_score_that_its_standard_gives() -> None:
    found = score(leak())
    assert found
    assert (found.base, found.band) == (8.3, "High")


@pytest.mark.parametrize("vector", ["", "CVSS:4.0/AV:X", "CVSS:3.1/AV:N", "<script>"])
def test_what_is_no_vector_has_no_score(vector: str) -> None:
    assert score(replace(leak(), cvss=vector)) is None
    assert score(header()) is None


@pytest.mark.parametrize("severity", Severity)
def test_the_number_lies_in_the_band_of_the_severity(severity: Severity) -> None:
    low, high = BANDS[severity]
    for finding in (leak(severity=severity), header(severity)):
        assert low <= number(finding) <= high
