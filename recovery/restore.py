"""How does a server get back to an explicit moment, and to nothing else?"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recovery.backup import Backup
from recovery.errors import RecoveryError
from recovery.lsn import Lsn
from recovery.manifest import NAME, Flaw, list_files, verify_files
from recovery.wal import needed_segments, verify_log

SETTING = re.compile(r"\s*(restore_command|recovery_target\w*)\s*=")


@dataclass(frozen=True, slots=True)
class Owner:
    """The user and group, as numbers, that the server runs as."""

    user: int
    group: int


def owner_of(data: Path) -> Owner:
    """Whose data folder it is: ask before it is gone."""
    status = data.stat()
    return Owner(status.st_uid, status.st_gid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A moment, with the backup and the folder of archived log that lead to it."""

    backup: Backup
    log: Path
    target: Lsn


def verify(goal: Goal, binaries: Path) -> tuple[Flaw, ...]:
    """All that keeps this backup and this log from being restored to the target."""
    backup = goal.backup
    return (*verify_files(backup.folder), *verify_log(backup, goal.log, goal.target, binaries))


def restore(goal: Goal, data: Path, owner: Owner, binaries: Path) -> None:
    """Make a data folder that comes up with all that was written before `target`, and no more.

    `data` must not exist, or be empty. Every input is verified first; RecoveryError names what is
    wrong, and no half-made folder is left. The log is copied into the data folder, so the server
    needs no access to the archive. Starting it is left to whoever stopped it: it refuses to start
    when it cannot get there. Once there it only reads, so that nothing can change what is to be
    looked at, until `Server.open` opens it for writes, on a timeline of its own.
    """
    if data.exists() and any(data.iterdir()):
        raise RecoveryError(f"{data} is not empty: move it away, nothing is ever overwritten.")
    flaws = verify(goal, binaries)
    if flaws:
        raise RecoveryError("Not restored: " + "; ".join(map(str, flaws[:10])) + ".")
    segments = needed_segments(goal.backup, goal.log, goal.target)
    with whole_or_not_at_all(data):
        require_space(data.parent, [*list_files(goal.backup.folder), *segments])
        shutil.copytree(goal.backup.folder, data, dirs_exist_ok=True)
        (data / NAME).unlink()
        for segment in segments:
            shutil.copyfile(segment, data / "pg_wal" / segment.name)
        ask_for_recovery(data, goal.target)
        give(data, owner)


def require_space(home: Path, files: list[Path]) -> None:
    """RecoveryError unless the files fit onto the disk."""
    needed, free = sum(file.stat().st_size for file in files), shutil.disk_usage(home).free
    if needed > free:
        raise RecoveryError(f"{home} has {free} bytes left and needs {needed}: make room first.")


@contextmanager
def whole_or_not_at_all(data: Path) -> Iterator[None]:
    """Take a half-made data folder away again; RecoveryError when it cannot be written."""
    try:
        yield
    except BaseException as error:
        shutil.rmtree(data, ignore_errors=True)
        if isinstance(error, OSError):
            raise RecoveryError(f"{data} could not be written: {error}.") from error
        raise


def ask_for_recovery(data: Path, target: Lsn) -> None:
    """Write down how far the server is to go when it starts."""
    settings = data / "postgresql.auto.conf"
    settings.write_text(with_target(settings.read_text("utf-8"), target), encoding="utf-8")
    (data / "recovery.signal").touch()


def with_target(settings: str, target: Lsn) -> str:
    """The settings with this target in place of an earlier one.

    Not inclusive: a target is the end of the last wanted record, which is where the first unwanted
    one begins. Each segment is in `pg_wal` already, so the archive has nothing to add.
    """
    wanted: Mapping[str, str] = {
        "restore_command": "exit 1",
        "recovery_target_lsn": str(target),
        "recovery_target_inclusive": "off",
        "recovery_target_timeline": "current",
        "recovery_target_action": "pause",
    }
    kept = [line for line in settings.splitlines() if not SETTING.match(line)]
    return "\n".join([*kept, *(f"{name} = '{value}'" for name, value in wanted.items()), ""])


def give(data: Path, owner: Owner) -> None:
    """Make the folder the server's own, and nobody else's: it refuses any other."""
    data.chmod(0o700)
    for home, folders, files in os.walk(data):
        for path in (Path(home), *(Path(home, name) for name in (*folders, *files))):
            os.chown(path, owner.user, owner.group, follow_symlinks=False)
