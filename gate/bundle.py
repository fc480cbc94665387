"""Is the evidence of a run complete, unchanged, and does its verdict follow from it?

A bundle is one folder: `run.json`, `policy.toml`, `history.json` and `environment.json` (written
before), `journal.jsonl` (during), `verdict.json`, the rendered reports, `raw/`, and `SHA256SUMS`
over all of them (`sha256sum --check`), with its signatures. Until the seal it says PARTIAL.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.attestation import statements
from gate.check import Check
from gate.codec import decode, encode
from gate.errors import IntegrityError, UsageError
from gate.flaky import settle
from gate.journal import EvidenceError, read
from gate.model import Page, Past, Plan, Result, Verdict
from gate.policy import Policy, decide, parse
from gate.run import judge
from gate.signing import disclose, enclose, fingerprint, is_trusted, ssh_sign, ssh_verify

PLAN, JOURNAL, POLICY, VERDICT, SUMS = (
    "run.json",
    "journal.jsonl",
    "policy.toml",
    "verdict.json",
    "SHA256SUMS",
)
HISTORY, ENVIRONMENT, PARTIAL = "history.json", "environment.json", "PARTIAL"
SIGNATURE, KEYLESS, ATTESTATIONS = f"{SUMS}.sig", f"{SUMS}.sigstore.json", "attestations"
STATEMENTS = ("test-result.dsse.json", "vsa.dsse.json")
SIGNATURES = (SIGNATURE, *(f"{ATTESTATIONS}/{name}" for name in STATEMENTS))
SUM_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>.+)")
NOT_YET = (
    "This run has not ended, or was cut short: there is no verdict, and nothing here is sealed.\n"
    "`maestro judge` judges what was seen so far; `maestro gate` starts a new run.\n"
)


def create(folder: Path) -> None:
    """Make the folder of a new bundle; never one that already holds something."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise EvidenceError(f"{folder} cannot be made: {error.strerror}.") from error
    if occupied:
        raise UsageError(f"{folder} already holds something; evidence is never overwritten.")
    write(folder, PARTIAL, NOT_YET)


def write(folder: Path, name: str, text: str) -> None:
    """Write one file whole or not at all; EvidenceError when it cannot be kept."""
    write_bytes(folder, name, text.encode())


def write_bytes(folder: Path, name: str, data: bytes) -> None:
    """The same for what is no text; `name` may be in a folder of the bundle."""
    path = folder / name
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise EvidenceError(f"{path} cannot be written: {error.strerror}.") from error


def seal(folder: Path, key: Ed25519PrivateKey | None = None) -> None:
    """Record the SHA-256 of every file, in the format of coreutils' sha256sum; then sign that.

    Only now is the bundle no longer partial.
    """
    write(folder, SUMS, sums_text(digests(folder)))
    if key is not None:
        sign(folder, key)
    (folder / PARTIAL).unlink(missing_ok=True)


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Sign the checksums, and state the verdict about them."""
    sums = (folder / SUMS).read_bytes()
    write(folder, SIGNATURE, ssh_sign(sums, key))
    for name, payload in payloads(folder, load(folder / VERDICT)).items():
        write(folder, f"{ATTESTATIONS}/{name}", enclose(payload, key))


def payloads(folder: Path, verdict: Verdict) -> dict[str, bytes]:
    """What is stated about a bundle, by file name."""
    stated = statements(verdict, digest(folder / SUMS), digest(folder / POLICY))
    return {name: statement.payload() for name, statement in stated.items()}


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file but the seals, by path relative to the folder.

    A folder without files counts as a file that should not be there. A keyless signature, made
    after the seal, is a seal too; `gate.keyless` makes and verifies it.
    """
    found = {}
    for parent, folders, names in os.walk(folder):
        for name in (*names, *(each for each in folders if is_odd(Path(parent) / each))):
            path = Path(parent) / name
            relative = path.relative_to(folder).as_posix()
            if relative not in {SUMS, PARTIAL, KEYLESS, *SIGNATURES}:
                found[relative] = digest(path)
    return found


def is_odd(path: Path) -> bool:
    """A folder that is a link, or empty."""
    return path.is_symlink() or not any(path.iterdir())


def digest(path: Path) -> str:
    """A regular file's SHA-256; a link could point at anything, so it is refused."""
    if path.is_symlink() or not path.is_file():
        raise IntegrityError(f"{path} is not a regular file.")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(
    folder: Path,
    checks: Mapping[str, Check],
    maestro: str,
    trusted: Sequence[Ed25519PublicKey] = (),
) -> Verdict:
    """The bundle's verdict, once its files, its reasoning and its signatures have been checked.

    Every file is hashed and no other file may be there; the verdict is recomputed from the
    results, the policy and the history; and the results from the journal, where this is the
    version of Maestro (`maestro`) that judged it. A bundle that was signed must still be, by the
    key that its verdict names and, where keys are `trusted`, by one of these. IntegrityError says
    which of these failed.
    """
    if (folder / PARTIAL).exists():
        raise IntegrityError(f"{folder} is partial: its run has not ended, or was cut short.")
    compare(sums(folder), digests(folder))
    stored = load(folder / VERDICT)
    try:
        if conclude(folder, stored.results, stored.pages) != stored:
            raise IntegrityError("The verdict does not follow from its results and its policy.")
        if judged_by(stored) == maestro and rejudge(folder, checks) != stored:
            raise IntegrityError("The results do not follow from the journal.")
    except UsageError as error:
        raise IntegrityError(f"The verdict cannot be recomputed: {error}") from error
    verify_signatures(folder, stored, trusted)
    return stored


def verify_signatures(folder: Path, verdict: Verdict, trusted: Sequence[Ed25519PublicKey]) -> None:
    """All signatures are there and right, or none is there and none was promised."""
    present = [name for name in SIGNATURES if (folder / name).exists()]
    if signed_by(verdict) is None:
        if present:
            raise IntegrityError(f"{present[0]} is not part of the bundle, whose run had no key.")
        if trusted:
            raise IntegrityError("The bundle is not signed, so the key cannot vouch for it.")
        return
    key = ssh_verify((folder / SUMS).read_bytes(), text_of(folder / SIGNATURE))
    if fingerprint(key) != signed_by(verdict):
        raise IntegrityError(f"The signature is by {fingerprint(key)}, not by the run's key.")
    if trusted and not is_trusted(key, trusted):
        raise IntegrityError(f"The signature is by {fingerprint(key)}, which is not trusted.")
    for name, payload in payloads(folder, verdict).items():
        path = f"{ATTESTATIONS}/{name}"
        if disclose(text_of(folder / path), key, path) != payload:
            raise IntegrityError(f"{path} states something else than the verdict.")


def judged_by(verdict: Verdict) -> str:
    """The version of Maestro whose judges spoke."""
    return verdict.provenance.maestro if verdict.provenance else ""


def signed_by(verdict: Verdict) -> str | None:
    """The fingerprint of the key that signed, or None."""
    return verdict.provenance.signer if verdict.provenance else None


def sums(folder: Path) -> dict[str, str]:
    """The digests that SHA256SUMS claims."""
    return parse_sums(text_of(folder / SUMS), str(folder / SUMS))


def parse_sums(text: str, source: str) -> dict[str, str]:
    """Digests by file name; IntegrityError unless written exactly as `seal` does."""
    claimed = {}
    for line in text.removesuffix("\n").split("\n"):
        match = SUM_LINE.fullmatch(line)
        if match is None:
            raise IntegrityError(f"{source} holds a line that is no checksum: {line!r}.")
        claimed[match["name"]] = match["digest"]
    if sums_text(claimed) != text:
        raise IntegrityError(f"{source} is not in the form it is made in.")
    return claimed


def sums_text(digests: Mapping[str, str]) -> str:
    """The lines of SHA256SUMS."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))


def compare(claimed: Mapping[str, str], found: Mapping[str, str]) -> None:
    """IntegrityError for the first file that is missing, extra or changed."""
    for name in sorted(claimed.keys() - found.keys()):
        raise IntegrityError(f"{name} is missing from the bundle.")
    for name in sorted(found.keys() - claimed.keys()):
        raise IntegrityError(f"{name} is not part of the bundle.")
    for name in sorted(claimed):
        if claimed[name] != found[name]:
            raise IntegrityError(f"{name} was changed after the run.")


def rejudge(folder: Path, checks: Mapping[str, Check]) -> Verdict:
    """The verdict on a stored journal, by today's judges; the target is not touched."""
    policy = policy_of(folder)
    results: list[Result] = []
    for name, record in read(folder / JOURNAL).items():
        if name not in checks:
            raise UsageError(f"The journal holds {name}, which this version of Maestro lacks.")
        attempts = [judge(checks[name], each, policy.limits) for each in (*record.earlier, record)]
        results.append(settle(attempts, accept=policy.flaky_passes))
    return conclude(folder, results, pages(checks, results))


def conclude(folder: Path, results: Sequence[Result], explained: Sequence[Page]) -> Verdict:
    """The verdict that the bundle's plan, policy and history give to these results."""
    return decide(plan_of(folder), results, policy_of(folder), explained, history_of(folder))


def plan_of(folder: Path) -> Plan:
    """What the run set out to do."""
    return decode(Plan, text_of(folder / PLAN), source=str(folder / PLAN))


def policy_of(folder: Path) -> Policy:
    """The policy as it stood on the day of the run."""
    return parse(text_of(folder / POLICY), today=plan_of(folder).today, file=str(folder / POLICY))


def history_of(folder: Path) -> tuple[Past, ...] | None:
    """What the run knew of earlier ones; None when it was given no history."""
    path = folder / HISTORY
    if not path.exists():
        return None
    return decode(tuple[Past, ...], text_of(path), source=str(path))


def pages(checks: Mapping[str, Check], results: Iterable[Result]) -> tuple[Page, ...]:
    """The pages of the checks that have results."""
    return tuple(checks[result.check].page for result in results)


def load(path: Path) -> Verdict:
    """A stored verdict; IntegrityError when it cannot be read."""
    return decode(Verdict, text_of(path), source=str(path))


def text_of(path: Path) -> str:
    """A file of the bundle, to the byte; IntegrityError when it is not there or no text."""
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise IntegrityError(f"{path} cannot be read, so this is no complete bundle.") from error


def save_plan(folder: Path, plan: Plan) -> None:
    """The first save: what is about to be run."""
    write(folder, PLAN, encode(plan, indent=2) + "\n")


def save_history(folder: Path, history: Sequence[Past]) -> None:
    """What was known of earlier runs."""
    lines = ",\n".join(encode(past) for past in history)
    write(folder, HISTORY, f"[\n{lines}\n]\n")


def save_verdict(folder: Path, verdict: Verdict) -> None:
    """The last save but the seal."""
    write(folder, VERDICT, encode(verdict, indent=2) + "\n")
