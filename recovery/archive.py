"""How does the write-ahead log get into an archive without a gap?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recovery.lsn import Lsn
from recovery.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A folder of whole log segments. The slot makes the server keep what is not yet in it."""

    folder: Path
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment to come back to: all before `target` and nothing after it.

    The segment that holds it is closed, ends at `closed` and can be archived as a whole.
    """

    target: Lsn
    closed: Lsn


def open_archive(server: Server, archive: Archive) -> None:
    """Let the server keep its log from now on for this archive; before the first backup.

    By SQL, because `pg_receivewal --create-slot` reserves nothing until it first receives.
    RecoveryError when the slot is there already: two readers of one slot leave gaps.
    """
    archive.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    server.ask("SELECT pg_create_physical_replication_slot(%s, true)", archive.slot)


def close_archive(server: Server, archive: Archive) -> None:
    """Let the server keep its log no longer: a slot that nobody reads fills its disk."""
    server.ask("SELECT pg_drop_replication_slot(%s)", archive.slot)


def extend_archive(server: Server, archive: Archive, mark: Mark, within: float = 600.0) -> None:
    """Fetch all segments up to a mark; RecoveryError when the server has them no more.

    To be called for each mark; `pg_receivewal` without an end, under a service manager, archives
    at all times.
    """
    server.run(
        "pg_receivewal",
        f"--slot={archive.slot}",
        "--directory",
        archive.folder,
        # It stops once it is beyond the position; the segment's last byte is its own.
        f"--endpos={Lsn(mark.closed.position - 1)}",
        "--synchronous",
        "--no-loop",
        "--no-password",
        within=within,
    )


def set_mark(server: Server, name: str) -> Mark:
    """Name the present moment in the log, and close the segment that it is in.

    The switch to the next segment is also the record before which a restore stops: a target with
    nothing behind it is never reached.
    """
    target = Lsn.parse(server.ask("SELECT pg_create_restore_point(%s)", name))
    switch = Lsn.parse(server.ask("SELECT pg_switch_wal()"))
    size = int(server.ask("SELECT setting FROM pg_settings WHERE name = %s", "wal_segment_size"))
    # What is returned is the end of the switch's record, so the byte before is its own.
    return Mark(target=target, closed=Lsn((Lsn(switch.position - 1).segment(size) + 1) * size))
