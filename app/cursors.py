"""Where does the next page of a list begin?"""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BaseModel
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from app.context import current
from app.errors import not_found
from app.masks import FIELDS
from app.models import TenantOwned
from app.prepared import fetch
from app.schemas.basics import PageQuery
from app.tenancy import principal

Row = TypeVar("Row", bound=tuple[Any, ...])
Owned = TypeVar("Owned", bound=TenantOwned)


def page(query: Select[tuple[Owned]], model: type[Owned], asked: PageQuery) -> dict[str, Any]:
    """One page of the tenant's rows, newest first, as `{items, next_cursor}`."""
    column: InstrumentedAttribute[UUID] = model.id
    return page_of(query, column, asked, owner=str(principal().tenant_id))


def page_of(
    query: Select[Row], column: InstrumentedAttribute[Any], asked: PageQuery, *, owner: str
) -> dict[str, Any]:
    """One page of any rows, whole or chosen columns, by a unique column, greatest first.

    The column holds UUIDv7, which sort by age, or numbers. One message reads it.

    Keyset paging: the cursor is the last id, signed together with owner, route and filters, so
    that it is worth nothing anywhere else (404).
    """
    if asked.cursor is not None:
        last = column.type.python_type(str(unseal(asked, owner, asked.cursor)))
        query = query.where(column < last)
    rows = fetch(query.order_by(column.desc()).limit(asked.limit + 1))
    items = rows[: asked.limit]
    more = len(rows) > asked.limit
    following = seal(asked, owner, _text_of(getattr(items[-1], column.key))) if more else None
    return {"items": items, "next_cursor": following}


def _sealer(asked: BaseModel, owner: str) -> URLSafeSerializer:
    filters = asked.model_dump(exclude={"cursor", "limit", FIELDS}, mode="json")
    bound = f"{owner} {request.path} {sorted(filters.items())}"
    return URLSafeSerializer(current().config.cursor_secret, salt=bound)


def _text_of(last: UUID | int) -> str:
    return last.hex if isinstance(last, UUID) else str(last)


def seal(asked: BaseModel, owner: str, place: object) -> str:
    """A cursor that says where the next page begins, in any terms that JSON can hold."""
    return str(_sealer(asked, owner).dumps(place))


def unseal(asked: BaseModel, owner: str, cursor: str) -> Any:
    """What `seal` was given, for the same owner, route and filters; 404 otherwise."""
    try:
        return _sealer(asked, owner).loads(cursor)
    except BadSignature as error:
        raise not_found("page of this list") from error
