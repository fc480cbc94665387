"""Which bytes does nobody need any more?"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, exists, select

from app.artifacts.store import Key, Store, Transfer
from app.models import Artifact, Upload, VersionArtifact

BATCH = 100


def sweep_uploads(connection: Connection, store: Store, tenant_id: UUID, before: datetime) -> int:
    """Give up to 100 of a tenant's uploads up that were begun `before`: how many these were.

    For a job: the connection has the tenant's scope, and the caller commits. Bytes go first, so
    that a sweep that breaks off can be done again; what it removes is locked.
    """
    stale = (
        select(Upload.id, Upload.reference, Upload.size, Upload.part_size, Upload.completing_at)
        .where(Upload.tenant_id == tenant_id, Upload.created_at < before)
        .limit(BATCH)
    )
    uploads = connection.execute(stale.with_for_update(skip_locked=True)).all()
    for upload_id, *described, completing_at in uploads:
        transfer = Transfer(Key(tenant_id, upload_id), *described)
        forget_transfer(store, transfer, completing=completing_at is not None)
    gone = Upload.id.in_([upload.id for upload in uploads])
    connection.execute(delete(Upload).where(Upload.tenant_id == tenant_id, gone))
    return len(uploads)


def forget_transfer(store: Store, transfer: Transfer, *, completing: bool) -> None:
    """Remove the parts, and the object that a worker may have made of them before it died."""
    store.abort(transfer)
    if completing:
        store.delete(transfer.key)


def sweep_artifacts(connection: Connection, store: Store, tenant_id: UUID) -> int:
    """Remove up to 100 of a tenant's artifacts that neither a run nor a version has; as above."""
    named = exists().where(
        VersionArtifact.tenant_id == Artifact.tenant_id, VersionArtifact.artifact_id == Artifact.id
    )
    unneeded = (
        select(Artifact.id)
        .where(Artifact.tenant_id == tenant_id, Artifact.run_id.is_(None), ~named)
        .limit(BATCH)
    )
    locked = connection.scalars(unneeded.with_for_update(skip_locked=True)).all()
    # A version that took one between the look and the lock is seen by a second look only; none
    # can take one that is locked.
    ids = connection.scalars(unneeded.where(Artifact.id.in_(locked))).all()
    for artifact_id in ids:
        store.delete(Key(tenant_id, artifact_id))
    gone = Artifact.id.in_(ids)
    connection.execute(delete(Artifact).where(Artifact.tenant_id == tenant_id, gone))
    return len(ids)
