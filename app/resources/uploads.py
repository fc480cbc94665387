"""How does a file become an artifact?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import request
from sqlalchemy import delete, exists

from app.artifacts.store import Key, Transfer
from app.artifacts.sweep import forget_transfer
from app.context import current
from app.database import db
from app.endpoint import RawBody, endpoint
from app.errors import RETRY_SECONDS, ProblemError, conflict, not_found
from app.ids import new_id
from app.models import Artifact, Run, Upload
from app.models.base import now
from app.permissions import Permission
from app.quotas import Resource, require_room
from app.released import afterwards, released, without_fail
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
    key = Key(principal().tenant_id, new_id())
    with released():
        reference = current().store.begin(key)
        parts = _describe_parts(Transfer(key, reference, body.size, body.part_size))
    upload = Upload(
        tenant_id=key.tenant_id, id=key.object_id, reference=reference, **body.model_dump()
    )
    db.session.add(upload)
    db.session.flush()
    shown = {name: getattr(upload, name) for name in UploadOut.model_fields if name != "parts"}
    return shown | {"parts": parts}


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
    transfer = _transfer(_open(upload_id))
    if part not in transfer.parts:
        raise conflict("no-such-part", f"The upload has {len(transfer.parts)} parts.")
    if request.content_length is None:
        raise ProblemError(411, "length-required", "Say the size of the part in Content-Length.")
    size = transfer.size_of(part)
    if request.content_length != size:
        raise conflict("wrong-part-size", f"Part {part} has {size} bytes.")
    with released():
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
    transfer = _transfer(_open(upload_id))
    with released():
        missing = current().store.missing(transfer)
    if missing:
        named = ", ".join(map(str, missing[:MOST_NAMED]))
        raise conflict("parts-missing", f"Of {len(missing)} parts too few bytes came: {named}.")
    upload = _open(upload_id, lock=True)
    upload.completing_at = now()
    try:
        with released():
            current().store.finish(transfer, body.sha256)
        return _record(upload, body.sha256)
    except Exception:
        _give_up(transfer.key)
        raise


@endpoint(
    bp,
    "DELETE /v1/uploads/{upload_id}",
    access=Permission.ARTIFACTS_WRITE,
    reply=(204, None),
)
def delete_upload(upload_id: UUID) -> None:
    """Give an upload up; its parts are forgotten. Whoever is completing it gets nothing."""
    upload = find(Upload, upload_id, lock=True)
    transfer, completing = _transfer(upload), upload.completing_at is not None
    db.session.delete(upload)
    afterwards(lambda: forget_transfer(current().store, transfer, completing=completing))


def _open(upload_id: UUID, *, lock: bool = False) -> Upload:
    """The upload, while it still takes parts; 409 while it is being completed."""
    upload = find(Upload, upload_id, lock=lock)
    if upload.completing_at is not None:
        raise ProblemError(
            409,
            "upload-completing",
            "The upload is being completed: ask again, or delete it to begin anew.",
            headers={"Retry-After": RETRY_SECONDS},
        )
    return upload


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


def _record(upload: Upload, sha256: str) -> Artifact:
    """Make the row of the artifact from the upload's; 404 when that was given up meanwhile."""
    if not _forget(upload.tenant_id, upload.id):
        raise not_found(Upload.noun)
    artifact = Artifact(
        tenant_id=upload.tenant_id,
        id=upload.id,
        run_id=upload.run_id,
        path=upload.path,
        size=upload.size,
        sha256=sha256,
    )
    db.session.add(artifact)
    db.session.flush()
    return artifact


def _give_up(key: Key) -> None:
    """The upload is over, whatever ended it: neither its row nor bytes are kept."""
    db.session.rollback()
    _forget(key.tenant_id, key.object_id)
    db.session.commit()
    without_fail(lambda: current().store.delete(key))


def _forget(tenant_id: UUID, upload_id: UUID) -> bool:
    """Remove the upload's row, also one below a deleted run; was there one?"""
    this = (Upload.tenant_id == tenant_id, Upload.id == upload_id)
    return db.session.scalar(delete(Upload).where(*this).returning(Upload.id)) is not None
