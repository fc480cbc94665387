"""Is a base backup, file by file, what the server sent?"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from recovery.errors import RecoveryError
from recovery.lsn import Lsn

NAME = "backup_manifest"
LAST_LINE = re.compile(rb'"Manifest-Checksum": "([0-9a-f]{64})"\}\n')
ALGORITHM = "SHA256"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one part of a backup or archive."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} {self.reason}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one file must be: its size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Span:
    """The part of the log that a backup needs to be consistent."""

    timeline: int
    start: Lsn
    end: Lsn


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """PostgreSQL's `backup_manifest`, version 2 (its documentation, chapter 77)."""

    system: int
    files: Mapping[str, Entry]
    ranges: tuple[Span, ...]


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest; RecoveryError when it is missing or was changed."""
    try:
        content = (folder / NAME).read_bytes()
    except OSError as error:
        raise RecoveryError(f"{folder} has no readable {NAME}: take a new backup.") from error
    body, last = content[: -len_of_last_line(content)], content[-len_of_last_line(content) :]
    sealed = LAST_LINE.fullmatch(last)
    if sealed is None or hashlib.sha256(body).hexdigest().encode() != sealed[1]:
        raise RecoveryError(f"{folder / NAME} was changed or cut off: take a new backup.")
    try:
        return parse(json.loads(content))
    except (KeyError, TypeError, ValueError) as error:
        raise RecoveryError(f"{folder / NAME} is of a kind that is not known: {error}.") from error


def len_of_last_line(content: bytes) -> int:
    """The length in bytes of the last line with its line feed; at least 1."""
    return max(1, len(content) - content.rfind(b"\n", 0, -1) - 1)


def parse(fields: dict[str, list[dict[str, str]]]) -> Manifest:
    """The manifest's values; KeyError and ValueError when they are not of version 2."""
    return Manifest(
        system=int(str(fields["System-Identifier"])),
        files=dict(map(parse_entry, fields["Files"])),
        ranges=tuple(
            Span(int(span["Timeline"]), Lsn.parse(span["Start-LSN"]), Lsn.parse(span["End-LSN"]))
            for span in fields["WAL-Ranges"]
        ),
    )


def parse_entry(fields: Mapping[str, str]) -> tuple[str, Entry]:
    """One file's path and what it must be. Paths that are not UTF-8 are written in hex."""
    if fields["Checksum-Algorithm"] != ALGORITHM:
        raise ValueError(f"checksums are {fields['Checksum-Algorithm']}, not {ALGORITHM}")
    encoded = fields.get("Encoded-Path")
    path = os.fsdecode(bytes.fromhex(encoded)) if encoded is not None else fields["Path"]
    return path, Entry(int(fields["Size"]), fields["Checksum"])


def verify_files(folder: Path) -> tuple[Flaw, ...]:
    """All that differs from the manifest: changed, missing and extra files.

    Stricter than `pg_verifybackup`, which looks away from `postgresql.auto.conf` and `pg_wal`: a
    backup is verified as it was taken, before anything is added to it.
    """
    try:
        expected = read_manifest(folder).files
    except RecoveryError as error:
        return (Flaw(NAME, str(error)),)
    present = {path.relative_to(folder).as_posix(): path for path in list_files(folder)}
    present.pop(NAME)
    return (
        *(Flaw(path, "is missing") for path in sorted(expected.keys() - present.keys())),
        *(Flaw(path, "does not belong to it") for path in sorted(present.keys() - expected.keys())),
        *compare(expected, present),
    )


def compare(expected: Mapping[str, Entry], present: Mapping[str, Path]) -> Iterator[Flaw]:
    """The files that are there and are not what they must be."""
    for name in sorted(expected.keys() & present.keys()):
        path, entry = present[name], expected[name]
        if path.is_symlink() or not path.is_file():
            yield Flaw(name, "is no plain file")
        elif path.stat().st_size != entry.size:
            yield Flaw(name, f"has {path.stat().st_size} bytes, not {entry.size}")
        elif digest(path) != entry.sha256:
            yield Flaw(name, "has another content")


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def list_files(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder; links are not followed."""
    for home, folders, files in os.walk(folder):
        yield from (Path(home, name) for name in files)
        yield from (path for name in folders if (path := Path(home, name)).is_symlink())
