"""The club's OpenAPI document, as a framework that makes it from types would write it."""

from __future__ import annotations

from typing import Any

Json = Any
STRING: Json = {"type": "string", "maxLength": 200}
NUMBER: Json = {"type": "integer"}
STATES: Json = {"type": "string", "enum": ["draft", "open", "done"]}


def maybe(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def typed(*required: str, **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def within(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def route(
    name: str,
    body: str = "",
    reply: str = "",
    query: dict[str, Json] | None = None,
    **more: Json,
) -> Json:
    made: Json = {"operationId": name, "responses": {"200": {"description": "well"}}, **more}
    if body:
        content = {"application/json": {"schema": within(body)}}
        made["requestBody"] = {"required": True, "content": content}
    if reply:
        content = {"application/json": {"schema": within(reply)}}
        made["responses"]["200"]["content"] = content
    if query:
        made["parameters"] = [
            {"name": each, "in": "query", "required": False, "schema": schema}
            for each, schema in query.items()
        ]
    return made


PAGES = {"page": {**NUMBER, "minimum": 1}, "perPage": {**NUMBER, "minimum": 1, "maximum": 100}}
SLICE = {"offset": {**NUMBER, "minimum": 0}, "limit": {**NUMBER, "minimum": 1, "maximum": 100}}
PATHS: Json = {
    "/api/v1/users/me": {
        "get": route("read_me_api_v1_users_me_get"),
        "patch": route("update_me_api_v1_users_me_patch", "MeUpdate"),
    },
    "/api/v1/projects": {
        "get": route(
            "list_projects_api_v1_projects_get",
            reply="ProjectPage",
            query={
                **PAGES,
                "ownerId": maybe(NUMBER),
                "sort": maybe(STRING),
                "includeArchived": {"type": "boolean", "default": False},
            },
        ),
        "post": route("create_project_api_v1_projects_post", "ProjectCreate", "ProjectOut"),
    },
    "/api/v1/projects/{project_id}": {
        "get": route("read_project_api_v1_projects__project_id__get", reply="ProjectOut"),
        "put": route("replace_project_put", "ProjectReplace", "ProjectOut"),
        "patch": route("patch_project_patch", "ProjectPatch", "ProjectOut"),
        "delete": route("delete_project_delete"),
    },
    "/api/v1/projects/{project_id}/tasks": {
        "get": route("list_tasks_get", query={**SLICE, "filter[state]": maybe(STATES)}),
        "post": route("create_task_post", "TaskCreate", "TaskOut"),
    },
    "/api/v1/tasks/{task_id}": {
        "get": route("read_task_get", reply="TaskOut"),
        "patch": route("patch_task_patch", "TaskPatch", "TaskOut"),
    },
    "/api/v1/tasks/bulk-update": {"post": route("bulk_update_tasks_post", "TaskBulk")},
    "/api/v1/members": {"get": route("list_members_get", query={"q": maybe(STRING)})},
    "/api/v1/members/{email}": {
        "get": route("read_member_get", reply="MemberOut"),
        "put": route("put_member_put", "MemberPut", "MemberOut"),
        "delete": route("delete_member_delete"),
    },
    "/api/v1/plans": {"get": route("list_plans_get", security=[])},
    "/api/v1/subscriptions": {
        "get": route("list_subscriptions_get"),
        "post": route("subscribe_post", "SubscriptionCreate"),
    },
    "/api/v1/figures": {"post": route("figures_post")},
    "/api/v1/load": {"get": route("load_get", description="Projects across all organizations")},
    "/api/v1/projects/{project_id}/share": {"post": route("share_post", reply="Shared")},
    "/api/v1/shared/{share_token}": {"get": route("shared_get", security=[])},
}
PROJECT = {"title": STRING, "budget": {**NUMBER, "minimum": 1}, "state": STATES}
DOCUMENT: Json = {
    "openapi": "3.1.0",
    "info": {"title": "Club", "version": "1"},
    "security": [{"HTTPBearer": []}],
    "paths": PATHS,
    "components": {
        "securitySchemes": {"HTTPBearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "MeUpdate": typed(fullName=maybe(STRING)),
            "ProjectCreate": typed("title", title=STRING, budget=maybe(NUMBER)),
            "ProjectReplace": typed("title", "budget", "state", **PROJECT),
            "ProjectPatch": typed(**{name: maybe(each) for name, each in PROJECT.items()}),
            "ProjectOut": typed(data=typed(id=NUMBER, ownerId=NUMBER, **PROJECT)),
            "ProjectPage": typed(
                data={"type": "array", "items": typed(id=NUMBER, **PROJECT)},
                meta=typed(page=NUMBER, total=NUMBER),
            ),
            "TaskCreate": typed("title", title=STRING, projectId=maybe(NUMBER)),
            "TaskPatch": typed(title=maybe(STRING), projectId=maybe(NUMBER)),
            "TaskOut": typed(data=typed(id=NUMBER, projectId=NUMBER, title=STRING)),
            "TaskBulk": typed(
                "taskIds", "state", taskIds={"type": "array", "items": NUMBER}, state=STATES
            ),
            "MemberPut": typed("displayName", displayName=STRING),
            "MemberOut": typed(data=typed(email=STRING, displayName=STRING)),
            "SubscriptionCreate": typed("planId", planId=NUMBER, note=maybe(STRING)),
            "Shared": typed(data=typed(share_token=STRING)),
        },
    },
}
for path, item in PATHS.items():
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    item["parameters"] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": NUMBER if name.endswith("_id") else STRING,
        }
        for name in names
    ]
