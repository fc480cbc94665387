"""Where can a person read and try the API, without any other site's help?"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from apiflask import APIBlueprint
from flask import Response

from app.endpoint import Audience, endpoint
from app.headers import DOCS

bp = APIBlueprint("docs", __name__, tag="Documentation")

SCRIPT, STYLE = "text/javascript", "text/css"
PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Maestro ML API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{DOCS}/swagger-ui.css">
</head>
<body>
<main id="api"></main>
<script src="{DOCS}/swagger-ui-bundle.js"></script>
<script src="{DOCS}/start.js"></script>
</body>
</html>
"""
# `validatorUrl` would show every reader's browser to another site.
START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
});
"""


@endpoint(bp, f"GET {DOCS}", access=Audience.PUBLIC, reply=(200, None), media="text/html")
def read_docs() -> Response:
    """Give the interactive page of this API."""
    return Response(PAGE, content_type="text/html; charset=utf-8")


@endpoint(bp, f"GET {DOCS}/start.js", access=Audience.PUBLIC, reply=(200, None), media=SCRIPT)
def read_docs_start() -> Response:
    """Give the script that starts the page."""
    return _text(START, SCRIPT)


@endpoint(
    bp, f"GET {DOCS}/swagger-ui-bundle.js", access=Audience.PUBLIC, reply=(200, None), media=SCRIPT
)
def read_docs_script() -> Response:
    """Give the page's program, Swagger UI."""
    return _text(_packaged("swagger-ui-bundle.js"), SCRIPT)


@endpoint(bp, f"GET {DOCS}/swagger-ui.css", access=Audience.PUBLIC, reply=(200, None), media=STYLE)
def read_docs_style() -> Response:
    """Give the page's style, Swagger UI's."""
    return _text(_packaged("swagger-ui.css"), STYLE)


@cache
def _packaged(name: str) -> bytes:
    """A file of Swagger UI, from the installed package."""
    return files("flask_swagger_ui").joinpath("dist", name).read_bytes()


def _text(body: str | bytes, media: str) -> Response:
    return Response(body, content_type=f"{media}; charset=utf-8")
