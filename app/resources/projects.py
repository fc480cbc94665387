"""What can be asked of projects?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy import exists

from app.cursors import page
from app.database import db
from app.endpoint import endpoint
from app.errors import conflict
from app.lifetimes import remove
from app.models import Deployment, Model, Project
from app.permissions import Permission
from app.schemas.basics import KeptQuery
from app.schemas.projects import ProjectChange, ProjectIn, ProjectOut, ProjectPage
from app.tenancy import bring_back, find, listed, principal, read, scoped

bp = APIBlueprint("projects", __name__, tag="Projects")


@endpoint(
    bp,
    "GET /v1/projects",
    access=Permission.PROJECTS_READ,
    query=KeptQuery,
    reply=(200, ProjectPage),
)
def list_projects(query: KeptQuery) -> dict[str, Any]:
    """List the tenant's projects."""
    return page(listed(Project, query, Permission.PROJECTS_DELETE), Project, query)


@endpoint(
    bp,
    "POST /v1/projects",
    access=Permission.PROJECTS_CREATE,
    body=ProjectIn,
    reply=(201, ProjectOut),
    errors={409},
)
def create_project(body: ProjectIn) -> Project:
    """Create a project; its name is unique in the tenant."""
    project = Project(tenant_id=principal().tenant_id, **body.model_dump())
    db.session.add(project)
    db.session.flush()
    return project


@endpoint(
    bp,
    "GET /v1/projects/{project_id}",
    access=Permission.PROJECTS_READ,
    reply=(200, ProjectOut),
)
def read_project(project_id: UUID) -> dict[str, Any]:
    """Read a project."""
    return read(Project, project_id)


@endpoint(
    bp,
    "PATCH /v1/projects/{project_id}",
    access=Permission.PROJECTS_UPDATE,
    body=ProjectChange,
    reply=(200, ProjectOut),
    errors={409},
)
def update_project(project_id: UUID, body: ProjectChange) -> Project:
    """Change a project's words."""
    project = find(Project, project_id)
    body.apply(project)
    db.session.flush()
    return project


@endpoint(
    bp,
    "DELETE /v1/projects/{project_id}",
    access=Permission.PROJECTS_DELETE,
    reply=(204, None),
    errors={409},
)
def delete_project(project_id: UUID) -> None:
    """Delete a project with everything in it until it is restored or purged, unless deployed."""
    project = find(Project, project_id, lock=True)
    models = scoped(Model).where(Model.project_id == project_id).with_only_columns(Model.id)
    # Whoever deploys one of them just now holds it, and is waited for.
    db.session.execute(models.with_for_update(read=True))
    deployed = exists(scoped(Deployment).where(Deployment.model_id.in_(models)))
    if db.session.scalar(deployed.select()):
        raise conflict("deployed", "A model in it is deployed: delete its deployments first.")
    remove(project)


@endpoint(
    bp,
    "POST /v1/projects/{project_id}:restore",
    access=Permission.PROJECTS_DELETE,
    reply=(200, ProjectOut),
    errors={409},
)
def restore_project(project_id: UUID) -> Project:
    """Bring a deleted project back, with everything in it."""
    return bring_back(Project, project_id)
