"""Short words for the OpenAPI documents of the example services."""

from __future__ import annotations

from typing import Any

Json = Any
TEXT: Json = {"type": "string", "minLength": 1, "maxLength": 200}
NUMBER: Json = {"type": "integer", "minimum": 1, "maximum": 1000}


def record(*required: str, **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def operation(
    body: Json = None,
    query: dict[str, Json] | None = None,
    public: bool = False,
    reply: Json = None,
    **more: Json,
) -> Json:
    made: Json = {"responses": {"200": {"description": "well"}}, **more}
    if reply:
        made["responses"]["200"]["content"] = {"application/json": {"schema": reply}}
    if body:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if query:
        made["parameters"] = [
            {"name": name, "in": "query", "schema": schema} for name, schema in query.items()
        ]
    if public:
        made["security"] = []
    return made


def document(title: str, paths: Json, scheme: Json) -> Json:
    for path, item in paths.items():
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        if names:
            item["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in names
            ]
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "components": {"securitySchemes": {"credential": scheme}},
        "security": [{"credential": []}],
        "paths": paths,
    }


BEARER: Json = {"type": "http", "scheme": "bearer"}
API_KEY: Json = {"type": "apiKey", "in": "header", "name": "X-Api-Key"}
