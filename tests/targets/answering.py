"""A service that answers every request with a status and a JSON value."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Request, Response


class Answering:
    """A WSGI application; `answer` says what comes back."""

    @Request.application
    def __call__(self, request: Request) -> Response:
        status, said = self.answer(request)
        return Response(json.dumps(said), status, content_type="application/json")

    def answer(self, request: Request) -> tuple[int, Any]:
        raise NotImplementedError
