"""The document of the stays, in the style in which FastAPI writes one."""

from __future__ import annotations

from typing import Any

Json = Any
NULL: Json = {"type": "null"}
TEXT: Json = {"type": "string"}
DATE: Json = {"type": "string", "format": "date"}
FILE: Json = {"type": "string", "contentMediaType": "application/octet-stream"}
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"


def maybe(schema: Json) -> Json:
    return {"anyOf": [schema, NULL]}


def model(name: str, /, *required: str, **properties: Json) -> Json:
    titled = {
        key: {**each, "title": key.replace("_", " ").title()} for key, each in properties.items()
    }
    return {"title": name, "type": "object", "properties": titled, "required": list(required)}


SCHEMAS: Json = {
    "UserRegister": model(
        "UserRegister",
        "email",
        "password",
        "username",
        email={"type": "string", "format": "email"},
        password={"type": "string", "minLength": 8, "maxLength": 40},
        username={"type": "string", "pattern": "^[a-z0-9_]+$", "minLength": 3, "maxLength": 20},
        full_name=maybe(TEXT),
    ),
    "Body_login": model(
        "Body_login",
        "username",
        "password",
        grant_type=maybe({"type": "string", "pattern": "^password$"}),
        username=TEXT,
        password={"type": "string", "format": "password"},
        scope={"type": "string", "default": ""},
    ),
    "Token": model("Token", "access_token", access_token=TEXT, token_type=TEXT),
    "Kind": {"type": "string", "enum": ["single", "double"], "title": "Kind"},
    "RoomCreate": model(
        "RoomCreate",
        "title",
        "slug",
        "price",
        "opens",
        title={"type": "string", "minLength": 1, "maxLength": 80},
        slug={"type": "string", "pattern": "^[a-z]+(-[a-z0-9]+)*$"},
        kind={"allOf": [{"$ref": "#/components/schemas/Kind"}], "default": "single"},
        price={"anyOf": [{"type": "number", "exclusiveMinimum": 0.0}, TEXT]},
        opens=DATE,
        phone=maybe({"type": "string", "pattern": r"^\+[1-9]\d{7,14}$"}),
        description=maybe(TEXT),
        tags={"type": "array", "items": TEXT, "default": []},
    ),
    "RoomUpdate": model("RoomUpdate", title=maybe(TEXT), description=maybe(TEXT)),
    "BookingCreate": model(
        "BookingCreate",
        "room_id",
        "start",
        "end",
        "code",
        room_id={"type": "integer"},
        start=DATE,
        end=DATE,
        code={"type": "string", "examples": ["RES-2024-01"]},
    ),
    "Body_upload": model("Body_upload", "file", "note", file=FILE, note=TEXT),
    "Body_replace": model("Body_replace", "file", file=FILE),
    "Body_avatar": model("Body_avatar", "image", image={"type": "string", "format": "binary"}),
    "Body_contact": model(
        "Body_contact",
        "name",
        "email",
        name=TEXT,
        email={"type": "string", "format": "email"},
        vip={"type": "boolean", "default": False},
    ),
}


def body(name: str, media: str = "application/json") -> Json:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"required": True, "content": {media: {"schema": schema}}}


def operation(view: str, sent: Json = None, public: bool = False, reply: str = "") -> Json:
    """An operation; its answer has no schema, as a view without a return type has none."""
    schema = {"$ref": f"#/components/schemas/{reply}"} if reply else {}
    made: Json = {
        "summary": view.replace("_", " ").title(),
        "operationId": f"{view}_api",
        "x-view": view,
        "responses": {
            "200": {
                "description": "Successful Response",
                "content": {"application/json": {"schema": schema}},
            }
        },
    }
    if sent:
        made["requestBody"] = sent
    if not public:
        made["security"] = [{"OAuth2PasswordBearer": []}]
    return made


def key(name: str, /, **schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", **schema}}


NOTE: Json = {
    "required": True,
    "content": {"application/json": {"example": {"text": "Arrived", "mood": "calm"}}},
}
DOCUMENT: Json = {
    "openapi": "3.1.0",
    "info": {"title": "Stays", "version": "0.1.0"},
    "paths": {
        "/users/signup": {
            "post": operation("register", body("UserRegister"), public=True),
        },
        "/login/access-token": {
            "post": operation("token", body("Body_login", FORM), public=True, reply="Token"),
        },
        "/users/me": {"get": operation("read_me")},
        "/users/me/avatar": {"put": operation("avatar", body("Body_avatar", PARTS))},
        "/profiles/{username}": {
            "parameters": [key("username")],
            "get": operation("profile"),
        },
        "/rooms/": {
            "get": operation("rooms"),
            "post": operation("create_room", body("RoomCreate")),
        },
        "/rooms/{room_id}": {
            "parameters": [{"$ref": "#/components/parameters/Room"}],
            "get": operation("read_room"),
            "patch": operation("update_room", body("RoomUpdate")),
            "delete": operation("delete_room"),
        },
        "/bookings": {
            "get": operation("bookings"),
            "post": operation("create_booking", body("BookingCreate")),
        },
        "/bookings/{id}": {"parameters": [key("id")], "get": operation("read_booking")},
        "/bookings/{id}/cancel": {"parameters": [key("id")], "post": operation("cancel_booking")},
        "/files": {
            "get": operation("files"),
            "post": operation("upload", body("Body_upload", PARTS)),
        },
        "/files/{id}": {
            "parameters": [key("id", format="uuid")],
            "get": operation("read_file"),
            "delete": operation("delete_file"),
        },
        "/files/{id}/content": {
            "parameters": [key("id", format="uuid")],
            "get": operation("download"),
            "put": operation("replace_file", body("Body_replace", PARTS)),
        },
        "/contacts": {"post": operation("add_contact", body("Body_contact", FORM))},
        "/contacts/{contact_id}": {
            "parameters": [key("contact_id", type="integer")],
            "get": operation("read_contact"),
            "put": operation("put_contact", body("Body_contact", FORM)),
        },
        "/notes": {"post": operation("create_note", NOTE)},
        "/notes/{id}": {"parameters": [key("id")], "get": operation("read_note")},
        "/amenities": {"get": operation("amenities")},
    },
    "components": {
        "schemas": SCHEMAS,
        "parameters": {"Room": key("room_id", type="integer")},
        "securitySchemes": {
            "OAuth2PasswordBearer": {
                "type": "oauth2",
                "flows": {"password": {"scopes": {}, "tokenUrl": "login/access-token"}},
            }
        },
    },
}
