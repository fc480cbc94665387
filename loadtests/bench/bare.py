"""What does Flask cost by itself? One route, no database, on the service's own server."""

from __future__ import annotations

from flask import Flask, Response

BODY = b'{"hello":"' + b"x" * 900 + b'"}'  # about as long as a run
app = Flask("bare")


@app.get("/")
def hello() -> Response:
    """Answer."""
    return Response(BODY, content_type="application/json")
