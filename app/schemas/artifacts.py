"""What do artifacts and uploads look like?"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from app.schemas.basics import Id, Input, Output, Page, Stored, parse_integer

LARGEST = 5 << 30
SMALLEST_PART, USUAL_PART, LARGEST_PART = 5 << 20, 8 << 20, 64 << 20
# Segments of printable characters between single slashes, and none of them is "." or "..":
# whoever saves a run's artifacts under their paths stays in his folder.
SEGMENT = (
    r"(?:[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*"
    r"|\.[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*"
    r"|\.\.[^/\\\x00-\x1f\x7f]+)"
)
Path = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=rf"^{SEGMENT}(?:/{SEGMENT})*$")
]
Size = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(parse_integer)]
PartSize = Annotated[int, Field(ge=SMALLEST_PART, le=LARGEST_PART), BeforeValidator(parse_integer)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class UploadIn(Input):
    """A file to come: where it belongs, its size and the size of its parts, both in bytes."""

    run_id: Id
    path: Path
    size: Size
    part_size: PartSize = USUAL_PART


class PartOut(Output):
    """Where to send a part by PUT: a signed URL that needs no key, or a path of this service."""

    part: int
    size: int
    url: str


class UploadOut(Stored):
    """An upload; the artifact will have its id."""

    run_id: UUID
    path: str
    size: int
    part_size: int
    parts: list[PartOut]


class CompleteIn(Input):
    """The SHA-256 of the whole file, in hex."""

    sha256: Sha256


class ArtifactOut(Stored):
    """A file that a run made; `run_id` is null once the run is gone for good."""

    run_id: UUID | None
    path: str
    size: int
    sha256: str


class ArtifactPage(Page[ArtifactOut]):
    """A page of artifacts."""


class Redirect(StrEnum):
    """May the answer send the caller to the bucket instead?"""

    NEVER = "never"
    ALLOWED = "allowed"


class ContentQuery(Input):
    """How to get the bytes."""

    redirect: Annotated[Redirect, Field(strict=False)] = Redirect.NEVER
