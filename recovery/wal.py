"""Is the archived log whole and unbroken from a backup to the target?"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recovery.backup import Backup
from recovery.errors import RecoveryError
from recovery.lsn import Lsn, segment_name
from recovery.manifest import Flaw
from recovery.server import run

HEADER = struct.Struct("=HHIQIxxxxQII")
"""`XLogLongPageHeaderData` of xlog_internal.h, in the byte order of the machine that wrote it."""
LONG_HEADER = 0x0002
SIZES = {1 << exponent for exponent in range(20, 31)}
"""A segment has 1 MiB to 1 GiB, a power of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHeader:
    """What a segment says of itself: its cluster, timeline, first byte and size."""

    system: int
    timeline: int
    first: Lsn
    size: int


def read_header(path: Path) -> SegmentHeader:
    """Read the first page header; RecoveryError when the file does not begin with one."""
    try:
        with path.open("rb") as content:
            raw = content.read(HEADER.size)
    except OSError as error:
        raise RecoveryError(f"{path} cannot be read ({error.strerror}).") from error
    if len(raw) < HEADER.size:
        raise RecoveryError(f"{path} is cut off.")
    _, flags, timeline, first, _, system, size, _ = HEADER.unpack(raw)
    if not flags & LONG_HEADER or size not in SIZES:
        raise RecoveryError(f"{path} does not begin like a log segment.")
    return SegmentHeader(system=system, timeline=timeline, first=Lsn(first), size=size)


def needed_segments(backup: Backup, folder: Path, target: Lsn) -> tuple[Path, ...]:
    """The segments that a restore to `target` reads, whether they are there or not.

    Their size is taken from any segment of the archive; RecoveryError when it holds none.
    """
    present = sorted(path for path in folder.glob("?" * 24) if path.is_file())
    if not present:
        raise RecoveryError(f"{folder} holds no log segment: the archive never ran.")
    size = read_header(present[-1]).size
    numbers = range(backup.start.segment(size), target.segment(size) + 1)
    return tuple(folder / segment_name(backup.timeline, number, size) for number in numbers)


def verify_log(backup: Backup, folder: Path, target: Lsn, binaries: Path) -> tuple[Flaw, ...]:
    """All that keeps this log from leading the backup to the target.

    Without an explicit target PostgreSQL takes the first gap or broken record for the end of the
    log, and opens for work with everything after it lost; so gaps are looked for before.
    """
    if target < backup.end:
        return (Flaw(str(target), f"is before the backup's end, {backup.end}"),)
    try:
        segments = needed_segments(backup, folder, target)
    except RecoveryError as error:
        return (Flaw(folder.name, str(error)),)
    flaws = tuple(flaw for path in segments for flaw in verify_segment(path, backup))
    return flaws or tuple(verify_records(backup, folder, target, binaries))


def verify_segment(path: Path, backup: Backup) -> Iterator[Flaw]:
    """Is it there, whole, of this cluster and timeline, and in its place?"""
    if not path.is_file():
        yield Flaw(path.name, "is missing")
        return
    try:
        header = read_header(path)
    except RecoveryError as error:
        yield Flaw(path.name, str(error))
        return
    number = header.first.segment(header.size)
    if header.system != backup.system:
        yield Flaw(path.name, "is of another cluster")
    elif segment_name(header.timeline, number, header.size) != path.name:
        yield Flaw(path.name, "holds another part of the log")
    elif path.stat().st_size != header.size:
        yield Flaw(path.name, f"has {path.stat().st_size} bytes, not {header.size}")


def verify_records(backup: Backup, folder: Path, target: Lsn, binaries: Path) -> Iterator[Flaw]:
    """Does every record up to the target have the checksum that it was written with?"""
    span = [f"--start={backup.start}", f"--end={target}", f"--timeline={backup.timeline}"]
    try:
        program = binaries / "pg_waldump"
        run(program, ["--quiet", "--path", folder, *span], {"LC_ALL": "C"}, within=600)
    except RecoveryError as error:
        yield Flaw(folder.name, f"has a broken record: {error}")
