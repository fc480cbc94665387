"""What can be asked of models?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy import exists

from app.context import current
from app.cursors import page
from app.database import db, in_transaction
from app.endpoint import endpoint
from app.errors import conflict, not_found
from app.lifetimes import remove
from app.models import Deployment, Model, Project
from app.permissions import Permission
from app.schemas.basics import KeptQuery
from app.schemas.models import ModelChange, ModelIn, ModelOut, ModelPage
from app.tenancy import bring_back, find, listed, look, principal, read, scoped

bp = APIBlueprint("models", __name__, tag="Models")


@endpoint(
    bp,
    "GET /v1/projects/{project_id}/models",
    access=Permission.MODELS_READ,
    query=KeptQuery,
    reply=(200, ModelPage),
)
def list_models(project_id: UUID, query: KeptQuery) -> dict[str, Any]:
    """List a project's models."""
    read(Project, project_id)
    return page(
        listed(Model, query, Permission.MODELS_DELETE).where(Model.project_id == project_id),
        Model,
        query,
    )


@endpoint(
    bp,
    "POST /v1/projects/{project_id}/models",
    access=Permission.MODELS_WRITE,
    body=ModelIn,
    reply=(201, ModelOut),
    errors={409},
)
def create_model(project_id: UUID, body: ModelIn) -> Model:
    """Create a model; its name is unique in the project."""
    find(Project, project_id)
    model = Model(tenant_id=principal().tenant_id, project_id=project_id, **body.model_dump())
    db.session.add(model)
    db.session.flush()
    return model


@endpoint(bp, "GET /v1/models/{model_id}", access=Permission.MODELS_READ, reply=(200, ModelOut))
def read_model(model_id: UUID) -> dict[str, Any]:
    """Read a model."""
    row = look(Model, model_id) if in_transaction() else _kept(model_id)
    if row is None:
        raise not_found(Model.noun)
    return row


def _kept(model_id: UUID) -> dict[str, Any] | None:
    """The model from Redis; a change that counts on what it read asks the database instead."""
    tenant_id = principal().tenant_id
    return current().rows.read(tenant_id, f"model:{model_id}", lambda: look(Model, model_id))


@endpoint(
    bp,
    "PATCH /v1/models/{model_id}",
    access=Permission.MODELS_WRITE,
    body=ModelChange,
    reply=(200, ModelOut),
    errors={409},
)
def update_model(model_id: UUID, body: ModelChange) -> Model:
    """Change a model's words."""
    model = find(Model, model_id)
    body.apply(model)
    db.session.flush()
    return model


@endpoint(
    bp,
    "DELETE /v1/models/{model_id}",
    access=Permission.MODELS_DELETE,
    reply=(204, None),
    errors={409},
)
def delete_model(model_id: UUID) -> None:
    """Delete a model with its versions until it is restored or purged, unless one is deployed."""
    model = find(Model, model_id, lock=True)
    deployed = exists(scoped(Deployment).where(Deployment.model_id == model_id))
    if db.session.scalar(deployed.select()):
        raise conflict("deployed", "The model is deployed: delete its deployments first.")
    remove(model)


@endpoint(
    bp,
    "POST /v1/models/{model_id}:restore",
    access=Permission.MODELS_DELETE,
    reply=(200, ModelOut),
    errors={409},
)
def restore_model(model_id: UUID) -> Model:
    """Bring a deleted model back, with everything in it."""
    return bring_back(Model, model_id)
