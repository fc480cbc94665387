"""Which part of the document is enough to try a few operations?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gate.model import Json

PARAMETER = re.compile(r"{(\w+)}")
# What brings the object of a path parameter or a reference into being, and shows it.
MADE_BY: Mapping[str, tuple[str, ...]] = {
    "project_id": ("POST /v1/projects", "GET /v1/projects/{project_id}"),
    "experiment_id": (
        "POST /v1/projects/{project_id}/experiments",
        "GET /v1/experiments/{experiment_id}",
    ),
    "run_id": ("POST /v1/experiments/{experiment_id}/runs", "GET /v1/runs/{run_id}"),
    "run_ids": ("POST /v1/experiments/{experiment_id}/runs",),
    "experiment_ids": ("POST /v1/projects/{project_id}/experiments",),
    "source_run_id": ("POST /v1/experiments/{experiment_id}/runs", "GET /v1/runs/{run_id}"),
    "key": ("POST /v1/runs/{run_id}/log",),
    "tag": ("POST /v1/runs/{run_id}/log",),
    "model_id": ("POST /v1/projects/{project_id}/models", "GET /v1/models/{model_id}"),
    "version": (
        "POST /v1/models/{model_id}/versions",
        "GET /v1/models/{model_id}/versions",
        "GET /v1/models/{model_id}/versions/{version}",
    ),
    "alias": (
        "PUT /v1/models/{model_id}/aliases/{alias}",
        "GET /v1/models/{model_id}/aliases/{alias}",
    ),
    "artifact_ids": ("POST /v1/uploads/{upload_id}:complete",),
    "artifact_id": ("POST /v1/uploads/{upload_id}:complete", "GET /v1/runs/{run_id}/artifacts"),
    "part": ("PUT /v1/uploads/{upload_id}/parts/{part}",),
    "upload_id": ("POST /v1/uploads",),
    "deployment_id": ("POST /v1/deployments", "GET /v1/deployments/{deployment_id}"),
    "promoted": ("POST /v1/deployments/{deployment_id}:promote",),
    "webhook_id": ("POST /v1/webhooks", "GET /v1/webhooks"),
    "job_id": ("POST /v1/exports", "GET /v1/jobs/{job_id}", "GET /v1/jobs"),
    "member_id": ("POST /v1/members", "GET /v1/members"),
    "key_id": ("POST /v1/api-keys", "GET /v1/api-keys"),
    "tenant_id": ("GET /v1/me", "GET /v1/tenants/{tenant_id}"),
}

# A tenant that owns nothing is nobody to leak from, and who confuses tenants must know their names.
ALWAYS = ("GET /v1/me", *MADE_BY["project_id"])
# What a list has in it, where the path does not say so.
LISTED: Mapping[str, tuple[str, ...]] = {
    "GET /v1/projects": ("project_id",),
    "GET /v1/projects/{project_id}/experiments": ("experiment_id",),
    "GET /v1/projects/{project_id}/models": ("model_id",),
    "GET /v1/experiments/{experiment_id}/runs": ("run_id",),
    "GET /v1/runs/{run_id}/artifacts": ("artifact_id",),
    "GET /v1/models/{model_id}/versions": ("version",),
    "GET /v1/deployments": ("deployment_id",),
    "POST /v1/deployments": ("version",),
    "PUT /v1/models/{model_id}/aliases/{alias}": ("version",),
    "POST /v1/uploads/{upload_id}:complete": ("part",),
    "POST /v1/deployments/{deployment_id}:rollback": ("promoted",),
    "DELETE /v1/tenants/{tenant_id}": ("run_id", "tag", "version", "member_id", "key_id"),
    "GET /v1/webhooks": ("webhook_id",),
    "GET /v1/members": ("member_id",),
    "GET /v1/api-keys": ("key_id",),
    "GET /v1/jobs": ("job_id",),
    "GET /v1/audit-events": ("project_id", "key_id"),
    "GET /v1/usage": ("project_id", "run_id"),
    "GET /v1/search": ("run_id", "model_id"),
    "POST /v1/runs:search": ("run_id",),
}


def narrowed(document: Mapping[str, Json], about: Iterable[str]) -> Mapping[str, Json]:
    """The document with these operations and those that they need; whole for none."""
    wanted = set(about)
    if not wanted:
        return document
    wanted |= set(ALWAYS)
    left = list(wanted)
    while left:
        label = left.pop()
        for name in [*needs_of(document, label), *made_by(label)]:
            new = set(MADE_BY.get(name, ())) - wanted
            wanted |= new
            left += new
    # What is made at a path, or changed there, is seen at the same.
    wanted |= {f"GET {label.partition(' ')[2]}" for label in wanted}
    kept: dict[str, Any] = {}
    paths: Any = document["paths"]
    for path, item in paths.items():
        chosen = {
            method: each
            for method, each in item.items()
            if method == "parameters" or f"{method.upper()} {path}" in wanted
        }
        if set(chosen) - {"parameters"}:
            kept[path] = chosen
    return {**document, "paths": kept}


def needs_of(document: Mapping[str, Json], label: str) -> list[str]:
    """The parameters of an operation's path, and the required references of its body."""
    method, path = label.split(" ")
    paths: Any = document["paths"]
    operation = paths.get(path, {}).get(method.lower())
    if operation is None:
        return []
    return [*PARAMETER.findall(path), *LISTED.get(label, ()), *references(document, operation)]


def made_by(label: str) -> list[str]:
    """What an operation makes, which has to be read afterwards."""
    made = not label.startswith("GET ")
    return [name for name, makers in MADE_BY.items() if made and label == makers[0]]


def references(document: Mapping[str, Json], operation: Any) -> list[str]:
    """The fields of the body that hold another object's id."""
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema: Any = media.get("schema", {})
    if "$ref" in schema:
        schemas: Any = document["components"]
        schema = schemas["schemas"][schema["$ref"].rpartition("/")[2]]
    return [name for name in schema.get("properties", {}) if name.endswith(("_id", "_ids"))]


def labels(document: Mapping[str, Json]) -> set[str]:
    """All operations, `GET /v1/runs/{run_id}`."""
    paths: Any = document["paths"]
    return {
        f"{method.upper()} {path}"
        for path, item in paths.items()
        for method in item
        if method != "parameters"
    }
