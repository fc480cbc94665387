"""The command line as its users meet it; runs against a service are in tests/testbed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate import bundle, cli
from gate.catalogue import CHECKS
from gate.journal import Journal
from gate.model import Plan
from gate.run import run
from gate.session import prepare, provenance, publish
from tests.make import TODAY, Stub, check

HEADERS = "security.headers"
POLICY = f'version = 1\n[profiles]\nstandard = ["{HEADERS}"]\n'


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A run that recorded nothing: its only check is inconclusive."""
    folder = tmp_path / "run"
    plan = Plan(
        target=Stub().target,
        profile="standard",
        today=TODAY,
        provenance=provenance(seed=1, started="2026-03-01T00:00:00Z", command="maestro gate"),
    )
    bundle.create(folder)
    prepare(folder, plan, POLICY)
    journal = Journal.create(folder / bundle.JOURNAL)
    real = CHECKS[HEADERS]
    silent = check(probe=lambda _: iter(()), judge=real.judge, controls=real.controls)
    run(silent, Stub(), journal.write)
    journal.close()
    publish(folder, bundle.rejudge(folder, CHECKS))
    return folder


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What went to standard error."""
    return capsys.readouterr().err


def test_an_unknown_check_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.attempt(["gate", "security.header", "--out", str(tmp_path / "x")]) == 64
    assert "did you mean security.headers?" in said(capsys)
    assert not (tmp_path / "x").exists()


def test_an_unknown_option_is_wrong_usage_not_click_s_2() -> None:
    assert cli.attempt(["gate", "--fast"]) == 64


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version = 1\nversion = 1\n", "not valid TOML"),
        (POLICY + '[limits]\n"load.open-arrivals.p99_ms" = nan\n', "limits"),
        (POLICY.replace(HEADERS, "security.hats"), "'security.hats', which does not exist"),
    ],
)
def test_an_invalid_policy_is_refused_before_anything_starts(
    text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, out = tmp_path / "policy.toml", tmp_path / "out"
    policy.write_text(text)
    assert cli.attempt(["gate", "--policy", str(policy), "--out", str(out)]) == 64
    assert says in said(capsys)
    assert not out.exists()


def test_an_unreadable_policy_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.attempt(["gate", "--policy", "/nowhere/policy.toml"]) == 64
    assert "cannot be read" in said(capsys)


def test_a_folder_that_holds_a_run_is_never_used_again(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bundle.digests(stored)
    assert cli.attempt(["gate", HEADERS, "--out", str(stored)]) == 64
    assert "evidence is never overwritten" in said(capsys)
    assert bundle.digests(stored) == before


def test_an_unreachable_target_is_incomplete_and_leaves_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target.toml"
    target.write_text(
        'name = "gone"\nbase_url = "http://127.0.0.1:9"\n'
        + "".join(
            f'[[actors]]\ntenant = "{tenant}"\nrole = "owner"\nheaders = {{ X-Key = "k" }}\n'
            for tenant in ("a", "b")
        )
    )
    out = tmp_path / "out"
    assert cli.attempt(["gate", HEADERS, "--target", str(target), "--out", str(out)]) == 11
    assert "http://127.0.0.1:9" in said(capsys)
    assert not out.exists()


def test_a_stored_run_is_judged_again(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.attempt(["judge", str(stored)]) == 11
    assert "INCOMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["html", "json", "junit", "markdown"])
def test_a_stored_run_is_reported_in_every_format(
    stored: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.attempt(["report", str(stored), "--format", form]) == 0
    assert HEADERS in capsys.readouterr().out


def test_an_intact_bundle_verifies(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.attempt(["verify", str(stored)]) == 0
    assert "results follow from the journal" in capsys.readouterr().out


def test_a_damaged_bundle_has_its_own_exit_code(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (stored / "verdict.json").write_text("{}")
    assert cli.attempt(["verify", str(stored)]) == 12
    assert "verdict.json was changed" in said(capsys)


def test_two_runs_are_compared(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.attempt(["diff", str(stored), str(stored)]) == 0
    assert "new: 0" in capsys.readouterr().out
    assert cli.attempt(["diff", str(stored), str(stored), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["new"] == []


def test_every_check_is_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.attempt(["list", "--json"]) == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == list(CHECKS)
    assert cli.attempt(["list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CHECKS)
    assert cli.attempt(["explain", HEADERS]) == 0
    assert "## Blind to" in capsys.readouterr().out


def test_a_crash_does_not_look_like_a_verdict(
    stored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bundle, "rejudge", crash)
    assert cli.attempt(["judge", str(stored)]) == 70
    assert "report it" in said(capsys)


def test_ctrl_c_gives_no_verdict(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bundle, "rejudge", interrupt)
    assert cli.attempt(["judge", str(stored)]) == 130
