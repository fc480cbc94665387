"""Which bytes does nobody need any more?"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from app.artifacts.store import Key, Store, Transfer
from app.database import db
from app.models import Artifact, Upload, VersionArtifact


def sweep(store: Store, tenant_id: UUID, before: datetime) -> int:
    """Remove a tenant's uploads begun `before`, and artifacts without a run and a version.

    How many these were. For a job: the session has the tenant's scope, and the caller commits.
    Bytes go first, so that a sweep that breaks off can be done again; what it removes is locked.
    """
    stale = select(Upload).where(Upload.tenant_id == tenant_id, Upload.created_at < before)
    uploads = db.session.scalars(stale.with_for_update(skip_locked=True)).all()
    for upload in uploads:
        key = Key(tenant_id, upload.id)
        store.abort(Transfer(key, upload.reference, upload.size, upload.part_size))
        db.session.delete(upload)
    artifacts = _unneeded(tenant_id)
    for artifact in artifacts:
        store.delete(Key(tenant_id, artifact.id))
        db.session.delete(artifact)
    db.session.flush()
    return len(uploads) + len(artifacts)


def _unneeded(tenant_id: UUID) -> list[Artifact]:
    named = exists().where(
        VersionArtifact.tenant_id == Artifact.tenant_id, VersionArtifact.artifact_id == Artifact.id
    )
    query = select(Artifact).where(
        Artifact.tenant_id == tenant_id, Artifact.run_id.is_(None), ~named
    )
    return list(db.session.scalars(query.with_for_update(skip_locked=True)))
