"""Which commands does the service's own command line have?"""

from __future__ import annotations

import argparse
import os
import sys
from uuid import UUID

from app.audit import verify
from app.audit_log import read_chain
from app.config import ConfigError, read_config, read_migration_config
from app.database import Scope, enter
from app.factory import create_app
from app.migrate import downgrade, upgrade

BROKEN = 10


def main(arguments: list[str]) -> int:
    """`migrate [--down]` or `verify-audit TENANT`.

    0 when done or whole, 10 when the tenant's audit log was tampered with, 64 with one sentence
    when the configuration is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    migrate = commands.add_parser("migrate", help="bring the database schema to its newest state")
    migrate.add_argument("--down", action="store_true", help="remove the schema and all its data")
    verifying = commands.add_parser("verify-audit", help="is a tenant's audit log as it was?")
    verifying.add_argument("tenant", type=UUID, help="the tenant's id")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "verify-audit":
            return verify_audit(chosen.tenant)
        config = read_migration_config(os.environ)
        (downgrade if chosen.down else upgrade)(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 64
    return 0


def verify_audit(tenant_id: UUID) -> int:
    """Say whether the tenant's chain holds, and where it does not."""
    with create_app(read_config(os.environ)).app_context():
        enter(Scope(tenant_id))
        chain, head = read_chain(tenant_id)
    breaks = list(verify(chain, head=head))
    for found in breaks:
        sys.stdout.write(f"event {found.seq}: {found.reason}\n")
    end = f", the last is {head[1].hex()}" if chain else ""
    sys.stdout.write(f"{len(chain)} events, {len(breaks)} breaks{end}\n")
    return BROKEN if breaks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
