"""Which fields of an answer does the caller want?"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints, create_model

from app.schemas.basics import Input, Page

FIELDS = "fields"
# A part of an object is not the object: it has a media type, and a schema, of its own.
PART = "application/vnd.maestro.part+json"


def masked(query: type[BaseModel] | None, model: type[BaseModel]) -> type[BaseModel]:
    """The query with `fields`: names of the answer's fields, or of its items', with commas."""
    name = f"(?:{'|'.join(fields_of(model))})"
    names = Annotated[str, StringConstraints(pattern=rf"^{name}(?:,{name})*$", max_length=1000)]
    base = query or Input
    return create_model(f"Masked{base.__name__}", __base__=base, fields=(names | None, None))


def fields_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields that a mask can name."""
    return tuple((item_of(model) or model).model_fields)


def item_of(model: type[BaseModel]) -> type[BaseModel] | None:
    """What a page is a list of; None for anything else."""
    if not issubclass(model, Page):
        return None
    (item,) = model.model_fields["items"].annotation.__args__  # type: ignore[union-attr]
    found: type[BaseModel] = item
    return found


def names_in(fields: str | None) -> frozenset[str] | None:
    """The names in a mask, None for everything."""
    return None if fields is None else frozenset(fields.split(","))


def kept(model: type[BaseModel], fields: str | None) -> Any:
    """The mask in pydantic's terms, or None to keep everything."""
    names = names_in(fields)
    if names is None:
        return None
    if item_of(model) is None:
        return names
    return {"items": {"__all__": names}, "next_cursor": True}
