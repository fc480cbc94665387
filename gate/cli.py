"""The `maestro` command: the one place that prints, exits, and reads arguments and environment."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
import traceback
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NoReturn

import click
from rich.console import Console

from gate import catalogue, hold, policy, review, screen, session
from gate.check import Check
from gate.errors import GateError, UsageError
from gate.explain import explain as page_of
from gate.testbed import seeding
from gate.testbed.embedded import embedded
from gate.testbed.external import entries, external
from gate.testbed.looking import draft_of
from loadtests.bench.figures import as_text, table
from loadtests.bench.open_loop import MIX, READS, arrivals
from loadtests.bench.sitting import Effort, sitting
from security_tests import long_fuzz

BLOCKED, INCOMPLETE, USAGE, INTERNAL, INTERRUPTED = 10, 11, 64, 70, 130


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
    call = review.Call(shlex.join(["maestro", *arguments]), os.environ)
    try:
        code = commands.main(arguments, prog_name="maestro", standalone_mode=False, obj=call)
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


for each in review.COMMANDS:
    commands.add_command(each)


@commands.command()
@click.argument("checks", nargs=-1)
@click.option("--profile", default="standard", show_default=True, help="smoke, standard, release")
@click.option("--target", type=review.FILE, help="A target.toml; default: Maestro ML")
@click.option("--out", type=review.FILE, help="A new folder for the evidence.")
@click.option("--policy", type=review.FILE, default=hold.POLICY, help="The policy file.")
@click.option("--seed", type=int, help="Repeat a run's random choices; printed in its report.")
@click.option("--shard", help="Run the i-th of n shares of the checks, as i/n, with --seed.")
@click.option("--history", help="Compare with earlier runs: their folder, or s3://bucket/prefix.")
@click.option(
    "--retries",
    type=click.IntRange(0, 5),
    help="Try a check again that does not pass; a retry buys a label, not a pass.",
)
@review.KEY
@review.AS_JSON
@click.pass_obj
def gate(call: review.Call, /, **asked: Any) -> int:
    """Run the gate: all checks of a profile, or only the CHECKS (ids or gates) named.

    Starts Maestro ML on its own PostgreSQL and Redis, or tests what --target describes.
    """
    as_json = asked.pop("as_json")
    run = hold.settle(hold.Asked(**asked), call.command, call.variables)
    progress = screen.Progress.on(Console(stderr=True), len(run.chosen))
    verdict = hold.hold(run, progress, call.variables)
    review.show(verdict, run.folder, as_json=as_json)
    return review.exit_code(verdict)


@commands.command(name="list")
@click.option(
    "--pages", type=review.EXISTING, help="Also write each check's page into this folder."
)
@review.AS_JSON
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
@review.AS_JSON
def explain(check: str, *, as_json: bool) -> None:
    """Explain a CHECK: how it looks and judges, what it cannot see, how it proves itself."""
    found = catalogue.find(check)
    click.echo(json.dumps(summary(found), indent=2) if as_json else page_of(found), nl=as_json)


@commands.command(name="policy")
@click.argument("file", type=review.FILE, default=hold.POLICY)
@click.option("--schema", type=review.EXISTING, help="Write the policy's JSON Schema in here.")
def read_policy(file: Path, schema: Path | None) -> None:
    """Read a policy FILE and say what it requires, or where it is wrong and what to do."""
    _, rules = hold.read_policy(file)
    if schema is not None:
        text = json.dumps(policy.schema(), indent=2) + "\n"
        (schema / "policy.schema.json").write_text(text, encoding="utf-8")
    click.echo(screen.policy_text(rules))


@commands.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--seed", "runs", type=click.IntRange(0), default=0, help="Runs to fill in.")
@click.pass_obj
def serve(call: review.Call, port: int, runs: int) -> None:
    """Start Maestro ML with two demo tenants on embedded servers, until Ctrl-C."""
    progress = screen.Progress.on(Console(stderr=True), 0)
    with TemporaryDirectory(prefix="maestro-demo-") as logs, ExitStack() as stack:
        with progress:
            testbed = stack.enter_context(
                hold.maestro_ml(Path(logs), 0, progress, call.variables, port=port)
            )
            for name, tenant_id in testbed.tenant_ids.items() if runs else ():
                progress.say(f"Seeding {name}")
                arguments = ["--runs", str(runs)]
                seeding.fill(testbed.site, testbed.schema.app_url, tenant_id, arguments)
        keys = {
            tenant: testbed.actor(tenant).credentials["Authorization"].removeprefix("Bearer ")
            for tenant in testbed.tenants
        }
        click.echo(screen.welcome_text(testbed, keys))
        with suppress(KeyboardInterrupt):
            # In turns: a signal just before an endless wait begins would only be seen after it.
            while True:
                time.sleep(1)


@commands.group()
def target() -> None:
    """Describe somebody else's service, so that the gate can test it.

    `maestro target init URL` writes a first draft of its target file.
    """


@target.command(name="init")
@click.argument("url")
@click.option("--openapi", help="Its document: a path there, an address or a file.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("target.toml"), show_default=True
)
def init_target(url: str, openapi: str | None, out: Path) -> None:
    """Write a commented draft of a target file by looking at the document of the service at URL.

    URL may also be the document's own address, or that of the page that shows it.
    """
    text = draft_of(url, openapi, out)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(
        f"Wrote {out}. Read it, correct it, then: maestro target check {out}, "
        f"and maestro gate isolation --target {out}"
    )


@target.command(name="check")
@click.argument("file", type=review.FILE, default=Path("target.toml"))
@click.pass_obj
def check_target(call: review.Call, file: Path) -> int:
    """Sign in everybody whom a target FILE names, and say who is let in. Nothing is judged.

    Exit code 11 when somebody is refused everywhere.
    """
    with (
        TemporaryDirectory(prefix="maestro-check-") as folder,
        external(file, Path(folder), 0, call.variables) as bed,
    ):
        found = list(entries(bed))
    for who, told, good in found:
        click.echo(f"{who:<24} {'let in' if good else 'refused':<8} {told}")
    return 0 if all(good for _, _, good in found) else INCOMPLETE


@commands.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def seed(call: review.Call, arguments: tuple[str, ...]) -> int:
    """Fill a tenant of an installed service: --tenant ID [--runs N --experiments N …].

    MAESTRO_DATABASE_URL names the service's database. An interrupted seeding goes on where it
    ended; `python -m app seed --help` lists all sizes.
    """
    return USAGE if seeding.seed(arguments, call.variables) else 0


@commands.command()
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--connections", type=click.IntRange(1), default=16, show_default=True)
@click.option("--runs", type=click.IntRange(120), default=60_000, show_default=True)
@click.option("--rate", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--mixed-rate", type=click.IntRange(1), default=300, show_default=True)
def bench(rate: int, mixed_rate: int, **asked: Any) -> None:
    """Measure Maestro ML next to bare Flask and pgbench -S: a table of one sitting, no gate."""
    effort = Effort(**asked)
    progress = screen.Progress.on(Console(stderr=True), 0)
    with TemporaryDirectory(prefix="maestro-bench-") as logs, ExitStack() as stack:
        with progress:
            testbed = stack.enter_context(embedded(Path(logs), 0, say=progress.say))
            place = stack.enter_context(sitting(testbed, effort, progress.say))
            rounds = place.measure(progress.say)
            seconds = 3 * effort.seconds
            reads = arrivals(testbed, "reads", READS, rate, seconds)
            mixed = arrivals(testbed, "mixed", MIX, mixed_rate, seconds)
        click.echo(f"{place.seeded}\n\n{as_text(table(rounds))}\n\n{reads}\n{mixed}")


@commands.command()
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--cases", type=click.IntRange(1), default=20_000, show_default=True)
def fuzz(seed: int, cases: int) -> int:
    """Fuzz the whole API of Maestro ML for long: cases by phase, and what failed. No gate.

    Exit code 10 when anything failed, 11 when there were fewer CASES, or trouble with the fuzzer.
    """
    progress = screen.Progress.on(Console(stderr=True), 0)
    with (
        TemporaryDirectory(prefix="maestro-fuzz-") as logs,
        progress,
        embedded(Path(logs), seed, say=progress.say) as testbed,
    ):
        found = long_fuzz.fuzz_all(testbed, cases, progress.say)
    click.echo(long_fuzz.as_text(seed, found))
    if any(each.failures for each in found):
        return BLOCKED
    return 0 if long_fuzz.complete(found, cases) else INCOMPLETE


def complain(problem: str, advice: str) -> None:
    """What is wrong and what to do next, on standard error."""
    click.echo(f"maestro: {problem}\n{advice}", err=True)
