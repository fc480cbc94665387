"""One run: from a testbed and a plan to a sealed bundle."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate import bundle, har
from gate.check import Check, Testbed
from gate.exchanges import Tape
from gate.flaky import WORTH_ANOTHER_TRY, settle
from gate.journal import Entry, EvidenceError, Journal
from gate.model import Past, Plan, Provenance, Result, Verdict
from gate.policy import Policy
from gate.redaction import mask, redact_log
from gate.run import run
from reports import FORMATS

ROOT = Path(__file__).resolve().parent.parent
JUDGING = (
    "gate",
    "validators",
    "security_tests",
    "loadtests",
    "chaos",
    "recovery",
    "reports",
)
SOURCES = frozenset({".css", ".html", ".py"})
VERSION = "0.1.0"
RAW = "raw"
LARGEST_RAW, LARGEST_RAW_IN_ALL = 16 * 1024 * 1024, 256 * 1024 * 1024
CUT = "\n[… {} bytes left out of the middle: a file of raw evidence may have {} …]\n"


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how a run goes on."""

    began: Callable[[Check], None]
    ended: Callable[[Result], None]


def prepare(
    folder: Path,
    plan: Plan,
    policy_text: str,
    history: Sequence[Past] | None = None,
    environment: Mapping[str, Any] | None = None,
) -> None:
    """The first save: what is about to be run, where, under which policy, after which runs."""
    bundle.save_plan(folder, plan)
    bundle.write(folder, bundle.POLICY, policy_text)
    bundle.write(folder, bundle.ENVIRONMENT, json.dumps(environment or {}, indent=2) + "\n")
    if history is not None:
        bundle.save_history(folder, history)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How checks are run: where their record is kept, how often they are tried again.

    With `sabotage` each check is rehearsed on the lying target as well.
    """

    folder: Path
    testbed: Testbed
    policy: Policy
    retries: int = 0
    sabotage: bool = False
    tape: Tape | None = None

    def run(self, checks: Iterable[Check], watch: Watch) -> tuple[Result, ...]:
        """The second save: run the checks in order, each observation kept as it is made."""
        journal = Journal.create(self.folder / bundle.JOURNAL)
        results = []
        try:
            for check in checks:
                watch.began(check)
                results.append(self.try_out(check, journal))
                watch.ended(results[-1])
        finally:
            journal.close()
        return tuple(results)

    def try_out(self, check: Check, journal: Journal) -> Result:
        """One check, again while it is worth it; the result says that it was."""

        def record(entry: Entry) -> None:
            journal.write(entry)
            if self.tape is not None:
                self.tape.note(entry)

        attempts: list[Result] = []
        while not attempts or (
            len(attempts) <= self.retries and attempts[-1].outcome in WORTH_ANOTHER_TRY
        ):
            attempts.append(
                run(check, self.testbed, record, self.policy.limits, sabotage=self.sabotage)
            )
            self.keep_exchanges(attempts[-1], len(attempts))
        return settle(attempts, accept=self.policy.flaky_passes)

    def keep_exchanges(self, result: Result, attempt: int) -> None:
        """Save the requests that a result rests on; nothing for a check that made none."""
        chosen = self.tape.cited(result) if self.tape is not None else []
        if chosen:
            name = result.check if attempt == 1 else f"{result.check}.attempt-{attempt}"
            data = har.archive(chosen, VERSION)
            bundle.write_bytes(self.folder, f"{RAW}/har/{name}.har.gz", data)


def publish(folder: Path, verdict: Verdict, key: Ed25519PrivateKey | None = None) -> None:
    """The last save: the verdict and every report; then the seal, and with a key the signatures."""
    bundle.save_verdict(folder, verdict)
    for form in FORMATS.values():
        bundle.write(folder, form.filename, form.render(verdict))
    bundle.seal(folder, key)


def unfaithful(folder: Path, verdict: Verdict) -> tuple[str, ...]:
    """The reports that do not say what the verdict says, or are not there."""
    return tuple(
        form.filename
        for form in FORMATS.values()
        if not (folder / form.filename).exists()
        or bundle.text_of(folder / form.filename) != form.render(verdict)
    )


def collect(raw: Path, folder: Path, secrets: Mapping[str, str]) -> None:
    """Copy raw evidence into the bundle, without secrets; raw files may be large, so cut them.

    Call it once the testbed is gone: until then its logs still grow.
    """
    left = LARGEST_RAW_IN_ALL
    for path in sorted(path for path in raw.rglob("*") if path.is_file()):
        name = path.relative_to(raw).as_posix()
        try:
            text = path.read_bytes().decode(errors="surrogateescape")
        except OSError as error:
            raise EvidenceError(f"{path} cannot be read: {error.strerror}.") from error
        data = redact_log(text, secrets).encode(errors="surrogateescape")
        kept = cut(data, min(LARGEST_RAW, max(left, 0)))
        left -= len(kept)
        bundle.write_bytes(folder, f"{RAW}/{name}", kept)


def cut(data: bytes, most: int) -> bytes:
    """The beginning and the end of what is too long; the end tells more."""
    if len(data) <= most:
        return data
    head, tail = data[: most // 4], data[len(data) - most * 3 // 4 :]
    return head + CUT.format(len(data) - len(head) - len(tail), most).encode() + tail


def provenance(*, seed: int, started: str, command: str, signer: str | None = None) -> Provenance:
    """Who is judging: this checkout, on this machine; with the fingerprint of the signing key."""
    return Provenance(
        maestro=identity(),
        revision=revision(),
        python=platform.python_version(),
        platform=platform.platform(),
        seed=seed,
        started=started,
        command=mask(command),
        signer=signer,
    )


def identity() -> str:
    """The version and a digest of the judging sources: equal exactly when they are."""
    digest = hashlib.sha256()
    folders = [path for name in JUDGING for path in (ROOT / name).rglob("*")]
    for path in sorted(path for path in folders if path.suffix in SOURCES):
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
