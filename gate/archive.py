"""Where are earlier verdicts kept? In a folder, or below an S3 prefix, one entry per run.

An entry is `<run>/verdict.json` beside its `<run>/SHA256SUMS`; so a folder of bundles is a
history. What has no verdict yet is no entry; what does not match its checksum is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from gate import bundle
from gate.codec import decode
from gate.errors import IntegrityError, UsageError
from gate.history import past_of
from gate.journal import EvidenceError
from gate.model import Past, Verdict

ENTRY = (bundle.VERDICT, bundle.SUMS)
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A verdict of the history, with the name of its target."""

    target: str
    past: Past


class Archive(Protocol):
    """A place where entries are kept."""

    def runs(self) -> Iterator[str]:
        """The names of the runs that have a verdict."""

    def read(self, run: str, name: str) -> bytes:
        """One file of an entry; IntegrityError when it is not there."""

    def write(self, run: str, files: Mapping[str, bytes]) -> None:
        """A new entry; UsageError when the run is there already."""


def archive_at(where: str) -> Archive:
    """The archive at a folder or at `s3://bucket/prefix`; UsageError when it cannot be used."""
    if where.startswith("s3://"):
        parts = urlsplit(where)
        return Bucket(bucket=parts.netloc, prefix=parts.path.strip("/"), client=s3_client())
    if not Path(where).is_dir():
        raise UsageError(f"The history {where} is no folder; make it, empty, for a first run.")
    return Folder(Path(where))


def load(archive: Archive) -> tuple[Kept, ...]:
    """Every entry, oldest first; IntegrityError names the first that is not intact."""
    kept = [entry(archive, run) for run in sorted(archive.runs())]
    return tuple(sorted(kept, key=lambda each: (each.past.started, each.past.run)))


def entry(archive: Archive, run: str) -> Kept:
    """One entry, once its checksum is right."""
    text, sums = (archive.read(run, name) for name in ENTRY)
    claimed = bundle.parse_sums(sums.decode(errors="replace"), f"{run}/{bundle.SUMS}")
    if claimed.get(bundle.VERDICT) != hashlib.sha256(text).hexdigest():
        raise IntegrityError(f"The history's {run}/{bundle.VERDICT} was changed after its run.")
    verdict = decode(Verdict, text, source=f"the history's {run}/{bundle.VERDICT}")
    return Kept(target=verdict.target.name, past=past_of(verdict, run))


def of_target(kept: tuple[Kept, ...], target: str) -> tuple[Past, ...]:
    """The last runs of one target, oldest first."""
    return tuple(each.past for each in kept if each.target == target)[-MOST:]


def add(archive: Archive, run: Path) -> str:
    """Keep a run's verdict under the run's name. Verify the run first."""
    name = run.resolve().name
    try:
        files = {each: (run / each).read_bytes() for each in ENTRY}
    except OSError as error:
        raise IntegrityError(f"{run} is no complete bundle: {error.strerror}.") from error
    archive.write(name, files)
    return name


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with a folder per run."""

    path: Path

    def runs(self) -> Iterator[str]:
        """The names of the folders with a verdict."""
        try:
            for child in self.path.iterdir():
                partial = (child / bundle.PARTIAL).exists()
                if (child / bundle.VERDICT).exists() and not partial:
                    yield child.name
        except OSError as error:
            raise UsageError(f"The history {self.path} cannot be read: {error}.") from error

    def read(self, run: str, name: str) -> bytes:
        """One file."""
        try:
            return (self.path / run / name).read_bytes()
        except OSError as error:
            raise IntegrityError(
                f"The history's {run}/{name} cannot be read: {error.strerror}."
            ) from error

    def write(self, run: str, files: Mapping[str, bytes]) -> None:
        """A new folder."""
        try:
            (self.path / run).mkdir()
            for name, data in files.items():
                (self.path / run / name).write_bytes(data)
        except FileExistsError:
            raise UsageError(f"The history has {run} already; nothing is overwritten.") from None
        except OSError as error:
            raise EvidenceError(
                f"{self.path / run} cannot be written: {error.strerror}."
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """An S3 prefix; `client` is boto3's, which takes credentials from where AWS tools do."""

    bucket: str
    prefix: str
    client: Any

    def runs(self) -> Iterator[str]:
        """The names below the prefix that have a verdict."""
        start = f"{self.prefix}/" if self.prefix else ""
        with told(f"s3://{self.bucket}/{self.prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start
            )
            for page in pages:
                for found in page.get("Contents", ()):
                    run, _, name = found["Key"].removeprefix(start).partition("/")
                    if name == bundle.VERDICT:
                        yield run

    def key(self, run: str, name: str) -> str:
        """The object's key."""
        return "/".join(part for part in (self.prefix, run, name) if part)

    def read(self, run: str, name: str) -> bytes:
        """One object."""
        with told(f"s3://{self.bucket}/{self.key(run, name)}"):
            found = self.client.get_object(Bucket=self.bucket, Key=self.key(run, name))
            data: bytes = found["Body"].read()
        return data

    def write(self, run: str, files: Mapping[str, bytes]) -> None:
        """New objects, the verdict last: an entry is there once its verdict is."""
        for name in sorted(files, key=lambda each: each == bundle.VERDICT):
            with told(f"s3://{self.bucket}/{self.key(run, name)}"):
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=self.key(run, name),
                    Body=files[name],
                    IfNoneMatch="*",
                )


def s3_client() -> Any:
    """A client for the S3 that the environment names (AWS_ENDPOINT_URL for others than AWS)."""
    import boto3  # noqa: PLC0415 - slow to import, and most runs need no S3

    return boto3.client("s3")


@contextmanager
def told(what: str) -> Iterator[None]:
    """Tell an S3 error as one sentence."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow as above

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "error")
        if code == "PreconditionFailed":
            raise UsageError(f"{what} is there already; nothing is overwritten.") from None
        raise UsageError(f"{what} cannot be used: {code}.") from None
    except BotoCoreError as error:
        raise UsageError(f"{what} cannot be reached: {error}.") from None
