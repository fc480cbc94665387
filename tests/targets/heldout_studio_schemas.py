"""Which messages does the media service have, how are they read from JSON, how described?

A message is a line of fields as its .proto has them: `name:kind`, with `*` where it is OUTPUT_ONLY.
A kind is a scalar, an enumeration, another message, or a list of one of these in brackets.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Row = dict[str, Any]
SCALARS: dict[str, tuple[Row, Any]] = {
    "str": ({"type": "string"}, ""),
    "int64": ({"type": "string", "format": "int64"}, "0"),
    "int32": ({"type": "integer", "format": "int32"}, 0),
    "bool": ({"type": "boolean"}, False),
    "time": ({"type": "string", "format": "date-time"}, None),
    "mask": ({"type": "string", "format": "field-mask"}, ""),
    "map": ({"type": "object", "additionalProperties": {"type": "string"}}, {}),
    "any": ({"$ref": "#/components/schemas/GoogleProtobufAny"}, None),
}
ENUMS = {
    "ProjectState": ("STATE_UNSPECIFIED", "ACTIVE", "ARCHIVED", "DELETED"),
    "AssetState": ("STATE_UNSPECIFIED", "PROCESSING", "READY", "APPROVED", "DELETED"),
    "MediaType": ("MEDIA_TYPE_UNSPECIFIED", "VIDEO", "AUDIO", "IMAGE", "CAPTIONS"),
    "TaskState": ("STATE_UNSPECIFIED", "OPEN", "SUBMITTED", "APPROVED"),
    "ExportState": ("STATE_UNSPECIFIED", "RUNNING", "SUCCEEDED", "CANCELLED"),
    "Plan": ("PLAN_UNSPECIFIED", "FREE", "TEAM", "ENTERPRISE"),
}
STAMPS = "name:str* uid:str* createTime:time* updateTime:time* creator:str* etag:str"
MESSAGES = {
    "SignInRequest": "email:str password:str",
    "RefreshRequest": "refreshToken:str",
    "ExchangeKeyRequest": "key:str scopes:[str]",
    "TokenResponse": "accessToken:str refreshToken:str expireTime:time",
    "ChangePasswordRequest": "currentPassword:str newPassword:str",
    "Empty": "",
    "User": "name:str* email:str* displayName:str locale:str createTime:time*",
    "Format": "name:str* displayName:str mediaType:MediaType",
    "Notification": "name:str* text:str* resource:str* read:bool* createTime:time*",
    "BatchMarkReadRequest": "names:[str]",
    "BatchMarkReadResponse": "notifications:[Notification]",
    "Workspace": f"{STAMPS} displayName:str description:str plan:Plan* quotaBytes:int64*",
    "Usage": "projectCount:int32* assetCount:int32* totalBytes:int64*",
    "Binding": "role:str members:[str]",
    "Policy": "version:int32 bindings:[Binding] etag:str",
    "SetIamPolicyRequest": "policy:Policy",
    "TestIamPermissionsRequest": "permissions:[str]",
    "TestIamPermissionsResponse": "permissions:[str]",
    "SearchResult": "name:str title:str snippet:str",
    "SearchResponse": "results:[SearchResult] nextPageToken:str totalSize:int32",
    "AuditLogEntry": "name:str* methodName:str* resource:str* principal:str* createTime:time*",
    "ServiceAccount": f"{STAMPS} email:str* displayName:str disabled:bool*",
    "Key": "name:str* uid:str* scopes:[str] createTime:time* privateKeyData:str*",
    "Project": f"{STAMPS} displayName:str description:str labels:map state:ProjectState* "
    "deleteTime:time*",
    "ArchiveProjectRequest": "etag:str",
    "UndeleteRequest": "etag:str",
    "CloneProjectRequest": "source:str projectId:str displayName:str",
    "ExportProjectRequest": "format:str includeComments:bool",
    "Asset": f"{STAMPS} displayName:str description:str mediaType:MediaType sizeBytes:int64 "
    "labels:map sourceAsset:str state:AssetState* sourceDisplayName:str* deleteTime:time*",
    "MoveAssetRequest": "destinationParent:str etag:str",
    "BatchGetAssetsResponse": "assets:[Asset]",
    "UpdateAssetRequest": "asset:AssetPatch updateMask:mask",
    "AssetPatch": "name:str displayName:str description:str labels:map",
    "BatchUpdateAssetsRequest": "requests:[UpdateAssetRequest]",
    "BatchUpdateAssetsResponse": "assets:[Asset]",
    "BatchDeleteAssetsRequest": "names:[str]",
    "SignUrlRequest": "ttlSeconds:int32",
    "SignUrlResponse": "media:str uri:str expireTime:time",
    "Comment": f"{STAMPS} text:str timecodeMillis:int64 resolved:bool*",
    "Task": f"{STAMPS} displayName:str asset:str assignee:str dueTime:time priority:int32 "
    "state:TaskState* assetDisplayName:str*",
    "TransitionTaskRequest": "etag:str",
    "Collection": f"{STAMPS} displayName:str assets:[str]",
    "ModifyAssetsRequest": "assets:[str]",
    "SavedView": f"{STAMPS} displayName:str filter:str orderBy:str",
    "ShareLink": f"{STAMPS} displayName:str asset:str token:str* uri:str*",
    "SharedProject": "displayName:str assets:[SharedAsset]",
    "SharedAsset": "displayName:str description:str mediaType:MediaType",
    "Export": f"{STAMPS} project:str* format:str* state:ExportState* assetCount:int32*",
    "Operation": "name:str metadata:any done:bool error:Status response:any",
    "Status": "code:int32 message:str details:[any]",
}
# What lists are called in their answers.
LISTS = {
    "Project": "projects",
    "Asset": "assets",
    "Comment": "comments",
    "Task": "tasks",
    "Collection": "collections",
    "SavedView": "savedViews",
    "ShareLink": "shareLinks",
    "Export": "exports",
    "Operation": "operations",
    "ServiceAccount": "serviceAccounts",
    "Key": "keys",
    "AuditLogEntry": "auditLogEntries",
    "Notification": "notifications",
    "Workspace": "workspaces",
    "Format": "formats",
}
for _message, _plural in LISTS.items():
    MESSAGES[f"List{_plural[0].upper()}{_plural[1:]}Response"] = (
        f"{_plural}:[{_message}] nextPageToken:str totalSize:int32"
    )


class Invalid(Exception):  # noqa: N818 - what is said about it
    """A text that is no such message, to be answered with INVALID_ARGUMENT."""


def fields(message: str) -> list[tuple[str, str, bool]]:
    found = []
    for word in MESSAGES[message].split():
        name, _, kind = word.partition(":")
        found.append((name, kind.rstrip("*"), kind.endswith("*")))
    return found


def whole(kind: str, said: Any) -> Any:
    """A whole number as protojson takes it: also as a text."""
    bits = 63 if kind == "int64" else 31
    text = said if isinstance(said, str) else json.dumps(said)
    if isinstance(said, bool) or not re.fullmatch(r"-?[0-9]{1,19}", text):
        raise Invalid(f"invalid value for {kind} field: {text[:40]}")
    if not -(2**bits) <= int(text) < 2**bits:
        raise Invalid(f"value out of range: {text}")
    return str(int(text)) if kind == "int64" else int(text)


def timed(said: Any) -> str:
    try:
        datetime.fromisoformat(said)
    except (TypeError, ValueError):
        raise Invalid(f"invalid google.protobuf.Timestamp value {said!r:.40}") from None
    return str(said)


def scalar(kind: str, said: Any, name: str) -> Any:
    """The value as a number, a time, an enumeration or a text."""
    if kind in ("int32", "int64"):
        return whole(kind, said)
    if kind == "time":
        return timed(said)
    if kind in ENUMS and said not in ENUMS[kind]:
        raise Invalid(f"invalid value for enum field {name}: {json.dumps(said)[:60]}")
    if not isinstance(said, bool if kind == "bool" else str):
        raise Invalid(f"invalid value for {kind} field {name}: {json.dumps(said)[:60]}")
    return said


def decoded(kind: str, said: Any, name: str) -> Any:
    """The value as its kind takes it; Invalid if it is another one."""
    if kind[0] == "[":
        if not isinstance(said, list):
            raise Invalid(f"syntax error: unexpected token for {name}")
        return [decoded(kind[1:-1], each, name) for each in said]
    if kind in MESSAGES:
        return message_of(kind, said)
    if kind != "map":
        return scalar(kind, said, name)
    if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
        raise Invalid(f"invalid value for map field {name}")
    return said


def message_of(message: str, said: Any) -> Row:
    """The message in the JSON value. Like the gateway's: what it does not know is discarded."""
    if not isinstance(said, dict):
        raise Invalid("syntax error (line 1:1): unexpected token")
    return {
        name: decoded(kind, said[name], name)
        for name, kind, output in fields(message)
        if not output and said.get(name) is not None
    }


def nothing(kind: str) -> Any:
    if kind[0] == "[":
        return []
    if kind in ENUMS:
        return ENUMS[kind][0]
    return SCALARS[kind][1] if kind in SCALARS else None


def encoded(message: str, row: Row) -> Row:
    """The row as an answer: also the fields that are empty, as the gateway emits them."""
    said = {}
    for name, kind, _ in fields(message):
        value = row.get(name)
        said[name] = nothing(kind) if value is None else value
    for name in ("error", "response") if message == "Operation" else ():
        if said[name] is None:  # what a oneof does not have is not emitted
            del said[name]
    return said


def reference(name: str) -> Row:
    return {"$ref": f"#/components/schemas/{name}"}


def described(kind: str, output: bool = False) -> Row:
    said: Row
    if kind[0] == "[":
        said = {"type": "array", "items": described(kind[1:-1])}
    elif kind in MESSAGES:
        said = reference(kind)
    elif kind in ENUMS:
        said = {"type": "string", "format": "enum", "enum": list(ENUMS[kind])}
    else:
        said = dict(SCALARS[kind][0])
    if output:
        said = {"allOf": [said]} if "$ref" in said else said
        said = {"readOnly": True} | said
    return said


def schemas() -> Row:
    said: Row = {
        message: {
            "type": "object",
            "properties": {name: described(kind, out) for name, kind, out in fields(message)},
        }
        for message in MESSAGES
        if message != "Empty"
    }
    said["GoogleProtobufAny"] = {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "additionalProperties": True,
    }
    return said
