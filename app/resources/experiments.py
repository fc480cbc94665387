"""What can be asked of experiments?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from app.cursors import page
from app.database import db
from app.endpoint import endpoint
from app.lifetimes import remove
from app.models import Experiment, Project
from app.permissions import Permission
from app.schemas.basics import KeptQuery
from app.schemas.projects import (
    ExperimentChange,
    ExperimentIn,
    ExperimentOut,
    ExperimentPage,
)
from app.tenancy import bring_back, find, listed, principal, read

bp = APIBlueprint("experiments", __name__, tag="Experiments")


@endpoint(
    bp,
    "GET /v1/projects/{project_id}/experiments",
    access=Permission.EXPERIMENTS_READ,
    query=KeptQuery,
    reply=(200, ExperimentPage),
)
def list_experiments(project_id: UUID, query: KeptQuery) -> dict[str, Any]:
    """List a project's experiments."""
    read(Project, project_id)
    rows = listed(Experiment, query, Permission.EXPERIMENTS_DELETE).where(
        Experiment.project_id == project_id
    )
    return page(rows, Experiment, query)


@endpoint(
    bp,
    "POST /v1/projects/{project_id}/experiments",
    access=Permission.EXPERIMENTS_WRITE,
    body=ExperimentIn,
    reply=(201, ExperimentOut),
    errors={409},
)
def create_experiment(project_id: UUID, body: ExperimentIn) -> Experiment:
    """Create an experiment; its name is unique in the project."""
    find(Project, project_id)
    experiment = Experiment(
        tenant_id=principal().tenant_id, project_id=project_id, **body.model_dump()
    )
    db.session.add(experiment)
    db.session.flush()
    return experiment


@endpoint(
    bp,
    "GET /v1/experiments/{experiment_id}",
    access=Permission.EXPERIMENTS_READ,
    reply=(200, ExperimentOut),
)
def read_experiment(experiment_id: UUID) -> dict[str, Any]:
    """Read an experiment."""
    return read(Experiment, experiment_id)


@endpoint(
    bp,
    "PATCH /v1/experiments/{experiment_id}",
    access=Permission.EXPERIMENTS_WRITE,
    body=ExperimentChange,
    reply=(200, ExperimentOut),
    errors={409},
)
def update_experiment(experiment_id: UUID, body: ExperimentChange) -> Experiment:
    """Change an experiment's words."""
    experiment = find(Experiment, experiment_id)
    body.apply(experiment)
    db.session.flush()
    return experiment


@endpoint(
    bp,
    "DELETE /v1/experiments/{experiment_id}",
    access=Permission.EXPERIMENTS_DELETE,
    reply=(204, None),
)
def delete_experiment(experiment_id: UUID) -> None:
    """Delete an experiment with its runs, until it is restored or purged."""
    remove(find(Experiment, experiment_id, lock=True))


@endpoint(
    bp,
    "POST /v1/experiments/{experiment_id}:restore",
    access=Permission.EXPERIMENTS_DELETE,
    reply=(200, ExperimentOut),
    errors={409},
)
def restore_experiment(experiment_id: UUID) -> Experiment:
    """Bring a deleted experiment back, with everything in it."""
    return bring_back(Experiment, experiment_id)
