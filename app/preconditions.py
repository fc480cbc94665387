"""Is the object still what the caller has seen? (RFC 9110, section 13)"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import blake2b
from uuid import UUID

from flask import Request
from werkzeug.datastructures import ETags

from app.errors import ProblemError, invalid

CONDITIONS = ("If-Match", "If-None-Match")
TAG_BYTES = 15


def tag_of(body: bytes, tenant_id: UUID | None) -> str:
    """The strong entity tag of a representation, without quotes.

    Keyed with the tenant: equal bytes of two tenants have different tags, and nobody can tell from
    a tag what another tenant's object holds.
    """
    key = tenant_id.bytes if tenant_id else b""
    return urlsafe_b64encode(blake2b(body, key=key, digest_size=TAG_BYTES).digest()).decode()


def unchanged(request: Request, tag: str) -> bool:
    """Does a GET need no body, because the caller holds what the tag names (304)?"""
    if "If-None-Match" not in request.headers:
        return False
    return _holds(request.if_none_match, tag, weak=True)


def states_condition(request: Request) -> bool:
    """Does the request say what state the object must be in?"""
    return any(name in request.headers for name in CONDITIONS)


def refuse_conditions(request: Request) -> None:
    """A condition on what has no entity tag must not be ignored: 422."""
    for name in CONDITIONS:
        if name in request.headers:
            raise invalid(f"header.{name}", "This operation has no entity tag to compare with.")


def require(request: Request, current: Callable[[], str | None], *, demanded: bool) -> None:
    """Refuse with 412 when a condition is false, with 428 when one is demanded and missing.

    `current` gives the tag of the object as it is under the lock, None when there is none; it may
    raise 404 itself, which goes before 428.
    """
    if not demanded and not states_condition(request):
        return
    tag = current()
    if not states_condition(request):
        raise ProblemError(428, "precondition-required", "Send If-Match with the object's ETag.")
    wanted, unwanted = request.if_match, request.if_none_match
    if "If-Match" in request.headers and not (tag and _holds(wanted, tag, weak=False)):
        raise _failed()
    if "If-None-Match" in request.headers and tag and _holds(unwanted, tag, weak=True):
        raise _failed()


def _failed() -> ProblemError:
    return ProblemError(412, "precondition-failed", "The object is not what you have seen.")


def _holds(tags: ETags, tag: str, *, weak: bool) -> bool:
    """Compare strongly or weakly; a tag that compression marked (`…:gzip`) is still that tag."""
    if tags.star_tag:
        return True
    # Werkzeug reads the empty tag, `""`, as None.
    given = (each or "" for each in tags.as_set(include_weak=weak))
    return tag in {each.partition(":")[0] for each in given}
