from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate import bundle
from gate.codec import encode
from gate.errors import IntegrityError, UsageError
from gate.journal import Entry, EvidenceError, Journal, read
from gate.model import Outcome, Plan, Verdict
from gate.policy import decide, parse
from gate.run import run
from gate.signing import fingerprint
from tests.gate.test_signing import KEY, OTHER, openssl_says
from tests.make import Stub, check, observation, plan

POLICY = 'version = 1\n[profiles]\nstandard = ["security.headers"]\n'
CHECK = check(observation(), observation(bad=False), at_least={"fact": 2})
CATALOGUE = {CHECK.id: CHECK}


def make_bundle(
    folder: Path, made: Plan | None = None, key: Ed25519PrivateKey | None = None
) -> Verdict:
    """A whole bundle, as a run leaves it behind."""
    made = made or plan()
    if key is not None and made.provenance is not None:
        signer = fingerprint(key.public_key())
        made = replace(made, provenance=replace(made.provenance, signer=signer))
    bundle.create(folder)
    bundle.save_plan(folder, made)
    bundle.write(folder, bundle.POLICY, POLICY)
    bundle.save_history(folder, ())
    bundle.write(folder, "raw/logs/service.log", "started\nstopped\n")
    journal = Journal.create(folder / bundle.JOURNAL)
    result = run(CHECK, Stub(), journal.write)
    journal.close()
    verdict = decide(made, (result,), parse(POLICY, today=made.today), (CHECK.page,), ())
    bundle.save_verdict(folder, verdict)
    bundle.seal(folder, key)
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


TRUSTED = (KEY.public_key(),)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed") / "run"
    make_bundle(folder, key=KEY)
    return folder


def test_a_signed_bundle_verifies_by_its_key_only(signed: Path) -> None:
    assert bundle.verify(signed, CATALOGUE, "1").outcome is Outcome.PASS
    assert bundle.verify(signed, CATALOGUE, "1", TRUSTED).outcome is Outcome.PASS
    with pytest.raises(IntegrityError, match="which is not trusted"):
        bundle.verify(signed, CATALOGUE, "1", (OTHER.public_key(),))


def test_a_bundle_s_attestations_are_verified_by_plain_openssl(
    signed: Path, tmp_path: Path
) -> None:
    for name in bundle.STATEMENTS:
        envelope = (signed / "attestations" / name).read_text()
        assert openssl_says(tmp_path, envelope, KEY)
        assert not openssl_says(tmp_path, envelope, OTHER)


def test_the_attestations_say_what_the_specifications_ask(signed: Path) -> None:
    sums = bundle.digest(signed / "SHA256SUMS")
    stated = {
        name: json.loads(payload)
        for name, payload in bundle.payloads(signed, bundle.load(signed / "verdict.json")).items()
    }
    for statement in stated.values():
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert statement["subject"] == [{"name": "SHA256SUMS", "digest": {"sha256": sums}}]
    result = stated["test-result.dsse.json"]
    assert result["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert result["predicate"]["result"] == "PASSED"
    assert result["predicate"]["passedTests"] == ["security.headers"]
    summary = stated["vsa.dsse.json"]
    assert summary["predicateType"] == "https://slsa.dev/verification_summary/v1"
    assert summary["predicate"]["verificationResult"] == "PASSED"
    assert summary["predicate"]["verifiedLevels"] == ["MAESTRO_STANDARD"]
    policy = bundle.digest(signed / "policy.toml")
    assert summary["predicate"]["policy"] == {"uri": "policy.toml", "digest": {"sha256": policy}}


def test_a_run_of_some_checks_is_attested_as_no_pass(tmp_path: Path) -> None:
    make_bundle(tmp_path / "run", plan(only=("isolation.read",)), KEY)
    stated = bundle.payloads(tmp_path / "run", bundle.load(tmp_path / "run" / "verdict.json"))
    assert json.loads(stated["vsa.dsse.json"])["predicate"]["verificationResult"] == "FAILED"
    assert json.loads(stated["test-result.dsse.json"])["predicate"]["failedTests"] == [
        "isolation.read"
    ]


def test_an_unsigned_bundle_is_not_vouched_for_by_a_key(folder: Path) -> None:
    with pytest.raises(IntegrityError, match="not signed"):
        bundle.verify(folder, CATALOGUE, "1", TRUSTED)


def test_a_signature_put_onto_an_unsigned_bundle_is_noticed(folder: Path) -> None:
    bundle.sign(folder, KEY)
    with pytest.raises(IntegrityError, match=r"SHA256SUMS\.sig is not part"):
        bundle.verify(folder, CATALOGUE, "1")


def test_a_stripped_or_exchanged_signature_is_noticed(tmp_path: Path) -> None:
    make_bundle(tmp_path / "run", key=KEY)
    bundle.sign(tmp_path / "run", OTHER)
    with pytest.raises(IntegrityError, match="not by the run's key"):
        bundle.verify(tmp_path / "run", CATALOGUE, "1")
    for name in bundle.SIGNATURES:
        (tmp_path / "run" / name).unlink()
    (tmp_path / "run" / "attestations").rmdir()
    with pytest.raises(IntegrityError, match=r"SHA256SUMS\.sig cannot be read"):
        bundle.verify(tmp_path / "run", CATALOGUE, "1")


def test_a_keyless_signature_beside_the_sums_is_tolerated_and_no_other_file(folder: Path) -> None:
    (folder / "SHA256SUMS.sigstore.json").write_text("{}")
    assert bundle.verify(folder, CATALOGUE, "1")
    (folder / "verdict.json.sigstore.json").write_text("{}")
    with pytest.raises(IntegrityError, match=r"verdict\.json\.sigstore\.json is not part"):
        bundle.verify(folder, CATALOGUE, "1")


@pytest.mark.parametrize("change", ["reversed", "doubled", "unended"])
def test_checksums_in_another_form_are_refused(folder: Path, change: str) -> None:
    sums = folder / "SHA256SUMS"
    lines = sums.read_text().splitlines(keepends=True)
    forms = {
        "reversed": "".join(reversed(lines)),
        "doubled": "".join([*lines, lines[-1]]),
        "unended": "".join(lines).removesuffix("\n"),
    }
    sums.write_text(forms[change])
    with pytest.raises(IntegrityError, match="not in the form it is made in"):
        bundle.verify(folder, CATALOGUE, "1")


def test_a_hand_made_pass_with_a_valid_signature_is_refused(tmp_path: Path) -> None:
    """Whoever holds the key writes the verdict he wants, and signs it by the book."""
    run = tmp_path / "run"
    blocked = make_bundle(run, plan(only=("isolation.read",)), KEY)
    assert blocked.outcome is Outcome.ERROR
    bundle.save_verdict(run, replace(blocked, blocking=()))
    bundle.seal(run, KEY)
    assert bundle.load(run / "verdict.json").outcome is Outcome.PASS
    with pytest.raises(IntegrityError, match="verdict does not follow"):
        bundle.verify(run, CATALOGUE, "1", TRUSTED)


def test_an_attestation_about_another_verdict_is_refused(tmp_path: Path) -> None:
    make_bundle(tmp_path / "run", key=KEY)
    other = tmp_path / "other"
    make_bundle(other, plan(only=("isolation.read",)), KEY)
    name = "attestations/vsa.dsse.json"
    (tmp_path / "run" / name).write_bytes((other / name).read_bytes())
    with pytest.raises(IntegrityError, match="states something else than the verdict"):
        bundle.verify(tmp_path / "run", CATALOGUE, "1", TRUSTED)


def test_a_policy_that_cannot_be_read_is_damage_not_wrong_usage(folder: Path) -> None:
    forge(folder, "policy.toml", "version = 1", "version = 9")
    with pytest.raises(IntegrityError, match="cannot be recomputed"):
        bundle.verify(folder, CATALOGUE, "1")


def test_a_run_that_has_not_ended_says_that_it_is_partial(tmp_path: Path) -> None:
    bundle.create(tmp_path / "run")
    bundle.save_plan(tmp_path / "run", plan())
    assert "no verdict" in (tmp_path / "run" / "PARTIAL").read_text()
    with pytest.raises(IntegrityError, match="is partial"):
        bundle.verify(tmp_path / "run", CATALOGUE, "1")


def test_a_sealed_run_is_not_partial(folder: Path) -> None:
    assert not (folder / "PARTIAL").exists()


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def restored(folder: Path) -> Iterator[None]:
    """The folder is at the end as it was at the start."""
    before = {path: path.read_bytes() for path in files(folder)}
    try:
        yield
    finally:
        for path in set(files(folder)) - before.keys():
            path.unlink()
        for path, data in before.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def edit(data: st.DataObject, folder: Path) -> None:
    """One random edit that changes something."""
    path = data.draw(st.sampled_from(files(folder)))
    before = path.read_bytes()
    place = data.draw(st.integers(0, max(len(before) - 1, 0)))
    match data.draw(st.sampled_from(("flip", "cut", "insert", "add", "rename", "remove", "mkdir"))):
        case "flip" if before:
            flipped = before[place] ^ data.draw(st.integers(1, 255))
            path.write_bytes(before[:place] + bytes([flipped]) + before[place + 1 :])
        case "cut" if before:
            path.write_bytes(before[:place])
        case "insert":
            more = data.draw(st.binary(min_size=1, max_size=9) | st.sampled_from((b"\n", b" ")))
            path.write_bytes(before[:place] + more + before[place:])
        case "add":
            new = path.with_name(
                data.draw(st.sampled_from(("PARTIAL", "x", ".x.partial", "x.sig")))
            )
            new.write_bytes(data.draw(st.binary(max_size=9)))
        case "rename":
            path.rename(path.with_name(path.name + "2"))
        case "mkdir":
            (path.parent / "empty").mkdir()
        case _:
            path.unlink()


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_any_edit_of_a_signed_bundle_is_noticed(signed: Path, data: st.DataObject) -> None:
    with restored(signed):
        edit(data, signed)
        with pytest.raises(IntegrityError):
            bundle.verify(signed, CATALOGUE, "1", TRUSTED)
    assert bundle.verify(signed, CATALOGUE, "1", TRUSTED)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_edit_of_an_unsigned_bundle_is_noticed(folder: Path, data: st.DataObject) -> None:
    with restored(folder):
        edit(data, folder)
        with pytest.raises(IntegrityError):
            bundle.verify(folder, CATALOGUE, "1")
