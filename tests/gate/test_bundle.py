from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate import bundle
from gate.codec import encode
from gate.errors import IntegrityError, UsageError
from gate.journal import Entry, EvidenceError, Journal, read
from gate.model import Outcome, Plan, Verdict
from gate.policy import decide, parse
from gate.run import run
from tests.make import Stub, check, observation, plan

POLICY = 'version = 1\n[profiles]\nstandard = ["security.headers"]\n'
CHECK = check(observation(), observation(bad=False), at_least={"fact": 2})
CATALOGUE = {CHECK.id: CHECK}


def make_bundle(folder: Path, made: Plan | None = None) -> Verdict:
    """A whole bundle, as a run leaves it behind."""
    made = made or plan()
    bundle.create(folder)
    bundle.save_plan(folder, made)
    bundle.write(folder, bundle.POLICY, POLICY)
    journal = Journal.create(folder / bundle.JOURNAL)
    result = run(CHECK, Stub(), journal.write)
    journal.close()
    verdict = decide(made, (result,), parse(POLICY, today=made.today), (CHECK.page,))
    bundle.save_verdict(folder, verdict)
    bundle.seal(folder)
    return verdict


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_bundle(tmp_path / "run")
    return tmp_path / "run"


def test_an_untouched_bundle_verifies(tmp_path: Path) -> None:
    verdict = make_bundle(tmp_path / "run")
    assert bundle.verify(tmp_path / "run", CATALOGUE, "1") == verdict
    assert verdict.outcome is Outcome.PASS


def test_judging_a_stored_run_again_gives_the_identical_verdict(tmp_path: Path) -> None:
    verdict = make_bundle(tmp_path / "run")
    assert bundle.rejudge(tmp_path / "run", CATALOGUE) == verdict


@pytest.mark.parametrize("name", ["verdict.json", "policy.toml", "journal.jsonl", "run.json"])
def test_a_changed_file_is_noticed(folder: Path, name: str) -> None:
    path = folder / name
    path.write_text(path.read_text() + " ")
    with pytest.raises(IntegrityError, match=f"{name} was changed"):
        bundle.verify(folder, CATALOGUE, "1")


def test_a_missing_file_is_noticed(folder: Path) -> None:
    (folder / "policy.toml").unlink()
    with pytest.raises(IntegrityError, match=r"policy\.toml is missing"):
        bundle.verify(folder, CATALOGUE, "1")


def test_an_extra_file_is_noticed(folder: Path) -> None:
    (folder / "raw").mkdir()
    (folder / "raw" / "note.txt").write_text("trust me")
    with pytest.raises(IntegrityError, match=r"raw/note\.txt is not part"):
        bundle.verify(folder, CATALOGUE, "1")


def test_a_link_is_no_evidence(folder: Path) -> None:
    (folder / "policy.toml").unlink()
    (folder / "policy.toml").symlink_to("/etc/hostname")
    with pytest.raises(IntegrityError, match="not a regular file"):
        bundle.verify(folder, CATALOGUE, "1")


def forge(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    bundle.seal(folder)


def test_a_hand_edited_verdict_is_refused_even_with_right_checksums(tmp_path: Path) -> None:
    make_bundle(tmp_path / "run", plan(only=("isolation.read",)))
    forge(tmp_path / "run", "verdict.json", '"outcome": "error"', '"outcome": "skipped"')
    with pytest.raises(IntegrityError, match="verdict does not follow"):
        bundle.verify(tmp_path / "run", CATALOGUE, "1")


def test_hand_edited_results_are_refused_even_with_right_checksums(folder: Path) -> None:
    forge(folder, "verdict.json", '"fact": 2', '"fact": 2000')
    with pytest.raises(IntegrityError, match="results do not follow from the journal"):
        bundle.verify(folder, CATALOGUE, "1")


def test_results_of_another_version_are_not_judged_again(folder: Path) -> None:
    forge(folder, "verdict.json", '"fact": 2', '"fact": 2000')
    assert bundle.verify(folder, CATALOGUE, "2").outcome is Outcome.PASS


def test_a_torn_last_line_of_the_journal_is_dropped(folder: Path) -> None:
    path = folder / "journal.jsonl"
    path.write_text(path.read_text()[:-9])
    assert read(path)[CHECK.id].died == "the run ended before the check did"


def test_a_broken_line_of_the_journal_is_named(folder: Path) -> None:
    path = folder / "journal.jsonl"
    path.write_text("{}\n" + path.read_text())
    with pytest.raises(IntegrityError, match=r"journal\.jsonl:1 is not readable"):
        read(path)


def test_a_journal_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(EvidenceError, match="File exists"):
        Journal.create(folder / "journal.jsonl")


def test_two_runs_never_share_a_folder(folder: Path) -> None:
    before = bundle.digests(folder)
    with pytest.raises(UsageError, match="already holds something"):
        bundle.create(folder)
    assert bundle.digests(folder) == before


def test_a_full_disk_says_so_and_keeps_earlier_evidence(folder: Path) -> None:
    before = bundle.digests(folder)
    (folder / ".verdict.json.partial").symlink_to("/dev/full")
    with pytest.raises(EvidenceError, match=r"verdict\.json cannot be written: No space left"):
        bundle.write(folder, "verdict.json", encode(plan()))
    assert bundle.digests(folder) == before


def test_a_full_disk_ends_the_journal_at_once() -> None:
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(EvidenceError, match="No space left"),
    ):
        Journal(cast("BinaryIO", full)).write(Entry(event="began", check="a.b"))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_single_changed_byte_is_noticed(folder: Path, data: st.DataObject) -> None:
    path = folder / data.draw(st.sampled_from(sorted(each.name for each in folder.iterdir())))
    before = path.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    flipped = before[place] ^ data.draw(st.integers(1, 255))
    try:
        path.write_bytes(before[:place] + bytes([flipped]) + before[place + 1 :])
        with pytest.raises(IntegrityError):
            bundle.verify(folder, CATALOGUE, "1")
    finally:
        path.write_bytes(before)
