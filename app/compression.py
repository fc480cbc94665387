"""Which answers travel compressed?

Only reads: a new key is in the answer to a write, and an answer that mixes a secret with what the
caller chose can leak the secret through its length (BREACH). Flask-Compress gives each coding a
strong ETag of its own (RFC 9110 §8.8.3.3), by a suffix.
"""

from __future__ import annotations

import re

from apiflask import APIFlask
from flask import Response, request
from flask_compress import Compress

CODINGS = ("zstd", "br", "gzip")
READS = frozenset({"GET", "HEAD"})
# POST that only reads, by the end of its path.
READING_POSTS = ("/search", ":search", "/compare", ":compare")
SUFFIXED = re.compile(f'"([^"]*):(?:{"|".join(CODINGS)})"')
SETTINGS = {
    "COMPRESS_REGISTER": False,
    "COMPRESS_MIMETYPES": ["application/json", "text/plain", "text/html"],
    "COMPRESS_ALGORITHM": list(CODINGS),
    "COMPRESS_STREAMS": False,
    "COMPRESS_MIN_SIZE": 1000,
    "COMPRESS_LEVEL": 5,
}


def register(app: APIFlask) -> None:
    """Compress after everything that looks at the answer as it is, such as its ETag."""
    app.config.update(SETTINGS)
    compress = Compress(app)

    def encode(response: Response) -> Response:
        if not _is_compressible(response):
            return response
        # Flask-Compress reads `gzip;q=0` as a wish for gzip; Werkzeug does not.
        best = request.accept_encodings.best_match(CODINGS)
        request.environ["HTTP_ACCEPT_ENCODING"] = best or "identity"
        # It compares a condition, which is for changes, with the tag of the compressed answer.
        request.environ.pop("HTTP_IF_MATCH", None)
        vary = response.headers.getlist("Vary")
        encoded = compress.after_request(response)
        encoded.headers.setlist("Vary", vary)  # the envelope has it for every answer
        return encoded

    app.before_request(_restore_tags)
    app.after_request(encode)


def _is_compressible(response: Response) -> bool:
    if "HTTP_ACCEPT_ENCODING" not in request.environ:
        return False
    reads = request.method in READS or request.path.endswith(READING_POSTS)
    return reads and response.status_code == 200 and not response.is_streamed  # noqa: PLR2004


def _restore_tags() -> None:
    """A tag of a compressed variant stands for the same state, which is what a write asks about."""
    tags = request.environ.get("HTTP_IF_MATCH")
    if tags is not None:
        request.environ["HTTP_IF_MATCH"] = SUFFIXED.sub(r'"\1"', tags)
