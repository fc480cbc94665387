"""Which objects of the tenant have a name that begins so?"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import Select, literal, select, union_all

from app.database import db
from app.endpoint import Audience, endpoint
from app.models import Experiment, Model, Project, Run
from app.permissions import Permission
from app.schemas.search import Hits, Kind, NameQuery
from app.tenancy import principal, scoped

bp = APIBlueprint("search", __name__, tag="Search")
Named = type[Project] | type[Experiment] | type[Model] | type[Run]
KINDS: dict[Kind, tuple[Named, Permission]] = {
    Kind.PROJECT: (Project, Permission.PROJECTS_READ),
    Kind.EXPERIMENT: (Experiment, Permission.EXPERIMENTS_READ),
    Kind.MODEL: (Model, Permission.MODELS_READ),
    Kind.RUN: (Run, Permission.RUNS_READ),
}


@endpoint(bp, "GET /v1/search", access=Audience.MEMBER, query=NameQuery, reply=(200, Hits))
def search_names(query: NameQuery) -> dict[str, Any]:
    """Find projects, experiments, models and runs by the beginning of their names.

    Only kinds that the key may read are looked at. Upper and lower case differ.
    """
    allowed = principal().permissions
    parts = [_begin(kind, query) for kind, (_, needed) in KINDS.items() if needed in allowed]
    if not parts:
        return {"items": []}
    found = union_all(*parts).subquery()
    hits = select(found).order_by(found.c.name, found.c.id).limit(query.limit)
    return {"items": db.session.execute(hits).all()}


def _begin(kind: Kind, query: NameQuery) -> Select[Any]:
    """The first names of one kind.

    `^@` is leakproof, as LIKE is not: under row-level security only such reads an index.
    """
    model, _ = KINDS[kind]
    columns = model.__table__.c
    names = (
        scoped(model)
        .with_only_columns(literal(kind.value).label("kind"), columns.id, columns.name)
        .where(columns.name.op("^@")(query.q))
        .order_by(columns.name, columns.id)
        .limit(query.limit)
        .subquery()
    )
    return select(names)
