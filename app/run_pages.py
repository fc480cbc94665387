"""How is a page of an experiment's runs read in one round trip?"""

from __future__ import annotations

from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, select

from app.cursors import seal, unseal
from app.lifetimes import dead, living
from app.models import Experiment, Run
from app.permissions import Permission
from app.prepared import Prepared
from app.ready import Ready
from app.run_rows import COLUMNS, ready_run
from app.schemas.runs import RunQuery
from app.tenancy import find, principal, wants_deleted


@cache
def _select(*, deleted: bool, by_status: bool, onward: bool) -> Prepared:
    """The statement of each kind of page; there are eight."""
    rows = (
        select(*COLUMNS)
        .where(Run.tenant_id == bindparam("tenant_id"))
        .where(Run.experiment_id == bindparam("experiment_id"))
        .where(*(dead(Run) if deleted else living(Run)))
    )
    if by_status:
        rows = rows.where(Run.status == bindparam("status"))
    if onward:
        rows = rows.where(Run.id < bindparam("before"))
    return Prepared.compile(rows.order_by(Run.id.desc()).limit(bindparam("most")))


def read_page(experiment_id: UUID, asked: RunQuery) -> Ready:
    """One page, newest first, as `{items, next_cursor}`; 404 when there is no such experiment.

    Whoever has runs lives, as deleted runs are shown below the living only: it is looked up only
    when the page is empty.
    """
    owner = str(principal().tenant_id)
    before = None if asked.cursor is None else str(UUID(str(unseal(asked, owner, asked.cursor))))
    page = _select(
        deleted=wants_deleted(asked, Permission.RUNS_DELETE),
        by_status=asked.status is not None,
        onward=before is not None,
    )
    rows = page.all(
        principal().tenant_id,
        experiment_id=str(experiment_id),
        status=asked.status and asked.status.value,
        before=before,
        most=asked.limit + 1,
    )
    if not rows:
        find(Experiment, experiment_id)
    items = rows[: asked.limit]
    last = UUID(items[-1]["id"]).hex if len(rows) > asked.limit else None
    following = None if last is None else seal(asked, owner, last)
    return Ready(items=list(map(ready_run, items)), next_cursor=following)
