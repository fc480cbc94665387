"""May this request reach its view?

The order is fixed: declared at all, signed in, within its rate, allowed, well formed.
"""

from __future__ import annotations

from apiflask import APIFlask
from flask import current_app, g, request

from app import keys, limits
from app.auth import SignedIn, digest_of, look_up
from app.context import current
from app.database import Scope, db, enter
from app.endpoint import Audience, Declaration, declaration_of
from app.errors import ProblemError, forbidden, invalid, not_found, unavailable
from app.oidc import find_member
from app.redis_pool import answers
from app.tenancy import Principal, principal, sign_in

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="maestro"'}


def register_entry(app: APIFlask) -> None:
    """Check who calls, before the rate limit, which needs to know."""
    app.before_request(_sign_in)


def register_input(app: APIFlask) -> None:
    """Check what is asked, after the rate limit, so that refused requests count as well."""
    app.before_request(_check_access)
    app.before_request(_check_input)


def _declaration() -> Declaration | None:
    """The declaration of the view; None where Flask itself answers (404, 405, OPTIONS)."""
    if request.routing_exception is not None or request.method == "OPTIONS":
        return None
    declared = declaration_of(current_app.view_functions[request.endpoint or ""])
    if declared is None:
        raise not_found("page")
    return declared


def _sign_in() -> None:
    declared = g.declared = _declaration()
    if declared is None or declared.access is Audience.PUBLIC:
        return
    credential = _bearer()
    if keys.is_operator(credential, current().config.operator_key_sha256):
        g.operator = True
        return
    sign_in(_authenticate(credential))


def _bearer() -> str:
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    return credential if scheme.lower() == "bearer" else ""


def _authenticate(credential: str) -> Principal:
    """The principal of a credential that this worker knows, or looks up; 401 when there is none."""
    if not credential:
        # Nobody guesses by saying nothing: that costs no lookup, and nothing that others share.
        raise _unauthorized()
    context = current()
    digest = digest_of(credential)
    known = context.keys.get(digest)
    if known is not None:
        return known
    if not context.keys.knows(digest):
        limits.check_address()
    context.changes.listen()
    generation = context.keys.generation
    found = _identify(credential)
    if found is None:
        context.keys.drop(digest)
        limits.count_failure()
        raise _unauthorized()
    context.keys.put(digest, found, generation)
    # One request holds one connection: the view may read outside this session.
    db.session.rollback()
    return found.principal


def _unauthorized() -> ProblemError:
    return ProblemError(401, "unauthorized", "This needs a valid API key.", headers=CHALLENGE)


def _identify(credential: str) -> SignedIn | None:
    key = keys.parse(credential)
    if key is not None:
        return look_up(key)
    tokens = current().tokens
    identity = tokens.verify(credential) if tokens else None
    return find_member(identity) if identity else None


def _check_access() -> None:
    declared: Declaration | None = g.declared
    if declared is None or declared.access is Audience.PUBLIC:
        return
    if g.get("operator"):
        _admit_operator(declared)
        return
    if declared.access is Audience.OPERATOR:
        raise forbidden("This needs the platform operator's key.")
    if declared.access is not Audience.MEMBER and declared.access not in principal().permissions:
        raise forbidden(f"This needs the permission {declared.access}.")


def _admit_operator(declared: Declaration) -> None:
    """The operator runs the platform and never touches a tenant's data."""
    if declared.access is not Audience.OPERATOR:
        raise forbidden("This needs a tenant's key.")
    enter(Scope(None, operator=True))


def _check_input() -> None:
    declared: Declaration | None = g.declared
    if declared is None:
        return
    if declared.fail_closed and not answers(current().redis):
        raise unavailable("rate limiter")
    if declared.method != "GET":
        _check_size(declared)
    for name in request.args:
        if name not in declared.query_names:
            raise invalid(f"query.{name}", "This parameter does not exist.")
        if len(request.args.getlist(name)) > 1:
            raise invalid(f"query.{name}", "This parameter may be given once.")
    if declared.body is not None and request.mimetype != "application/json":
        raise ProblemError(415, "unsupported-media-type", "Send the body as application/json.")
    # APIFlask reads null, false, 0 and "" as an empty object.
    if declared.body is not None and not isinstance(request.get_json(), dict):
        raise invalid("json", "Send an object.")
    if declared.raw is not None and request.mimetype != declared.raw.media:
        raise ProblemError(415, "unsupported-media-type", f"Send the body as {declared.raw.media}.")


def _check_size(declared: Declaration) -> None:
    """413 for a body above the limit, whether it says so or comes in chunks.

    Werkzeug cuts a body of unknown length at its limit without a word, so one byte more is read;
    but not of a raw body, which streams to its view, and which must say its length.
    """
    largest, known = declared.largest_body, request.content_length
    request.max_content_length = largest + 1
    if known is None and declared.raw is None:
        known = len(request.get_data())
    if (known or 0) > largest:
        raise ProblemError(413, "content-too-large", f"A body has at most {largest} bytes.")
