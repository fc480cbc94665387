"""A media production service: gRPC behind a gateway, with names for all resources."""

from __future__ import annotations

import json
import re
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.targets import heldout_studio_people, heldout_studio_projects, heldout_studio_work
from tests.targets.heldout_studio_core import (
    INVALID_ARGUMENT,
    METHODS,
    NOT_FOUND,
    PERMISSION_DENIED,
    STATUSES,
    UNAUTHENTICATED,
    UNIMPLEMENTED,
    Call,
    Fault,
    Method,
    Store,
    etag_of,
    op,
    paged,
    shown,
)
from tests.targets.heldout_studio_schemas import (
    MESSAGES,
    Invalid,
    Row,
    described,
    reference,
    schemas,
)
from tests.targets.heldout_studio_target import RANKS

PARTS = (heldout_studio_people, heldout_studio_projects, heldout_studio_work)
FORMATS = {"mp4": "VIDEO", "mov": "VIDEO", "wav": "AUDIO", "png": "IMAGE", "vtt": "CAPTIONS"}
MESSAGES["FeedbackRequest"] = "resource:str text:str"


@op("GET /v1/formats", "ListFormats", "nobody", gives="ListFormatsResponse")
def list_formats(call: Call) -> Row:
    return paged(call, "Format", [known(key) for key in FORMATS])


def known(key: str) -> Row:
    if key not in FORMATS:
        raise Fault(NOT_FOUND, f"Resource 'formats/{key}' was not found.")
    said: Row = {"name": f"formats/{key}", "displayName": key.upper(), "version": 1}
    return said | {"mediaType": FORMATS[key]}


@op("GET /v1/formats/{format}", "GetFormat", "nobody", gives="Format")
def get_format(call: Call) -> Row:
    return shown("Format", known(call.path["format"]))


@op("POST /v1/feedback", "SendFeedback", "user", takes="FeedbackRequest", gives="Empty")
def send_feedback(call: Call) -> Row:
    """Tell us what is wrong, perhaps with which resource; we answer by mail."""
    call.take("text")
    return {}


def pattern(method: Method) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", method.path))


ROUTES = [(pattern(method), method) for method in METHODS]


def enter(call: Call) -> None:
    """Find out who asks and whether they may; Fault when they may not."""
    kind, _, token = call.request.headers.get("Authorization", "").partition(" ")
    session = call.at.access.get(token)
    key = session["key"] if session else None
    if key and not heldout_studio_people.living(call, key):
        session = None
    if kind != "Bearer" or session is None or session["ended"]:
        said = "Request had invalid authentication credentials. Expected OAuth 2 access token."
        raise Fault(UNAUTHENTICATED, said)
    call.session, user = session, session["user"]
    being = user or session["key"]["account"]
    call.who = being["name"]
    call.principal = f"{'user' if user else 'serviceAccount'}:{being['email']}"
    if call.method.verb != "GET" and session["scopes"] == ["studio.readonly"]:
        raise Fault(PERMISSION_DENIED, "Request had insufficient authentication scopes.")
    need, name = call.method.need, call.name
    if need == "user" or call.flawed(call.method.open):
        return
    row = call.at.rows.get(name)
    early = call.flawed("etag-first") and call.method.rpc == "DeleteProject"
    if early and row and call.asked("etag") not in ("", etag_of(row)):
        call.unchanged(row, call.asked("etag"))
    lower = RANKS[max(0, RANKS.index(need) - 1)]
    call.demand(lower if call.flawed(call.method.low) else need, name)


def security(need: str) -> Row:
    return {"security": []} if need == "nobody" else {}


def parameters(method: Method) -> list[Row]:
    found: list[Row] = [
        {
            "name": name,
            "in": "path",
            "description": f"The {name} id.",
            "required": True,
            "schema": {"type": "string"},
        }
        for name in re.findall(r"\{(\w+)\}", method.path)
    ]
    for word in method.asks.split():
        name, _, kind = word.partition(":")
        found.append({"name": name, "in": "query", "schema": described(kind)})
    if method.rpc == "ListOperations":
        header = {"name": "X-Studio-Workspace", "in": "header", "schema": {"type": "string"}}
        found.append(header)
    return found


def told(method: Method) -> Row:
    """A method as protoc-gen-openapi writes it."""
    said: Row = {"tags": ["StudioService"], "operationId": f"StudioService_{method.rpc}"}
    if method.does.__doc__:
        said["description"] = method.does.__doc__
    if parameters(method):
        said["parameters"] = parameters(method)
    if method.takes:
        schema = {"type": "object"} if method.takes == "Empty" else reference(method.takes)
        said["requestBody"] = {
            "content": {"application/json": {"schema": schema}},
            "required": True,
        }
    content: Row = {"application/json": {"schema": reference(method.gives)}}
    if method.gives == "Empty":
        content = {}
    elif "/" in method.gives:
        content = {method.gives: {}}
    failed = {"application/json": {"schema": reference("Status")}}
    said["responses"] = {
        "200": {"description": "OK", "content": content},
        "default": {"description": "Default error response", "content": failed},
    }
    return said | security(method.need)


def openapi() -> Row:
    paths: Row = {}
    for method in METHODS:
        paths.setdefault(method.path, {})[method.verb.lower()] = told(method)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "StudioService API",
            "description": "Projects, assets and reviews of media teams.",
            "version": "1.0.0",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearerAuth": []}],
        "tags": [{"name": "StudioService"}],
    }


class Studio:
    """The service as a WSGI application."""

    def __init__(self, flaw: str = "") -> None:
        self.at = Store(flaw)

    def found(self, request: Request) -> tuple[Method, dict[str, str]]:
        fits = [(each, way.fullmatch(request.path)) for way, each in ROUTES]
        here = [(each, found) for each, found in fits if found]
        for each, found in here:
            if each.verb == request.method:
                return each, found.groupdict()
        if here:
            raise Fault(UNIMPLEMENTED, "Method Not Allowed")
        raise Fault(NOT_FOUND, "Not Found")

    def answer(self, request: Request) -> Response:
        method, path = self.found(request)
        name = re.sub(r"\{(\w+)\}", lambda found: path[found[1]], method.named())
        call = Call(self.at, request, method, name, path)
        if method.need != "nobody":
            enter(call)
        said = method.does(call)
        if isinstance(said, Response):
            return said
        return Response(json.dumps(said), mimetype="application/json")

    def respond(self, request: Request) -> Response:
        if request.path == "/openapi.json":
            return Response(json.dumps(openapi()), mimetype="application/json")
        try:
            with self.at.lock:
                return self.answer(request)
        except Fault as fault:
            code, message = fault.code, str(fault)
        except Invalid as invalid:
            code, message = INVALID_ARGUMENT, str(invalid)
        body = json.dumps({"code": code, "message": message, "details": []})
        return Response(body, STATUSES[code], mimetype="application/json")

    def __call__(self, environ: Any, start: Any) -> Any:
        return self.respond(Request(environ))(environ, start)
