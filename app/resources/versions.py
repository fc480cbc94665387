"""What can be asked of a model's versions, their stages and the aliases that name them?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy import Row, exists
from sqlalchemy.dialects.postgresql import insert

from app.cursors import page_of
from app.database import db
from app.endpoint import endpoint
from app.errors import conflict
from app.models import Deployment, Model, ModelAlias, ModelVersion, Run
from app.models.base import now
from app.permissions import Permission
from app.schemas.basics import PageQuery
from app.schemas.models import (
    AliasIn,
    Existing,
    Stage,
    TransitionIn,
    VersionChange,
    VersionIn,
    VersionOut,
    VersionPage,
)
from app.stages import may_move
from app.tenancy import find, principal, read, scoped
from app.version_rows import (
    attach,
    find_alias,
    find_version,
    hold_model,
    scoped_versions,
    whole_version,
)

bp = APIBlueprint("versions", __name__, tag="Model versions")


@endpoint(
    bp,
    "GET /v1/models/{model_id}/versions",
    access=Permission.MODELS_READ,
    query=PageQuery,
    reply=(200, VersionPage),
)
def list_versions(model_id: UUID, query: PageQuery) -> dict[str, Any]:
    """List a model's versions."""
    read(Model, model_id)
    owner = str(principal().tenant_id)
    return page_of(scoped_versions(model_id), ModelVersion.id, query, owner=owner)


@endpoint(
    bp,
    "POST /v1/models/{model_id}/versions",
    access=Permission.MODELS_WRITE,
    body=VersionIn,
    reply=(201, VersionOut),
    errors={409},
)
def create_version(model_id: UUID, body: VersionIn) -> Row[Any]:
    """Add the next version, perhaps naming the run that made it and its artifacts."""
    model = find(Model, model_id, lock=True)
    if body.source_run_id is not None:
        find(Run, body.source_run_id)
    model.versions += 1
    version = ModelVersion(
        tenant_id=model.tenant_id,
        model_id=model.id,
        version=model.versions,
        stage=Stage.NONE,
        **body.model_dump(exclude={"artifact_ids"}),
    )
    db.session.add(version)
    db.session.flush()
    attach(version.id, body.artifact_ids)
    return whole_version(model_id, version.version)


@endpoint(
    bp,
    "GET /v1/models/{model_id}/versions/{version}",
    access=Permission.MODELS_READ,
    reply=(200, VersionOut),
)
def read_version(model_id: UUID, version: int) -> Row[Any]:
    """Read a version by its number."""
    return whole_version(model_id, version)


@endpoint(
    bp,
    "PATCH /v1/models/{model_id}/versions/{version}",
    access=Permission.MODELS_WRITE,
    body=VersionChange,
    reply=(200, VersionOut),
)
def update_version(model_id: UUID, version: int, body: VersionChange) -> Row[Any]:
    """Change a version's words."""
    body.apply(find_version(model_id, version, lock=True))
    db.session.flush()
    return whole_version(model_id, version)


@endpoint(
    bp,
    "DELETE /v1/models/{model_id}/versions/{version}",
    access=Permission.MODELS_DELETE,
    reply=(204, None),
    errors={409},
)
def delete_version(model_id: UUID, version: int) -> None:
    """Delete a version with its aliases, unless it is deployed or in production.

    Its number is not given again.
    """
    found = find_version(model_id, version, lock=True)
    if found.stage == Stage.PRODUCTION:
        raise conflict("in-production", "Move the version out of production first.")
    deployed = exists(scoped(Deployment).where(Deployment.version_id == found.id))
    if db.session.scalar(deployed.select()):
        raise conflict("deployed", "The version is deployed: promote or delete its deployments.")
    db.session.delete(found)


@endpoint(
    bp,
    "POST /v1/models/{model_id}/versions/{version}:transition",
    access=Permission.MODELS_PROMOTE,
    body=TransitionIn,
    reply=(200, VersionOut),
    errors={409},
)
def transition_version(model_id: UUID, version: int, body: TransitionIn) -> Row[Any]:
    """Move a version to a stage, and one that is in production already out of the way if asked."""
    hold_model(model_id)
    found = find_version(model_id, version, lock=True)
    if not may_move(Stage(found.stage), body.stage):
        raise conflict("illegal-move", f"No version goes from {found.stage} to {body.stage}.")
    if body.stage is Stage.PRODUCTION and body.existing is not Existing.KEEP:
        _clear_production(found, body.existing)
    found.stage = body.stage
    db.session.flush()
    return whole_version(model_id, version)


def _clear_production(coming: ModelVersion, existing: Existing) -> None:
    others = scoped(ModelVersion).where(
        ModelVersion.model_id == coming.model_id,
        ModelVersion.stage == Stage.PRODUCTION,
        ModelVersion.id != coming.id,
    )
    for other in db.session.scalars(others.with_for_update()):
        if existing is Existing.REFUSE:
            raise conflict("production-taken", f"Version {other.version} is in production.")
        other.stage = Stage.ARCHIVED


@endpoint(
    bp,
    "GET /v1/models/{model_id}/aliases/{alias}",
    access=Permission.MODELS_READ,
    reply=(200, VersionOut),
)
def read_alias(model_id: UUID, alias: str) -> Row[Any]:
    """Read the version that an alias names."""
    return whole_version(model_id, find_alias(model_id, alias).version)


@endpoint(
    bp,
    "PUT /v1/models/{model_id}/aliases/{alias}",
    access=Permission.MODELS_PROMOTE,
    body=AliasIn,
    reply=(200, VersionOut),
)
def set_alias(model_id: UUID, alias: str, body: AliasIn) -> Row[Any]:
    """Let an alias name a version, whatever it named before."""
    hold_model(model_id)
    found = find_version(model_id, body.version)
    statement = insert(ModelAlias).values(
        tenant_id=found.tenant_id, model_id=model_id, alias=alias, version=found.version
    )
    moved = {"version": found.version, "updated_at": now()}
    keys = ["tenant_id", "model_id", "alias"]
    db.session.execute(statement.on_conflict_do_update(index_elements=keys, set_=moved))
    return whole_version(model_id, found.version)


@endpoint(
    bp,
    "DELETE /v1/models/{model_id}/aliases/{alias}",
    access=Permission.MODELS_PROMOTE,
    reply=(204, None),
)
def delete_alias(model_id: UUID, alias: str) -> None:
    """Take an alias away; the version stays."""
    hold_model(model_id)
    db.session.delete(find_alias(model_id, alias))
