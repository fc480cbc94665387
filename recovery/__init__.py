"""Backup and restore of the service's database: the production tool."""

from recovery.archive import Archive, Mark, close_archive, extend_archive, open_archive, set_mark
from recovery.backup import Backup, open_backup, take_backup
from recovery.errors import RecoveryError
from recovery.lsn import Lsn
from recovery.manifest import Flaw, verify_files
from recovery.restore import Goal, Owner, owner_of, restore, verify
from recovery.server import Server

__all__ = [
    "Archive",
    "Backup",
    "Flaw",
    "Goal",
    "Lsn",
    "Mark",
    "Owner",
    "RecoveryError",
    "Server",
    "close_archive",
    "extend_archive",
    "open_archive",
    "open_backup",
    "owner_of",
    "restore",
    "set_mark",
    "take_backup",
    "verify",
    "verify_files",
]
