"""What can be asked of the artifacts of runs?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, request
from sqlalchemy import exists, select

from app.artifacts.naming import disposition
from app.artifacts.ranges import Span, UnsatisfiableError, choose_span
from app.artifacts.store import Key
from app.context import current
from app.cursors import page
from app.database import db
from app.endpoint import endpoint
from app.errors import ProblemError, conflict
from app.models import Artifact, Run, VersionArtifact
from app.permissions import Permission
from app.released import afterwards
from app.schemas.artifacts import ArtifactPage, ContentQuery, Redirect
from app.schemas.basics import PageQuery
from app.tenancy import find, principal, read, scoped

bp = APIBlueprint("artifacts", __name__, tag="Artifacts")
BYTES = "application/octet-stream"


@endpoint(
    bp,
    "GET /v1/runs/{run_id}/artifacts",
    access=Permission.ARTIFACTS_READ,
    query=PageQuery,
    reply=(200, ArtifactPage),
)
def list_artifacts(run_id: UUID, query: PageQuery) -> dict[str, Any]:
    """List a run's artifacts."""
    read(Run, run_id)
    return page(scoped(Artifact).where(Artifact.run_id == run_id), Artifact, query)


@endpoint(
    bp,
    "GET /v1/artifacts/{artifact_id}/content",
    access=Permission.ARTIFACTS_READ,
    query=ContentQuery,
    reply=(200, None),
    media=BYTES,
    ranges=True,
)
def read_content(artifact_id: UUID, query: ContentQuery) -> Response:
    """Read an artifact's bytes, whole or one range of them. The entity tag is their SHA-256.

    Where redirects are allowed and the bytes are in a bucket, the answer is a 307 to a URL that is
    signed for one hour.
    """
    found = read(Artifact, artifact_id)
    tag = f'"{found["sha256"]}"'
    if request.if_none_match.contains_weak(found["sha256"]):
        return Response(status=304, headers={"ETag": tag})
    filename = found["path"].rpartition("/")[2]
    key = Key(principal().tenant_id, artifact_id)
    if query.redirect is Redirect.ALLOWED:
        url = current().store.url(key, filename)
        if url is not None:
            return Response(status=307, headers={"Location": url})
    answer = _serve(key, found["size"], tag)
    answer.headers["ETag"] = tag
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Disposition"] = disposition(filename)
    return answer


@endpoint(
    bp,
    "DELETE /v1/artifacts/{artifact_id}",
    access=Permission.ARTIFACTS_DELETE,
    reply=(204, None),
    errors={409},
)
def delete_artifact(artifact_id: UUID) -> None:
    """Delete an artifact, unless a version of a model consists of it."""
    artifact = find(Artifact, artifact_id, lock=True)
    naming = select(VersionArtifact).where(
        VersionArtifact.tenant_id == artifact.tenant_id,
        VersionArtifact.artifact_id == artifact_id,
    )
    if db.session.scalar(exists(naming).select()):
        raise conflict("in-use", "A model version consists of this artifact.")
    db.session.delete(artifact)
    key = Key(artifact.tenant_id, artifact_id)
    afterwards(lambda: current().store.delete(key))


def _serve(key: Key, size: int, tag: str) -> Response:
    """The bytes that the request asks for."""
    span = _asked_span(size, tag)
    chosen = span or Span(0, size)
    body: Iterator[bytes] = iter(())
    if request.method != "HEAD":
        body = current().store.read(key, chosen.start, chosen.length)
    answer = Response(body, 206 if span else 200, content_type=BYTES, direct_passthrough=True)
    answer.content_length = chosen.length
    if span is not None:
        answer.headers["Content-Range"] = span.content_range(size)
    return answer


def _asked_span(size: int, tag: str) -> Span | None:
    """The range; it counts for GET only, and behind `If-Range` only for this very content."""
    condition = request.headers.get("If-Range")
    if request.method != "GET" or condition not in {None, tag}:
        return None
    try:
        return choose_span(request.headers.get("Range"), size)
    except UnsatisfiableError as error:
        headers = {"Content-Range": f"bytes */{size}"}
        detail = f"The artifact has {size} bytes."
        raise ProblemError(416, "range-not-satisfiable", detail, headers=headers) from error
