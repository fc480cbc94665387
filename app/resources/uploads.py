"""How does a file become an artifact?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, after_this_request, request
from sqlalchemy import exists
from sqlalchemy.exc import DBAPIError

from app.artifacts.store import Key, Transfer
from app.context import current
from app.database import db
from app.endpoint import RawBody, endpoint
from app.errors import ProblemError, conflict
from app.ids import new_id
from app.models import Artifact, Run, Upload
from app.permissions import Permission
from app.quotas import Resource, require_room
from app.schemas.artifacts import (
    LARGEST_PART,
    ArtifactOut,
    CompleteIn,
    UploadIn,
    UploadOut,
)
from app.tenancy import find, principal, scoped

bp = APIBlueprint("uploads", __name__, tag="Uploads")
MOST_NAMED = 10


@endpoint(
    bp,
    "POST /v1/uploads",
    access=Permission.ARTIFACTS_WRITE,
    body=UploadIn,
    reply=(201, UploadOut),
    errors={404, 409},
)
def create_upload(body: UploadIn) -> dict[str, Any]:
    """Begin to upload a file of a run. A path is used once in each run."""
    find(Run, body.run_id)
    taken = scoped(Artifact).where(Artifact.run_id == body.run_id, Artifact.path == body.path)
    if db.session.scalar(exists(taken).select()):
        raise conflict("already-exists", "The run has an artifact with this path.")
    require_room(Resource.ARTIFACT_BYTES, body.size)
    tenant_id, upload_id = principal().tenant_id, new_id()
    reference = current().store.begin(Key(tenant_id, upload_id))
    upload = Upload(tenant_id=tenant_id, id=upload_id, reference=reference, **body.model_dump())
    db.session.add(upload)
    db.session.flush()
    shown = {name: getattr(upload, name) for name in UploadOut.model_fields if name != "parts"}
    return shown | {"parts": _describe_parts(_transfer(upload))}


@endpoint(
    bp,
    "PUT /v1/uploads/{upload_id}/parts/{part}",
    access=Permission.ARTIFACTS_WRITE,
    raw=RawBody(media="application/octet-stream", largest=LARGEST_PART),
    reply=(204, None),
    errors={409},
)
def put_part(upload_id: UUID, part: int) -> None:
    """Send a part; sent again, it replaces what was there."""
    transfer = _transfer(find(Upload, upload_id))
    if part not in transfer.parts:
        raise conflict("no-such-part", f"The upload has {len(transfer.parts)} parts.")
    if request.content_length is None:
        raise ProblemError(411, "length-required", "Say the size of the part in Content-Length.")
    size = transfer.size_of(part)
    if request.content_length != size:
        raise conflict("wrong-part-size", f"Part {part} has {size} bytes.")
    # The body may take long: no transaction waits for it.
    db.session.rollback()
    current().store.put(transfer, part, request.stream)


@endpoint(
    bp,
    "POST /v1/uploads/{upload_id}:complete",
    access=Permission.ARTIFACTS_WRITE,
    body=CompleteIn,
    reply=(201, ArtifactOut),
    errors={409},
)
def complete_upload(upload_id: UUID, body: CompleteIn) -> Artifact:
    """Make the parts an artifact, if together they have the SHA-256 that the caller names."""
    upload = find(Upload, upload_id, lock=True)
    transfer = _transfer(upload)
    missing = current().store.missing(transfer)
    if missing:
        named = ", ".join(map(str, missing[:MOST_NAMED]))
        raise conflict("parts-missing", f"Of {len(missing)} parts too few bytes came: {named}.")
    artifact = _claim(upload, body.sha256)
    current().store.finish(transfer, body.sha256)
    _record(artifact, transfer.key)
    return artifact


@endpoint(
    bp,
    "DELETE /v1/uploads/{upload_id}",
    access=Permission.ARTIFACTS_WRITE,
    reply=(204, None),
)
def delete_upload(upload_id: UUID) -> None:
    """Give an upload up; its parts are forgotten."""
    upload = find(Upload, upload_id, lock=True)
    transfer = _transfer(upload)
    db.session.delete(upload)

    @after_this_request
    def remove(answer: Response) -> Response:
        """Only once nobody can complete it any more."""
        if answer.status_code == 204:  # noqa: PLR2004 - the declared success
            current().store.abort(transfer)
        return answer


def _transfer(upload: Upload) -> Transfer:
    key = Key(upload.tenant_id, upload.id)
    return Transfer(key, upload.reference, upload.size, upload.part_size)


def _describe_parts(transfer: Transfer) -> list[dict[str, Any]]:
    store, path = current().store, f"/v1/uploads/{transfer.key.object_id}/parts"
    return [
        {
            "part": part,
            "size": transfer.size_of(part),
            "url": store.part_url(transfer, part) or f"{path}/{part}",
        }
        for part in transfer.parts
    ]


def _claim(upload: Upload, sha256: str) -> Artifact:
    """End the upload, so that nobody else completes it while its bytes are read.

    Reading them may take long, and no transaction waits for it: this one is committed.
    """
    artifact = Artifact(
        tenant_id=upload.tenant_id,
        id=upload.id,
        run_id=upload.run_id,
        path=upload.path,
        size=upload.size,
        sha256=sha256,
    )
    db.session.delete(upload)
    db.session.commit()
    return artifact


def _record(artifact: Artifact, key: Key) -> None:
    """Keep the artifact's row, or nothing of it."""
    db.session.add(artifact)
    try:
        db.session.flush()
    except DBAPIError:
        current().store.delete(key)
        raise
