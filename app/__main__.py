"""Which commands does the service's own command line have?"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from uuid import UUID

from app.config import ConfigError, read_config, read_database_url, read_migration_config
from app.migrate import MigrationError, downgrade, upgrade
from app.seed import Dataset, SeedError, seed
from app.serve import serve

BROKEN = 10


def main(arguments: list[str]) -> int:
    """`migrate`, `seed`, `serve` or `verify-audit`.

    0 when done or whole, 10 when the tenant's audit log was tampered with, 64 with one sentence
    when it was told what is wrong.
    """
    chosen = parse(arguments)
    try:
        return run(chosen, os.environ)
    except (ConfigError, MigrationError, SeedError) as error:
        sys.stderr.write(f"{error}\n")
        return 64


def parse(arguments: list[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    migrate = commands.add_parser("migrate", help="bring the database schema to its newest state")
    migrate.add_argument("--down", action="store_true", help="remove the schema and all its data")
    seeding = commands.add_parser("seed", help="fill a tenant with a large body of work")
    seeding.add_argument("--tenant", type=UUID, required=True, help="the id of a tenant")
    for part in fields(Dataset):
        text = f"default: {part.default}"
        seeding.add_argument(f"--{part.name}", type=natural, default=part.default, help=text)
    server = commands.add_parser("serve", help="serve until SIGTERM, and drain before the end")
    server.add_argument("--host", default="127.0.0.1")
    server.add_argument("--port", type=int, default=8000)
    server.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    server.add_argument("--drain-seconds", type=float, default=5.0)
    verifying = commands.add_parser("verify-audit", help="is a tenant's audit log as it was?")
    verifying.add_argument("tenant", type=UUID, help="the tenant's id")
    return parser.parse_args(arguments)


def natural(text: str) -> int:
    """A whole number that is not negative; ValueError for anything else."""
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def run(chosen: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Do what was asked for; the exit code."""
    if chosen.command == "verify-audit":
        return verify_audit(chosen.tenant, environ)
    if chosen.command == "seed":
        dataset = Dataset(**{part.name: getattr(chosen, part.name) for part in fields(Dataset)})
        seed(read_database_url(environ), chosen.tenant, dataset, say)
    elif chosen.command == "serve":
        read_config(environ)  # of what is missing its workers would die, again and again
        serve_draining(chosen)
    else:
        (downgrade if chosen.down else upgrade)(read_migration_config(environ))
    return 0


def serve_draining(asked: argparse.Namespace) -> None:
    """Serve, with a drain file that the workers find in their environment."""
    with tempfile.TemporaryDirectory(prefix="maestro-drain-") as folder:
        drain_file = Path(folder) / "draining"
        os.environ["MAESTRO_DRAIN_FILE"] = str(drain_file)
        serve(
            host=asked.host,
            port=asked.port,
            workers=asked.workers,
            drain_file=drain_file,
            drain_seconds=asked.drain_seconds,
        )


def say(line: str) -> None:
    """Progress: over one line on a terminal, else only what comes last."""
    last = line.endswith("rows/s")
    if last or sys.stderr.isatty():
        sys.stderr.write(f"\r{line:<60}" + ("\n" if last else ""))


def verify_audit(tenant_id: UUID, environ: Mapping[str, str]) -> int:
    """Say whether the tenant's chain holds, and where it does not."""
    # The application takes a slot of the workers' metrics, which a server's parent must not do.
    from app.audit import verify  # noqa: PLC0415
    from app.audit_log import read_chain  # noqa: PLC0415
    from app.database import Scope, enter  # noqa: PLC0415
    from app.factory import create_app  # noqa: PLC0415

    with create_app(read_config(environ)).app_context():
        enter(Scope(tenant_id))
        chain, head = read_chain(tenant_id)
        breaks = list(verify(chain, head=head))
    for found in breaks:
        sys.stdout.write(f"event {found.seq}: {found.reason}\n")
    events, last = head
    end = f", the last is {last.hex()}" if events else ""
    sys.stdout.write(f"{events} events, {len(breaks)} breaks{end}\n")
    return BROKEN if breaks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
