"""Which stages may follow each other in a version's life?"""

from __future__ import annotations

from app.schemas.models import Stage

MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.NONE: frozenset({Stage.STAGING, Stage.ARCHIVED}),
    Stage.STAGING: frozenset({Stage.NONE, Stage.PRODUCTION, Stage.ARCHIVED}),
    Stage.PRODUCTION: frozenset({Stage.STAGING, Stage.ARCHIVED}),
    Stage.ARCHIVED: frozenset({Stage.NONE, Stage.STAGING}),
}


def may_move(present: Stage, wanted: Stage) -> bool:
    """May a version go there? Nothing reaches production without staging; staying is no move."""
    return wanted is present or wanted in MOVES[present]
