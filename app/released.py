"""How does a view ask something slow without holding its database connection?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from flask import Response, after_this_request, g
from sqlalchemy.exc import SQLAlchemyError

from app import idempotency
from app.database import db, entered
from app.errors import ProblemError

MARKED = "claim_in_flight"
ERRORS = 400
log = logging.getLogger("maestro")


@contextmanager
def released() -> Iterator[None]:
    """Commit what the view has done, and keep no transaction open inside of the block.

    The lock that marks a request with an Idempotency-Key as being done ends with the transaction,
    so a row marks it from here on, until its answer is kept or it fails.
    """
    claimed: idempotency.Claim | None = g.get("claim")
    tenant_id = entered().tenant_id
    if claimed and tenant_id:
        idempotency.mark(claimed, tenant_id)
        setattr(g, MARKED, claimed)
    db.session.commit()
    yield


def unmark() -> None:
    """After an error: the key may try again. Without the database, once the mark is too old."""
    claimed: idempotency.Claim | None = g.pop(MARKED, None)
    if claimed is None:
        return
    with suppress(SQLAlchemyError):
        db.session.rollback()
        idempotency.unmark(claimed)
        db.session.commit()


def afterwards(remove: Callable[[], None]) -> None:
    """Remove bytes once the view's change is committed, and no row names them any more."""

    @after_this_request
    def run(answer: Response) -> Response:
        if answer.status_code < ERRORS:
            without_fail(remove)
        return answer


def without_fail(remove: Callable[[], None]) -> None:
    """Remove bytes that no row names; where the store does not answer, they stay.

    What the caller is told has been decided by then: an error would say that nothing was done.
    """
    try:
        remove()
    except ProblemError as error:
        log.warning("bytes kept", extra={"error": error.code})
