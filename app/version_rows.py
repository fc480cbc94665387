"""How is a version with its aliases and artifacts read, locked and written?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Text, Uuid, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from app.database import db
from app.errors import not_found
from app.lifetimes import living
from app.models import Artifact, Model, ModelAlias, ModelVersion, VersionArtifact
from app.tenancy import principal, scoped

ALIASES = (
    select(func.array_agg(aggregate_order_by(ModelAlias.alias, ModelAlias.alias)))
    .where(
        ModelAlias.tenant_id == ModelVersion.tenant_id,
        ModelAlias.model_id == ModelVersion.model_id,
        ModelAlias.version == ModelVersion.version,
    )
    .correlate(ModelVersion)
    .scalar_subquery()
)
ARTIFACTS = (
    select(
        func.array_agg(aggregate_order_by(VersionArtifact.artifact_id, VersionArtifact.artifact_id))
    )
    .where(
        VersionArtifact.tenant_id == ModelVersion.tenant_id,
        VersionArtifact.version_id == ModelVersion.id,
    )
    .correlate(ModelVersion)
    .scalar_subquery()
)
NO_TEXT, NO_ID = array([], type_=Text), array([], type_=Uuid)
COLUMNS = (
    *(column for column in ModelVersion.__table__.c if column.key != "tenant_id"),
    func.coalesce(ALIASES, NO_TEXT, type_=ARRAY(Text)).label("aliases"),
    func.coalesce(ARTIFACTS, NO_ID, type_=ARRAY(Uuid)).label("artifact_ids"),
)


def scoped_versions(model_id: UUID) -> Select[Any]:
    """Select whole versions of one model of the request's tenant, in one statement."""
    return scoped(ModelVersion).where(ModelVersion.model_id == model_id).with_only_columns(*COLUMNS)


def whole_version(model_id: UUID, version: int) -> Row[Any]:
    """The tenant's version with aliases and artifacts; 404 when there is none."""
    query = scoped_versions(model_id).where(ModelVersion.version == version)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise not_found(ModelVersion.noun)
    return row


def find_version(model_id: UUID, version: int, *, lock: bool = False) -> ModelVersion:
    """The tenant's version by its number; 404 for none and for another tenant's alike."""
    query = scoped(ModelVersion).where(
        ModelVersion.model_id == model_id, ModelVersion.version == version
    )
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise not_found(ModelVersion.noun)
    return found


def hold_model(model_id: UUID) -> None:
    """Let nobody else move, deploy or delete what the model has until this transaction ends; 404.

    Whoever locks the model and one of its versions locks the model first.
    """
    query = scoped(Model).where(Model.id == model_id).with_only_columns(Model.id)
    if db.session.scalar(query.with_for_update()) is None:
        raise not_found(Model.noun)


def find_alias(model_id: UUID, alias: str) -> ModelAlias:
    """The tenant's alias; 404 when there is none."""
    query = select(ModelAlias).where(
        ModelAlias.tenant_id == principal().tenant_id,
        ModelAlias.model_id == model_id,
        ModelAlias.alias == alias,
        *living(ModelAlias),
    )
    found = db.session.scalar(query)
    if found is None:
        raise not_found("alias")
    return found


def attach(version_id: UUID, artifact_ids: Sequence[UUID]) -> None:
    """Name the artifacts as parts of the version; 404 when one is not the tenant's."""
    wanted = set(artifact_ids)
    known = scoped(Artifact).with_only_columns(Artifact.id).where(Artifact.id.in_(wanted))
    if set(db.session.scalars(known)) != wanted:
        raise not_found(Artifact.noun)
    tenant_id = principal().tenant_id
    db.session.add_all(
        VersionArtifact(tenant_id=tenant_id, version_id=version_id, artifact_id=artifact_id)
        for artifact_id in sorted(wanted)
    )
    db.session.flush()
