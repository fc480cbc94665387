"""What does a route promise?

One declaration is the route, its permission check, its rate limit and its OpenAPI operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel

from app.database import db
from app.events import publish
from app.permissions import Permission

View = Callable[..., Any]
JSON = "application/json"
DECLARATION = "maestro_declaration"


class Audience(StrEnum):
    """Who may call a route that needs no single permission."""

    PUBLIC = "public"
    MEMBER = "member"
    OPERATOR = "operator"


Access = Permission | Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class PathParameter:
    """How one path parameter is routed and described. Anything else is a 404."""

    converter: str
    schema: dict[str, Any]


UUID_PARAMETER = PathParameter(converter="uuid", schema={"type": "string", "format": "uuid"})
PATH_PARAMETERS = {
    "key": PathParameter(
        converter="metric",
        schema={"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"},
    ),
    "version": PathParameter(
        converter="int(min=1, max=2147483647)",
        schema={"type": "integer", "minimum": 1, "maximum": 2147483647},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """Everything that a route promises; `path` has OpenAPI's braces."""

    method: str
    path: str
    operation: str
    access: Access
    status: int
    model: type[BaseModel] | None
    media: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    query_names: frozenset[str]
    errors: frozenset[int]
    fail_closed: bool

    @property
    def rule(self) -> str:
        """The path in Werkzeug's syntax."""
        return re.sub(r"{(\w+)}", _as_converter, self.path)


def path_parameter(name: str) -> PathParameter:
    """The declared parameter of this name; every `…_id` is a UUID."""
    return PATH_PARAMETERS.get(name, UUID_PARAMETER)


def _as_converter(match: re.Match[str]) -> str:
    return f"<{path_parameter(match[1]).converter}:{match[1]}>"


def declaration_of(view: View) -> Declaration | None:
    """The declaration of a registered view, or None when it has none."""
    declared: Declaration | None = getattr(view, DECLARATION, None)
    return declared


def endpoint(  # noqa: PLR0913 - these are the parts of a promise, all by name
    blueprint: APIBlueprint,
    route: str,
    *,
    access: Access,
    reply: tuple[int, type[BaseModel] | None],
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    errors: Iterable[int] = (),
    media: str = JSON,
    fail_closed: bool = False,
) -> Callable[[View], View]:
    """Declare a view: `@endpoint(bp, "GET /v1/runs/{run_id}", access=…, reply=(200, RunOut))`.

    The view gets path parameters by name, and `body` and `query` when they are declared. Its
    transaction is committed when it returns and rolled back when it raises. With `fail_closed`
    the route answers 503 while the rate limiter cannot count.
    """
    method, path = route.split(" ")
    status, model = reply

    def declare(view: View) -> View:
        declared = Declaration(
            method=method,
            path=path,
            operation=view.__name__,
            access=access,
            status=status,
            model=model,
            media=media,
            body=body,
            query=query,
            query_names=frozenset(query.model_fields if query else ()),
            errors=frozenset(errors),
            fail_closed=fail_closed,
        )
        _register(blueprint, declared, _wrap(blueprint, declared, view))
        return view

    return declare


def _wrap(blueprint: APIBlueprint, declared: Declaration, view: View) -> View:
    """Put input, transaction and output around the view, from the outside in."""
    wrapped = _transact(declared, view)
    if declared.model is not None:
        wrapped = blueprint.output(declared.model, declared.status)(wrapped)
    if declared.body is not None:
        wrapped = blueprint.input(declared.body, location="json", arg_name="body")(wrapped)
    if declared.query is not None:
        wrapped = blueprint.input(declared.query, location="query", arg_name="query")(wrapped)
    return wrapped


def _transact(declared: Declaration, view: View) -> View:
    @wraps(view)
    def answer(**arguments: Any) -> Any:
        result = view(**arguments)
        if declared.method != "GET":
            publish(declared.operation, arguments, result)
            db.session.commit()
        return ("", declared.status) if result is None else result

    return answer


def _register(blueprint: APIBlueprint, declared: Declaration, view: View) -> None:
    described = blueprint.doc(operation_id=declared.operation)(view)
    setattr(described, DECLARATION, declared)
    blueprint.route(declared.rule, methods=[declared.method], endpoint=declared.operation)(
        described
    )
