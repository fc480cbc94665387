"""How do the kernel's values become JSON, and come back the same?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gate.errors import IntegrityError

T = TypeVar("T")


adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
"""The (slow to build) encoder of a type, built once."""


def encode(value: object, *, indent: int | None = None) -> str:
    """A frozen value of `gate.model` as JSON text."""
    return adapter(type(value)).dump_json(value, indent=indent).decode()


def decode(kind: type[T], text: str | bytes, *, source: str) -> T:
    """JSON text as a value of `kind`; IntegrityError names the source and the first mistake."""
    try:
        value: T = adapter(kind).validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise IntegrityError(
            f"{source} is not readable at {where or 'its start'}: {first['msg']}"
        ) from error
    return value
