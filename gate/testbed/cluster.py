"""How is a new PostgreSQL data folder made, and with which settings?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gate.testbed.identity import Identity
from gate.testbed.process import Command
from gate.testbed.site import Site

SUPERUSER = "postgres"
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}
SETTINGS: Mapping[str, str] = {
    # What is acknowledged must be on disk: the chaos and recovery gates rest on it.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Base and incremental backups, and a receiver or replica beside them.
    "wal_level": "replica",
    "max_wal_senders": "6",
    "summarize_wal": "on",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Readable logs: who failed when, and never the text of a statement that may hold a value.
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_min_error_statement": "panic",
}


def create_cluster(site: Site, binaries: Path, identity: Identity, home: Path, secret: str) -> Path:
    """A new data folder below `home`, whose superuser `postgres` has this password.

    Checksums are on, the encoding is UTF-8 with the built-in locale, and every connection needs
    its password (SCRAM, RFC 7677).
    """
    home.mkdir(mode=0o700)
    password = home / "password"
    password.touch(mode=0o600)
    password.write_text(secret, encoding="utf-8")
    identity.own(home)
    site.run(
        Command(
            name=f"{home.name}-initdb",
            argv=initdb(binaries / "initdb", home / "data", password),
            env=ENVIRONMENT,
            folder=home,
            identity=identity,
        )
    )
    password.unlink()
    return home / "data"


def initdb(program: Path, data: Path, password: Path) -> list[str | Path]:
    """The command line of initdb."""
    options = ["--no-sync", "--no-instructions", "--data-checksums", "--encoding=UTF8"]
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    access = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password}"]
    settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    return [program, f"--pgdata={data}", *options, *locale, *access, *settings]
