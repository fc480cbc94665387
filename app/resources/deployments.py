"""What can be asked of deployments?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy import Row, Select, and_, select

from app.cursors import page_of
from app.database import db
from app.endpoint import endpoint
from app.errors import conflict, not_found
from app.lifetimes import living
from app.models import Deployment, DeploymentRevision, ModelVersion
from app.permissions import Permission
from app.schemas.deployments import (
    Action,
    DeploymentChange,
    DeploymentDetail,
    DeploymentIn,
    DeploymentOut,
    DeploymentPage,
    DeploymentQuery,
    Desired,
    Observed,
    PromoteIn,
    RollbackIn,
)
from app.tenancy import find, principal, scoped
from app.version_rows import find_alias, find_version, hold_model

bp = APIBlueprint("deployments", __name__, tag="Deployments")
SHOWN_REVISIONS = 100
COLUMNS = (
    *(column for column in Deployment.__table__.c if column.key != "tenant_id"),
    ModelVersion.version,
)


@endpoint(
    bp,
    "GET /v1/deployments",
    access=Permission.DEPLOYMENTS_READ,
    query=DeploymentQuery,
    reply=(200, DeploymentPage),
)
def list_deployments(query: DeploymentQuery) -> dict[str, Any]:
    """List the tenant's deployments, perhaps only those of one environment."""
    rows = _scoped_deployments()
    if query.environment is not None:
        rows = rows.where(Deployment.environment == query.environment)
    return page_of(rows, Deployment.id, query, owner=str(principal().tenant_id))


@endpoint(
    bp,
    "POST /v1/deployments",
    access=Permission.DEPLOYMENTS_WRITE,
    body=DeploymentIn,
    reply=(201, DeploymentOut),
    errors={404, 409},
)
def create_deployment(body: DeploymentIn) -> Row[Any]:
    """Deploy a version of a model; the name is unique in the environment."""
    hold_model(body.model_id)
    version, alias = _resolve(body.model_id, body.version)
    deployment = Deployment(
        tenant_id=principal().tenant_id,
        name=body.name,
        environment=body.environment,
        model_id=body.model_id,
        revision=0,
        desired_state=Desired.RUNNING,
    )
    _set(deployment, version, Action.CREATE, alias)
    return _whole(deployment.id)


@endpoint(
    bp,
    "GET /v1/deployments/{deployment_id}",
    access=Permission.DEPLOYMENTS_READ,
    reply=(200, DeploymentDetail),
)
def read_deployment(deployment_id: UUID) -> dict[str, Any]:
    """Read a deployment with its newest revisions."""
    revisions = (
        _scoped_revisions(deployment_id)
        .order_by(DeploymentRevision.revision.desc())
        .limit(SHOWN_REVISIONS)
    )
    found = _whole(deployment_id)._asdict()
    return found | {"history": db.session.scalars(revisions).all()}


@endpoint(
    bp,
    "PATCH /v1/deployments/{deployment_id}",
    access=Permission.DEPLOYMENTS_WRITE,
    body=DeploymentChange,
    reply=(200, DeploymentOut),
    errors={409},
)
def update_deployment(deployment_id: UUID, body: DeploymentChange) -> Row[Any]:
    """Stop or start a deployment, or report what was seen of it."""
    deployment = find(Deployment, deployment_id, lock=True)
    if "observed_revision" in body.model_fields_set and (
        body.observed_revision > deployment.revision
    ):
        raise conflict("no-such-revision", f"The newest revision is {deployment.revision}.")
    body.apply(deployment)
    db.session.flush()
    return _whole(deployment_id)


@endpoint(
    bp,
    "DELETE /v1/deployments/{deployment_id}",
    access=Permission.DEPLOYMENTS_WRITE,
    reply=(204, None),
)
def delete_deployment(deployment_id: UUID) -> None:
    """Delete a deployment with its revisions; the version stays."""
    db.session.delete(find(Deployment, deployment_id, lock=True))


@endpoint(
    bp,
    "POST /v1/deployments/{deployment_id}:promote",
    access=Permission.DEPLOYMENTS_PROMOTE,
    body=PromoteIn,
    reply=(200, DeploymentOut),
    errors={409},
)
def promote_deployment(deployment_id: UUID, body: PromoteIn) -> Row[Any]:
    """Set a deployment to a newer version of its model, as a new revision."""
    deployment = find(Deployment, deployment_id, lock=True)
    version, alias = _resolve(deployment.model_id, body.version)
    present = _whole(deployment_id).version
    if version.version <= present:
        raise conflict("not-newer", f"Version {present} is deployed: roll back to an older one.")
    _set(deployment, version, Action.PROMOTE, alias)
    return _whole(deployment_id)


@endpoint(
    bp,
    "POST /v1/deployments/{deployment_id}:rollback",
    access=Permission.DEPLOYMENTS_PROMOTE,
    body=RollbackIn,
    reply=(200, DeploymentOut),
    errors={409},
)
def rollback_deployment(deployment_id: UUID, body: RollbackIn) -> Row[Any]:
    """Set a deployment to what an earlier revision was set to, as a new revision."""
    deployment = find(Deployment, deployment_id, lock=True)
    wanted = body.revision or deployment.revision - 1
    query = _scoped_revisions(deployment_id).where(
        DeploymentRevision.revision == wanted, DeploymentRevision.revision < deployment.revision
    )
    earlier = db.session.scalar(query)
    if earlier is None:
        raise conflict("no-such-revision", f"There is no revision {wanted} to return to.")
    if earlier.version_id is None:
        raise conflict("version-gone", f"Version {earlier.version} was deleted.")
    version = find_version(deployment.model_id, earlier.version)
    _set(deployment, version, Action.ROLLBACK, earlier.alias)
    return _whole(deployment_id)


def _scoped_deployments() -> Select[Any]:
    """Select the tenant's deployments, each with the number of its version."""
    version = and_(
        ModelVersion.tenant_id == Deployment.tenant_id, ModelVersion.id == Deployment.version_id
    )
    return scoped(Deployment).join(ModelVersion, version).with_only_columns(*COLUMNS)


def _scoped_revisions(deployment_id: UUID) -> Select[tuple[DeploymentRevision]]:
    return select(DeploymentRevision).where(
        DeploymentRevision.tenant_id == principal().tenant_id,
        DeploymentRevision.deployment_id == deployment_id,
        *living(DeploymentRevision),
    )


def _whole(deployment_id: UUID) -> Row[Any]:
    query = _scoped_deployments().where(Deployment.id == deployment_id)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise not_found(Deployment.noun)
    return row


def _resolve(model_id: UUID, wanted: int | str) -> tuple[ModelVersion, str | None]:
    """The version of that number or alias, locked so that it is not deleted meanwhile."""
    if isinstance(wanted, int):
        return find_version(model_id, wanted, lock=True), None
    return find_version(model_id, find_alias(model_id, wanted).version, lock=True), wanted


def _set(deployment: Deployment, version: ModelVersion, action: Action, alias: str | None) -> None:
    """Make the version the deployment's, as its next revision, of which nothing is seen yet."""
    deployment.version_id = version.id
    deployment.revision += 1
    deployment.observed_state = Observed.PENDING
    db.session.add(deployment)
    db.session.flush()
    db.session.add(
        DeploymentRevision(
            tenant_id=deployment.tenant_id,
            deployment_id=deployment.id,
            revision=deployment.revision,
            action=action,
            version=version.version,
            version_id=version.id,
            alias=alias,
        )
    )
    db.session.flush()
