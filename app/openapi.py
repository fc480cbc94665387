"""Is the published document exact?

APIFlask writes what its decorators know; the declarations know the rest: which bodies are
required, what path parameters look like, who may call, and every error an operation can answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from app.conduct import Readers
from app.endpoint import Audience, Declaration, path_parameter
from app.errors import PROBLEM_TYPE
from app.limits import UNCOUNTED
from app.masks import FIELDS
from app.openapi_conventions import (
    add_part,
    convention_errors,
    convention_headers,
    convention_parameters,
    describe_mask,
    not_modified,
)
from app.permissions import Permission, Role
from app.schemas.basics import Problem
from app.schemas.webhooks import HTTPS_URL

Json = dict[str, Any]
BYTES: Json = {"type": "string", "format": "binary"}
SCHEMES: Json = {
    "tenantKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of a tenant's member, `mml_…`, or a token of the platform's OIDC "
        "issuer where it has one.",
    },
    "operatorKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "The platform operator's key, `mmo_…`. It reaches no tenant's data.",
    },
}
HEADERS: Mapping[int, Json] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    409: {
        "Retry-After": {
            "description": "Only while a request with the same Idempotency-Key is being done.",
            "schema": {"type": "integer"},
        }
    },
    429: {"Retry-After": {"required": True, "schema": {"type": "integer"}}},
    503: {"Retry-After": {"required": True, "schema": {"type": "integer"}}},
}

# On every answer to a caller who is counted (draft-ietf-httpapi-ratelimit-headers-11).
COUNTED: Json = {
    "RateLimit-Policy": {"schema": {"type": "string"}, "example": '"team";q=600;w=60'},
    "RateLimit": {"schema": {"type": "string"}, "example": '"team";r=598;t=59'},
}


def complete(
    document: Json, declarations: Mapping[str, Declaration], *, https_only: bool = False
) -> Json:
    """APIFlask's document with everything the declarations add. `document` itself is changed.

    `declarations` are by operation id. With `https_only` nothing is delivered by plain HTTP.
    """
    schemas: Json = document["components"]["schemas"]
    schemas.update(_problem_schemas())
    readers = Readers.among(declarations)
    for operation in _operations(document):
        declared = declarations[operation["operationId"]]
        _complete_operation(operation, declared, readers)
        add_part(declared, operation["responses"][str(declared.status)], schemas)
    for name in ("WebhookIn", "WebhookChange") if https_only else ():
        schemas[name]["properties"]["url"]["pattern"] = HTTPS_URL
    flat: Json = _flatten(document)
    flat["components"]["schemas"] = {
        name.rpartition(".")[2]: schema for name, schema in flat["components"]["schemas"].items()
    }
    return flat


def errors_of(declared: Declaration, readers: Readers) -> list[int]:
    """Every error status that the declared operation can answer."""
    errors = set(declared.errors) | {422} | convention_errors(declared, readers)
    if declared.access is not Audience.PUBLIC:
        errors |= {401, 403, 503}
    if declared.operation not in UNCOUNTED:
        errors.add(429)
    if "{" in declared.path or "cursor" in declared.query_names:
        errors.add(404)
    if declared.method != "GET":
        errors.add(413)
    if declared.body is not None:
        errors |= {400, 415}
    if declared.raw is not None:
        errors |= {411, 415}
    if declared.ranges:
        errors |= {416}
    return sorted(errors)


def _operations(document: Json) -> Iterator[Json]:
    for path in document["paths"].values():
        yield from path.values()


def _complete_operation(operation: Json, declared: Declaration, readers: Readers) -> None:
    for parameter in operation.get("parameters", ()):
        _complete_parameter(parameter)
        if parameter["name"] == FIELDS:
            describe_mask(parameter)
    _add_parameters(operation, convention_parameters(declared, readers))
    if declared.deprecation is not None:
        operation["deprecated"] = True
    if declared.body is not None:
        operation["requestBody"]["required"] = True
    if declared.raw is not None:
        content = {declared.raw.media: {"schema": BYTES}}
        operation["requestBody"] = {"required": True, "content": content}
    operation |= {"security": _security(declared), **_roles(declared)}
    if declared.model is None:
        operation["responses"] = {str(declared.status): _plain(declared)}
    success = operation["responses"][str(declared.status)]
    headers = convention_headers(declared, readers)
    if headers:
        success["headers"] = {**success.get("headers", {}), **headers}
    operation["responses"] = {
        str(declared.status): success,
        **({"304": not_modified()} if declared.tagged else {}),
        **_ranged(declared),
        **{str(status): _problem(status) for status in errors_of(declared, readers)},
    }
    if declared.operation not in UNCOUNTED:
        for answer in operation["responses"].values():
            answer["headers"] = answer.get("headers", {}) | COUNTED


def _ranged(declared: Declaration) -> Json:
    """What else a route answers that serves files: by parts, not at all, or from elsewhere."""
    if not declared.ranges:
        return {}
    part = {"Content-Range": {"required": True, "schema": {"type": "string"}}}
    return {
        "206": {
            "description": "Partial Content",
            "content": {declared.media: {"schema": BYTES}},
            "headers": part,
        },
        "304": {"description": "Not Modified"},
        "307": {
            "description": "Temporary Redirect, only where it is allowed",
            "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
        },
    }


def _add_parameters(operation: Json, added: list[Json]) -> None:
    if added:
        operation["parameters"] = [*operation.get("parameters", ()), *added]


def _complete_parameter(parameter: Json) -> None:
    if parameter["in"] == "path":
        parameter["required"] = True
        parameter["schema"] = path_parameter(parameter["name"]).schema
        return
    schema = parameter["schema"]
    # A query string has no null: leaving the parameter out is how to say nothing.
    choices = [choice for choice in schema.pop("anyOf", ()) if choice != {"type": "null"}]
    if schema.get("default", 0) is None:
        del schema["default"]
    for choice in choices:
        schema.update(choice)


def _security(declared: Declaration) -> list[Json]:
    if declared.access is Audience.PUBLIC:
        return []
    return [{"operatorKey" if declared.access is Audience.OPERATOR else "tenantKey": []}]


def _roles(declared: Declaration) -> Json:
    """The roles that may do it to any object of the tenant: any key is an owner's only."""
    if not isinstance(declared.access, Permission):
        return {}
    least = Role.OWNER if "{key_id}" in declared.path else Role.VIEWER
    allowed = [role for role in Role if declared.access in role.permissions]
    return {"x-required-roles": [each.value for each in allowed if each.rank >= least.rank]}


def _plain(declared: Declaration) -> Json:
    answer: Json = {"description": HTTPStatus(declared.status).phrase}
    if declared.status != HTTPStatus.NO_CONTENT:
        answer["content"] = {declared.media: {"schema": {"type": "string"}}}
    return answer


def _problem(status: int) -> Json:
    answer: Json = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return answer | ({"headers": deepcopy(HEADERS[status])} if status in HEADERS else {})


def _problem_schemas() -> Json:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    nested: Json = schema.pop("$defs")
    return {"Problem": schema, **nested}


def _flatten(document: Json) -> Json:
    """Refer to `#/components/schemas/Child` where APIFlask has one copy for each parent."""
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        child = name.rpartition(".")[2]
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{child}"')
    flat: Json = json.loads(text)
    return flat
