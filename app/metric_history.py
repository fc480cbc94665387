"""What does a long history look like in few points?"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, cast, func, or_, select

from app.models import MetricPoint
from app.tenancy import principal


def scoped_points(run_id: UUID, key: str, after: int | None) -> Select[Any]:
    """Select step, value and time of a metric's points, ordered by step."""
    points = select(MetricPoint.step, MetricPoint.value, MetricPoint.logged_at).where(
        MetricPoint.tenant_id == principal().tenant_id,
        MetricPoint.run_id == run_id,
        MetricPoint.key == key,
    )
    if after is not None:
        points = points.where(MetricPoint.step > after)
    return points.order_by(MetricPoint.step)


def thin(points: Select[Any], most: int) -> Select[Any]:
    """At most `most` (≥ 4) of the points, ordered by step; all when there are no more.

    The points are cut into stretches of equal count. Of each the lowest and the highest stay, so
    that no peak is lost, and of all the first and the last (after M4: Jugel et al., VLDB 2014).
    """
    stretches = (most - 2) // 2
    all_points = points.order_by(None).subquery()
    number = func.row_number().over(order_by=all_points.c.step) - 1
    total = func.count().over()
    numbered = select(all_points, number.label("number"), total.label("total")).subquery()
    stretch = cast(func.floor(numbered.c.number * stretches / numbered.c.total), Integer)
    cut = select(numbered, stretch.label("stretch")).subquery()
    value, step = cut.c.value, cut.c.step
    lowest = func.row_number().over(partition_by=cut.c.stretch, order_by=(value, step))
    highest = func.row_number().over(partition_by=cut.c.stretch, order_by=(value.desc(), step))
    ranked = select(cut, lowest.label("lowest"), highest.label("highest")).subquery()
    kept = or_(
        ranked.c.total <= most,
        ranked.c.lowest == 1,
        ranked.c.highest == 1,
        ranked.c.number == 0,
        ranked.c.number == ranked.c.total - 1,
    )
    shown = (ranked.c.step, ranked.c.value, ranked.c.logged_at)
    return select(*shown).where(kept).order_by(ranked.c.step)
