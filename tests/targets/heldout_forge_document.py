"""The source host's OpenAPI document, as GitHub's and Gitea's are: parameters by reference."""

from __future__ import annotations

import re
from functools import cache

from tests.targets.heldout_forge_core import OPERATIONS, Operation
from tests.targets.heldout_forge_schemas import GIVEN, TAKEN, Row, schema, typed

NUMBERS = ["number", "comment_id", "release_id", "asset_id", "key_id", "hook_id", "run_id"]
NUMBERS += ["artifact_id", "invitation_id", "migration_id", "token_id", "thread_id"]
DESCRIPTIONS = {
    "owner": "The account owner of the repository. The name is not case sensitive.",
    "repo": "The name of the repository without the `.git` extension.",
    "org": "The organization name. The name is not case sensitive.",
    "username": "The handle for the user account.",
    "number": "The number that identifies the issue, pull request or milestone.",
    "team_slug": "The slug of the team name.",
    "page": "The page number of the results to fetch.",
    "per_page": "The number of results per page (max 100).",
}
QUERIES = {
    "page": {"type": "integer", "default": 1},
    "per_page": {"type": "integer", "default": 30},
}
WORDS = {
    "state": {"type": "string", "enum": ["open", "closed", "all"], "default": "open"},
    "per_page": {"type": "integer", "default": 30},
}
NEEDED = ("q", "sig")
ANSWERS = {
    "not_found": ("Resource not found", "Error"),
    "forbidden": ("Forbidden", "Error"),
    "requires_authentication": ("Requires authentication", "Error"),
    "validation_failed": ("Validation failed", "ValidationError"),
}
STATUSES = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 205: "Reset Content"}
SCHEMES = {
    "AuthorizationHeaderToken": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": 'API tokens must be prepended with "token" followed by a space.',
    },
    "SudoHeader": {
        "type": "apiKey",
        "in": "header",
        "name": "Sudo",
        "description": "Sudo API request as the user provided as the key. Admin privileges needed.",
    },
}


def parameters() -> Row:
    """Every path parameter, and those of pages, described once."""
    made: Row = {}
    for name in re.findall(r"\{(\w+)\}", " ".join(each.path for each in OPERATIONS)):
        known = {"type": "integer", "format": "int64"} if name in NUMBERS else {"type": "string"}
        said = {"name": name, "in": "path", "required": True, "schema": known}
        about = DESCRIPTIONS.get(name, f"The {name.replace('_', ' ')}.")
        made[name.replace("_", "-")] = said | {"description": about}
    for name, query in QUERIES.items():
        of: Row = {"name": name, "in": "query", "schema": query}
        made[name.replace("_", "-")] = of | {"description": DESCRIPTIONS[name]}
    return made


def asked(each: Operation) -> list[Row]:
    names = re.findall(r"\{(\w+)\}", each.path)
    listed = each.gives.startswith("[") or each.gives.endswith("Results")
    names += QUERIES if listed else []
    made: list[Row] = [
        {"$ref": f"#/components/parameters/{name.replace('_', '-')}"} for name in names
    ]
    for name in each.asks.split():
        said: Row = {"name": name, "in": "query", "schema": WORDS.get(name, {"type": "string"})}
        made.append(said | ({"required": True} if name in NEEDED else {}))
    return made


def content(kind: str) -> Row:
    return {"application/json": {"schema": typed(kind)}}


def responses(each: Operation) -> Row:
    good: Row = {"description": STATUSES[each.status]}
    if each.gives:
        good["content"] = content(each.gives)
    if each.gives.startswith("["):
        good["headers"] = {"Link": {"$ref": "#/components/headers/link"}}
    said: Row = {str(each.status): good}
    if not each.open:
        said["401"] = {"$ref": "#/components/responses/requires_authentication"}
        said["403"] = {"$ref": "#/components/responses/forbidden"}
    if "{" in each.path:
        said["404"] = {"$ref": "#/components/responses/not_found"}
    if each.takes:
        said["422"] = {"$ref": "#/components/responses/validation_failed"}
    if each.gives and each.method == "GET":
        said["304"] = {"description": "Not modified"}
    if each.name.startswith("actions/create-or-update"):
        said["204"] = {"description": "Response when updating a secret"}
    return said


def described(each: Operation) -> Row:
    made: Row = {
        "summary": each.summary,
        "tags": [each.name.partition("/")[0]],
        "operationId": each.name,
        "parameters": asked(each),
        "responses": responses(each),
    }
    if each.takes:
        needed = "required" in schema(TAKEN[each.takes])
        made["requestBody"] = {"required": needed, "content": content(each.takes)}
    if each.open:
        made["security"] = []
    return made


@cache
def openapi() -> Row:
    paths: dict[str, Row] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = described(each)
    tags = sorted({each.name.partition("/")[0] for each in OPERATIONS})
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Forge REST API",
            "version": "1.22.0",
            "description": "Repositories, issues, pull requests and the people around them.",
            "license": {"name": "MIT", "url": "https://spdx.org/licenses/MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in tags],
        "security": [{"AuthorizationHeaderToken": []}],
        "paths": paths,
        "components": {
            "securitySchemes": SCHEMES,
            "parameters": parameters(),
            "headers": {"link": {"schema": {"type": "string"}}},
            "responses": {
                name: {"description": about, "content": content(of)}
                for name, (about, of) in ANSWERS.items()
            },
            "schemas": {name: schema(of) for name, of in (TAKEN | GIVEN).items()},
        },
    }
