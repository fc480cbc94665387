"""How does a view wait for something slow without holding its database connection?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import g
from sqlalchemy.exc import SQLAlchemyError

from app import idempotency
from app.database import db, entered

MARKED = "claim_in_flight"


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
