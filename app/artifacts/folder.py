"""How does a local folder keep artifacts?

`<tenant>/objects/<id>` and, on the way, `<tenant>/uploads/<id>/<part>`. A file appears under its
name whole and synchronised to disk, or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from app.artifacts.store import (
    CHUNK,
    Key,
    Transfer,
    incomplete,
    out_of_reach,
    over,
    wrong_digest,
)

PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Folder:
    """A store in a folder that all workers share."""

    root: Path

    def begin(self, key: Key) -> str:
        """Make room for the parts."""
        with answering():
            self._parts(key).mkdir(PRIVATE, parents=True, exist_ok=True)
        return str(key.object_id)

    def part_url(self, transfer: Transfer, part: int) -> None:
        """Nowhere: parts are sent to the service."""

    def put(self, transfer: Transfer, part: int, body: IO[bytes]) -> None:
        """Write the part beside its place and move it there."""
        target, size = self._parts(transfer.key) / str(part), transfer.size_of(part)
        try:
            with appearing(target) as file:
                if copy(body, file, size) != size:
                    raise incomplete()
        except FileNotFoundError as error:
            raise over() from error
        except OSError as error:
            raise out_of_reach() from error

    def missing(self, transfer: Transfer) -> list[int]:
        """The parts without a file of their size."""
        folder = self._parts(transfer.key)
        return [
            part for part in transfer.parts if size_of(folder / str(part)) != transfer.size_of(part)
        ]

    def finish(self, transfer: Transfer, sha256: str) -> None:
        """Copy the parts into one file, which gets its name only with the right digest."""
        target = self._object(transfer.key)
        try:
            with answering():
                target.parent.mkdir(PRIVATE, parents=True, exist_ok=True)
                with appearing(target) as file:
                    if self._join(transfer, file) != sha256:
                        raise wrong_digest()
        finally:
            self.abort(transfer)

    def abort(self, transfer: Transfer) -> None:
        """Remove the folder of parts."""
        shutil.rmtree(self._parts(transfer.key), ignore_errors=True)

    def read(self, key: Key, start: int, length: int) -> Iterator[bytes]:
        """Open the file; the iterator closes it."""
        with answering():
            file = self._object(key).open("rb")
        file.seek(start)
        return closing_chunks(file, length)

    def url(self, key: Key, filename: str) -> None:
        """Nowhere: objects are read through the service."""

    def delete(self, key: Key) -> None:
        """Remove the file."""
        with answering():
            self._object(key).unlink(missing_ok=True)

    def forget(self, tenant_id: UUID) -> None:
        """Remove the tenant's folder."""
        folder = self.root / str(tenant_id)
        with answering():
            if folder.exists():
                shutil.rmtree(folder)

    def _join(self, transfer: Transfer, file: IO[bytes]) -> str:
        """Write all parts to the file: the SHA-256 of what was written."""
        digest = hashlib.sha256()
        for part in transfer.parts:
            with (self._parts(transfer.key) / str(part)).open("rb") as source:
                for chunk in chunks(source, transfer.size_of(part)):
                    digest.update(chunk)
                    file.write(chunk)
        return digest.hexdigest()

    def _object(self, key: Key) -> Path:
        return self.root / str(key.tenant_id) / "objects" / str(key.object_id)

    def _parts(self, key: Key) -> Path:
        return self.root / str(key.tenant_id) / "uploads" / str(key.object_id)


@contextmanager
def answering() -> Iterator[None]:
    """Say 503 where the file system says no."""
    try:
        yield
    except OSError as error:
        raise out_of_reach() from error


@contextmanager
def appearing(target: Path) -> Iterator[IO[bytes]]:
    """A file that is at `target` after the block, durably, or after an error nowhere."""
    draft = target.with_name(f".{uuid4().hex}")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        synchronise(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def synchronise(folder: Path) -> None:
    """Make the names in the folder as durable as the files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def chunks(source: IO[bytes], length: int) -> Iterator[bytes]:
    """At most `length` bytes of the source, piece by piece."""
    while length > 0 and (chunk := source.read(min(CHUNK, length))):
        length -= len(chunk)
        yield chunk


def closing_chunks(source: IO[bytes], length: int) -> Iterator[bytes]:
    """The same, and the source is closed at the end or when nobody reads on."""
    with source:
        yield from chunks(source, length)


def copy(source: IO[bytes], target: IO[bytes], length: int) -> int:
    """Copy at most `length` bytes: how many it were."""
    return sum(target.write(chunk) for chunk in chunks(source, length))


def size_of(path: Path) -> int | None:
    """The file's size in bytes, None when there is no file."""
    try:
        return path.stat().st_size
    except OSError:
        return None
