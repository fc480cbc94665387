"""Which commands does the service's own command line have?"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from app.config import ConfigError, read_migration_config
from app.migrate import downgrade, upgrade
from app.serve import serve


def main(arguments: list[str]) -> int:
    """`migrate [--down]` or `serve`: 0 when done, 64 with one sentence when misconfigured."""
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    migrate = commands.add_parser("migrate", help="bring the database schema to its newest state")
    migrate.add_argument("--down", action="store_true", help="remove the schema and all its data")
    server = commands.add_parser("serve", help="serve until SIGTERM, and drain before the end")
    server.add_argument("--host", default="127.0.0.1")
    server.add_argument("--port", type=int, default=8000)
    server.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    server.add_argument("--drain-seconds", type=float, default=5.0)
    chosen = parser.parse_args(arguments)
    if chosen.command == "serve":
        return _serve(chosen)
    try:
        config = read_migration_config(os.environ)
        (downgrade if chosen.down else upgrade)(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 64
    return 0


def _serve(asked: argparse.Namespace) -> int:
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
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
