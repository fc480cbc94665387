"""The issue tracker's serializers, and the OpenAPI document that is generated from them.

A field is `name:type`, with `!` when it is required, `*` read only, `>` write only, `?` nullable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

Row = dict[str, Any]
CHOICES = {
    "StatusEnum": "backlog todo in_progress done",
    "PriorityEnum": "low medium high urgent",
    "TypeEnum": "task bug story epic",
    "RoleEnum": "viewer member admin",
    "PlanEnum": "free team business",
    "InvitationStatusEnum": "pending accepted",
    "ExportStatusEnum": "queued completed",
}
WRITTEN = {
    "AuthToken": "username:str!> password:str!> token:str*",
    "PasswordChange": "old_password:str!> new_password:str!>",
    "User": "id:int* username:str* first_name:str* email:email*",
    "MyMembership": "workspace:slug* role:RoleEnum*",
    "Me": "id:int* username:str* first_name:str email:email is_staff:bool*"
    " memberships:nest.MyMembership*",
    "Workspace": "slug:str* name:str! description:str timezone:str plan:PlanEnum* role:RoleEnum*"
    " created_at:datetime*",
    "WorkspaceStats": "projects:int* issues:int* comments:int* minutes:int* members:int*"
    " api_calls:int*",
    "Membership": "id:int* user:pk.users* username:str* email:email* role:RoleEnum!"
    " joined_at:datetime*",
    "Invitation": "id:uuid* email:email! role:RoleEnum! status:InvitationStatusEnum*"
    " created_at:datetime*",
    "InvitationCreated": "id:uuid* email:email* role:RoleEnum* status:InvitationStatusEnum*"
    " created_at:datetime* token:str*",
    "InvitationAccept": "token:str!>",
    "AuditEntry": "id:int* actor:pk.users* action:str* target:str* created_at:datetime*",
    "Project": "id:int* workspace:slug! key:str! name:str! description:str lead:pk.users?"
    " is_public:bool roadmap_token:str*? is_archived:bool* issue_count:int* created_at:datetime*",
    "ProjectSummary": "project:int* name:str* total:int* open:int* minutes:int*"
    " latest:nest.RoadmapIssue*",
    "Issue": "id:int* key:str* workspace:slug* project:pk.projects! title:str! description:str"
    " type:TypeEnum status:StatusEnum priority:PriorityEnum assignee:pk.users? parent:pk.issues?"
    " labels:many.labels due_date:date? reporter:pk.users* comment_count:int*"
    " created_at:datetime* updated_at:datetime* deleted_at:datetime*?",
    "IssueAssign": "assignee:pk.users!?",
    "IssueMove": "project:pk.projects!",
    "BulkIssueUpdate": "ids:ints! status:StatusEnum priority:PriorityEnum assignee:pk.users?",
    "BulkIssueResult": "updated:ints* skipped:ints*",
    "BulkIssueDelete": "ids:ints!",
    "Watcher": "user:pk.users! username:str*",
    "Comment": "id:int* issue:pk.issues* author:pk.users* body:str! created_at:datetime*"
    " edited_at:datetime*?",
    "Attachment": "id:uuid* issue:pk.issues* filename:str! content:str!> size:int* url:str*"
    " uploaded_by:pk.users* created_at:datetime*",
    "Label": "id:int* workspace:slug!? name:str! color:str is_system:bool* issues:nest.Issue*",
    "TimeEntry": "id:int* workspace:slug* issue:pk.issues! user:pk.users* date:date minutes:int!"
    " note:str is_billable:bool created_at:datetime*",
    "SavedView": "id:int* workspace:slug! name:str! query:str is_shared:bool owner:pk.users*"
    " created_at:datetime*",
    "ApiToken": "id:int* name:str! read_only:bool prefix:str* created_at:datetime*",
    "ApiTokenCreated": "id:int* name:str* read_only:bool* prefix:str* created_at:datetime*"
    " key:str*",
    "Webhook": "id:int* workspace:slug! url:url! events:strs is_active:bool created_at:datetime*",
    "WebhookSecret": "id:int* workspace:slug* url:url* events:strs* is_active:bool*"
    " created_at:datetime* secret:str*",
    "WebhookDelivery": "id:int* event:str* payload:object* status_code:int* created_at:datetime*",
    "Export": "id:uuid* workspace:slug! project:pk.projects? status:ExportStatusEnum*"
    " issue_count:int* download_url:str* created_at:datetime*",
    "Notification": "id:int* issue:pk.issues* actor:pk.users* text:str* is_read:bool*"
    " created_at:datetime*",
    "SearchResult": "kind:str* id:int* title:str*",
    "Search": "q:str* results:nest.SearchResult*",
    "Feedback": "message:str! issue:int",
    "Plan": "slug:PlanEnum* name:str* price:int*",
    "IssueType": "slug:TypeEnum* name:str* icon:str*",
    "RoadmapIssue": "key:str* title:str* status:StatusEnum*",
    "Roadmap": "name:str* description:str* issues:nest.RoadmapIssue*",
}
PLAIN: dict[str, Row] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "object": {"type": "object", "additionalProperties": {}},
    "slug": {"type": "string"},
    "ints": {"type": "array", "items": {"type": "integer"}},
    "strs": {"type": "array", "items": {"type": "string"}},
    "url": {"type": "string", "format": "uri"},
    "datetime": {"type": "string", "format": "date-time"},
}


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    of: str
    flags: str

    @property
    def schema(self) -> Row:
        if self.kind in CHOICES:
            return {"allOf": [{"$ref": f"#/components/schemas/{self.kind}"}]}
        if self.kind == "nest":
            return {"type": "array", "items": {"$ref": f"#/components/schemas/{self.of}"}}
        if self.kind in ("pk", "many"):
            return PLAIN["int" if self.kind == "pk" else "ints"]
        return PLAIN.get(self.kind) or {"type": "string", "format": self.kind}


@cache
def fields(serializer: str) -> tuple[Field, ...]:
    found = re.findall(r"(\w+):(\w+)\.?(\w*)([!*>?]*)", WRITTEN[serializer])
    return tuple(Field(*each) for each in found)


def component(serializer: str, side: str) -> Row:
    """A serializer as one goes in (`Request`, `Patched`) or as one comes out (nothing)."""
    hidden = "*" if side else ">"
    known = [field for field in fields(serializer) if hidden not in field.flags]
    properties = {}
    for field in known:
        said = dict(field.schema)
        said |= {"readOnly": True} if "*" in field.flags else {}
        said |= {"writeOnly": True} if ">" in field.flags else {}
        properties[field.name] = said | ({"nullable": True} if "?" in field.flags else {})
    required = [field.name for field in known if set("!*") & set(field.flags)]
    needed = {"required": required} if required and side != "Patched" else {}
    return {"type": "object", "properties": properties} | needed


def paginated(name: str) -> Row:
    link = {"type": "string", "nullable": True, "format": "uri"}
    results = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    about = {"count": {"type": "integer", "example": 123}, "next": link, "previous": link}
    return {
        "type": "object",
        "required": ["count", "results"],
        "properties": about | {"results": results},
    }


QUERY = {"page": "A page number within the paginated result set."}
QUERY |= {"limit": "Number of results to return per page."}
QUERY |= {"offset": "The initial index from which to return the results."}
QUERY |= {"search": "A search term.", "ordering": "Which field to use when ordering the results."}
NUMBERS = ("page", "page_size", "limit", "offset", "project", "assignee", "label", "issue", "user")
ACTS = {"GET": "retrieve", "POST": "create", "PUT": "update", "PATCH": "partial_update"}


def parameters(operation: Any) -> list[Row]:
    paged = {"page": ("page", "page_size"), "offset": ("limit", "offset")}
    asked = sorted({*operation.params, *paged.get(operation.many, ())})
    said: list[Row] = [
        {"in": "query", "name": name, "schema": PLAIN["int" if name in NUMBERS else "str"]}
        | ({"description": QUERY[name]} if name in QUERY else {})
        for name in asked
    ]
    for name in re.findall(r"\{(\w+)\}", operation.path):
        of = "str" if name in ("slug", "workspace_slug", "token") else "int"
        schema = {"type": "string", "format": "uuid"} if operation.uuid else PLAIN[of]
        if name != "id" and operation.uuid:
            schema = PLAIN[of]
        said.append({"in": "path", "name": name, "schema": schema, "required": True})
    return said


def described(operation: Any) -> Row:
    words = [word for word in operation.path.strip("/").split("/")[1:] if "{" not in word]
    act = "list" if operation.many else ACTS.get(operation.method, "destroy")
    said: Row = {"operationId": "_".join([*words, act]).replace("-", "_")}
    if operation.does.__doc__:
        said["description"] = operation.does.__doc__
    known = parameters(operation)
    said |= {"parameters": known} if known else {}
    said["tags"] = [words[0]]
    if operation.takes:
        side = "Patched{}Request" if operation.method == "PATCH" else "{}Request"
        schema = {"$ref": f"#/components/schemas/{side.format(operation.takes)}"}
        said["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        said["requestBody"] |= {} if operation.method == "PATCH" else {"required": True}
    said["security"] = [{}] if operation.open else [{"tokenAuth": []}]
    answer: Row = {"description": "" if operation.gives else "No response body"}
    if operation.open and operation.uuid:  # a file
        binary: Row = {"schema": {"type": "string", "format": "binary"}}
        answer = {"description": "", "content": {"application/octet-stream": binary}}
    if operation.gives:
        name = operation.gives
        listed = {"page": "Paginated{}List", "offset": "Paginated{}List"}.get(operation.many, "{}")
        given: Row = {"$ref": f"#/components/schemas/{listed.format(name)}"}
        if operation.many == "list":
            given = {"type": "array", "items": given}
        answer["content"] = {"application/json": {"schema": given}}
    said["responses"] = {str(operation.status): answer}
    return said


def document(operations: Iterable[Any]) -> Row:
    paths: dict[str, Row] = {}
    parts: dict[str, Row] = {
        name: {"enum": words.split(), "type": "string"} for name, words in CHOICES.items()
    }
    for operation in sorted(operations, key=lambda each: each.path):
        paths.setdefault(operation.path, {})[operation.method.lower()] = described(operation)
        if operation.many in ("page", "offset"):
            parts[f"Paginated{operation.gives}List"] = paginated(operation.gives)
        if operation.takes:
            patched = operation.method == "PATCH"
            name = f"{'Patched' if patched else ''}{operation.takes}Request"
            parts[name] = component(operation.takes, "Patched" if patched else "Request")
    given = {each.gives for each in operations if each.gives}
    nested = {field.of for name in WRITTEN for field in fields(name) if field.kind == "nest"}
    parts |= {name: component(name, "") for name in given | nested}
    scheme = {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": 'Token-based authentication with required prefix "Token"',
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Atlas API", "version": "1.0.0", "description": "Issues and time."},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(parts.items())),
            "securitySchemes": {"tokenAuth": scheme},
        },
    }
