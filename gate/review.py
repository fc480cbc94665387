"""What can be asked of runs that are stored? The commands that never touch a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from gate import archive, bundle, catalogue, keyless, screen, session
from gate.codec import encode
from gate.diff import compare
from gate.errors import IntegrityError, UsageError
from gate.merge import merge as merge_shards
from gate.model import Outcome, Verdict
from gate.signing import find_key, read_public_keys
from reports import FORMATS

EXIT = {Outcome.PASS: 0, Outcome.FAIL: 10}
INCOMPLETE = 11
EXISTING = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
KEY = click.option(
    "--key", type=FILE, help="Sign with this ed25519 key; default: MAESTRO_SIGNING_KEY, if set."
)
PUBLIC_KEY = click.option(
    "--public-key", type=FILE, help="Trust these keys only: PEM, OpenSSH or allowed_signers."
)


@dataclass(frozen=True, slots=True)
class Call:
    """How the command was called: its line, and the environment's variables."""

    command: str
    variables: Mapping[str, str]


@click.command()
@click.argument("run", type=EXISTING)
@AS_JSON
def judge(run: Path, *, as_json: bool) -> int:
    """Judge a stored RUN again, from its journal; the target is not touched."""
    verdict = bundle.rejudge(run, catalogue.CHECKS)
    show(verdict, run, as_json=as_json)
    return exit_code(verdict)


@click.command()
@click.argument("run", type=EXISTING)
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), required=True)
def report(run: Path, form: str) -> None:
    """Print the report of a stored RUN in one of the formats."""
    click.echo(FORMATS[form].render(bundle.load(run / bundle.VERDICT)), nl=False)


@click.command()
@click.argument("run", type=EXISTING)
@PUBLIC_KEY
@click.option("--identity", help="Who must have signed keylessly, as in the certificate.")
@click.option("--issuer", help="The OIDC issuer who must vouch for --identity, a URL.")
def verify(run: Path, public_key: Path | None, identity: str | None, issuer: str | None) -> None:
    """Verify the evidence of a RUN: every file, the reasoning, the judges' word, the signatures.

    Works offline and on any machine, from the folder alone.
    """
    trusted = read_public_keys(public_key) if public_key else ()
    if (identity is None) != (issuer is None):
        raise UsageError("--identity and --issuer say who signed only together.")
    expected = keyless.Expected(identity=identity, issuer=issuer) if identity and issuer else None
    verdict = bundle.verify(run, catalogue.CHECKS, session.identity(), trusted)
    again = bundle.judged_by(verdict) == session.identity()
    if again and (unfaithful := session.unfaithful(run, verdict)):
        raise IntegrityError(f"{unfaithful[0]} does not say what the verdict says.")
    told = keyless_line(run, expected)
    redone = (
        "results follow from the journal, reports say what the verdict says"
        if again
        else f"judged by another version ({bundle.judged_by(verdict)}): not redone"
    )
    click.echo(f"Intact: files unchanged, verdict follows from results and policy, {redone}.")
    click.echo(screen.signature_line(verdict, trusted=bool(trusted)))
    if told:
        click.echo(told)
    click.echo(f"The verdict was {verdict.outcome.label}.")


def keyless_line(run: Path, expected: keyless.Expected | None) -> str:
    """Who signed keylessly; nothing where nobody did and nobody was expected to."""
    there = (run / bundle.KEYLESS).exists()
    if expected is None:
        return f"Not verified: {bundle.KEYLESS}; name --identity and --issuer." if there else ""
    if not there:
        raise IntegrityError(f"The bundle has no {bundle.KEYLESS}, so nobody signed keylessly.")
    sums = (run / bundle.SUMS).read_bytes()
    keyless.verify(sums, bundle.text_of(run / bundle.KEYLESS), expected)
    return f"Signed keylessly by {expected.identity}, whom {expected.issuer} vouches for."


@click.command()
@click.argument("run", type=EXISTING)
def sign(run: Path) -> None:
    """Sign a RUN keylessly, with this CI job's identity at Sigstore; verifies the run first.

    Needs the extra `sigstore` and a network.
    """
    bundle.verify(run, catalogue.CHECKS, session.identity())
    if (run / bundle.KEYLESS).exists():
        raise UsageError(f"{run / bundle.KEYLESS} is there already; nothing is overwritten.")
    bundle.write(run, bundle.KEYLESS, keyless.sign((run / bundle.SUMS).read_bytes()))
    click.echo(f"Signed: {run / bundle.KEYLESS}")


@click.command()
@click.argument("before", type=EXISTING)
@click.argument("after", type=EXISTING)
@AS_JSON
def diff(before: Path, after: Path, *, as_json: bool) -> None:
    """Show what changed between two runs: new, fixed and remaining findings, measures."""
    difference = compare(bundle.load(before / bundle.VERDICT), bundle.load(after / bundle.VERDICT))
    click.echo(encode(difference, indent=2) if as_json else screen.difference_text(difference))


@click.command()
@click.argument("runs", type=EXISTING, nargs=-1, required=True)
@click.option("--out", type=FILE, required=True, help="A new folder for the evidence.")
@KEY
@PUBLIC_KEY
@AS_JSON
@click.pass_obj
def merge(  # noqa: PLR0913 - click gives each option as an argument
    call: Call,
    runs: tuple[Path, ...],
    out: Path,
    key: Path | None,
    public_key: Path | None,
    *,
    as_json: bool,
) -> int:
    """Merge the RUNS of all shards into one verdict; a missing shard makes it incomplete.

    Every shard is verified first, by --public-key where it is given. The verdict is judged anew
    from the journals.
    """
    trusted = read_public_keys(public_key) if public_key else ()
    signer = find_key(key, call.variables)
    verdict = merge_shards(runs, out, call.command, signer, trusted)
    show(verdict, out, as_json=as_json)
    return exit_code(verdict)


@click.command()
@click.argument("where", metavar="HISTORY")
@click.option("--add", "run", type=EXISTING, help="Keep the verdict of this run, once verified.")
@AS_JSON
def history(where: str, run: Path | None, *, as_json: bool) -> None:
    """List the earlier runs in a HISTORY: a folder of runs, or s3://bucket/prefix.

    `maestro gate --history HISTORY` compares a new run with them.
    """
    kept = archive.archive_at(where)
    if run is not None:
        bundle.verify(run, catalogue.CHECKS, session.identity())
        click.echo(f"Kept {archive.add(kept, run)} in {where}.", err=True)
    runs = archive.load(kept)
    if as_json:
        click.echo(encode([each.past for each in runs], indent=2))
    else:
        click.echo(screen.history_text(runs))


COMMANDS = (judge, report, verify, sign, diff, merge, history)


def show(verdict: Verdict, folder: Path, *, as_json: bool) -> None:
    """The verdict on standard output."""
    text = FORMATS["json"].render(verdict) if as_json else screen.verdict_text(verdict, folder)
    click.echo(text)


def exit_code(verdict: Verdict) -> int:
    """0 pass, 10 blocked, 11 incomplete."""
    return EXIT.get(verdict.outcome, INCOMPLETE)
