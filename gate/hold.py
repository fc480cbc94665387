"""How is one run of the gate held, from what the user asked for to a sealed bundle?"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate import archive, bundle, catalogue, environment, screen, session, shard
from gate.check import Testbed
from gate.errors import UsageError
from gate.exchanges import Tape
from gate.model import Past, Plan, Shard, Verdict
from gate.policy import Policy, decide, name_known, parse
from gate.redaction import mask
from gate.signing import find_key, fingerprint
from gate.testbed.embedded import Embedded, embedded
from gate.testbed.external import external

POLICY = session.ROOT / "policy.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked `maestro gate` for."""

    checks: tuple[str, ...]
    profile: str
    target: Path | None
    out: Path | None
    policy: Path
    seed: int | None
    shard: str | None
    history: str | None
    retries: int | None
    key: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is settled before anything starts."""

    asked: Asked
    folder: Path
    started: datetime
    seed: int
    command: str
    policy_text: str
    policy: Policy
    chosen: tuple[str, ...]
    share: Shard | None
    history: tuple[archive.Kept, ...] | None
    key: Ed25519PrivateKey | None

    def plan(self, testbed: Testbed) -> Plan:
        """What this run sets out to do on this testbed."""
        signer = None if self.key is None else fingerprint(self.key.public_key())
        return Plan(
            target=testbed.target,
            profile=self.asked.profile,
            only=self.chosen if self.asked.checks or self.share else (),
            today=self.started.date(),
            provenance=session.provenance(
                seed=self.seed,
                started=f"{self.started:%Y-%m-%dT%H:%M:%SZ}",
                command=self.command,
                signer=signer,
            ),
            shard=self.share,
        )

    def known(self, target: str) -> tuple[Past, ...] | None:
        """The earlier runs of a target; None when no history was asked for."""
        return None if self.history is None else archive.of_target(self.history, target)


def settle(asked: Asked, command: str, variables: Mapping[str, str]) -> Run:
    """All that can be wrong before anything starts: UsageError, or IntegrityError of a history."""
    started = datetime.now(UTC)
    text, policy = read_policy(asked.policy)
    chosen = catalogue.select(asked.checks or policy.required(asked.profile))
    scope = chosen if asked.checks else ()
    share = None if asked.shard is None else shard.read(asked.shard, scope)
    if share is not None and asked.seed is None:
        raise UsageError("--shard needs --seed, and every shard the same one.")
    name = f"{started:%Y%m%dT%H%M%SZ}-{asked.profile}"
    if share is not None:
        chosen, name = shard.split(chosen, share), f"{name}-{share.index}-of-{share.count}"
    return Run(
        asked=asked,
        folder=asked.out or Path("runs") / name,
        started=started,
        seed=random.SystemRandom().randrange(2**31) if asked.seed is None else asked.seed,
        command=command,
        policy_text=text,
        policy=policy if asked.retries is None else replace(policy, retries=asked.retries),
        chosen=chosen,
        share=share,
        history=None if asked.history is None else archive.load(archive.archive_at(asked.history)),
        key=find_key(asked.key, variables),
    )


def hold(run: Run, progress: screen.Progress, variables: Mapping[str, str]) -> Verdict:
    """Hold the run: the verdict, once all its evidence is in the run's folder."""
    bundle.create(run.folder)
    checks = [catalogue.CHECKS[name] for name in run.chosen]
    with (
        discarded_if_empty(run.folder),
        new_tape() as tape,
        collected(run.folder, tape.secrets) as raw,
        progress,
        place(run, raw, progress, variables, tape) as testbed,
    ):
        plan, history = run.plan(testbed), run.known(testbed.target.name)
        session.prepare(run.folder, plan, run.policy_text, history, circumstances(run, variables))
        conduct = session.Conduct(
            folder=run.folder,
            testbed=testbed,
            policy=run.policy,
            retries=run.policy.retries,
            sabotage=run.asked.profile in run.policy.sabotage,
            tape=tape,
        )
        results = conduct.run(checks, session.Watch(progress.began, progress.ended))
    verdict = decide(plan, results, run.policy, [check.page for check in checks], history)
    session.publish(run.folder, verdict, run.key)
    return verdict


def circumstances(run: Run, variables: Mapping[str, str]) -> dict[str, object]:
    """For `environment.json`."""
    options = {
        "profile": run.asked.profile,
        "checks": list(run.chosen),
        "seed": run.seed,
        "shard": run.asked.shard,
        "retries": run.policy.retries,
        "history": None if run.asked.history is None else mask(run.asked.history),
        "signed": run.key is not None,
    }
    return environment.describe(variables, options)


def read_policy(path: Path) -> tuple[str, Policy]:
    """A policy file's text and meaning; UsageError when it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The policy {path} cannot be read: {error}.") from error
    rules = parse(text, today=datetime.now(UTC).date(), file=str(path))
    name_known(
        rules,
        checks=catalogue.CHECKS,
        measures=catalogue.MEASURES,
        text=text,
        file=str(path),
    )
    return text, rules


def place(
    run: Run, raw: Path, progress: screen.Progress, variables: Mapping[str, str], tape: Tape
) -> AbstractContextManager[Testbed]:
    """The testbed: the target that a file describes, or Maestro ML on its own servers."""
    target = run.asked.target
    if target is not None:
        return external(target, raw, run.seed, variables, tape)
    return maestro_ml(raw, run.seed, progress, variables, tape=tape)


def maestro_ml(  # noqa: PLR0913 - each is a wish of its own, with a default
    folder: Path,
    seed: int,
    progress: screen.Progress,
    variables: Mapping[str, str],
    *,
    port: int = 0,
    tape: Tape | None = None,
) -> AbstractContextManager[Embedded]:
    """Our own service, on new servers or on installed ones that the environment names."""
    return embedded(
        folder,
        seed,
        say=progress.say,
        port=port,
        database_url=variables.get("MAESTRO_DATABASE_URL"),
        redis_url=variables.get("MAESTRO_REDIS_URL"),
        tape=tape,
    )


@contextmanager
def new_tape() -> Iterator[Tape]:
    """A tape on a file that nobody else sees."""
    with TemporaryFile(prefix="maestro-tape-") as file:
        yield Tape(cast("BinaryIO", file))


@contextmanager
def collected(folder: Path, secrets: Mapping[str, str]) -> Iterator[Path]:
    """A private folder for raw evidence, whose files go into the bundle without secrets.

    However the block ends; but only where there is a journal that they belong to.
    """
    with TemporaryDirectory(prefix="maestro-raw-") as raw:
        try:
            yield Path(raw)
        finally:
            if (folder / bundle.JOURNAL).exists():
                session.collect(Path(raw), folder, secrets)


@contextmanager
def discarded_if_empty(folder: Path) -> Iterator[None]:
    """Leave no folder behind when nothing was looked at yet."""
    try:
        yield
    except BaseException:
        if not (folder / bundle.JOURNAL).exists():
            shutil.rmtree(folder)
        raise
