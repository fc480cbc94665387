"""How does an S3 bucket keep artifacts?

Callers send parts and fetch objects directly, by URLs that are signed for one key, one verb and
one hour. Credentials are those that boto3 finds (environment, profile or the machine's role).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID

import boto3
from botocore.config import Config as Options
from botocore.exceptions import BotoCoreError, ClientError

from app.artifacts.folder import chunks, copy
from app.artifacts.naming import disposition
from app.artifacts.store import (
    URL_SECONDS,
    Key,
    Transfer,
    incomplete,
    out_of_reach,
    over,
    wrong_digest,
)

OPTIONS = Options(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    signature_version="s3v4",
    # Other makers' servers do not know Amazon's newer checksums.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
IN_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class Bucket:
    """A store in one bucket; `client` is boto3's, which threads may share."""

    name: str
    client: Any = field(repr=False)

    @classmethod
    def connect(cls, name: str, endpoint: str | None, region: str | None) -> Bucket:
        """The bucket at Amazon, or at another maker's endpoint. Nothing is sent yet."""
        client = boto3.client("s3", endpoint_url=endpoint, region_name=region, config=OPTIONS)
        return cls(name, client)

    def begin(self, key: Key) -> str:
        """Begin a multipart upload: its id."""
        with answering():
            made = self.client.create_multipart_upload(**self._at(key))
        return str(made["UploadId"])

    def part_url(self, transfer: Transfer, part: int) -> str:
        """A URL that takes this part by PUT."""
        parameters = {**self._of(transfer), "PartNumber": part}
        return self._sign("upload_part", parameters)

    def put(self, transfer: Transfer, part: int, body: IO[bytes]) -> None:
        """Pass a part on, for callers that cannot reach the bucket."""
        size = transfer.size_of(part)
        with SpooledTemporaryFile(IN_MEMORY) as whole, answering():
            if copy(body, whole, size) != size:
                raise incomplete()
            whole.seek(0)
            self.client.upload_part(**self._of(transfer), PartNumber=part, Body=whole)

    def missing(self, transfer: Transfer) -> list[int]:
        """The parts that the bucket does not list with their size."""
        sizes = {each["PartNumber"]: each["Size"] for each in self._parts(transfer)}
        return [part for part in transfer.parts if sizes.get(part) != transfer.size_of(part)]

    def finish(self, transfer: Transfer, sha256: str) -> None:
        """Make one object of the parts, read it back, and remove it when it is another one."""
        self._combine(transfer)
        digest = hashlib.sha256()
        with answering():
            for chunk in self.read(transfer.key, 0, transfer.size):
                digest.update(chunk)
        if digest.hexdigest() != sha256:
            self.delete(transfer.key)
            raise wrong_digest()

    def abort(self, transfer: Transfer) -> None:
        """Give the multipart upload up."""
        with answering():
            try:
                self.client.abort_multipart_upload(**self._of(transfer))
            except self.client.exceptions.NoSuchUpload:
                return

    def read(self, key: Key, start: int, length: int) -> Iterator[bytes]:
        """Ask for the bytes; they come as the iterator is read."""
        if length == 0:
            return iter(())
        with answering():
            wanted = f"bytes={start}-{start + length - 1}"
            found = self.client.get_object(**self._at(key), Range=wanted)
        return pass_on(found["Body"], length)

    def url(self, key: Key, filename: str) -> str:
        """A URL that gives the object by GET, as a download of that name."""
        parameters = {**self._at(key), "ResponseContentDisposition": disposition(filename)}
        return self._sign("get_object", parameters)

    def delete(self, key: Key) -> None:
        """Remove the object."""
        with answering():
            self.client.delete_object(**self._at(key))

    def forget(self, tenant_id: UUID) -> None:
        """Remove every object under the tenant's id, and give up what is on its way there."""
        mine = {"Bucket": self.name, "Prefix": f"{tenant_id}/"}
        with answering():
            for page in self.client.get_paginator("list_objects_v2").paginate(**mine):
                for found in page.get("Contents", ()):
                    self.client.delete_object(Bucket=self.name, Key=found["Key"])
            for page in self.client.get_paginator("list_multipart_uploads").paginate(**mine):
                for found in page.get("Uploads", ()):
                    self.client.abort_multipart_upload(
                        Bucket=self.name, Key=found["Key"], UploadId=found["UploadId"]
                    )

    def _combine(self, transfer: Transfer) -> None:
        with answering():
            if not transfer.parts:
                self.client.put_object(**self._at(transfer.key), Body=b"")
                self.abort(transfer)
                return
            parts = [
                {"PartNumber": each["PartNumber"], "ETag": each["ETag"]}
                for each in self._parts(transfer)
                if each["PartNumber"] in transfer.parts
            ]
            chosen = {"Parts": parts}
            self.client.complete_multipart_upload(**self._of(transfer), MultipartUpload=chosen)

    def _parts(self, transfer: Transfer) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("list_parts").paginate(**self._of(transfer))
        with answering():
            return [each for page in pages for each in page.get("Parts", ())]

    def _sign(self, verb: str, parameters: dict[str, Any]) -> str:
        with answering():
            return str(self.client.generate_presigned_url(verb, parameters, ExpiresIn=URL_SECONDS))

    def _at(self, key: Key) -> dict[str, str]:
        return {"Bucket": self.name, "Key": str(key)}

    def _of(self, transfer: Transfer) -> dict[str, str]:
        return {**self._at(transfer.key), "UploadId": transfer.reference}


@contextmanager
def answering() -> Iterator[None]:
    """Say 404 where the upload is over, and 503 where the bucket does not answer."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        response = getattr(error, "response", {})
        gone = response.get("Error", {}).get("Code") == "NoSuchUpload"
        raise (over() if gone else out_of_reach()) from error


def pass_on(body: Any, length: int) -> Iterator[bytes]:
    """The body's bytes, with the connection given back at the end."""
    try:
        yield from chunks(body, length)
    finally:
        body.close()
