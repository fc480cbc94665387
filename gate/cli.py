"""The `maestro` command: the one place that prints, exits, and reads arguments and environment."""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NoReturn

import click
from rich.console import Console

from gate import bundle, catalogue, screen, session
from gate.check import Check, Testbed
from gate.codec import encode
from gate.diff import compare
from gate.errors import GateError, UsageError
from gate.explain import explain as page_of
from gate.model import Outcome, Plan, Verdict
from gate.policy import Policy, decide, name_known, parse
from gate.testbed import seeding
from gate.testbed.embedded import Embedded, embedded
from gate.testbed.external import external
from gate.testbed.seeding import fill
from loadtests.bench.figures import as_text, table
from loadtests.bench.open_loop import arrivals
from loadtests.bench.sitting import Effort, sitting
from reports import FORMATS

EXIT = {Outcome.PASS: 0, Outcome.FAIL: 10}
INCOMPLETE, USAGE, INTERNAL, INTERRUPTED = 11, 64, 70, 130
POLICY = session.ROOT / "policy.toml"
EXISTING = click.Path(exists=True, file_okay=False, path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


def maestro() -> NoReturn:
    """Run the command line and leave with the documented exit code, whatever happens."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    sys.exit(attempt(sys.argv[1:]))


def interrupt(number: int, _: FrameType | None) -> None:
    """Make a request to end look like Ctrl-C, so that everything is cleared away."""
    raise KeyboardInterrupt(signal.Signals(number).name)


def attempt(arguments: list[str]) -> int:
    """The exit code of one invocation; what goes wrong is told on standard error."""
    try:
        code = commands.main(arguments, prog_name="maestro", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return USAGE
    except GateError as error:
        complain(str(error), error.advice())
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        complain("Interrupted.", "Nothing is left running; no verdict was given.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a crash must not look like a verdict
        traceback.print_exc()
        complain(f"{type(error).__name__}: {error}", GateError().advice())
        return INTERNAL
    return code if isinstance(code, int) else 0


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(session.VERSION, prog_name="maestro")
def commands() -> None:
    """Maestro: a release gate for multi-tenant services.

    It tries to break every promise a service makes and returns one verdict with evidence.

    Exit codes: 0 pass, 10 blocked, 11 incomplete, 12 evidence damaged, 64 wrong usage or policy,
    70 internal error, 130 interrupted.
    """


@commands.command()
@click.argument("checks", nargs=-1)
@click.option("--profile", default="standard", show_default=True, help="smoke, standard, release")
@click.option(
    "--target", type=click.Path(path_type=Path), help="A target.toml; default: Maestro ML"
)
@click.option("--out", type=click.Path(path_type=Path), help="A new folder for the evidence.")
@click.option("--policy", type=click.Path(path_type=Path), default=POLICY, help="The policy file.")
@click.option("--seed", type=int, help="Repeat a run's random choices; printed in its report.")
@AS_JSON
def gate(**asked: Any) -> int:
    """Run the gate: all checks of a profile, or only the CHECKS (ids or gates) named.

    Starts Maestro ML on its own PostgreSQL and Redis, or tests what --target describes.
    """
    as_json = asked.pop("as_json")
    verdict, folder = hold(Asked(**asked))
    show(verdict, folder, as_json=as_json)
    return exit_code(verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked `maestro gate` for."""

    checks: tuple[str, ...]
    profile: str
    target: Path | None
    out: Path | None
    policy: Path
    seed: int | None


def hold(asked: Asked) -> tuple[Verdict, Path]:
    """Hold one run: the verdict, and the folder with its evidence."""
    started = datetime.now(UTC)
    text, policy = read_policy(asked.policy)
    chosen = catalogue.select(asked.checks or policy.required(asked.profile))
    folder = asked.out or Path("runs") / f"{started:%Y%m%dT%H%M%SZ}-{asked.profile}"
    bundle.create(folder)
    progress = screen.Progress.on(Console(stderr=True), len(chosen))
    seed = random.SystemRandom().randrange(2**31) if asked.seed is None else asked.seed
    with discarded_if_empty(folder), progress, place(asked, folder, seed, progress) as testbed:
        plan = Plan(
            target=testbed.target,
            profile=asked.profile,
            only=chosen if asked.checks else (),
            today=started.date(),
            provenance=session.provenance(
                seed=seed,
                started=f"{started:%Y-%m-%dT%H:%M:%SZ}",
                command=shlex.join(["maestro", *sys.argv[1:]]),
            ),
        )
        session.prepare(folder, plan, text)
        checks = [catalogue.CHECKS[name] for name in chosen]
        watch = session.Watch(progress.began, progress.ended)
        results = session.conduct(folder, checks, testbed, policy, watch)
        secrets = dict(testbed.secrets)
    verdict = decide(plan, results, policy, [check.page for check in checks])
    session.publish(folder, verdict, secrets)
    return verdict, folder


def read_policy(path: Path) -> tuple[str, Policy]:
    """A policy file's text and meaning; UsageError when it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The policy {path} cannot be read: {error}.") from error
    rules = parse(text, today=datetime.now(UTC).date())
    name_known(rules, checks=catalogue.CHECKS, measures=catalogue.MEASURES)
    return text, rules


def place(
    asked: Asked, folder: Path, seed: int, progress: screen.Progress
) -> AbstractContextManager[Testbed]:
    """The testbed: the target that a file describes, or Maestro ML on its own servers."""
    raw = folder.resolve() / session.RAW
    raw.mkdir()
    if asked.target is not None:
        return external(asked.target, raw, seed, os.environ)
    return maestro_ml(raw, seed, progress)


def maestro_ml(
    folder: Path, seed: int, progress: screen.Progress, port: int = 0
) -> AbstractContextManager[Embedded]:
    """Our own service, on new servers or on installed ones that the environment names."""
    return embedded(
        folder,
        seed,
        say=progress.say,
        port=port,
        database_url=os.environ.get("MAESTRO_DATABASE_URL"),
        redis_url=os.environ.get("MAESTRO_REDIS_URL"),
    )


@contextmanager
def discarded_if_empty(folder: Path) -> Iterator[None]:
    """Leave no folder behind when nothing was looked at yet."""
    try:
        yield
    except BaseException:
        if not (folder / bundle.JOURNAL).exists():
            shutil.rmtree(folder)
        raise


@commands.command(name="list")
@click.option("--pages", type=EXISTING, help="Also write each check's page into this folder.")
@AS_JSON
def list_checks(pages: Path | None, *, as_json: bool) -> None:
    """List every check: its id and what it claims."""
    checks = catalogue.CHECKS.values()
    if pages is not None:
        for check in checks:
            (pages / f"{check.id}.md").write_text(page_of(check), encoding="utf-8")
    if as_json:
        click.echo(json.dumps([summary(check) for check in checks], indent=2))
        return
    width = max(len(check.id) for check in checks)
    for check in checks:
        click.echo(f"{check.id:<{width}}  {check.claim}")


def summary(check: Check) -> dict[str, Any]:
    """A check for machines."""
    return {
        "id": check.id,
        "gate": check.gate,
        "claim": check.claim,
        "blind_to": check.blind_to,
        "needs": sorted(check.needs),
        "at_least": dict(check.at_least),
        "limits": {name: limit.value for name, limit in check.limits.items()},
        "controls": [control.defect for control in check.controls],
    }


@commands.command()
@click.argument("check")
@AS_JSON
def explain(check: str, *, as_json: bool) -> None:
    """Explain a CHECK: how it looks and judges, what it cannot see, how it proves itself."""
    found = catalogue.find(check)
    click.echo(json.dumps(summary(found), indent=2) if as_json else page_of(found), nl=as_json)


@commands.command()
@click.argument("run", type=EXISTING)
@AS_JSON
def judge(run: Path, *, as_json: bool) -> int:
    """Judge a stored RUN again, from its journal; the target is not touched."""
    verdict = bundle.rejudge(run, catalogue.CHECKS)
    show(verdict, run, as_json=as_json)
    return exit_code(verdict)


@commands.command()
@click.argument("run", type=EXISTING)
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), required=True)
def report(run: Path, form: str) -> None:
    """Print the report of a stored RUN in one of the formats."""
    click.echo(FORMATS[form].render(bundle.load(run / bundle.VERDICT)), nl=False)


@commands.command()
@click.argument("run", type=EXISTING)
def verify(run: Path) -> None:
    """Verify the evidence of a RUN: every file, the verdict's reasoning, the judges' word."""
    verdict = bundle.verify(run, catalogue.CHECKS, session.identity())
    again = bundle.judged_by(verdict) == session.identity()
    journal = (
        "results follow from the journal" if again else "judged by another version: not redone"
    )
    click.echo(f"Intact: files unchanged, verdict follows from results and policy, {journal}.")
    click.echo(f"The verdict was {verdict.outcome.label}.")


@commands.command()
@click.argument("before", type=EXISTING)
@click.argument("after", type=EXISTING)
@AS_JSON
def diff(before: Path, after: Path, *, as_json: bool) -> None:
    """Show what changed between two runs: new, fixed and remaining findings, measures."""
    difference = compare(bundle.load(before / bundle.VERDICT), bundle.load(after / bundle.VERDICT))
    click.echo(encode(difference, indent=2) if as_json else screen.difference_text(difference))


@commands.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--seed", "runs", type=click.IntRange(0), default=0, help="Runs to fill in.")
def serve(port: int, runs: int) -> None:
    """Start Maestro ML with two demo tenants on embedded servers, until Ctrl-C."""
    progress = screen.Progress.on(Console(stderr=True), 0)
    with TemporaryDirectory(prefix="maestro-demo-") as logs, ExitStack() as stack:
        with progress:
            testbed = stack.enter_context(maestro_ml(Path(logs), 0, progress, port=port))
            for name, tenant_id in testbed.tenant_ids.items() if runs else ():
                progress.say(f"Seeding {name}")
                fill(testbed.site, testbed.schema.app_url, tenant_id, ["--runs", str(runs)])
        keys = {
            tenant: testbed.actor(tenant).credentials["Authorization"].removeprefix("Bearer ")
            for tenant in testbed.tenants
        }
        click.echo(screen.welcome_text(testbed, keys))
        with suppress(KeyboardInterrupt):
            signal.pause()


@commands.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def seed(arguments: tuple[str, ...]) -> int:
    """Fill a tenant of an installed service: --tenant ID [--runs N --experiments N …].

    MAESTRO_DATABASE_URL names the service's database. An interrupted seeding goes on where it
    ended; `python -m app seed --help` lists all sizes.
    """
    return USAGE if seeding.seed(arguments, os.environ) else 0


@commands.command()
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--connections", type=click.IntRange(1), default=16, show_default=True)
@click.option("--runs", type=click.IntRange(120), default=60_000, show_default=True)
@click.option("--rate", type=click.IntRange(1), default=1000, show_default=True)
def bench(rate: int, **asked: Any) -> None:
    """Measure Maestro ML next to bare Flask and pgbench -S: a table of one sitting, no gate."""
    effort = Effort(**asked)
    progress = screen.Progress.on(Console(stderr=True), 0)
    with TemporaryDirectory(prefix="maestro-bench-") as logs, ExitStack() as stack:
        with progress:
            testbed = stack.enter_context(embedded(Path(logs), 0, say=progress.say))
            place = stack.enter_context(sitting(testbed, effort, progress.say))
            rounds = place.measure(progress.say)
            late = arrivals(testbed, rate, 3 * effort.seconds)
        click.echo(f"{place.seeded}\n\n{as_text(table(rounds))}\n\n{late}")


def show(verdict: Verdict, folder: Path, *, as_json: bool) -> None:
    """The verdict on standard output."""
    text = FORMATS["json"].render(verdict) if as_json else screen.verdict_text(verdict, folder)
    click.echo(text)


def complain(problem: str, advice: str) -> None:
    """What is wrong and what to do next, on standard error."""
    click.echo(f"maestro: {problem}\n{advice}", err=True)


def exit_code(verdict: Verdict) -> int:
    """0 pass, 10 blocked, 11 incomplete."""
    return EXIT.get(verdict.outcome, INCOMPLETE)
