from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from gate import archive, bundle
from gate.codec import encode
from gate.errors import IntegrityError, UsageError
from gate.history import fixed, know, past_of
from gate.journal import EvidenceError
from gate.model import Doubt, Outcome, Past, Result, State, Verdict
from gate.policy import Policy, decide
from tests.make import TODAY, finding, past, pasts, plan, results

KEY = "security.headers:leak:GET /things/{id}"
FOUND = Result(check="security.headers", findings=(finding(),))
CLEAN = Result(check="security.headers")
FAILED = {"security.headers": Outcome.FAIL}


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([], State.NEW),
        ([past()], State.NEW),
        ([past(findings=(KEY,), checks=FAILED)], State.EXISTING),
        ([past(findings=(KEY,), checks=FAILED), past()], State.REGRESSED),
        (
            [
                past(findings=(KEY,), checks=FAILED),
                past(checks={"security.headers": Outcome.SKIPPED}),
                past(checks={}),
            ],
            State.EXISTING,
        ),
    ],
)
def test_a_finding_is_new_existing_or_regressed(history: list[Past], state: State) -> None:
    (known,) = know((FOUND,), history, TODAY)
    assert known.state is state


def test_the_first_sighting_is_kept() -> None:
    seen = [
        past(day=date(2026, 1, 3), findings=(KEY,), checks=FAILED),
        past(day=date(2026, 2, 3), findings=(KEY,), checks=FAILED),
    ]
    assert know((FOUND,), seen, TODAY)[0].first_seen == date(2026, 1, 3)
    assert know((FOUND,), (), TODAY)[0].first_seen == TODAY


def test_a_finding_is_fixed_only_when_its_check_looked_again() -> None:
    had = (past(findings=(KEY,), checks=FAILED),)
    assert fixed((CLEAN,), had) == (KEY,)
    assert fixed((FOUND,), had) == ()
    doubtful = Result(check="security.headers", doubts=(Doubt(subject="x", reason="too few"),))
    assert fixed((doubtful,), had) == ()
    assert fixed((), had) == ()


def test_a_check_that_no_run_saw_fail_is_named() -> None:
    policy = Policy(profiles={"standard": ("security.headers",)})
    others = (CLEAN, Result(check="load.arrivals"))
    verdict = decide(plan(), others, policy, history=(past(checks=FAILED),))
    assert verdict.never_failed == ("load.arrivals",)
    assert decide(plan(), (FOUND,), policy).never_failed == ()


@given(results(), st.lists(pasts, max_size=3))
def test_every_finding_has_one_state_and_was_seen_by_today(
    given_results: tuple[Result, ...], history: list[Past]
) -> None:
    known = know(given_results, history, TODAY)
    keys = {each.key for result in given_results for each in result.findings}
    assert sorted(keys) == [each.finding for each in known]
    assert all(each.first_seen <= TODAY for each in known)
    assert not keys & set(fixed(given_results, history))


def made(target: str = "stub", started: str = "2026-03-01T00:00:00Z") -> Verdict:
    wanted = plan()
    assert wanted.provenance is not None
    policy = Policy(profiles={"standard": ("security.headers",)})
    verdict = decide(wanted, (FOUND,), policy)
    text = encode(verdict).replace('"name":"stub"', f'"name":"{target}"')
    return archive.decode(Verdict, text.replace("2026-03-01T00:00:00Z", started), source="made")


def files(verdict: Verdict) -> dict[str, bytes]:
    text = encode(verdict).encode()
    sums = bundle.sums_text({bundle.VERDICT: hashlib.sha256(text).hexdigest()})
    return {bundle.VERDICT: text, bundle.SUMS: sums.encode()}


@pytest.fixture(params=["folder", "bucket"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Where a history is kept; S3 is moto's."""
    if request.param == "folder":
        yield str(tmp_path)
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="evidence")
        yield "s3://evidence/releases"


def test_a_history_gives_back_its_runs_oldest_first_and_by_target(place: str) -> None:
    kept = archive.archive_at(place)
    assert archive.load(kept) == ()
    late, early = made(), made(started="2026-02-01T00:00:00Z")
    kept.write("a-late", files(late))
    kept.write("b-early", files(early))
    kept.write("c-other", files(made("other")))
    runs = archive.of_target(archive.load(archive.archive_at(place)), "stub")
    assert runs == (past_of(early, "b-early"), past_of(late, "a-late"))
    assert runs[0].findings == (KEY,)


def test_a_history_never_overwrites_a_run(place: str) -> None:
    kept = archive.archive_at(place)
    kept.write("one", files(made()))
    with pytest.raises(UsageError, match="already"):
        kept.write("one", files(made("other")))
    assert archive.load(kept)[0].target == "stub"


@pytest.mark.parametrize("name", [bundle.VERDICT, bundle.SUMS])
def test_a_changed_entry_is_refused_by_its_name(place: str, name: str) -> None:
    kept = archive.archive_at(place)
    good = files(made())
    kept.write("bad", good | {name: good[name].replace(b"0", b"1")})
    with pytest.raises(IntegrityError, match="bad/"):
        archive.load(kept)


def test_an_entry_that_is_no_verdict_is_refused_by_its_name(place: str) -> None:
    kept = archive.archive_at(place)
    sums = bundle.sums_text({bundle.VERDICT: hashlib.sha256(b"{}").hexdigest()})
    kept.write("bad", {bundle.VERDICT: b"{}", bundle.SUMS: sums.encode()})
    with pytest.raises(IntegrityError, match=r"bad/verdict\.json is not readable"):
        archive.load(kept)


def test_a_run_that_is_not_finished_is_no_entry(tmp_path: Path) -> None:
    bundle.create(tmp_path / "partial")
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("hello")
    assert archive.load(archive.archive_at(str(tmp_path))) == ()


def test_a_history_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no folder; make it"):
        archive.archive_at(str(tmp_path / "none"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws(), pytest.raises(UsageError, match="s3://none/x cannot be used: NoSuchBucket"):
        archive.load(archive.archive_at("s3://none/x"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UsageError, match="s3://none/x cannot be reached"):
        archive.load(archive.archive_at("s3://none/x"))


def test_an_entry_without_its_checksums_is_refused(tmp_path: Path) -> None:
    kept = archive.archive_at(str(tmp_path))
    kept.write("bad", {bundle.VERDICT: files(made())[bundle.VERDICT]})
    with pytest.raises(IntegrityError, match="bad/SHA256SUMS cannot be read"):
        archive.load(kept)


def test_a_run_is_added_as_it_is(tmp_path: Path) -> None:
    run, history = tmp_path / "run-7", tmp_path / "history"
    history.mkdir()
    bundle.create(run)
    for name, data in files(made()).items():
        (run / name).write_bytes(data)
    kept = archive.archive_at(str(history))
    assert archive.add(kept, run) == "run-7"
    assert archive.load(kept)[0].past.run == "run-7"
    with pytest.raises(IntegrityError, match="no complete bundle"):
        archive.add(kept, history)


def test_a_history_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    kept = archive.Folder(tmp_path / "gone")
    with pytest.raises(EvidenceError, match="cannot be written"):
        kept.write("x", {})
    with pytest.raises(UsageError, match="cannot be read"):
        list(kept.runs())


def test_what_is_kept_is_what_a_later_run_needs() -> None:
    kept = past_of(made(), "r")
    assert json.loads(encode(kept))["outcome"] == "fail"
    assert kept.checks == {"security.headers": Outcome.FAIL}
