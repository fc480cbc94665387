"""Which commands does the service's own command line have?"""

from __future__ import annotations

import argparse
import os
import sys

from app.config import ConfigError, read_migration_config
from app.migrate import downgrade, upgrade


def main(arguments: list[str]) -> int:
    """`migrate [--down]`: 0 when done, 64 with one sentence when the configuration is wrong."""
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    migrate = commands.add_parser("migrate", help="bring the database schema to its newest state")
    migrate.add_argument("--down", action="store_true", help="remove the schema and all its data")
    chosen = parser.parse_args(arguments)
    try:
        config = read_migration_config(os.environ)
        (downgrade if chosen.down else upgrade)(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
