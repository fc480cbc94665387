"""Whole runs against a small service: shares and their merging, history, and every bad end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate import bundle, catalogue, cli, hold, session, shard
from gate.errors import UsageError
from gate.model import Outcome, Plan, Shard, State
from tests.gate.leaky import Brake, leaky_service
from tests.gate.test_signing import pem
from tests.make import plan

ACTORS = "".join(
    f'[[actors]]\ntenant = "{name}"\nheaders = {{ X-Api-Key = "${{TOKEN}}" }}\n'
    for name in ("acme", "globex")
)
SEED = ("--seed", "7")
PAIR = ("isolation.read-by-id", "security.headers")
POLICY = f'version = 1\n[profiles]\nstandard = ["{PAIR[0]}", "{PAIR[1]}"]\n'


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with leaky_service() as url:
        yield url


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a-token-of-some-length")


def target_at(folder: Path, base_url: str) -> Path:
    path = folder / "target.toml"
    path.write_text(f'name = "leaky"\nbase_url = "{base_url}"\nrevision = "7"\n{ACTORS}')
    return path


def gate(folder: Path, base_url: str, name: str, *more: str, policy: str = POLICY) -> int:
    (folder / "policy.toml").write_text(policy)
    options = [
        "--target",
        str(target_at(folder, base_url)),
        "--policy",
        str(folder / "policy.toml"),
    ]
    return cli.attempt(["gate", *more, *options, "--out", str(folder / name)])


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory, base_url: str) -> Path:
    """A folder with two shards, `one` and `two`, and the `whole` run."""
    folder = tmp_path_factory.mktemp("shards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN", "a-token-of-some-length")
        assert gate(folder, base_url, "one", "--shard", "1/2", *SEED) in {10, 11}
        assert gate(folder, base_url, "two", "--shard", "2/2", *SEED) in {10, 11}
        assert gate(folder, base_url, "whole") == 10
    return folder


def merge(folder: Path, *names: str, out: Path, more: tuple[str, ...] = ()) -> int:
    return cli.attempt(["merge", *(str(folder / name) for name in names), "--out", str(out), *more])


def test_shards_split_the_checks_and_merge_to_the_verdict_of_the_whole(
    shards: Path, tmp_path: Path
) -> None:
    one, two = (bundle.load(shards / name / bundle.VERDICT) for name in ("one", "two"))
    assert (one.left_out, two.left_out) == ((PAIR[1],), (PAIR[0],))
    assert merge(shards, "one", "two", out=tmp_path / "all") == 10
    merged = bundle.load(tmp_path / "all" / bundle.VERDICT)
    whole = bundle.load(shards / "whole" / bundle.VERDICT)
    assert merged.left_out == ()
    assert {each.reason for each in merged.blocking} == {each.reason for each in whole.blocking}
    assert {each.check: each.outcome for each in merged.results} == {
        each.check: each.outcome for each in whole.results
    }
    assert (tmp_path / "all" / "raw" / "shard-2" / "har").is_dir()
    assert cli.attempt(["verify", str(tmp_path / "all")]) == 0


def test_a_missing_shard_is_incomplete(shards: Path, tmp_path: Path) -> None:
    assert merge(shards, "one", out=tmp_path / "all") == 11
    merged = bundle.load(tmp_path / "all" / bundle.VERDICT)
    assert [each.reason for each in merged.blocking if each.check == PAIR[1]] == [
        "the check never ran: it is required and has no result"
    ]


def test_a_merged_run_is_signed_with_the_key_of_who_merges(shards: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(pem())
    more = ("--key", str(tmp_path / "key"))
    assert merge(shards, "one", "two", out=tmp_path / "all", more=more) == 10
    assert bundle.signed_by(bundle.load(tmp_path / "all" / bundle.VERDICT))
    assert cli.attempt(["verify", str(tmp_path / "all")]) == 0


def test_the_same_shard_twice_and_a_whole_run_are_refused(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert merge(shards, "one", "one", out=tmp_path / "all") == 64
    assert merge(shards, "one", "whole", out=tmp_path / "all") == 64
    assert "is a whole run, not a shard" in capsys.readouterr().err
    assert not (tmp_path / "all").exists()


def test_shards_under_different_policies_are_refused(
    shards: Path, tmp_path: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lenient = POLICY.replace("[profiles]", 'blocks_at = "critical"\n[profiles]')
    gate(tmp_path, base_url, "two", "--shard", "2/2", *SEED, policy=lenient)
    code = cli.attempt(
        ["merge", str(shards / "one"), str(tmp_path / "two"), "--out", str(tmp_path / "all")]
    )
    assert code == 64
    assert "has another policy.toml than" in capsys.readouterr().err


def test_a_damaged_shard_is_refused(shards: Path, tmp_path: Path, base_url: str) -> None:
    gate(tmp_path, base_url, "two", "--shard", "2/2", *SEED)
    (tmp_path / "two" / bundle.JOURNAL).write_text("")
    code = cli.attempt(
        ["merge", str(shards / "one"), str(tmp_path / "two"), "--out", str(tmp_path / "all")]
    )
    assert code == 12


def half(index: int) -> Plan:
    return replace(plan(), shard=Shard(index=index, count=2))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"profile": "release"}, "another profile"),
        ({"target": replace(plan().target, revision="9")}, "another revision"),
        ({"target": replace(plan().target, name="other")}, "another target"),
        ({"shard": Shard(index=2, count=3)}, "another number of shards"),
        ({"shard": Shard(index=2, count=2, scope=("a.b",))}, "another choice of checks"),
        (
            {"provenance": replace(plan().provenance, maestro="2")},
            "another Maestro",
        ),
        ({"provenance": replace(plan().provenance, seed=8)}, "another seed"),
    ],
)
def test_shards_that_are_not_of_one_run_are_refused(changes: dict[str, object], says: str) -> None:
    plans = [("one", half(1)), ("two", replace(half(2), **changes))]
    with pytest.raises(UsageError, match=says):
        shard.whole(plans)


def test_a_shard_without_a_seed_is_refused_before_it_starts(
    tmp_path: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(tmp_path, base_url, "one", "--shard", "1/2") == 64
    assert "--shard needs --seed" in capsys.readouterr().err
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("text", ["0/2", "3/2", "x", "1/0", "1", "-1/2", "1/2/3"])
def test_a_share_that_is_none_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="none of 1/n to n/n"):
        shard.read(text)


def test_every_check_is_in_one_share() -> None:
    checks = tuple(catalogue.CHECKS)
    for count in range(1, len(checks) + 1):
        shares = [shard.split(checks, Shard(index=i, count=count)) for i in range(1, count + 1)]
        assert sorted(each for share in shares for each in share) == sorted(checks)
        assert all(shares)
    with pytest.raises(UsageError, match="too many"):
        shard.split(checks, Shard(index=1, count=len(checks) + 1))


def test_a_history_tells_new_from_existing_and_is_part_of_the_evidence(
    tmp_path: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").mkdir()
    history = ("--history", str(tmp_path / "runs"))
    for name in ("runs/first", "runs/second"):
        assert gate(tmp_path, base_url, name, PAIR[1], *history) == 10
    first, second = (
        bundle.load(tmp_path / "runs" / name / bundle.VERDICT) for name in ("first", "second")
    )
    assert {each.state for each in first.known} == {State.NEW}
    assert {each.state for each in second.known} == {State.EXISTING}
    assert [each.run for each in second.earlier] == ["first"]
    assert cli.attempt(["verify", str(tmp_path / "runs" / "second")]) == 0
    assert cli.attempt(["history", str(tmp_path / "runs")]) == 0
    assert "2 earlier runs" in capsys.readouterr().out
    (tmp_path / "kept").mkdir()
    kept, run = str(tmp_path / "kept"), str(tmp_path / "runs" / "first")
    assert cli.attempt(["history", kept, "--add", run, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["run"] == "first"


def test_a_corrupt_history_stops_the_run_before_it_starts(
    tmp_path: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs" / "bad").mkdir(parents=True)
    (tmp_path / "runs" / "bad" / bundle.VERDICT).write_text("{}")
    assert gate(tmp_path, base_url, "new", "--history", str(tmp_path / "runs")) == 12
    assert "bad/SHA256SUMS" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_retried_check_keeps_its_attempts_and_verifies(tmp_path: Path, base_url: str) -> None:
    assert gate(tmp_path, base_url, "run", PAIR[1], "--retries", "1") == 10
    (result,) = bundle.load(tmp_path / "run" / bundle.VERDICT).results
    assert [each.outcome for each in result.attempts] == [Outcome.FAIL]
    assert (tmp_path / "run" / "raw" / "har" / f"{PAIR[1]}.attempt-2.har.gz").exists()
    assert cli.attempt(["verify", str(tmp_path / "run")]) == 0


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert gate(tmp_path, base_url, "file/run") == 70
    said = capsys.readouterr().err
    assert "cannot be made: Not a directory" in said
    assert "choose another folder" in said


def test_a_disk_that_fills_up_leaves_a_partial_folder_and_says_so(
    tmp_path: Path,
    base_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = bundle.save_verdict

    def full(folder: Path, verdict: object) -> None:
        (folder / ".verdict.json.partial").symlink_to("/dev/full")
        real(folder, verdict)  # type: ignore[arg-type]

    monkeypatch.setattr(bundle, "save_verdict", full)
    assert gate(tmp_path, base_url, "run", PAIR[1]) == 70
    assert "No space left" in capsys.readouterr().err
    assert (tmp_path / "run" / bundle.PARTIAL).exists()
    assert (tmp_path / "run" / "raw" / "har").is_dir()
    assert cli.attempt(["verify", str(tmp_path / "run")]) == 12
    assert cli.attempt(["judge", str(tmp_path / "run")]) == 10


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_run_cut_short_is_partial_and_leaves_earlier_evidence_alone(
    tmp_path: Path, base_url: str, number: signal.Signals, code: int
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    assert gate(tmp_path, base_url, "runs/earlier", PAIR[1]) == 10
    before = bundle.digests(runs / "earlier")
    brake = Brake()
    with leaky_service(brake) as stalled:
        target = target_at(tmp_path, stalled)
        command = [sys.executable, str(session.ROOT / "maestro_gate.py"), "gate", *PAIR]
        options = ["--target", str(target), "--out", str(runs / "now"), "--history", str(runs)]
        with subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert brake.reached.wait(60)
                process.send_signal(number)
                _, said = process.communicate(timeout=60)
            finally:
                process.kill()
        assert process.returncode == code
    assert bundle.digests(runs / "earlier") == before
    assert cli.attempt(["verify", str(runs / "earlier")]) == 0
    assert cli.attempt(["verify", str(runs / "now")]) == 12
    assert "not ended" in (runs / "now" / bundle.PARTIAL).read_text()
    assert (runs / "now" / bundle.JOURNAL).read_text()
    if code == 130:
        assert "Interrupted." in said
        assert "Traceback" not in said


def test_a_policy_file_is_read_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY.replace(PAIR[1], "security.hats"))
    assert cli.attempt(["policy", str(path)]) == 64
    said = capsys.readouterr().err
    assert f"{path}:3: profiles.standard names the check 'security.hats'" in said
    assert "Write 'security.headers'" in said
    assert cli.attempt(["policy", str(hold.POLICY), "--schema", str(tmp_path)]) == 0
    assert (tmp_path / "policy.schema.json").exists()
    assert "findings block from medium on" in capsys.readouterr().out
