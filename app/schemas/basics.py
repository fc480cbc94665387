"""Which rules do all bodies share?"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic import model_validator as check

# PostgreSQL's text cannot hold NUL; orjson has refused lone surrogates before this is read.
NO_NUL = r"^[^\u0000]*$"
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LARGEST_INTEGER = 2**53 - 1
LONGEST_KEY = 100


def _parse_uuid(value: object) -> object:
    """Only the form of RFC 9562 §4, as the document says, of the many that Python reads."""
    return UUID(value) if isinstance(value, str) and UUID_TEXT.fullmatch(value) else value


def parse_count(value: object) -> object:
    """A query string is text: only plain decimal digits are a number there."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value) else value


def parse_integer(value: object) -> object:
    """To JSON Schema 1.0 is an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _describe_names(schema: dict[str, Any]) -> None:
    """Say that no other property names are allowed, which pydantic's own words do not."""
    (values,) = schema.pop("patternProperties").values()
    schema["additionalProperties"] = values
    schema["propertyNames"] = {"pattern": NO_NUL, "minLength": 1, "maxLength": LONGEST_KEY}


def words(most: int) -> Any:
    """A field of up to `most` pairs of free text."""
    return Field(max_length=most, json_schema_extra=_describe_names)


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Text = Annotated[str, StringConstraints(max_length=5000, pattern=NO_NUL)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_KEY, pattern=NO_NUL)]
Tags = Annotated[dict[Key, Text], words(100)]
Id = Annotated[UUID, BeforeValidator(_parse_uuid)]
PageSize = Annotated[int, Field(ge=1, le=200), BeforeValidator(parse_count)]
WHOLE = BeforeValidator(parse_integer)
Integer = Annotated[int, Field(ge=0, le=LARGEST_INTEGER), BeforeValidator(parse_integer)]
Offset = Annotated[int, Field(ge=0, le=LARGEST_INTEGER), BeforeValidator(parse_count)]


class Input(BaseModel):
    """A body or query: every field is declared, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _describe_change(schema: dict[str, Any]) -> None:
    """A field that is left out stays as it is, so it has no default to show."""
    schema["minProperties"] = 1
    for field in schema["properties"].values():
        field.pop("default", None)


class Change(Input):
    """The body of a PATCH: at least one field, and only the given ones change."""

    model_config = ConfigDict(json_schema_extra=_describe_change)

    @check(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one field")
        return self

    def apply(self, row: object) -> None:
        """Set the given fields on the row."""
        for name in self.model_fields_set:
            setattr(row, name, getattr(self, name))


class PageQuery(Input):
    """How much of a list, and from where."""

    limit: PageSize = 50
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None


class State(StrEnum):
    """Whether an object is there or has been deleted."""

    ACTIVE = "active"
    DELETED = "deleted"


class KeptQuery(PageQuery):
    """Which objects: those that are there, or those that can be restored."""

    state: Annotated[State, Field(strict=False)] = State.ACTIVE


class Output(BaseModel):
    """An answer: exactly the declared fields."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Stored(Output):
    """An object with an id."""

    id: UUID
    created_at: datetime


class Updated(Stored):
    """An object that people change."""

    updated_at: datetime


Item = TypeVar("Item", bound=Output)


class Page(Output, Generic[Item]):
    """A part of a list, newest first; `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


class ProblemItem(Output):
    """One part of the request that breaks its declaration."""

    location: str
    detail: str


class Problem(Output):
    """A problem detail (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[ProblemItem]
