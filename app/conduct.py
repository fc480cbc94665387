"""What happens around every view, whatever it does?

A read is shown with its entity tag, cut to the asked fields. A change holds its place, is done
once for each Idempotency-Key, meets its preconditions, is told to webhooks, and leaves an event in
the audit log: all of it in the view's own transaction, which ends here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response, current_app, g, request
from pydantic import BaseModel

from app import audit_log, idempotency, preconditions
from app.context import current
from app.database import Hold, commit, db, entered, flush, hold, place_of
from app.errors import ProblemError
from app.events import publish
from app.masks import FIELDS, PART, kept, names_in
from app.ready import Ready, as_json
from app.released import unmark

if TYPE_CHECKING:
    from app.endpoint import Declaration

NAME = "maestro_readers"
JSON = "application/json"
NOT_FOUND = 404
ERRORS = 400
Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Readers:
    """The operations that show one object: by path, and by what they show."""

    by_path: Mapping[str, Declaration]
    shown: frozenset[type[BaseModel] | None]

    @classmethod
    def among(cls, declarations: Mapping[str, Declaration]) -> Readers:
        """Find them among all declarations of an application."""
        tagged = [declared for declared in declarations.values() if declared.tagged]
        paths = {declared.path: declared for declared in tagged}
        return cls(paths, frozenset(declared.model for declared in tagged))

    def of(self, declared: Declaration) -> Declaration | None:
        """What shows the object that an operation changes: the GET of its path or of its noun."""
        return self.by_path.get(declared.path.partition(":")[0]) if declared.changes else None

    def tags(self, declared: Declaration) -> bool:
        """Is the operation's answer what a GET of the object would show, so that it has a tag?"""
        return declared.tagged or (declared.changes and declared.model in self.shown)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, with the object in it as it was before it became bytes."""

    response: Response
    shown: Any = None


def conduct(declared: Declaration, arguments: Arguments) -> Response:
    """Answer a request that the guard has let through."""
    if declared.method == "GET":
        response = _show(declared, arguments)
    else:
        response = _change(declared, arguments)
    if declared.deprecation is not None:
        response.headers.extend(declared.deprecation.headers)
    return response


def _readers() -> Readers:
    readers: Readers = current_app.extensions[NAME]
    return readers


def _show(declared: Declaration, arguments: Arguments) -> Response:
    fields = _take_mask(declared, arguments)
    answer = _render(declared, declared.view(**arguments), fields)
    response = answer.response
    if declared.tagged:
        tag = _tag(response)
        if preconditions.unchanged(request, tag):
            response = Response(status=304)
        response.set_etag(tag)
    elif isinstance(answer.shown, dict) and answer.shown.get("next_cursor"):
        response.headers["Link"] = f'<{_next(answer.shown["next_cursor"])}>; rel="next"'
    return response


def _take_mask(declared: Declaration, arguments: Arguments) -> str | None:
    """The mask in the query, which the view only gets when it declared one."""
    if not declared.maskable:
        return None
    query = arguments["query"] if declared.query else arguments.pop("query")
    fields: str | None = getattr(query, FIELDS)
    return fields


def _next(cursor: str) -> str:
    return f"{request.path}?{urlencode({**request.args, 'cursor': cursor})}"


def _change(declared: Declaration, arguments: Arguments) -> Response:
    reader = _readers().of(declared)
    counting = reader is not None and _conditional(declared)
    _hold_place(declared, shown=reader is not None, counting=counting)
    claimed = g.claim = _claim(declared)
    replayed = idempotency.replay(claimed) if claimed else None
    if replayed is not None:
        db.session.rollback()
        return replayed
    _check_conditions(declared, reader)
    try:
        return _act(declared, arguments, claimed)
    except Exception:
        unmark()
        raise


def _act(
    declared: Declaration, arguments: Arguments, claimed: idempotency.Claim | None
) -> Response:
    """Let the view do its work, and keep with it, in one transaction, what follows from it."""
    result = declared.view(**arguments)
    flush()
    answer = _render(declared, result)
    response = answer.response
    if response.status_code < ERRORS:
        if _readers().tags(declared):
            response.set_etag(_tag(response))
        publish(declared.operation, arguments, result)
        if declared.changes and declared.audited:
            audit_log.append(declared.operation, declared.collection, _object_id(declared, answer))
        tenant_id = entered().tenant_id
        if claimed and tenant_id:
            idempotency.keep(claimed, response, tenant_id)
    commit()
    return response


def _conditional(declared: Declaration) -> bool:
    return declared.demands_match or preconditions.states_condition(request)


def _hold_place(declared: Declaration, *, shown: bool, counting: bool) -> None:
    """Hold the first object in the path, alone when the change counts on what it has read.

    What a path without ids shows (`shown`) is one object of the tenant.
    """
    values = list((request.view_args or {}).values())
    if not declared.changes or not (values or shown):
        return
    place = place_of(entered().tenant_id, declared.path, values[0] if values else "")
    hold(Hold(place, alone=counting))


def _claim(declared: Declaration) -> idempotency.Claim | None:
    if not declared.repeatable:
        return None
    member = g.get("principal")
    owner = (member.tenant_id, member.member_id, member.key_id) if member else None
    secret = current().config.cursor_secret
    return idempotency.claim(request, declared.operation, owner=owner, secret=secret)


def _check_conditions(declared: Declaration, reader: Declaration | None) -> None:
    if reader is None:
        preconditions.refuse_conditions(request)
    else:
        preconditions.require(
            request, lambda: _current_tag(declared, reader), demanded=declared.demands_match
        )


def _current_tag(declared: Declaration, reader: Declaration) -> str | None:
    """The tag of the object as it is under the lock. To create with PUT there need be none."""
    db.session.connection()
    arguments = {**(request.view_args or {}), **({"query": reader.query()} if reader.query else {})}
    try:
        return _tag(_render(reader, reader.view(**arguments)).response)
    except ProblemError as problem:
        if problem.status == NOT_FOUND and declared.method == "PUT":
            return None
        raise


def _tag(response: Response) -> str:
    return preconditions.tag_of(response.get_data(), entered().tenant_id)


def _render(declared: Declaration, result: Any, fields: str | None = None) -> Answer:
    """The view's result as a response."""
    if isinstance(result, Response):
        return Answer(result)
    value, status, headers = _unpack(declared, result)
    if declared.model is None:
        return Answer(current_app.make_response(("" if value is None else value, status, headers)))
    shown = _shown(declared.model, value, fields)
    media = JSON if fields is None else PART
    return Answer(Response(as_json(shown), status, headers, content_type=media), shown)


def _shown(model: type[BaseModel], value: Any, fields: str | None) -> dict[str, Any]:
    """The value as its model has it, cut to the mask."""
    if isinstance(value, Ready):
        return value.only(names_in(fields))
    whole = value if isinstance(value, BaseModel) else model.model_validate(value)
    return whole.model_dump(mode="json", include=kept(model, fields))


def _unpack(declared: Declaration, result: Any) -> tuple[Any, int, Any]:
    """(value, status, headers) of a view that gives all or some of them."""
    if not isinstance(result, tuple):
        return result, declared.status, None
    value, *more = result
    status = next((part for part in more if isinstance(part, int)), declared.status)
    return value, status, next((part for part in more if not isinstance(part, int)), None)


def _object_id(declared: Declaration, answer: Answer) -> str:
    """The id that the path ends with, or the answer's, or the last in the path, or the tenant's."""
    values = [str(value) for value in (request.view_args or {}).values()]
    if values and declared.path.partition(":")[0].endswith("}"):
        return values[-1]
    made = answer.shown.get("id") if isinstance(answer.shown, dict) else None
    return str(made or (values[-1] if values else entered().tenant_id))
