"""A service with what the engine cannot know: raw uploads, verbs after ids, tags that must match.

`flaw` names the one thing that a build does wrong; "" is the clean one. On purpose: an endless
stream, an upload that is answered by one, an operation that always fails, one that never answers
in time, a schema that contains itself, a soft deletion with `:restore`, an update that needs
`If-Match`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gate.testbed.proxy import Operations
from tests.targets.documents import BEARER, TEXT, document, operation, record

Row = dict[str, Any]
RAW = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
FORM = {"required": True, "content": {"multipart/form-data": {"schema": {"type": "object"}}}}
STREAM = {"200": {"description": "", "content": {"text/event-stream": {}}}}
DOCUMENT = document(
    "Odd",
    {
        "/files": {
            "get": operation(),
            "post": {**operation(), "requestBody": RAW},
        },
        "/files/{file_id}": {
            "get": operation(),
            "patch": operation(record(label=TEXT)),
            "delete": operation(),
        },
        "/files/{file_id}:restore": {"post": operation()},
        "/files/{file_id}/content": {
            "get": operation(),
            "put": {**operation(), "requestBody": RAW},
        },
        "/files/{file_id}/form": {
            "post": {**operation(), "requestBody": FORM, "responses": STREAM}
        },
        "/files/{file_id}/events": {"get": {**operation(), "responses": STREAM}},
        "/files/{file_id}/broken": {"post": operation()},
        "/trees": {
            "get": operation(),
            "post": operation({"$ref": "#/components/schemas/Tree"}),
        },
    },
    BEARER,
)
DOCUMENT["components"]["schemas"] = {
    "Tree": record("name", name=TEXT, child={"$ref": "#/components/schemas/Tree"}),
}
OPERATIONS = Operations.of(DOCUMENT)
LABELS = {f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item}


class RefusedError(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


@dataclass
class Odd:
    """The service; WSGI. Tokens are `odd-…`."""

    flaw: str = ""
    files: dict[str, Row] = field(default_factory=dict)
    trees: list[Row] = field(default_factory=list)

    tokens: ClassVar[dict[str, str]] = {f"odd-{name}-0123456789": name for name in ("red", "blue")}

    def __call__(self, environ: Any, start: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        sent = environ["wsgi.input"].read(length).decode()
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        headers = [("Content-Type", "application/json")]
        try:
            status, said = 200, DOCUMENT
            if path != "/openapi.json":
                status, said = self.answer(method, path, environ, sent)
        except RefusedError as error:
            status, said = error.status, {"error": "no"}
        if isinstance(said, dict) and "rank" in said:
            headers.append(("ETag", f'"{said["rank"]}"'))
        start(f"{status} Word", headers)
        return [json.dumps(said).encode()]

    def answer(self, method: str, path: str, environ: Any, sent: str) -> tuple[int, Any]:
        if OPERATIONS.name(method, path) not in LABELS:
            raise RefusedError(405)
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        user = self.tokens.get(token)
        if user is None:
            raise RefusedError(401)
        if path == "/trees":
            if method == "POST":
                made = {"id": secrets.token_hex(8), "user": user}
                self.trees.append({**json.loads(sent), **made})
                return 201, self.trees[-1]
            return 200, [row for row in self.trees if row["user"] == user]
        if path == "/files":
            return self.collection(method, user, sent)
        return self.item(method, user, path.removeprefix("/files/"), environ, sent)

    def collection(self, method: str, user: str, sent: str) -> tuple[int, Any]:
        if method == "POST":
            made = {"id": secrets.token_hex(8), "user": user, "content": sent, "label": "-"}
            self.files[made["id"]] = {**made, "rank": 1, "live": True}
            return 201, self.files[made["id"]]
        return 200, [row for row in self.files.values() if row["user"] == user and row["live"]]

    def item(self, method: str, user: str, rest: str, environ: Any, sent: str) -> tuple[int, Any]:
        file_id, action = rest, ""
        for mark in (":", "/"):
            if mark in rest:
                file_id, action = rest.split(mark, 1)
        row = self.files.get(file_id)
        named = {"restore": "restore-any", "content": "content-any"}.get(action, "patch-any")
        if row is None or (row["user"] != user and self.flaw != named):
            raise RefusedError(404)
        if action == "broken":
            raise RefusedError(500)
        if action == "restore":
            row["live"] = True
            return 200, row
        if not row["live"]:
            raise RefusedError(404)
        return self.change(method, action, row, environ, sent)

    def change(
        self, method: str, action: str, row: Row, environ: Any, sent: str
    ) -> tuple[int, Any]:
        if method == "DELETE":
            row["live"] = False
            return 204, None
        if action == "content" and method == "PUT":
            row.update(content=sent, rank=row["rank"] + 1)
        if method == "PATCH":
            tag = environ.get("HTTP_IF_MATCH")
            if tag is None:
                raise RefusedError(428)
            if tag != f'"{row["rank"]}"':
                raise RefusedError(412)
            row.update(label=json.loads(sent).get("label", "-"), rank=row["rank"] + 1)
        return 200, row
