"""Services that the engine has never seen: every flaw is found, and nothing else is.

Four services in other styles than Maestro ML, each with its traps built in (see their docstrings).
The whole matrix is slow: `tox -e matrix`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Outcome, Result
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.flaws import FLAWS, Planted
from tests.targets.notes import Notes
from tests.targets.serving import REGISTER, plain, running, target
from validators import CHECKS

BY_ID = {check.id: check for check in CHECKS}
SAMPLE = {
    "read-line",
    "conflict-after-write",
    "order-shows-product",
    "cursor-trust",
    "total-all",
    "give-away",
    "header-tenant",
    "header-owner",
    "viewer-deletes",
    "delete-invoice",
    "refusal-differs",
    "link-any",
    "comment-any",
    "read-note",
    "download-file",
    "put-contact",
    "book-any",
    "figures-of-all",
    "move-task",
    "own-role",
}


def result_of(service: str, flaw: str, check: str, folder: Path) -> Result:
    with target(service, flaw, folder) as testbed:
        return judge(BY_ID[check], gather(BY_ID[check], testbed, lambda _: None))


def name_of(planted: Planted) -> str:
    return f"{planted.service}-{planted.flaw}"


def assert_found(planted: Planted, folder: Path) -> None:
    result = result_of(planted.service, planted.flaw, planted.check, folder)
    assert {finding.rule for finding in result.findings} & set(planted.rules), result


@pytest.mark.parametrize("service", ["shop", "ledgers", "notes", "stays", "rowing"])
def test_a_clean_service_with_its_traps_has_neither_finding_nor_doubt(
    service: str, tmp_path: Path
) -> None:
    with target(service, "", tmp_path) as testbed:
        for check in CHECKS:
            result = judge(check, gather(check, testbed, lambda _: None))
            lacking = check.needs - testbed.target.offers
            expected = Outcome.SKIPPED if lacking else Outcome.PASS
            if check.id == "isolation.roles" and "roles" not in testbed.target.offers:
                assert not result.findings
                assert "has a single role" in str(result.doubts)
                expected = Outcome.INCONCLUSIVE
            assert result.outcome is expected, (check.id, result)


@pytest.mark.parametrize("planted", [each for each in FLAWS if each.flaw in SAMPLE], ids=name_of)
def test_a_planted_flaw_is_found_by_the_check_for_it(planted: Planted, tmp_path: Path) -> None:
    assert_found(planted, tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("planted", FLAWS, ids=name_of)
def test_every_planted_flaw_is_found_by_the_check_for_it(planted: Planted, tmp_path: Path) -> None:
    assert_found(planted, tmp_path)


def test_the_sample_is_part_of_the_matrix() -> None:
    assert {each.flaw for each in FLAWS} >= SAMPLE
    assert len({(each.service, each.flaw) for each in FLAWS}) == len(FLAWS) >= 60


def test_what_is_public_or_shared_on_purpose_is_printed_and_no_finding(tmp_path: Path) -> None:
    with target("shop", "list-announcements", tmp_path) as testbed:
        check = BY_ID["isolation.list-leak"]
        record = gather(check, testbed, lambda _: None)
    suppressed = [each.subject for each in record.observations if each.kind == "suppressed"]
    assert set(suppressed) == {"GET /announcements"}
    assert not judge(check, record).findings


def test_what_cannot_be_tried_is_counted_and_neither_wrong_nor_fatal(tmp_path: Path) -> None:
    with target("odd", "", tmp_path) as testbed:
        check = BY_ID["isolation.write-by-id"]
        record = gather(check, testbed, lambda _: None)
        others = [
            judge(each, gather(each, testbed, lambda _: None))
            for each in CHECKS
            if each.needs <= testbed.target.offers
        ]
    result = judge(check, record)
    assert not result.failures
    assert not result.findings
    unreached = {each.subject for each in record.observations if each.kind == "unreached"}
    assert unreached == {"POST /files/{file_id}/form"}
    missing = {doubt.subject for doubt in result.doubts}
    assert missing == {"POST /files/{file_id}/form", "POST /files/{file_id}/broken", "covered"}
    assert not [(each.check, each.findings, each.failures) for each in others if each.findings]
    assert not any(each.failures for each in others)


def test_what_cannot_be_made_again_gets_its_former_values_back(tmp_path: Path) -> None:
    notes = Notes()
    with running(plain(notes)) as base_url:
        file = tmp_path / "target.toml"
        text = f'name = "notes"\nbase_url = "{base_url}"\n{REGISTER}'
        file.write_text(text, encoding="utf-8")
        with external(file, tmp_path, 2, {}) as testbed:
            record = gather(BY_ID["isolation.mass-assignment"], testbed, lambda _: None)
    changed = [each for each in record.observations if each.subject == "PATCH /profile"]
    assert any(each.data.get("positive") for each in changed)
    # Both tenants came first; what came later was made to be lost.
    assert [profile["motto"] for profile in notes.profiles.values()][:2] == ["", ""]
