"""Missing permissions of services whose documents name roles in prose only."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Result
from gate.run import gather, judge
from tests.targets.heldout_serving import MODULES, heldout
from validators.channels.roles import CHECK

MISSED = {
    ("clinic", "carer-deletes"): "no word says who may delete, and a carer may do all else",
    ("bazaar", "coupon-create"): "no read shows a coupon, so nobody sees that it was made",
}
FLAWS = {
    service: [
        (service, flaw, planted.operation)
        for flaw, planted in module.FLAWS.items()
        if planted.kind == "function"
    ]
    for service, module in MODULES.items()
}
SAMPLE = [flaws[0] for flaws in FLAWS.values()]


def result_of(service: str, flaw: str, folder: Path, hints: bool = True) -> Result:
    with heldout(service, flaw, folder, hints) as testbed:
        return judge(CHECK, gather(CHECK, testbed, lambda _: None))


@pytest.mark.parametrize("hints", [True, False], ids=["with hints", "without"])
@pytest.mark.parametrize("service", MODULES)
def test_a_clean_service_has_no_finding(service: str, hints: bool, tmp_path: Path) -> None:
    result = result_of(service, "", tmp_path, hints)
    assert not result.failures
    assert not result.findings


def assert_found(service: str, flaw: str, operation: str, tmp_path: Path) -> None:
    result = result_of(service, flaw, tmp_path)
    assert not result.failures
    expected = set() if (service, flaw) in MISSED else {operation}
    assert {each.subject for each in result.findings} == expected


@pytest.mark.parametrize(("service", "flaw", "operation"), SAMPLE)
def test_a_missing_permission_is_found_where_the_document_says_who_may(
    service: str, flaw: str, operation: str, tmp_path: Path
) -> None:
    assert_found(service, flaw, operation, tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("service", "flaw", "operation"), [each for flaws in FLAWS.values() for each in flaws]
)
def test_every_missing_permission_is_found_where_the_document_says_who_may(
    service: str, flaw: str, operation: str, tmp_path: Path
) -> None:
    assert_found(service, flaw, operation, tmp_path)
