"""Is a declaration the only way to a route, and is the document exact?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask
from openapi_spec_validator import validate

from app.config import Config
from app.endpoint import declaration_of
from app.factory import create_app, declarations
from app.limits import UNCOUNTED

ROUTES = """
GET /docs | GET /docs/start.js | GET /docs/swagger-ui-bundle.js | GET /docs/swagger-ui.css
GET /healthz | GET /metrics | GET /openapi.json | GET /readyz
GET /v1/audit-events
POST /v1/projects/{project_id}:restore | POST /v1/experiments/{experiment_id}:restore
POST /v1/runs/{run_id}:restore | POST /v1/models/{model_id}:restore
GET /v1/api-keys | POST /v1/api-keys | DELETE /v1/api-keys/{key_id}
POST /v1/api-keys/{key_id}:rotate
GET /v1/experiments/{experiment_id} | PATCH /v1/experiments/{experiment_id}
DELETE /v1/experiments/{experiment_id}
GET /v1/experiments/{experiment_id}/runs | POST /v1/experiments/{experiment_id}/runs
POST /v1/exports | POST /v1/purges
GET /v1/jobs | GET /v1/jobs/{job_id} | POST /v1/jobs/{job_id}:cancel | GET /v1/jobs/{job_id}/result
GET /v1/me
GET /v1/members | POST /v1/members
PATCH /v1/members/{member_id} | DELETE /v1/members/{member_id}
GET /v1/models/{model_id} | PATCH /v1/models/{model_id} | DELETE /v1/models/{model_id}
GET /v1/models/{model_id}/versions | POST /v1/models/{model_id}/versions
GET /v1/models/{model_id}/versions/{version} | PATCH /v1/models/{model_id}/versions/{version}
DELETE /v1/models/{model_id}/versions/{version}
POST /v1/models/{model_id}/versions/{version}:transition
GET /v1/models/{model_id}/aliases/{alias} | PUT /v1/models/{model_id}/aliases/{alias}
DELETE /v1/models/{model_id}/aliases/{alias}
GET /v1/deployments | POST /v1/deployments
GET /v1/deployments/{deployment_id} | PATCH /v1/deployments/{deployment_id}
DELETE /v1/deployments/{deployment_id}
POST /v1/deployments/{deployment_id}:promote | POST /v1/deployments/{deployment_id}:rollback
POST /v1/runs:search | POST /v1/runs:compare | DELETE /v1/runs/{run_id}/tags/{tag}
GET /v1/search
GET /v1/runs/{run_id}/artifacts | POST /v1/uploads
PUT /v1/uploads/{upload_id}/parts/{part} | POST /v1/uploads/{upload_id}:complete
DELETE /v1/uploads/{upload_id}
GET /v1/artifacts/{artifact_id}/content | DELETE /v1/artifacts/{artifact_id}
GET /v1/projects | POST /v1/projects
GET /v1/projects/{project_id} | PATCH /v1/projects/{project_id} | DELETE /v1/projects/{project_id}
GET /v1/projects/{project_id}/experiments | POST /v1/projects/{project_id}/experiments
GET /v1/projects/{project_id}/models | POST /v1/projects/{project_id}/models
GET /v1/runs/{run_id} | PATCH /v1/runs/{run_id} | DELETE /v1/runs/{run_id}
POST /v1/runs/{run_id}/log | GET /v1/runs/{run_id}/metrics/{key}
GET /v1/tenants | POST /v1/tenants
GET /v1/permissions | GET /v1/roles
GET /v1/quotas | PATCH /v1/quotas | GET /v1/usage
GET /v1/tenants/{tenant_id} | PATCH /v1/tenants/{tenant_id} | DELETE /v1/tenants/{tenant_id}
GET /v1/webhooks | POST /v1/webhooks
PATCH /v1/webhooks/{webhook_id} | DELETE /v1/webhooks/{webhook_id}
GET /v1/webhooks/{webhook_id}/deliveries
"""
GOLDEN = {route.strip() for line in ROUTES.splitlines() for route in line.split("|")} - {""}


@pytest.fixture
def document(service: APIFlask) -> dict[str, Any]:
    found: dict[str, Any] = service.test_client().get("/openapi.json").get_json()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_view_has_a_declaration(service: APIFlask) -> None:
    bare = [name for name, view in service.view_functions.items() if declaration_of(view) is None]
    assert bare == []


def test_a_view_without_a_declaration_is_not_reachable(config: Config) -> None:
    app = create_app(config)
    app.add_url_rule("/forgotten", view_func=lambda: "secret", endpoint="forgotten")
    answer = app.test_client().get("/forgotten")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_the_routes_are_the_listed_ones(document: dict[str, Any]) -> None:
    assert set(operations(document)) == GOLDEN


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_operations_are_named_once_and_say_who_may_call(
    service: APIFlask, document: dict[str, Any]
) -> None:
    named = {operation["operationId"]: operation for operation in operations(document).values()}
    assert set(named) == set(declarations(service))
    assert all("security" in operation for operation in named.values())


def test_every_body_is_required_and_closed(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        if "requestBody" in operation:
            assert operation["requestBody"]["required"] is True
            (media, content), *others = operation["requestBody"]["content"].items()
            assert not others
            if media == "application/octet-stream":
                assert content["schema"] == {"type": "string", "format": "binary"}
                continue
            assert media == "application/json"
            name = content["schema"]["$ref"]
            schema = document["components"]["schemas"][name.rpartition("/")[2]]
            assert schema["additionalProperties"] is False


def test_a_file_may_come_in_part_not_at_all_or_from_elsewhere(document: dict[str, Any]) -> None:
    answers = document["paths"]["/v1/artifacts/{artifact_id}/content"]["get"]["responses"]
    assert {"200", "206", "304", "307", "416"} <= set(answers)
    for status in ("200", "206"):
        assert list(answers[status]["content"]) == ["application/octet-stream"]


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"]


def test_every_operation_that_is_counted_says_so(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        for answer in operation["responses"].values():
            told = {"RateLimit", "RateLimit-Policy"} <= set(answer.get("headers", ()))
            assert told == (operation["operationId"] not in UNCOUNTED)


def test_a_public_page_that_is_refused_to_a_busy_address_says_so(
    config: Config, document: dict[str, Any]
) -> None:
    client = create_app(replace(config, anonymous_per_minute=0)).test_client()
    pages = {route for route, each in operations(document).items() if not each["security"]}
    for page in pages:
        answer = client.get(page.removeprefix("GET "))
        assert str(answer.status_code) in operations(document)[page]["responses"], page
        documented = operations(document)[page]["responses"][str(answer.status_code)]
        assert ("RateLimit" in answer.headers) == ("RateLimit" in documented.get("headers", ()))
