"""What can be asked of projects?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from app.cursors import page
from app.database import db
from app.endpoint import endpoint
from app.models import Project
from app.permissions import Permission
from app.schemas.basics import PageQuery
from app.schemas.projects import ProjectChange, ProjectIn, ProjectOut, ProjectPage
from app.tenancy import find, principal, read, scoped

bp = APIBlueprint("projects", __name__, tag="Projects")


@endpoint(
    bp,
    "GET /v1/projects",
    access=Permission.PROJECTS_READ,
    query=PageQuery,
    reply=(200, ProjectPage),
)
def list_projects(query: PageQuery) -> dict[str, Any]:
    """List the tenant's projects."""
    return page(scoped(Project), Project, query)


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
)
def delete_project(project_id: UUID) -> None:
    """Delete a project with everything in it."""
    db.session.delete(find(Project, project_id))
