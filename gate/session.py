"""One run: from a testbed and a plan to a sealed bundle."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gate import bundle
from gate.check import Check, Testbed
from gate.journal import Journal
from gate.model import Plan, Provenance, Result, Verdict
from gate.policy import Policy
from gate.run import run
from reports import FORMATS

ROOT = Path(__file__).resolve().parent.parent
JUDGING = ("gate", "validators", "security_tests", "loadtests", "chaos", "recovery")
VERSION = "0.1.0"
RAW = "raw"


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how a run goes on."""

    began: Callable[[Check], None]
    ended: Callable[[Result], None]


def prepare(folder: Path, plan: Plan, policy_text: str) -> None:
    """The first save: what is about to be run, and under which policy."""
    bundle.save_plan(folder, plan)
    bundle.write(folder, bundle.POLICY, policy_text)


def conduct(  # noqa: PLR0913 - what a run is made of
    folder: Path,
    checks: Iterable[Check],
    testbed: Testbed,
    policy: Policy,
    watch: Watch,
    *,
    sabotage: bool = False,
) -> tuple[Result, ...]:
    """The second save: run the checks in order, each observation kept as it is made.

    With `sabotage` each check is rehearsed on the lying target as well.
    """
    journal = Journal.create(folder / bundle.JOURNAL)
    results = []
    try:
        for check in checks:
            watch.began(check)
            results.append(run(check, testbed, journal.write, policy.limits, sabotage=sabotage))
            watch.ended(results[-1])
    finally:
        journal.close()
    return tuple(results)


def publish(folder: Path, verdict: Verdict, secrets: Mapping[str, str]) -> None:
    """The last save: the verdict and every report; raw evidence loses its secrets; then the seal.

    Call it once the testbed is gone: until then its logs still grow.
    """
    bundle.save_verdict(folder, verdict)
    for form in FORMATS.values():
        bundle.write(folder, form.filename, form.render(verdict))
    for path in (folder / RAW).rglob("*"):
        if path.is_file():
            censor(path, secrets)
    bundle.seal(folder)


def censor(path: Path, secrets: Mapping[str, str]) -> None:
    """Replace every secret in a file by its placeholder."""
    text = path.read_bytes()
    clean = text
    for secret, placeholder in secrets.items():
        clean = clean.replace(secret.encode(), placeholder.encode())
    if clean != text:
        path.write_bytes(clean)


def provenance(*, seed: int, started: str, command: str) -> Provenance:
    """Who is judging: this checkout, on this machine."""
    return Provenance(
        maestro=identity(),
        revision=revision(),
        python=platform.python_version(),
        platform=platform.platform(),
        seed=seed,
        started=started,
        command=command,
    )


def identity() -> str:
    """The version and a digest of the judging sources: equal exactly when they are."""
    digest = hashlib.sha256()
    for path in sorted(path for name in JUDGING for path in (ROOT / name).rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{VERSION}+{digest.hexdigest()[:12]}"


def revision() -> str:
    """The commit of this checkout, or "unknown" where git cannot tell."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"
