"""What can be asked of many runs at once, and of their tags?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy import delete

from app.database import db
from app.endpoint import endpoint
from app.errors import invalid, not_found
from app.filters.parse import FilterError, parse_filter, parse_order
from app.models import Run, RunTag
from app.permissions import Permission
from app.prepared import fetch
from app.ready import Ready
from app.run_comparison import compare
from app.run_rows import parsed_run, scoped_runs
from app.run_search import search, sort_by
from app.schemas.runs import CompareIn, Comparison, RunPage, SearchIn
from app.tenancy import find, principal

Parsed = TypeVar("Parsed")
bp = APIBlueprint("run_search", __name__, tag="Run search")


@endpoint(
    bp,
    "POST /v1/runs:search",
    access=Permission.RUNS_READ,
    body=SearchIn,
    reply=(200, RunPage),
    errors={404},
)
def search_runs(body: SearchIn) -> Ready:
    """Find runs by what was logged to them."""
    wanted = _read("filter", parse_filter, body.filter)
    order = _read("order_by", parse_order, body.order_by)
    return search(body, wanted, sort_by(order))


def _read(name: str, parse: Callable[[str], Parsed], text: str | None) -> Parsed | None:
    """What the text means; 422 with the column of the mistake."""
    try:
        return None if text is None else parse(text)
    except FilterError as error:
        raise invalid(f"json.{name}", str(error)) from error


@endpoint(
    bp,
    "POST /v1/runs:compare",
    access=Permission.RUNS_READ,
    body=CompareIn,
    reply=(200, Comparison),
    errors={404},
)
def compare_runs(body: CompareIn) -> dict[str, Any]:
    """Put runs side by side, and tell where they differ."""
    rows = fetch(scoped_runs().where(Run.id.in_(body.run_ids)))
    found = {row.id: parsed_run(row._asdict()) for row in rows}
    if len(found) < len(body.run_ids):
        raise not_found(Run.noun)
    return compare([found[str(run_id)] for run_id in body.run_ids])


@endpoint(
    bp,
    "DELETE /v1/runs/{run_id}/tags/{tag}",
    access=Permission.RUNS_WRITE,
    reply=(204, None),
)
def delete_tag(run_id: UUID, tag: str) -> None:
    """Take a tag off a run."""
    find(Run, run_id, lock=True)
    removal = delete(RunTag).where(
        RunTag.tenant_id == principal().tenant_id, RunTag.run_id == run_id, RunTag.key == tag
    )
    if db.session.execute(removal.returning(RunTag.key)).first() is None:
        raise not_found("tag")
