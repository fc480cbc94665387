"""Which operations does an OpenAPI document declare, and what do they ask for?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate.model import Json

Object = Mapping[str, Json]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PARAMETER = re.compile(r"\{([^}]+)\}")
NOTHING: Object = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `schemes`: alternatives of security schemes; empty means public."""

    method: str
    path: str
    query: Object = field(default_factory=dict)
    body: Object = field(default_factory=dict)
    schemes: tuple[frozenset[str], ...] = ()

    @property
    def label(self) -> str:
        """The stable name, `GET /v1/runs/{run_id}`."""
        return f"{self.method} {self.path}"

    @property
    def names(self) -> tuple[str, ...]:
        """The path parameters from left to right."""
        return tuple(PARAMETER.findall(self.path))

    @property
    def public(self) -> bool:
        """Does the document let anybody in?"""
        return not self.schemes or frozenset() in self.schemes

    @property
    def reads_one(self) -> bool:
        """Does the path end in an id?"""
        return self.path.rstrip("/").endswith("}")


def as_object(value: Json) -> Object:
    """The value as a JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else NOTHING


def as_list(value: Json) -> Sequence[Json]:
    """The value as a JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else ()


def list_operations(document: Object) -> tuple[Operation, ...]:
    """Every operation, in the order of the document (OpenAPI 3.1, section 4.8)."""
    return tuple(walk(document))


def walk(document: Object) -> Iterator[Operation]:
    """The operations one by one."""
    for path, item in as_object(document.get("paths")).items():
        shared = as_list(as_object(item).get("parameters"))
        for method, declared in as_object(item).items():
            if method in METHODS:
                operation = as_object(declared)
                yield Operation(
                    method=method.upper(),
                    path=path,
                    query=required_query(
                        document, [*shared, *as_list(operation.get("parameters"))]
                    ),
                    body=body_schema(document, operation),
                    schemes=alternatives(operation.get("security", document.get("security"))),
                )


def alternatives(security: Json) -> tuple[frozenset[str], ...]:
    """The sets of schemes of which one must be satisfied."""
    return tuple(frozenset(as_object(each)) for each in as_list(security))


def required_query(document: Object, parameters: Sequence[Json]) -> Object:
    """The schemas of the query parameters without which a request is refused."""
    found = [resolve(document, parameter) for parameter in parameters]
    return {
        str(each["name"]): dict(as_object(each.get("schema")))
        for each in found
        if each.get("in") == "query" and each.get("required") is True
    }


def body_schema(document: Object, operation: Object) -> Object:
    """The schema of the JSON body, empty when there is none."""
    content = as_object(resolve(document, operation.get("requestBody")).get("content"))
    for media, declared in content.items():
        if "json" in media:
            return as_object(as_object(declared).get("schema"))
    return NOTHING


def resolve(document: Object, value: Json) -> Object:
    """Follow `$ref` inside the document (RFC 6901) until something else stands there."""
    found = as_object(value)
    for _ in range(20):
        reference = found.get("$ref")
        if not isinstance(reference, str):
            return found
        target: Json = dict(document)
        for part in reference.removeprefix("#/").split("/"):
            target = as_object(target).get(part.replace("~1", "/").replace("~0", "~"))
        found = as_object(target)
    raise ValueError("the document's references run in a circle")


def scheme_header(declared: Object) -> str | None:
    """The request header that carries a security scheme's credential, in lower case."""
    if declared.get("type") in {"http", "oauth2", "openIdConnect"}:
        return "authorization"
    named = declared.get("name") if declared.get("in") == "header" else None
    return named.lower() if isinstance(named, str) else None


def usable_schemes(
    document: Object, operations: Sequence[Operation], sent: frozenset[str]
) -> frozenset[str]:
    """The scheme that a principal's headers satisfy.

    When several schemes use the same header (a tenant's and an operator's bearer token), only the
    one that most operations ask for is taken to be the tenant's.
    """
    declared = as_object(as_object(document.get("components")).get("securitySchemes"))
    fitting = [
        name for name in declared if scheme_header(resolve(document, declared[name])) in sent
    ]
    asked = [name for each in operations for schemes in each.schemes for name in schemes]
    return frozenset(sorted(fitting, key=asked.count, reverse=True)[:1])
