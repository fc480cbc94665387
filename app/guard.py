"""May this request reach its view?

The order is fixed: declared at all, signed in, allowed, within its rate, well formed.
"""

from __future__ import annotations

from apiflask import APIFlask
from flask import current_app, g, request
from redis.exceptions import RedisError

from app import keys
from app.auth import look_up
from app.context import current
from app.database import Scope, db, enter
from app.endpoint import Audience, Declaration, declaration_of
from app.errors import ProblemError, forbidden, invalid, not_found, unavailable
from app.tenancy import Principal, sign_in

LARGEST_BODY = 1 << 20
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="maestro"'}


def register_entry(app: APIFlask) -> None:
    """Check who calls, before the rate limit, which needs to know."""
    app.before_request(_check_caller)


def register_input(app: APIFlask) -> None:
    """Check what is sent, after the rate limit, so that bad requests count as well."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.before_request(_check_input)


def _declaration() -> Declaration | None:
    """The declaration of the view; None where Flask itself answers (404, 405, OPTIONS)."""
    if request.routing_exception is not None or request.method == "OPTIONS":
        return None
    declared = declaration_of(current_app.view_functions[request.endpoint or ""])
    if declared is None:
        raise not_found("page")
    return declared


def _check_caller() -> None:
    declared = _declaration()
    if declared is None or declared.access is Audience.PUBLIC:
        return
    credential = _bearer()
    if keys.is_operator(credential, current().config.operator_key_sha256):
        _admit_operator(declared)
        return
    principal = _authenticate(credential)
    sign_in(principal)
    if declared.access is Audience.OPERATOR:
        raise forbidden("This needs the platform operator's key.")
    if declared.access is not Audience.MEMBER and declared.access not in principal.permissions:
        raise forbidden(f"This needs the permission {declared.access}.")


def _bearer() -> str:
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    return credential if scheme.lower() == "bearer" else ""


def _admit_operator(declared: Declaration) -> None:
    """The operator runs the platform and never touches a tenant's data."""
    if declared.access is not Audience.OPERATOR:
        raise forbidden("This needs a tenant's key.")
    g.operator = True
    enter(Scope(None, operator=True))


def _authenticate(credential: str) -> Principal:
    key = keys.parse(credential)
    if key is None:
        raise _unauthorized()
    cache = current().keys
    digest = key.digest
    principal = cache.get(digest) or look_up(key)
    if principal is None:
        raise _unauthorized()
    if cache.get(digest) is None:
        cache.put(digest, principal)
        # One request holds one connection: the view may read outside this session.
        db.session.rollback()
    return principal


def _unauthorized() -> ProblemError:
    return ProblemError(401, "unauthorized", "This needs a valid API key.", headers=CHALLENGE)


def _check_input() -> None:
    declared = _declaration()
    if declared is None:
        return
    if declared.fail_closed and not _redis_answers():
        raise unavailable("rate limiter")
    if (request.content_length or 0) > LARGEST_BODY:
        raise ProblemError(413, "content-too-large", f"A body has at most {LARGEST_BODY} bytes.")
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


def _redis_answers() -> bool:
    try:
        return bool(current().redis.ping())
    except (RedisError, OSError):
        return False
