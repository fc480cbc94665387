"""What has been seen so far, on disk, line by line, so that nothing seen is ever lost.

One JSON object per line: a check `began`, `observed` a fact, `ended`. A check that began and did
not end was cut short; its record says so. Entries with a `lie` are from a rehearsal of the check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal, Self, cast

from gate.codec import decode, encode
from gate.errors import GateError
from gate.model import Observation, Record

CUT_SHORT = "the run ended before the check did"


class EvidenceError(GateError):
    """The evidence folder cannot be written."""

    exit_code = 70

    def advice(self) -> str:
        """What to do next."""
        return "Free space or choose another folder with --out, then run again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal."""

    event: Literal["began", "observed", "ended"]
    check: str
    observation: Observation | None = None
    died: str | None = None
    lacking: tuple[str, ...] = ()
    seconds: float = 0.0
    lie: str = ""
    told: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Journal:
    """Appends entries to a file, unbuffered: each is with the system before the next is made."""

    file: BinaryIO

    @classmethod
    def create(cls, path: Path) -> Self:
        """Start a new journal; EvidenceError when the file exists or cannot be made."""
        try:
            return cls(cast("BinaryIO", path.open("xb", buffering=0)))
        except OSError as error:
            raise EvidenceError(f"{path} cannot be written: {error.strerror}.") from error

    def write(self, entry: Entry) -> None:
        """Append one entry; EvidenceError when it cannot be kept whole."""
        line = encode(entry).encode() + b"\n"
        try:
            written = self.file.write(line)
        except OSError as error:
            raise EvidenceError(f"{self.file.name} cannot be written: {error.strerror}.") from error
        if written < len(line):
            raise EvidenceError(f"{self.file.name} cannot be written: the disk is full.")

    def close(self) -> None:
        """Finish; what was written stays."""
        self.file.close()


def read(path: Path) -> dict[str, Record]:
    """The record of every check in a journal file, in the order in which they began.

    A torn last line (the runner was killed while writing it) is dropped; IntegrityError names any
    other line that cannot be read.
    """
    return records(entries(path))


def entries(path: Path) -> Iterator[Entry]:
    """The whole lines of a journal file."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith("\n"):
                yield decode(Entry, line, source=f"{path}:{number}")


def records(journal: Iterable[Entry]) -> dict[str, Record]:
    """The record of every check, with its rehearsals and the attempts before; pure."""
    found: dict[str, Record] = {}
    for sitting in sittings(journal):
        last = found.get(sitting.check)
        if last is not None and sitting.lie:
            found[sitting.check] = replace(last, rehearsals=(*last.rehearsals, sitting))
        else:
            earlier = () if last is None else (*last.earlier, replace(last, earlier=()))
            found[sitting.check] = replace(sitting, earlier=earlier)
    return found


def sittings(journal: Iterable[Entry]) -> Iterator[Record]:
    """Each look of a probe at a target, in order; one that never ended was cut short."""
    sitting: Record | None = None
    seen: list[Observation] = []
    for entry in journal:
        if entry.event == "began":
            if sitting is not None:
                yield replace(sitting, observations=tuple(seen))
            sitting, seen = Record(check=entry.check, died=CUT_SHORT, lie=entry.lie), []
        elif entry.observation is not None:
            seen.append(entry.observation)
        elif sitting is not None:
            sitting = replace(
                sitting,
                died=entry.died,
                lacking=entry.lacking,
                seconds=entry.seconds,
                told=entry.told,
            )
    if sitting is not None:
        yield replace(sitting, observations=tuple(seen))
