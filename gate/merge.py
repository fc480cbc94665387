"""How do the bundles of several shards become one bundle with one verdict?

Nothing is averaged and no verdict is taken over: the journals are put together and judged again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate import bundle, catalogue, session, shard
from gate.errors import UsageError
from gate.journal import EvidenceError
from gate.model import Plan, Verdict
from gate.signing import fingerprint


def merge(
    runs: Sequence[Path],
    out: Path,
    command: str,
    key: Ed25519PrivateKey | None = None,
    trusted: Sequence[Ed25519PublicKey] = (),
) -> Verdict:
    """One verdict over the shards of one run, in a new bundle at `out`.

    Every shard is verified first. UsageError when they are not of one run, by target, revision,
    profile, policy, history, seed or version of Maestro. A check whose shard is missing never ran.
    """
    for run in runs:
        bundle.verify(run, catalogue.CHECKS, session.identity(), trusted)
    plans = [(str(run), bundle.plan_of(run)) for run in runs]
    plan = whole(plans, command, key)
    for name in (bundle.POLICY, bundle.HISTORY):
        agree(runs, name)
    bundle.create(out)
    prepare(runs, out, plan)
    join(runs, out)
    verdict = bundle.rejudge(out, catalogue.CHECKS)
    session.publish(out, verdict, key)
    return verdict


def whole(plans: Sequence[tuple[str, Plan]], command: str, key: Ed25519PrivateKey | None) -> Plan:
    """The plan of all shards together, judged by this version of Maestro."""
    plan = shard.whole(plans)
    signer = None if key is None else fingerprint(key.public_key())
    made = shard.provenance([plan for _, plan in plans], command, signer)
    if made is None or made.maestro != session.identity():
        raise UsageError("The shards were judged by another version of Maestro than this one.")
    return replace(plan, provenance=made)


def agree(runs: Sequence[Path], name: str) -> None:
    """UsageError unless all shards have the same file, or none has it."""
    first, *others = ((run, read(run / name)) for run in runs)
    for run, text in others:
        if text != first[1]:
            raise UsageError(f"{run} has another {name} than {first[0]}.")


def read(path: Path) -> bytes | None:
    """A file, or None where there is none."""
    return path.read_bytes() if path.exists() else None


def prepare(runs: Sequence[Path], out: Path, plan: Plan) -> None:
    """The files that stand before a run."""
    first = runs[0]
    circumstances = {run.name: json.loads(bundle.text_of(run / bundle.ENVIRONMENT)) for run in runs}
    session.prepare(
        out,
        plan,
        bundle.text_of(first / bundle.POLICY),
        bundle.history_of(first),
        {"shards": circumstances},
    )


def join(runs: Sequence[Path], out: Path) -> None:
    """The journals one after the other, and the raw evidence of each shard in its own folder."""
    try:
        with (out / bundle.JOURNAL).open("xb") as whole_journal:
            for run in runs:
                whole_journal.write((run / bundle.JOURNAL).read_bytes())
        for run in runs:
            part = bundle.plan_of(run).shard
            if part is not None and (run / session.RAW).exists():
                shutil.copytree(run / session.RAW, out / session.RAW / f"shard-{part.index}")
    except OSError as error:
        raise EvidenceError(f"{out} cannot be written: {error.strerror}.") from error
