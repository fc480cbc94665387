"""How is a base backup taken while the server goes on working?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recovery.errors import RecoveryError
from recovery.lsn import Lsn
from recovery.manifest import Manifest, read_manifest
from recovery.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy of a data folder, consistent only with the log between `start` and `end`."""

    folder: Path
    system: int
    timeline: int
    start: Lsn
    end: Lsn


def take_backup(server: Server, folder: Path, within: float = 3600.0) -> Backup:
    """Copy the server's data folder to a new `folder`; RecoveryError when that fails.

    Plain files, and no log: that comes from the archive, which must be open before this begins.
    The manifest has SHA-256, not PostgreSQL's default CRC-32C: Python verifies it without another
    dependency, and it holds against people as well as against accidents.
    """
    if folder.exists():
        raise RecoveryError(f"{folder} is there already: a backup is never written over another.")
    server.run(
        "pg_basebackup",
        "--pgdata",
        folder,
        "--format=plain",
        "--wal-method=none",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        "--no-password",
        within=within,
    )
    return open_backup(folder)


def open_backup(folder: Path) -> Backup:
    """What a backup says of itself; RecoveryError when its manifest cannot be trusted."""
    return describe(folder, read_manifest(folder))


def describe(folder: Path, manifest: Manifest) -> Backup:
    """The backup of a manifest; RecoveryError when it spans a change of timelines."""
    if len(manifest.ranges) != 1:
        raise RecoveryError(f"{folder} spans several timelines: take a new backup.")
    (span,) = manifest.ranges
    return Backup(
        folder=folder,
        system=manifest.system,
        timeline=span.timeline,
        start=span.start,
        end=span.end,
    )
