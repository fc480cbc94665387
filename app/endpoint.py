"""What does a route promise?

One declaration is the route, its permission check, its rate limit and its OpenAPI operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property, wraps
from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel
from werkzeug.http import http_date

from app.conduct import conduct
from app.masks import FIELDS, item_of, masked
from app.permissions import Permission

View = Callable[..., Any]
JSON = "application/json"
LARGEST_BODY = 1 << 20
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
        converter="number",
        schema={"type": "integer", "minimum": 1, "maximum": 999_999_999},
    ),
    "alias": PathParameter(
        converter="alias",
        schema={"type": "string", "pattern": "^[a-z][a-z0-9._-]{0,49}$"},
    ),
    "tag": PathParameter(
        converter="tag",
        schema={"type": "string", "pattern": "^[^/\\u0000]{1,100}$"},
    ),
    "part": PathParameter(
        converter="number",
        schema={"type": "integer", "minimum": 1, "maximum": 999_999_999},
    ),
}


# What machines log while they work is no administrative act: it is far more than all acts
# together, it names its run, and the chain of the audit log would make its writers queue.
TELEMETRY = frozenset({Permission.RUNS_WRITE, Permission.ARTIFACTS_WRITE})


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when an operation is deprecated, and when it will be gone; both with a time zone."""

    since: datetime
    sunset: datetime | None = None

    @property
    def headers(self) -> list[tuple[str, str]]:
        """`Deprecation` (RFC 9745) and `Sunset` (RFC 8594)."""
        found = [("Deprecation", f"@{int(self.since.timestamp())}")]
        return found + ([("Sunset", http_date(self.sunset))] if self.sunset else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBody:
    """A body of bytes that the view reads from the stream, and its largest size in bytes."""

    media: str
    largest: int


@dataclass(frozen=True, kw_only=True)
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
    errors: frozenset[int]
    fail_closed: bool
    raw: RawBody | None
    ranges: bool
    demands_match: bool
    audited: bool
    deprecation: Deprecation | None
    view: View = field(repr=False, compare=False)

    @property
    def largest_body(self) -> int:
        """The most bytes that a body may have."""
        return self.raw.largest if self.raw else LARGEST_BODY

    @cached_property
    def changes(self) -> bool:
        """Can the operation change anything? A POST that only needs to read is a search."""
        reads = isinstance(self.access, Permission) and self.access.endswith(":read")
        return self.method != "GET" and not reads

    @cached_property
    def repeatable(self) -> bool:
        """Is it done once for each Idempotency-Key? Other methods are idempotent as they are."""
        return self.method == "POST" and self.changes

    @cached_property
    def maskable(self) -> bool:
        """Can the caller ask for some fields of the answer only?"""
        public = self.access is Audience.PUBLIC
        return self.method == "GET" and self.model is not None and not public

    @cached_property
    def tagged(self) -> bool:
        """Does the answer show one object, and so carry its entity tag?"""
        return self.maskable and self.model is not None and item_of(self.model) is None

    @cached_property
    def query_names(self) -> frozenset[str]:
        """Every query parameter that the operation takes."""
        own = frozenset(self.query.model_fields if self.query else ())
        return own | {FIELDS} if self.maskable else own

    @cached_property
    def collection(self) -> str:
        """The kind of object that the operation is about, as its path says: the last noun."""
        nouns = [part for part in self.path.partition(":")[0].split("/") if "{" not in part]
        return nouns[-1]

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
    raw: RawBody | None = None,
    ranges: bool = False,
    demands_match: bool = False,
    audited: bool | None = None,
    deprecation: Deprecation | None = None,
) -> Callable[[View], View]:
    """Declare a view: `@endpoint(bp, "GET /v1/runs/{run_id}", access=…, reply=(200, RunOut))`.

    The view gets path parameters by name, and `body` and `query` when they are declared. Its
    transaction is committed when it returns and rolled back when it raises. With `fail_closed`
    the route answers 503 while the rate limiter cannot count. A `raw` body is left to the view to
    read. With `ranges` the view answers a part of a file when asked for one (RFC 9110 §14). With
    `demands_match` it answers 428 without If-Match. `audited` is by default whatever changes
    something, but not what is logged to runs. Entity tags, masks, Idempotency-Key, preconditions
    and audit come by themselves (`app.conduct`).
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
            errors=frozenset(errors),
            fail_closed=fail_closed,
            raw=raw,
            ranges=ranges,
            demands_match=demands_match,
            audited=access not in TELEMETRY if audited is None else audited,
            deprecation=deprecation,
            view=view,
        )
        _register(blueprint, declared, _wrap(blueprint, declared))
        return view

    return declare


def _wrap(blueprint: APIBlueprint, declared: Declaration) -> View:
    """Put input and output around the conduct of the view, from the outside in."""
    wrapped: View = _conducted(declared)
    if declared.model is not None:
        wrapped = blueprint.output(declared.model, declared.status)(wrapped)
    if declared.body is not None:
        wrapped = blueprint.input(declared.body, location="json", arg_name="body")(wrapped)
    query = declared.query
    if declared.maskable and declared.model is not None:
        query = masked(query, declared.model)
    if query is not None:
        wrapped = blueprint.input(query, location="query", arg_name="query")(wrapped)
    return wrapped


def _conducted(declared: Declaration) -> View:
    @wraps(declared.view)
    def answer(**arguments: Any) -> Any:
        return conduct(declared, arguments)

    return answer


def _register(blueprint: APIBlueprint, declared: Declaration, view: View) -> None:
    described = blueprint.doc(operation_id=declared.operation)(view)
    setattr(described, DECLARATION, declared)
    blueprint.route(declared.rule, methods=[declared.method], endpoint=declared.operation)(
        described
    )
