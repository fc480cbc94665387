"""Is the evidence of a run complete, unchanged, and does its verdict follow from it?

A bundle is one folder: `run.json` (written before), `journal.jsonl` (during), `policy.toml`,
`verdict.json`, the rendered reports, and `SHA256SUMS` over all of them (`sha256sum --check`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gate.check import Check
from gate.codec import decode, encode
from gate.errors import IntegrityError, UsageError
from gate.journal import EvidenceError, read
from gate.model import Page, Plan, Result, Verdict
from gate.policy import Policy, decide, parse
from gate.run import judge

PLAN, JOURNAL, POLICY, VERDICT, SUMS = (
    "run.json",
    "journal.jsonl",
    "policy.toml",
    "verdict.json",
    "SHA256SUMS",
)
SUM_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>.+)")


def create(folder: Path) -> None:
    """Make the folder of a new bundle; never one that already holds something."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise EvidenceError(f"{folder} cannot be made: {error.strerror}.") from error
    if occupied:
        raise UsageError(f"{folder} already holds something; evidence is never overwritten.")


def write(folder: Path, name: str, text: str) -> None:
    """Write one file whole or not at all; EvidenceError when it cannot be kept."""
    partial = folder / f".{name}.partial"
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(folder / name)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise EvidenceError(f"{folder / name} cannot be written: {error.strerror}.") from error


def seal(folder: Path) -> None:
    """Record the SHA-256 of every file, in the format of coreutils' sha256sum."""
    lines = [f"{digest}  {name}\n" for name, digest in sorted(digests(folder).items())]
    write(folder, SUMS, "".join(lines))


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file but SHA256SUMS, by path relative to the folder."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            relative = path.relative_to(folder).as_posix()
            if relative != SUMS:
                found[relative] = digest(path)
    return found


def digest(path: Path) -> str:
    """A regular file's SHA-256; a link could point at anything, so it is refused."""
    if path.is_symlink() or not path.is_file():
        raise IntegrityError(f"{path} is not a regular file.")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(folder: Path, checks: Mapping[str, Check], maestro: str) -> Verdict:
    """The bundle's verdict, once its files and its reasoning have been checked.

    Every file is hashed and no other file may be there; the verdict is recomputed from the
    results and the policy; and the results from the journal, where this is the version of Maestro
    (`maestro`) that judged it. IntegrityError says which of these failed.
    """
    compare(sums(folder), digests(folder))
    stored = load(folder / VERDICT)
    if conclude(folder, stored.results, stored.pages) != stored:
        raise IntegrityError("The verdict does not follow from its results and its policy.")
    if judged_by(stored) == maestro and rejudge(folder, checks) != stored:
        raise IntegrityError("The results do not follow from the journal.")
    return stored


def judged_by(verdict: Verdict) -> str:
    """The version of Maestro whose judges spoke."""
    return verdict.provenance.maestro if verdict.provenance else ""


def sums(folder: Path) -> dict[str, str]:
    """The digests that SHA256SUMS claims."""
    claimed = {}
    for line in text_of(folder / SUMS).removesuffix("\n").split("\n"):
        match = SUM_LINE.fullmatch(line)
        if match is None:
            raise IntegrityError(f"{folder / SUMS} holds a line that is no checksum: {line!r}.")
        claimed[match["name"]] = match["digest"]
    return claimed


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
    limits = policy_of(folder).limits
    results: list[Result] = []
    for name, record in read(folder / JOURNAL).items():
        if name not in checks:
            raise UsageError(f"The journal holds {name}, which this version of Maestro lacks.")
        results.append(judge(checks[name], record, limits))
    return conclude(folder, results, pages(checks, results))


def conclude(folder: Path, results: Sequence[Result], explained: Sequence[Page]) -> Verdict:
    """The verdict that the bundle's plan and policy give to these results."""
    return decide(plan_of(folder), results, policy_of(folder), explained)


def plan_of(folder: Path) -> Plan:
    """What the run set out to do."""
    return decode(Plan, text_of(folder / PLAN), source=str(folder / PLAN))


def policy_of(folder: Path) -> Policy:
    """The policy as it stood on the day of the run."""
    return parse(text_of(folder / POLICY), today=plan_of(folder).today)


def pages(checks: Mapping[str, Check], results: Iterable[Result]) -> tuple[Page, ...]:
    """The pages of the checks that have results."""
    return tuple(checks[result.check].page for result in results)


def load(path: Path) -> Verdict:
    """A stored verdict; IntegrityError when it cannot be read."""
    return decode(Verdict, text_of(path), source=str(path))


def text_of(path: Path) -> str:
    """A file of the bundle; IntegrityError when it is not there."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise IntegrityError(f"{path} cannot be read, so this is no complete bundle.") from error


def save_plan(folder: Path, plan: Plan) -> None:
    """The first save: what is about to be run."""
    write(folder, PLAN, encode(plan, indent=2) + "\n")


def save_verdict(folder: Path, verdict: Verdict) -> None:
    """The last save but the seal."""
    write(folder, VERDICT, encode(verdict, indent=2) + "\n")
