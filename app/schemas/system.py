"""What do the service's own pages look like?"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.schemas.basics import Output


class Alive(Output):
    """The process answers."""

    status: Literal["alive"]


class Ready(Output):
    """The service can do its work; without Redis it is slower and still right."""

    status: Literal["ready"]
    database: Literal["up"]
    redis: Literal["up", "down"]


class Document(BaseModel):
    """An OpenAPI 3.1 document."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
